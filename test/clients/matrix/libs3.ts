/** libs3 by its command `s3`. Debian's build knows only signature version 2: what counts is that it is refused cleanly. */

import { type Client, debian } from "./client.ts";

export const libs3: Client = {
  name: "libs3",
  version: "2.0-4",
  obtained: "apt",
  refusal: "it signs with version 2 alone",
  budgetSeconds: 30,
  install: () => debian("libs3-2"),
  exercise: async (world) => {
    const { bucket, home, keys, files } = world.options;
    await world.wire.send("PUT", `/${bucket}`);
    const s3 = (...words: string[]) =>
      world.runTrusting(["timeout", "20", `${home}/bin/s3`, ...(world.isTls ? [] : ["-u"]), ...words], {
        environment: {
          S3_ACCESS_KEY_ID: keys.accessKeyId,
          S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
          S3_HOSTNAME: world.host,
        },
      });
    for (const words of [
      ["put", `${bucket}/key`, `filename=${files[1]?.path ?? ""}`],
      ["get", `${bucket}/key`, `filename=${world.scratch("got")}`],
      ["delete", `${bucket}/key`],
    ]) {
      // It ends with 0 even so, and says the error.
      const { stdout, stderr } = await s3(...words);
      if (!(stdout + stderr).includes("Please use AWS4-HMAC-SHA256"))
        throw new Error(`${words[0]}: ${stdout}${stderr}`);
    }
    await world.absent("key");
    world.did("put, get, delete are refused by a clear error, nothing is stored");
  },
};
