/** s3cmd, with the options that its `--configure` would write. */

import { type Client, python } from "./client.ts";
import { useCommands } from "./exercise.ts";
import { useS3cmdFeatures } from "./features-s3cmd.ts";
import type { World } from "./world.ts";

function s3cmdOf(world: World, secret: string): string[] {
  const { home, keys, certificate } = world.options;
  return [
    `${home}/bin/s3cmd`,
    `--config=${world.scratch("none")}`,
    `--access_key=${keys.accessKeyId}`,
    `--secret_key=${secret}`,
    `--host=${world.host}`,
    `--host-bucket=${world.host}`,
    ...(world.isTls ? ["--ssl", `--ca-certs=${certificate}`] : ["--no-ssl"]),
  ];
}

export const s3cmd: Client = {
  name: "s3cmd",
  version: "2.4.0",
  obtained: "pip",
  budgetSeconds: 90,
  install: () => python("s3cmd", ["s3cmd==2.4.0"]),
  exercise: async (world) => {
    const { bucket, keys } = world.options;
    const s3cmd = (...words: string[]) => world.run([...s3cmdOf(world, keys.secretAccessKey), ...words]);
    const url = (key: string): string => `s3://${bucket}/${key}`;
    await useCommands(world, {
      makeBucket: (name) => s3cmd("mb", `s3://${name}`),
      removeBucket: (name) => s3cmd("rb", `s3://${name}`),
      put: (path, key) => s3cmd("put", path, url(key)),
      get: (key, path) => s3cmd("get", url(key), path),
      remove: (key) => s3cmd("del", url(key)),
      copy: (from, to) => s3cmd("cp", url(from), url(to)),
      move: (from, to) => s3cmd("mv", url(from), url(to)),
      list: (name) => s3cmd("ls", "--recursive", `s3://${name}`),
      // It prints http, whatever it uses itself; the signature does not cover the scheme.
      presignGet: async (key) =>
        (await s3cmd("signurl", url(key), "+3600")).stdout.trim().replace(/^http:/, world.isTls ? "https:" : "http:"),
      syncUp: (directory, prefix) => s3cmd("sync", "--delete-removed", `${directory}/`, url(`${prefix}/`)),
      syncDown: (prefix, directory) => s3cmd("sync", url(`${prefix}/`), `${directory}/`),
      removeAll: (prefix) => s3cmd("del", "--recursive", url(`${prefix}/`)),
      refused: (secret) => world.run([...s3cmdOf(world, secret), "ls", `s3://${bucket}`]),
      large: "multipart",
    });
  },
  features: (world) =>
    useS3cmdFeatures(world, (...words) => world.run([...s3cmdOf(world, world.options.keys.secretAccessKey), ...words])),
};
