import test from "ava";
import { BucketStand, bodyOf, inlineBody, plainDelete } from "./bucket-stand.testing.ts";

const keyCount = 700;

test("takes away objects, versions, markers and uploads in several turns, and the totals with them", async (t) => {
  const stand = new BucketStand();
  for (const versioning of ["Enabled", "Suspended"] as const) {
    await stand.ask("bucket.setVersioning", { versioning });
    for (let index = 0; index < keyCount; index++) {
      await stand.put(`key ${index}`, index % 2 === 0 ? inlineBody(`${versioning} ${index}`) : bodyOf([`${index}`]));
    }
  }
  for (let index = 0; index < keyCount; index += 3) await stand.ask("object.delete", plainDelete(`key ${index}`));
  await stand.ask("upload.create", { key: "u", metadata: {}, checksumAlgorithm: null, checksumType: null });
  const before = await stand.ask("bucket.usage", {});
  t.true(before.objects > 0 && before.versions > keyCount);

  await stand.ask("bucket.empty", {});
  t.deepEqual(await stand.ask("bucket.usage", {}), { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 });
  for (const tree of ["current", "versions", "uploads"] as const) {
    t.is(stand.metadata.trees[tree].keys({ start: Buffer.alloc(0), limit: 10 }).length, 0, tree);
  }
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
});

test("closes the bucket, so that nothing is added meanwhile; may be repeated", async (t) => {
  const stand = new BucketStand();
  await stand.put("a", inlineBody("a"));
  await stand.ask("bucket.empty", {});
  await t.throwsAsync(stand.put("b", inlineBody("b")), { code: "OperationAborted" });
  await stand.ask("bucket.empty", {});
  stand.crash();
  await t.throwsAsync(stand.put("b", inlineBody("b")), { code: "OperationAborted" });
});
