/** davix: its commands over S3. */

import { type Client, debian } from "./client.ts";
import { useCommands } from "./exercise.ts";

export const davix: Client = {
  name: "davix",
  version: "0.8.4-3",
  obtained: "apt",
  budgetSeconds: 90,
  install: () => debian("davix"),
  exercise: async (world) => {
    const { bucket, home, keys } = world.options;
    const withSecret = (secret: string, tool: string, ...words: string[]) =>
      world.runTrusting([
        `${home}/bin/${tool}`,
        ...["--s3accesskey", keys.accessKeyId, "--s3secretkey", secret, "--s3region", "us-east-1", "--s3alternate"],
        ...words,
      ]);
    const davix = (tool: string, ...words: string[]) => withSecret(keys.secretAccessKey, tool, ...words);
    const scheme = world.isTls ? "s3s" : "s3";
    const url = (key: string, name = bucket): string => {
      const path = key.split("/").map(encodeURIComponent).join("/");
      return `${scheme}://${world.host}/${name}/${path}`;
    };
    await useCommands(world, {
      put: (path, key) => davix("davix-put", path, url(key)),
      get: (key, path) => davix("davix-get", url(key), path),
      remove: (key) => davix("davix-rm", url(key)),
      refused: (secret) => withSecret(secret, "davix-ls", url("")),
      large: "one PUT",
    });
    // It asks for 10,000 keys a page, gets 1,000 as from S3, and does not ask for more.
    const { stdout } = await davix("davix-ls", url("", world.options.manyBucket));
    const listed = new Set(stdout.match(/key-\d{5}/g) ?? []).size;
    if (listed < 1000) throw new Error(`lists ${listed} keys`);
    world.did("list one page");
  },
};
