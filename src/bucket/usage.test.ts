/** Quotas in the turn, what is left of a deleted bucket, and how long. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { closedBuckets } from "../storage/closed-buckets.ts";
import { msPerDay, utcDay } from "../storage/counters.ts";
import { sweepUsage } from "../storage/usage-sweep.ts";
import { BucketStand, bodyOf, inlineBody, MiB, plainDelete, startMs, stored } from "./bucket-stand.testing.ts";
import { exceedsQuota } from "./quota.ts";
import { UsageReader } from "./usage-reader.ts";

const owner = { name: "photos", accountId: "123456789012" };

function readerOf({ metadata }: BucketStand): UsageReader {
  return new UsageReader([{ trees: metadata.trees, refresh: () => undefined, close: async () => undefined }]);
}

test("a quota bounds what is added, and nothing that adds nothing", (t) => {
  const held = { storedBytes: 60, openUploadBytes: 30, objects: 2 };
  const bytes = (quota: number, added: number) => exceedsQuota({ bytes: quota, objects: null }, held, added, 1);
  t.false(bytes(100, 10));
  t.true(bytes(100, 11));
  t.false(bytes(10, 0));
  t.false(bytes(10, -1));
  const objects = (quota: number, added: number) => exceedsQuota({ bytes: null, objects: quota }, held, 1e12, added);
  t.false(objects(3, 1));
  t.true(objects(2, 1));
  t.false(objects(1, 0));
});

test("a bucket's quota is exact for writers of one tick, and survives a crash", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.setQuota", { quota: { bytes: 100, objects: null } });
  stand.crash();
  const writes = Array.from({ length: 20 }, (_, index) => stand.put(`k${index}`, inlineBody("x".repeat(30))));
  const outcomes = await Promise.allSettled(writes);
  t.is(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
  t.is((await stand.ask("bucket.usage", {})).storedBytes, 90);
  await t.throwsAsync(stand.put("k0", inlineBody("x".repeat(41))), { code: "QuotaExceeded" });
  await stand.put("k0", inlineBody("x".repeat(40)));
  await stand.ask("object.delete", plainDelete("k1"));
  await stand.put("k9", inlineBody("x".repeat(30)));
  t.deepEqual(stand.dropped, []);
});

test("parts count, and a completion counts its object once", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.setQuota", { quota: { bytes: 12 * MiB, objects: 1 } });
  const upload = { key: "u", metadata: {}, checksumAlgorithm: null, checksumType: null };
  const { uploadId } = await stand.ask("upload.create", upload);
  const part = (partNumber: number, name: string, bytes: number) =>
    stand.ask("upload.putPart", { key: "u", uploadId, partNumber, source: stored(bodyOf([name], bytes)) });
  const first = await part(1, "p", 5 * MiB);
  await t.throwsAsync(part(2, "q", 8 * MiB), { code: "QuotaExceeded" });
  t.is(stand.dropped.length, 1, "the copies of a refused part are dropped");
  const second = await part(2, "q", 7 * MiB);
  await stand.put("other", inlineBody(""));
  const parts = [first, second].map(({ etag }, index) => ({ partNumber: index + 1, etag, checksum: null }));
  const complete = () =>
    stand.ask("upload.complete", { key: "u", uploadId, parts, preconditions: {}, objectBytes: null });
  await t.throwsAsync(complete(), { code: "QuotaExceeded" });
  await stand.ask("object.delete", plainDelete("other"));
  await complete();
  t.deepEqual(await stand.ask("bucket.usage", {}), {
    storedBytes: 12 * MiB,
    objects: 1,
    versions: 0,
    openUploadBytes: 0,
  });
});

test("a deleted bucket's days stay under its account, until they are too old", async (t) => {
  const stand = new BucketStand();
  await stand.put("k", inlineBody("12345"));
  t.deepEqual(await stand.ask("bucket.close", { owner }), { empty: false });
  t.deepEqual(readerOf(stand).closed(0, owner.accountId, null, 10), [], "it is not gone yet");
  await stand.ask("bucket.reopen", {});
  await stand.ask("object.delete", plainDelete("k"));
  stand.nowMs += msPerDay;
  t.deepEqual(await stand.ask("bucket.close", { owner }), { empty: true });
  await stand.ask("usage.add", { egressBytes: 7, requests: [1, 0, 0, 1, 0] });
  stand.crash();
  const closed = { bucket: stand.bucket, ...owner, closedMs: stand.nowMs };
  t.deepEqual(readerOf(stand).closed(0, owner.accountId, null, 10), [closed]);
  t.deepEqual(readerOf(stand).closed(0, owner.accountId, stand.bucket, 10), []);
  t.deepEqual(readerOf(stand).closed(0, "1234567890120", null, 10), []);
  const day = utcDay(startMs);
  const range = { fromDay: day - 1, toDay: day + 5 };
  const days = readerOf(stand).days({ bucket: stand.bucket, partition: 0 }, range, stand.nowMs + 3 * msPerDay, true);
  t.deepEqual(
    days.map(({ day: each, ingressBytes, egressBytes, storedBytes }) => [each, ingressBytes, egressBytes, storedBytes]),
    [
      [day, 5, 0, 0],
      [day + 1, 0, 7, 0],
    ],
  );
  const rows = (): number =>
    (["counters", "buckets", "meta"] as const).reduce(
      (count, tree) => count + stand.metadata.trees[tree].keys({ start: Buffer.alloc(0), limit: 100 }).length,
      0,
    );
  t.is(await sweepUsage(stand.metadata, stand.nowMs + limits.usageDaysKept * msPerDay), 0);
  t.is(rows(), 4);
  t.is(await sweepUsage(stand.metadata, stand.nowMs + limits.usageDaysKept * msPerDay + 1), 1);
  t.is(rows(), 0);
});

test("what another account pays is counted as its own, as of a bucket that is gone, for as long as it asks", async (t) => {
  const stand = new BucketStand();
  const payer = { name: "photos", accountId: "999988887777" };
  const add = () => stand.ask("usage.add", { egressBytes: 7, requests: [2, 0, 0, 0, 0], payer });
  await add();
  stand.crash();
  stand.nowMs += (limits.usageDaysKept + 1) * msPerDay;
  await add();
  t.is(await sweepUsage(stand.metadata, stand.nowMs), 0, "it was used since");
  const closed = { bucket: stand.bucket, ...payer, closedMs: stand.nowMs };
  t.deepEqual(readerOf(stand).closed(0, payer.accountId, null, 10), [closed]);
  const day = utcDay(stand.nowMs);
  const days = readerOf(stand).days(
    { bucket: stand.bucket, partition: 0 },
    { fromDay: day, toDay: day },
    stand.nowMs,
    true,
  );
  t.deepEqual(
    days.map(({ storedBytes, egressBytes, requests }) => [storedBytes, egressBytes, requests[0]]),
    [[0, 7, 2]],
  );
  t.is(await sweepUsage(stand.metadata, stand.nowMs + (limits.usageDaysKept + 1) * msPerDay), 1);
  t.deepEqual(readerOf(stand).closed(0, payer.accountId, null, 10), []);
});

test("a bucket that came back keeps what was counted when its note is swept", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.close", { owner });
  await stand.ask("bucket.reopen", {});
  await stand.put("k", inlineBody("x"));
  await sweepUsage(stand.metadata, stand.nowMs + (limits.usageDaysKept + 1) * msPerDay);
  t.deepEqual(closedBuckets(stand.metadata.trees.meta, null, 10), []);
  t.is(readerOf(stand).held({ bucket: stand.bucket, partition: 0 })?.storedBytes, 1);
});
