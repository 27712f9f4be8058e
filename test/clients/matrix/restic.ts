/** restic: a backup's life: init, backup twice, check, forget and prune, restore. */

import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { type Client, debian } from "./client.ts";
import { compareTrees, refusal } from "./exercise.ts";
import type { World } from "./world.ts";

async function exercise(world: World, program: string): Promise<void> {
  const { bucket, endpoint, certificate, filesDirectory } = world.options;
  const environment = { RESTIC_PASSWORD: "a password", RESTIC_CACHE_DIR: world.scratch("cache") };
  const trust = world.isTls ? ["--cacert", certificate] : [];
  const repository = `s3:${endpoint}/${bucket}/backups`;
  const words = [program, "-r", repository, ...trust];
  const restic = (...more: string[]) => world.run([...words, ...more], { environment });
  const tree = world.scratch("tree");
  cpSync(filesDirectory, tree, { recursive: true });
  await restic("init");
  await restic("backup", tree);
  appendFileSync(join(tree, "with space.bin"), "more");
  await restic("backup", tree);
  await restic("check", "--read-data");
  world.did("init (makes the bucket), backup twice, check --read-data");
  await restic("forget", "--keep-last", "1", "--prune");
  await restic("check");
  world.did("forget, prune, check");
  const back = world.scratch("back");
  await restic("restore", "latest", "--target", back);
  compareTrees(tree, join(back, tree));
  for (const file of [...world.options.files, world.options.multipart])
    if (file.key !== "with space.bin") await world.received(join(back, tree, file.key), file);
  world.did("restore, compared by sha256");
  const { stdout } = await restic("snapshots", "--json");
  if ((JSON.parse(stdout) as unknown[]).length !== 1) throw new Error(`snapshots: ${stdout}`);
  await world.mustFail(
    world.run([...words, "snapshots"], { environment: { ...environment, AWS_SECRET_ACCESS_KEY: "wrong" } }),
    refusal,
  );
  world.did("snapshots, wrong secret");
}

export const restic: Client = {
  name: "restic",
  version: "0.14.0",
  obtained: "apt",
  budgetSeconds: 60,
  install: () => debian("restic"),
  exercise: (world) => exercise(world, `${world.options.home}/bin/restic`),
};
