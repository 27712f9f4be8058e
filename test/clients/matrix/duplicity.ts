/** duplicity: full and incremental backups, verification, restore, cleaning up. */

import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { type Client, debian } from "./client.ts";
import { compareTrees, refusal } from "./exercise.ts";
import { wrongSecret } from "./world.ts";

export const duplicity: Client = {
  name: "duplicity",
  version: "0.8.22",
  obtained: "apt",
  budgetSeconds: 120,
  install: () => debian("duplicity", "python3-boto3", "gnupg"),
  exercise: async (world) => {
    const { bucket, endpoint, filesDirectory, home } = world.options;
    await world.wire.send("PUT", `/${bucket}`);
    const environment = { PASSPHRASE: "a passphrase", PYTHONNOUSERSITE: "1" };
    const common = ["--s3-endpoint-url", endpoint, "--archive-dir", world.scratch("archive"), "--volsize", "20"];
    const target = `boto3+s3://${bucket}/backups`;
    const duplicity = (words: string[], secret?: string) =>
      world.run([`${home}/bin/duplicity`, ...words.slice(0, 1), ...common, ...words.slice(1)], {
        environment: { ...environment, ...(secret === undefined ? {} : { AWS_SECRET_ACCESS_KEY: secret }) },
      });
    const tree = world.scratch("tree");
    cpSync(filesDirectory, tree, { recursive: true });
    await duplicity(["full", tree, target]);
    appendFileSync(join(tree, "with space.bin"), "more");
    await duplicity(["incremental", tree, target]);
    await duplicity(["verify", "--compare-data", target, tree]);
    world.did("full, incremental, verify");
    const back = world.scratch("back");
    await duplicity(["restore", target, back]);
    compareTrees(tree, back);
    for (const file of [...world.options.files, world.options.multipart])
      if (file.key !== "with space.bin") await world.received(join(back, file.key), file);
    world.did("restore, compared by sha256");
    await duplicity(["full", tree, target]);
    await duplicity(["remove-all-but-n-full", "1", "--force", target]);
    const { stdout } = await duplicity(["collection-status", target]);
    if (!stdout.includes("Found 0 secondary backup chains")) throw new Error(stdout);
    await duplicity(["cleanup", "--force", target]);
    world.did("remove-all-but-n-full, collection-status, cleanup");
    await world.mustFail(duplicity(["list-current-files", "--num-retries", "1", target], wrongSecret), refusal);
    world.did("wrong secret");
  },
};
