/** s4cmd, which uses boto3 with many threads. */

import { type Client, python } from "./client.ts";
import { useCommands } from "./exercise.ts";

export const s4cmd: Client = {
  name: "s4cmd",
  version: "2.1.0",
  obtained: "pip",
  budgetSeconds: 90,
  install: () => python("s4cmd", ["s4cmd==2.1.0", "boto3==1.44.5"]),
  exercise: async (world) => {
    const { bucket, home, keys, endpoint } = world.options;
    const withSecret = (secret: string, ...words: string[]) =>
      world.run([`${home}/bin/s4cmd`, `--endpoint-url=${endpoint}`, ...words], {
        environment: { S3_ACCESS_KEY: keys.accessKeyId, S3_SECRET_KEY: secret },
      });
    const s4cmd = (...words: string[]) => withSecret(keys.secretAccessKey, ...words);
    const url = (key: string): string => `s3://${bucket}/${key}`;
    await useCommands(world, {
      makeBucket: (name) => s4cmd("mb", `s3://${name}`),
      put: (path, key) => s4cmd("put", path, url(key)),
      get: (key, path) => s4cmd("get", url(key), path),
      remove: (key) => s4cmd("del", url(key)),
      copy: (from, to) => s4cmd("cp", url(from), url(to)),
      move: (from, to) => s4cmd("mv", url(from), url(to)),
      list: (name) => s4cmd("ls", "-r", `s3://${name}/`),
      syncUp: (directory, prefix) => s4cmd("dsync", "-r", `${directory}/`, url(`${prefix}/`)),
      syncDown: (prefix, directory) => s4cmd("dsync", "-r", url(`${prefix}/`), `${directory}/`),
      removeAll: (prefix) => s4cmd("del", "-r", url(`${prefix}/`)),
      refused: (secret) => withSecret(secret, "ls", `s3://${bucket}/`),
      // It cuts only files of more than 50 MiB.
      large: "one PUT",
      // A percent sign breaks its own messages.
      skipsKeys: /%/,
    });
  },
};
