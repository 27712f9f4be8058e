import test from "ava";
import { limits } from "../base/limits.ts";
import { Collector } from "../storage/collector.ts";
import { ReadEpochs } from "../storage/read-epochs.ts";
import { recount } from "../storage/recount.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import type { TreeName } from "../storage/trees.ts";
import { BucketStand, bodyOf, inlineBody, MiB, plainDelete, stored } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";

const noTimer = () => ({ cancel: () => undefined });

async function collect({ metadata, garbage }: BucketStand): Promise<void> {
  const collector = new Collector({
    metadata,
    sequence: garbage,
    epochs: ReadEpochs.create(1, 1),
    partition: 0,
    chunks: { unlink: async () => undefined },
    clock: { nowMs: () => 0, monotonicMs: () => 0, after: noTimer, every: noTimer },
    onError: (error) => {
      throw error;
    },
  });
  while (rows(metadata.trees.gc) > 0) await collector.round();
}

function rows(tree: BucketStand["metadata"]["trees"][TreeName]): number {
  return tree.keys({ start: Buffer.alloc(0), limit: Number.MAX_SAFE_INTEGER }).length;
}

/** @returns what each step has removed */
async function emptyAll(stand: BucketStand): Promise<number[]> {
  const removed: number[] = [];
  for (;;) {
    const some = await stand.ask("bucket.emptySome", {});
    if (some.isEmpty) return removed;
    removed.push(some.removed);
  }
}

test("a bucket of several turns is emptied, and everything it held is collected", async (t) => {
  const stand = new BucketStand();
  const inlineCount = limits.turnRowsMax;
  const puts = Array.from({ length: inlineCount }, (_, index) => stand.put(`inline/${index}`, inlineBody("x")));
  await Promise.all(puts);
  for (const index of [1, 2, 3]) await stand.put(`large/${index}`, bodyOf(["shared", `own ${index}`]));
  const upload = { key: "open", metadata: {}, checksumAlgorithm: null, checksumType: null };
  const { uploadId } = await stand.ask("upload.create", upload);
  const source = stored(bodyOf(["part"], 5 * MiB));
  await stand.ask("upload.putPart", { key: "open", uploadId, partNumber: 1, source });
  await emptyAll(stand);
  const usage = await stand.ask("bucket.usage", {});
  t.deepEqual(usage, { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 });
  t.deepEqual(recount(stand.metadata.trees), []);
  await collect(stand);
  for (const tree of ["current", "versions", "uploads", "refs", "extents", "manifests", "manifestRefs"] as const)
    t.is(rows(stand.metadata.trees[tree]), 0, tree);
});

test("an emptied bucket takes no writes, stays so over a crash, and may be emptied again", async (t) => {
  const stand = new BucketStand();
  await stand.put("k", inlineBody("x"));
  await emptyAll(stand);
  stand.crash();
  await t.throwsAsync(stand.put("k", inlineBody("y")), { message: /OperationAborted|conflicting/ });
  await emptyAll(stand);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
});

test("versions and delete markers go too, and the totals with them", async (t) => {
  const keyCount = 700;
  const stand = new BucketStand();
  for (const versioning of ["Enabled", "Suspended"] as const) {
    await stand.ask("bucket.setVersioning", { versioning });
    const bodies = Array.from({ length: keyCount }, (_, index) =>
      index % 2 === 0 ? inlineBody(`${versioning} ${index}`) : bodyOf([`${index}`]),
    );
    await Promise.all(bodies.map((body, index) => stand.put(`key ${index}`, body)));
  }
  for (let index = 0; index < keyCount; index += 3) await stand.ask("object.delete", plainDelete(`key ${index}`));
  const before = await stand.ask("bucket.usage", {});
  t.true(before.objects > 0 && before.versions > keyCount);
  await emptyAll(stand);
  const usage = await stand.ask("bucket.usage", {});
  t.deepEqual(usage, { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 });
  for (const tree of ["current", "versions"] as const) t.is(rows(stand.metadata.trees[tree]), 0, tree);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
});

test("a bucket that is opened again half-way holds whole histories, null versions named by their heads", async (t) => {
  const keyCount = 300;
  const stand = new BucketStand();
  for (const versioning of ["Suspended", "Enabled"] as const) {
    await stand.ask("bucket.setVersioning", { versioning });
    await Promise.all(
      Array.from({ length: keyCount }, (_, index) => stand.put(`key ${index}`, inlineBody(versioning))),
    );
  }
  for (let index = 0; index < keyCount; index += 2) await stand.ask("object.delete", plainDelete(`key ${index}`));
  let left = keyCount;
  for (;;) {
    const { isEmpty } = await stand.ask("bucket.emptySome", {});
    const histories = historiesOf(stand.metadata.trees, stand.bucket);
    t.deepEqual(recountTotals(stand.metadata.trees), []);
    t.true(histories.size <= left);
    left = histories.size;
    if (isEmpty) break;
    await stand.ask("bucket.reopen", {});
    const [key] = histories.keys();
    if (key !== undefined) await stand.ask("object.delete", { ...plainDelete(key), versionId: "null" });
    historiesOf(stand.metadata.trees, stand.bucket);
  }
  t.is(left, 0);
});
