/** libs3 by its command `s3`. */

import { type Client, debian } from "./client.ts";
import { useCommands } from "./exercise.ts";

export const libs3: Client = {
  name: "libs3",
  version: "2.0-4",
  obtained: "apt",
  budgetSeconds: 90,
  install: () => debian("libs3-2"),
  exercise: async (world) => {
    const { bucket, home, keys } = world.options;
    const withSecret = (secret: string, ...words: string[]) =>
      world.runTrusting([`${home}/bin/s3`, ...(world.isTls ? [] : ["-u"]), "-r", "0", ...words], {
        environment: { S3_ACCESS_KEY_ID: keys.accessKeyId, S3_SECRET_ACCESS_KEY: secret, S3_HOSTNAME: world.host },
      });
    const s3 = (...words: string[]) => withSecret(keys.secretAccessKey, ...words);
    await useCommands(world, {
      makeBucket: (name) => s3("create", name),
      removeBucket: (name) => s3("delete", name),
      put: (path, key) => s3("put", `${bucket}/${key}`, `filename=${path}`),
      get: (key, path) => s3("get", `${bucket}/${key}`, `filename=${path}`),
      remove: (key) => s3("delete", `${bucket}/${key}`),
      copy: (from, to) => s3("copy", `${bucket}/${from}`, `${bucket}/${to}`),
      list: (name) => s3("list", name, "allDetails=0"),
      refused: (secret) => withSecret(secret, "list", bucket),
      large: "multipart",
      // It sends the source of a copy as it is, not encoded.
      skipsCopies: /[%+]/,
    });
  },
};
