/** A bucket's first turn: whole, once, and over a crash. */

import test from "ava";
import type { BucketSetup } from "../control/records.ts";
import type { AccessControlList } from "../s3/acl.ts";
import { BucketStand, inlineBody } from "./bucket-stand.testing.ts";

const acl: AccessControlList = {
  ownerId: "c1",
  grants: [{ grantee: { kind: "group", uri: "AllUsers" }, permission: "READ" }],
};
const nothing: BucketSetup = { hasObjectLock: false, ownership: null, acl: null };
const everything: BucketSetup = { hasObjectLock: true, ownership: "ObjectWriter", acl };

/** What the bucket was made with, as its turns see it. */
async function setupIn(stand: BucketStand): Promise<unknown[]> {
  const { versioning } = await stand.ask("bucket.versioning", {});
  const fields = ["objectLock", "ownershipControls", "acl"] as const;
  const values = fields.map(async (field) => (await stand.ask("bucket.configuration", { field })).value);
  return [versioning, ...(await Promise.all(values))];
}

test("a bucket has all that it is made with after one turn, and a new actor finds it", async (t) => {
  const wanted: readonly (readonly [BucketSetup, unknown[]])[] = [
    [nothing, ["Off", null, null, null]],
    [{ ...nothing, ownership: "BucketOwnerEnforced" }, ["Off", null, "BucketOwnerEnforced", null]],
    [{ ...nothing, acl }, ["Off", null, null, acl]],
    [{ ...nothing, hasObjectLock: true }, ["Enabled", { defaultRetention: null }, null, null]],
    [everything, ["Enabled", { defaultRetention: null }, "ObjectWriter", acl]],
  ];
  for (const [setup, expected] of wanted) {
    const stand = new BucketStand();
    // Its first turn is at a time when nothing can be added any more.
    stand.freeSpace.isLow = true;
    await stand.ask("bucket.open", setup);
    t.deepEqual(await setupIn(stand), expected);
    stand.crash();
    t.deepEqual(await setupIn(stand), expected);
    stand.freeSpace.isLow = false;
    const { versionId } = await stand.put("k", inlineBody("x"));
    t.is(versionId === null, expected[0] === "Off");
  }
});

test("opening again, also late and by a new actor, changes nothing", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.open", everything);
  await stand.ask("bucket.configure", { field: "acl", value: null });
  await stand.ask("bucket.configure", { field: "ownershipControls", value: "BucketOwnerEnforced" });
  const changed = await setupIn(stand);
  await stand.ask("bucket.open", everything);
  t.deepEqual(await setupIn(stand), changed);
  stand.crash();
  await stand.ask("bucket.open", everything);
  t.deepEqual(await setupIn(stand), changed);
  await stand.ask("bucket.close", {});
  await stand.ask("bucket.open", everything);
  await t.throwsAsync(stand.put("k", inlineBody("x")), { message: /./ }, "a closed bucket stays closed");
});
