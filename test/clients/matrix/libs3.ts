/** libs3 by its command `s3`. Debian's build knows only signature version 2. */

import { type Client, debian } from "./client.ts";
import { useCommands } from "./exercise.ts";
import { CommandFailed, type Printed } from "./world.ts";

export const libs3: Client = {
  name: "libs3",
  version: "2.0-4",
  obtained: "apt",
  budgetSeconds: 60,
  install: () => debian("libs3-2"),
  exercise: async (world) => {
    const { bucket, home, keys } = world.options;
    const run = async (secret: string, words: readonly string[]): Promise<Printed> => {
      const command = ["timeout", "60", `${home}/bin/s3`, ...(world.isTls ? [] : ["-u"]), ...words];
      const environment = {
        S3_ACCESS_KEY_ID: keys.accessKeyId,
        S3_SECRET_ACCESS_KEY: secret,
        S3_HOSTNAME: world.host,
      };
      const printed = await world.runTrusting(command, { environment });
      // It ends with 0 even when it prints an error.
      if (/^ERROR: /m.test(printed.stdout + printed.stderr)) throw new CommandFailed(command, 0, printed);
      return printed;
    };
    const s3 = (...words: string[]) => run(keys.secretAccessKey, words);
    await useCommands(world, {
      makeBucket: (name) => s3("create", name),
      removeBucket: (name) => s3("delete", name),
      put: (path, key) => s3("put", `${bucket}/${key}`, `filename=${path}`),
      get: (key, path) => s3("get", `${bucket}/${key}`, `filename=${path}`),
      remove: (key) => s3("delete", `${bucket}/${key}`),
      copy: (from, to) => s3("copy", `${bucket}/${from}`, `${bucket}/${to}`),
      list: (name) => s3("list", name, "allDetails=0"),
      refused: (secret) => run(secret, ["list", bucket]),
      // It writes a space of a key as a plus sign, which is one in a path.
      skipsKeys: / /,
      large: "one PUT",
    });
  },
};
