/** Passes: bounded slices, judging again in the turn, what is passed over, uploads, damage. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import { currentKey } from "../storage/keys.ts";
import { bodyOf, inlineBody, MiB, plainDelete, stored } from "./bucket-stand.testing.ts";
import { dayMs, everyKey, LifecycleStand, ruleOf } from "./lifecycle-stand.testing.ts";

const expiring = ruleOf({ expiration: { kind: "days", days: 1 } });

async function standWith(count: number, keyOf = (index: number) => `k${String(index).padStart(5, "0")}`) {
  const stand = new LifecycleStand();
  await Promise.all(Array.from({ length: count }, (_, index) => stand.put(keyOf(index), inlineBody("x"))));
  return stand;
}

const keysOf = (stand: LifecycleStand): string[] => [...stand.histories().keys()].sort();

test("a pass over many objects goes in slices of bounded size, and none is passed over", async (t) => {
  const stand = await standWith(1234);
  await stand.configure(expiring);
  stand.nowMs += 3 * dayMs;
  const { removed, slices } = await stand.pass();
  t.is(removed["expire object"], 1234);
  t.true(slices >= 1234 / limits.lifecycleRemovalsPerTurn, `${slices} slices`);
  t.deepEqual(keysOf(stand), []);
  t.deepEqual(await stand.totals(), {
    kept: { storedBytes: 0, objects: 0, versions: 0 },
    counted: { storedBytes: 0, objects: 0, versions: 0 },
    openUploadBytes: 0,
  });
});

test("a slice while a change of the rules is being committed leaves the new rules to the slices after it", async (t) => {
  const stand = await standWith(5);
  await stand.configure(expiring);
  stand.nowMs += 3 * dayMs;
  const commit = await stand.holdCommits();
  await stand.configure(ruleOf({ filter: { ...everyKey, prefix: "none/" }, expiration: { kind: "days", days: 1 } }));
  // Its walk follows the old rules, its turn the new ones.
  t.is((await stand.pass()).removed["expire object"], 0);
  commit();
  t.is((await stand.pass()).rows, 0);
  t.is(keysOf(stand).length, 5);
});

test("objects that are too young are looked at once, and nothing is written", async (t) => {
  const stand = await standWith(1234);
  await stand.configure(expiring);
  const seq = stand.metadata.trees.counters.range({ start: Buffer.alloc(0), limit: 10 });
  const { rows, slices } = await stand.pass();
  t.is(rows, 1234);
  const fewest = 1234 / limits.lifecycleSliceRows;
  t.true(slices >= fewest && slices < 2 * fewest, `${slices} slices`);
  t.deepEqual(stand.metadata.trees.counters.range({ start: Buffer.alloc(0), limit: 10 }), seq);
});

test("a slice whose time is over ends after the row it is at", async (t) => {
  const stand = await standWith(50);
  stand.tickMs = limits.lifecycleSliceMs / 10;
  await stand.configure(expiring);
  const young = await stand.pass();
  t.is(young.rows, 50);
  t.true(young.slices >= 5 && young.slices < 50, `${young.slices} slices`);
  stand.nowMs += 3 * dayMs;
  stand.tickMs = 10 * limits.lifecycleSliceMs;
  const old = await stand.pass();
  t.is(old.rows, 50);
  t.true(old.slices >= 50, `${old.slices} slices`);
  t.is(old.removed["expire object"], 50);
  t.deepEqual(keysOf(stand), []);
});

test("keys that no rule is for are not looked at", async (t) => {
  const stand = await standWith(3000, (index) => `${index % 3}/${index}`);
  await stand.configure(
    ruleOf({ id: "one", filter: { ...everyKey, prefix: "1/" }, expiration: { kind: "days", days: 1 } }),
    ruleOf({ id: "two", filter: { ...everyKey, prefix: "1/22" }, expiration: { kind: "days", days: 2 } }),
    ruleOf({ id: "later", filter: { ...everyKey, prefix: "2/" }, expiration: { kind: "date", atMs: stand.nowMs * 2 } }),
    ruleOf({ id: "off", isEnabled: false, expiration: { kind: "days", days: 1 } }),
  );
  stand.nowMs += 5 * dayMs;
  const { rows, removed } = await stand.pass();
  t.is(rows, 1000);
  t.is(removed["expire object"], 1000);
  t.is(keysOf(stand).length, 2000);
});

test("a slice goes on after a crash, where the one before it ended", async (t) => {
  const stand = new LifecycleStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  for (let index = 0; index < 1000; index++) {
    await stand.put("k", inlineBody(String(index)));
    stand.nowMs += 1;
  }
  await stand.configure(ruleOf({ noncurrentExpiration: { days: 1, newerVersions: 7 } }));
  stand.nowMs += 3 * dayMs;
  const { removed } = await stand.pass(async () => stand.crash());
  t.is(removed["remove noncurrent"], 992);
  const left = (stand.histories().get("k") ?? []).map(({ location }) =>
    location?.kind === "inline" ? Buffer.from(location.bytes).toString() : "",
  );
  t.deepEqual(left, ["999", "998", "997", "996", "995", "994", "993", "992"]);
});

test("versions that come and go while a pass is among them are judged as they then are", async (t) => {
  const stand = new LifecycleStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  for (let index = 0; index < 300; index++) await stand.put("k", inlineBody(String(index)));
  await stand.configure(ruleOf({ noncurrentExpiration: { days: 1, newerVersions: null } }));
  stand.nowMs += 3 * dayMs;
  let added = 0;
  await stand.pass(async ({ phase }) => {
    if (phase !== "versions") return;
    await stand.put("k", inlineBody(`new ${added}`));
    added += 1;
  });
  t.true(added > 0);
  // The one that was current has just become noncurrent.
  t.is(stand.histories().get("k")?.length, added + 1);
  const { kept, counted } = await stand.totals();
  t.deepEqual(kept, counted);
});

test("an object that is overwritten between the walk and the turn stays", async (t) => {
  const stand = await standWith(2);
  await stand.configure(expiring);
  stand.nowMs += 3 * dayMs;
  // Queued before the turn of the slice, and not committed when its walk reads.
  const writing = stand.put("k00000", inlineBody("new"));
  const { removed } = await stand.pass();
  await writing;
  t.is(removed["expire object"], 1);
  t.deepEqual(keysOf(stand), ["k00000"]);
});

test("rules that are removed or changed between the walk and the turn remove nothing", async (t) => {
  for (const value of [null, { rules: [ruleOf({ expiration: { kind: "days", days: 9 } })] }] as const) {
    const stand = await standWith(2);
    await stand.configure(expiring);
    stand.nowMs += 3 * dayMs;
    const transitionDefaultMinimumObjectSize = "all_storage_classes_128K" as const;
    const change = value === null ? null : { ...value, transitionDefaultMinimumObjectSize };
    const changing = stand.ask("bucket.configure", { field: "lifecycle", value: change });
    const { removed } = await stand.pass();
    await changing;
    t.is(removed["expire object"], 0);
    t.is(keysOf(stand).length, 2);
  }
});

test("a tag filter reads the tags of objects, and its rule leaves others", async (t) => {
  const stand = new LifecycleStand();
  for (const [key, tagging] of [
    ["both", "a=1&b=2"],
    ["one", "a=1"],
    ["none", undefined],
  ] as const) {
    await stand.ask("object.put", {
      key,
      source: stored(inlineBody(key)),
      metadata: tagging === undefined ? {} : { tagging },
      preconditions: {},
    });
  }
  const tags = [
    { key: "a", value: "1" },
    { key: "b", value: "2" },
  ];
  await stand.configure(ruleOf({ filter: { ...everyKey, form: "and", tags }, expiration: { kind: "days", days: 1 } }));
  stand.nowMs += 3 * dayMs;
  await stand.pass();
  t.deepEqual(keysOf(stand), ["none", "one"]);
});

test("open uploads go with their parts, and the bytes they held are no longer counted", async (t) => {
  const stand = new LifecycleStand();
  const upload = { metadata: {}, checksumAlgorithm: null, checksumType: null };
  const { uploadId } = await stand.ask("upload.create", { key: "up/a", ...upload });
  const part = { key: "up/a", uploadId, partNumber: 1, source: stored(bodyOf(["a"], MiB)) };
  await stand.ask("upload.putPart", part);
  await stand.ask("upload.create", { key: "other", ...upload });
  stand.nowMs += 3 * dayMs;
  const young = await stand.ask("upload.create", { key: "up/b", ...upload });
  await stand.configure(ruleOf({ filter: { ...everyKey, prefix: "up/" }, abortDays: 2 }));
  t.is((await stand.totals()).openUploadBytes, MiB);
  const { removed } = await stand.pass();
  t.is(removed["abort upload"], 1);
  t.is((await stand.totals()).openUploadBytes, 0);
  const page = { prefix: "", delimiter: "", afterKey: "", afterUploadId: "", uploadsMax: 10 };
  const { uploads } = await stand.ask("upload.list", page);
  t.deepEqual(
    uploads.map(({ key }) => key),
    ["other", "up/b"],
  );
  t.is(uploads[1]?.uploadId, young.uploadId);
});

test("a damaged row is told of and passed over", async (t) => {
  const stand = await standWith(3);
  await stand.configure(expiring);
  const rowKey = currentKey(stand.bucket, "k00001");
  const value = stand.metadata.trees.current.get(rowKey) ?? t.fail();
  await stand.metadata.transact((trees) => {
    const damaged = Buffer.from(value);
    damaged[damaged.length - 20] = (damaged[damaged.length - 20] ?? 0) ^ 1;
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    trees.current.put(rowKey, damaged);
  });
  stand.nowMs += 3 * dayMs;
  const { removed } = await stand.pass();
  t.is(removed["expire object"], 2);
  t.deepEqual(stand.damaged, ["current"]);
});

test("without room no delete marker is made, and what frees room goes on", async (t) => {
  const stand = await standWith(2);
  await stand.configure(expiring);
  stand.nowMs += 3 * dayMs;
  stand.freeSpace.isLow = true;
  t.is((await stand.pass()).removed["expire object"], 2);
  stand.freeSpace.isLow = false;
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.put("k", inlineBody("x"));
  stand.nowMs += 3 * dayMs;
  stand.freeSpace.isLow = true;
  t.is((await stand.pass()).removed["expire object"], 0);
});

test("a closed bucket is left alone", async (t) => {
  const stand = await standWith(2);
  await stand.configure(expiring);
  stand.nowMs += 3 * dayMs;
  await stand.ask("bucket.close", {});
  const error = await t.throwsAsync(() => stand.pass(), { instanceOf: S3Error });
  t.is(error?.code, "OperationAborted");
  t.is(keysOf(stand).length, 2);
});

test("a delete marker goes a pass after the last version below it", async (t) => {
  const stand = new LifecycleStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.put("k", inlineBody("x"));
  await stand.ask("object.delete", plainDelete("k"));
  await stand.configure(
    ruleOf({ id: "versions", noncurrentExpiration: { days: 1, newerVersions: null } }),
    ruleOf({ id: "markers", expiration: { kind: "markers", isExpired: true } }),
  );
  stand.nowMs += 3 * dayMs;
  t.like((await stand.pass()).removed, { "remove noncurrent": 1, "remove marker": 0 });
  t.like((await stand.pass()).removed, { "remove noncurrent": 0, "remove marker": 1 });
  t.deepEqual(keysOf(stand), []);
});

test("many rules for all keys leave room for rows in every slice", async (t) => {
  const stand = await standWith(30);
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  for (let index = 0; index < 30; index++) await stand.put(`k${String(index).padStart(5, "0")}`, inlineBody("y"));
  const rules = Array.from({ length: 450 }, (_, index) =>
    ruleOf({
      id: String(index),
      filter: { ...everyKey, prefix: index % 50 !== 0 ? null : `k${String(index).padStart(5, "0")}` },
      expiration: { kind: "days", days: 100 },
      noncurrentExpiration: { days: 100 + index, newerVersions: null },
    }),
  );
  await stand.configure(...rules, ruleOf({ id: "due", noncurrentExpiration: { days: 1, newerVersions: null } }));
  stand.nowMs += 3 * dayMs;
  const { removed } = await stand.pass();
  t.is(removed["remove noncurrent"], 30);
  t.is(removed["expire object"], 0);
});
