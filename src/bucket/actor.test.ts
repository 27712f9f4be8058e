/** Each message of the actor by itself: conditions, totals, bodies that are dropped, closing, restarts. */

import test from "ava";
import { listedObjects } from "../actor/listed-objects.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { S3Error } from "../s3/errors.ts";
import { readCounters } from "../storage/counters.ts";
import { currentKey } from "../storage/keys.ts";
import { decodeHead } from "../storage/record.ts";
import { BucketStand, bodyOf, inlineBody, MiB, placeText, plainDelete, stored } from "./bucket-stand.testing.ts";
import type { WritePreconditions } from "./messages.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error) {
    return (error as S3Error).code;
  }
}

const list = { prefix: "", delimiter: "", after: "", keysMax: 1000 };
const usageOf = (stand: BucketStand) => stand.ask("bucket.usage", {});

test("put answers what it stored, and a listing shows it", async (t) => {
  const stand = new BucketStand();
  const written = await stand.put("a/b", inlineBody("hello"));
  t.deepEqual(written, {
    etag: "5d41402abc4b2a76b9719d911017c592",
    sizeBytes: 5,
    modifiedMs: stand.nowMs,
    checksum: null,
    versionId: null,
  });
  const page = await stand.ask("object.list", list);
  t.like(page, { commonPrefixes: [], isTruncated: false, last: "a/b" });
  t.deepEqual(listedObjects(page.objects), [
    {
      key: "a/b",
      sizeBytes: 5,
      modifiedMs: stand.nowMs,
      etag: written.etag,
      storageClass: "STANDARD",
      ownerId: null,
      checksumAlgorithm: null,
      checksumType: "FULL_OBJECT",
    },
  ]);
});

test("conditions are judged against the current object", async (t) => {
  const stand = new BucketStand();
  const attempt = (key: string, preconditions: WritePreconditions) =>
    codeOf(stand.ask("object.put", { key, source: stored(inlineBody("x")), metadata: {}, preconditions }));
  t.is(await attempt("k", { ifMatch: "*" }), "NoSuchKey");
  t.is(await attempt("k", { ifMatch: "00" }), "NoSuchKey");
  t.is(await attempt("k", { ifNoneMatch: "*" }), "ok");
  t.is(await attempt("k", { ifNoneMatch: "*" }), "PreconditionFailed");
  const { etag } = await stand.put("k", inlineBody("y"));
  t.is(await attempt("k", { ifNoneMatch: etag }), "PreconditionFailed");
  t.is(await attempt("k", { ifMatch: "00" }), "PreconditionFailed");
  t.is(await attempt("k", { ifMatch: `"${etag}"` }), "ok");
  t.is(
    await codeOf(
      stand.ask("object.delete", {
        key: "k",
        versionId: null,
        preconditions: { ifMatch: etag },
        bypassGovernance: false,
        markerOwnerId: null,
      }),
    ),
    "PreconditionFailed",
  );
  t.is(
    await codeOf(
      stand.ask("object.delete", {
        key: "none",
        versionId: null,
        preconditions: { ifMatch: "*" },
        bypassGovernance: false,
        markerOwnerId: null,
      }),
    ),
    "NoSuchKey",
  );
  t.is(
    await codeOf(
      stand.ask("object.delete", {
        key: "k",
        versionId: null,
        preconditions: { ifMatch: "*" },
        bypassGovernance: false,
        markerOwnerId: null,
      }),
    ),
    "ok",
  );
});

test("one winner of eight conditional writers in one tick", async (t) => {
  const stand = new BucketStand();
  const codes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      codeOf(
        stand.ask("object.put", {
          key: "lock",
          source: stored(inlineBody(`writer ${index}`)),
          metadata: {},
          preconditions: { ifNoneMatch: "*" },
        }),
      ),
    ),
  );
  t.is(codes.filter((code) => code === "ok").length, 1);
  t.is(codes.filter((code) => code === "PreconditionFailed").length, 7);
  t.is((await usageOf(stand)).objects, 1);
});

test("the copies of a refused body are dropped", async (t) => {
  const stand = new BucketStand();
  const body = bodyOf(["one", "two"]);
  const refused = stand.ask("object.put", {
    key: "k",
    source: stored(body),
    metadata: {},
    preconditions: { ifMatch: "*" },
  });
  t.is(await codeOf(refused), "NoSuchKey");
  t.deepEqual(
    stand.dropped,
    body.chunks.map(({ place }) => placeText(place)),
  );
  t.is(stand.metadata.trees.refs.keys({ start: Buffer.alloc(0), limit: 10 }).length, 0);
});

test("a copy of a shared chunk is dropped, in another body and in the same one", async (t) => {
  const stand = new BucketStand();
  await stand.put("first", bodyOf(["same"]));
  const second = bodyOf(["same"]);
  await stand.put("second", second);
  t.deepEqual(
    stand.dropped.splice(0),
    second.chunks.map(({ place }) => placeText(place)),
  );
  const twice = bodyOf(["twice", "twice", "last"]);
  await stand.put("third", twice);
  t.deepEqual(
    stand.dropped,
    twice.chunks.slice(1, 2).map(({ place }) => placeText(place)),
  );
});

test("an inline body without room in its record goes to the chunk store first", async (t) => {
  const stand = new BucketStand();
  const bytes = Buffer.alloc(storageLimits.valueBytesMax, 7);
  stand.decodeSlot = () => ({ ...inlineBody(""), sizeBytes: bytes.length, inline: bytes });
  const plan = { bucket: stand.bucket, addressKey: Buffer.alloc(32) } as never;
  const source = { kind: "slot" as const, slot: 1, length: bytes.length, plan };
  await stand.ask("object.put", { key: "k", source, metadata: {}, preconditions: {} });
  t.true(stand.written[0]?.equals(bytes));
  const key = currentKey(stand.bucket, "k");
  const value = stand.metadata.trees.current.get(key);
  t.is(value === undefined ? null : decodeHead("current", key, value).location?.kind, "chunk");
  t.is(
    await codeOf(
      stand.ask("object.put", {
        key: "k",
        source: stored(await stand.decodeSlot(0, 0, plan)),
        metadata: {},
        preconditions: {},
      }),
    ),
    "InternalError",
  );
});

test("metadata without room in a page is refused, and the body dropped", async (t) => {
  const stand = new BucketStand();
  const metadata = { cacheControl: "x".repeat(9000) };
  const source = stored(bodyOf(["b"]));
  t.is(await codeOf(stand.ask("object.put", { key: "k", source, metadata, preconditions: {} })), "MetadataTooLarge");
  t.is(stand.dropped.length, 1);
  const create = { key: "k", metadata, checksumAlgorithm: null, checksumType: null };
  t.is(await codeOf(stand.ask("upload.create", create)), "MetadataTooLarge");
});

test("keys that name nothing are refused", async (t) => {
  const stand = new BucketStand();
  t.is(await codeOf(stand.put("é".repeat(513), inlineBody("x"))), "KeyTooLongError");
  t.is(await codeOf(stand.put("", inlineBody("x"))), "InvalidArgument");
  t.is(await codeOf(stand.put("a\u0000", inlineBody("x"))), "InvalidArgument");
  t.is(await codeOf(stand.put("é".repeat(512), inlineBody("x"))), "ok");
});

test("a thousand keys are deleted, those that are there and those that are not", async (t) => {
  const stand = new BucketStand();
  const keys = Array.from({ length: limits.deleteObjectsMax }, (_, index) => `key-${index}`);
  await Promise.all(keys.filter((_, index) => index % 3 !== 0).map((key) => stand.put(key, bodyOf([key], 100))));
  const { outcomes } = await stand.ask("object.deleteMany", { objects: keys.map(plainDelete) });
  t.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value.existed),
    keys.map((_, index) => index % 3 !== 0),
  );
  const { storedBytes, objects } = await usageOf(stand);
  t.deepEqual({ storedBytes, objects }, { storedBytes: 0, objects: 0 });
});

test("a key that is named twice is deleted once", async (t) => {
  const stand = new BucketStand();
  await stand.put("a", inlineBody("xy"));
  const { outcomes } = await stand.ask("object.deleteMany", { objects: ["a", "a"].map(plainDelete) });
  t.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value.existed),
    [true, false],
  );
  t.is((await usageOf(stand)).storedBytes, 0);
});

test("totals follow overwrites and days, and survive a crash", async (t) => {
  const stand = new BucketStand();
  await stand.put("a", inlineBody("12345"));
  await stand.put("a", inlineBody("123"));
  stand.nowMs += 24 * 60 * 60 * 1000;
  await stand.put("b", bodyOf(["x"], 1000));
  stand.crash();
  t.deepEqual(await usageOf(stand), { storedBytes: 1003, objects: 2, versions: 0, openUploadBytes: 0 });
  const counters = readCounters(stand.metadata.trees.counters, stand.bucket);
  t.is(counters?.seq, 3);
  t.is(counters?.ingressBytes, 1000);
});

test("stamps and seq rise though the clock is set back and the actor restarts", async (t) => {
  const stand = new BucketStand();
  const heads = [];
  for (const [index, stepMs] of [0, -60_000, -60_000, 1, 500_000].entries()) {
    stand.nowMs += stepMs;
    await stand.put(`k${index}`, inlineBody("x"));
    const key = currentKey(stand.bucket, `k${index}`);
    const value = stand.metadata.trees.current.get(key);
    if (value !== undefined) heads.push(decodeHead("current", key, value));
    stand.crash();
  }
  t.is(heads.length, 5);
  for (const [index, head] of heads.entries()) {
    const before = heads[index - 1];
    t.is(head.seq, index + 1);
    if (before !== undefined) t.true(Buffer.compare(before.stamp, head.stamp) < 0);
  }
});

test("a closed bucket refuses every write, over a restart, until it is opened again", async (t) => {
  const stand = new BucketStand();
  await stand.put("a", inlineBody("x"));
  const upload = { key: "u", metadata: {}, checksumAlgorithm: null, checksumType: null };
  const { uploadId } = await stand.ask("upload.create", upload);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: false });
  stand.crash();
  const writes = () => [
    stand.put("b", bodyOf(["x"])),
    stand.ask("object.delete", plainDelete("a")),
    stand.ask("object.deleteMany", { objects: [plainDelete("a")] }),
    stand.ask("upload.create", upload),
    stand.ask("upload.putPart", { key: "u", uploadId, partNumber: 1, source: stored(bodyOf(["p"])) }),
    stand.ask("upload.complete", { key: "u", uploadId, parts: [], preconditions: {}, objectBytes: null }),
    stand.ask("upload.abort", { key: "u", uploadId }),
  ];
  t.deepEqual(await Promise.all(writes().map(codeOf)), Array(7).fill("OperationAborted"));
  t.is(stand.dropped.length, 2);
  t.is((await stand.ask("object.list", list)).objects.count, 1);
  await stand.ask("bucket.reopen", {});
  t.is(await codeOf(stand.ask("upload.abort", { key: "u", uploadId })), "ok");
  t.is(await codeOf(stand.put("b", inlineBody("x"))), "ok");
});

test("an empty bucket closes with its uploads aborted, many of them too", async (t) => {
  const stand = new BucketStand();
  const uploads = await Promise.all(
    Array.from({ length: 600 }, (_, index) =>
      stand.ask("upload.create", { key: `u${index}`, metadata: {}, checksumAlgorithm: null, checksumType: null }),
    ),
  );
  const uploadId = uploads[0]?.uploadId ?? "";
  await stand.ask("upload.putPart", { key: "u0", uploadId, partNumber: 1, source: stored(bodyOf(["p"])) });
  t.is((await usageOf(stand)).openUploadBytes, 4 * MiB);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
  t.deepEqual(await usageOf(stand), { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 });
  const listed = await stand.ask("upload.list", {
    prefix: "",
    delimiter: "",
    afterKey: "",
    afterUploadId: "",
    uploadsMax: 1000,
  });
  t.is(listed.uploads.length, 0);
});

test("passivation waits for what has begun", async (t) => {
  const stand = new BucketStand();
  const { actor } = stand;
  t.true(actor.isIdle());
  const answered = stand.put("a", inlineBody("x"));
  t.false(actor.isIdle());
  await actor.passivate();
  t.truthy(stand.metadata.trees.current.get(currentKey(stand.bucket, "a")));
  await answered;
  t.true(actor.isIdle());
  await t.throwsAsync(actor.ask("bucket.usage", {}), { name: "AssertionError" });
});

test("a damaged row is an internal error of its message alone", async (t) => {
  const stand = new BucketStand();
  await stand.put("a", inlineBody("x"));
  const key = currentKey(stand.bucket, "a");
  await stand.metadata.transact((trees) => {
    const value = trees.current.get(key) ?? Buffer.alloc(0);
    value[20] = (value[20] ?? 0) ^ 1;
    trees.current.put(key, value);
  });
  t.is(await codeOf(stand.put("a", inlineBody("y"))), "InternalError");
  t.deepEqual(stand.damaged, ["current"]);
  t.is(await codeOf(stand.put("b", inlineBody("y"))), "ok");
});

test("what a port brings is answered by type; an unknown type is a programmer's error", async (t) => {
  const { actor } = new BucketStand();
  t.deepEqual(await actor.handle("object.delete", plainDelete("a")), {
    existed: false,
    versionId: null,
    isDeleteMarker: false,
  });
  t.throws(() => void actor.handle("object.unknown", {}), { name: "AssertionError" });
  t.throws(() => void actor.handle("toString", {}), { name: "AssertionError" });
});

test("without room nothing is added, and deletes, aborts and repeated answers go on", async (t) => {
  const stand = new BucketStand();
  const create = (key: string) =>
    stand.ask("upload.create", { key, metadata: {}, checksumAlgorithm: null, checksumType: null });
  await stand.put("k", inlineBody("x"));
  const { uploadId } = await create("u");
  const at = { key: "u", uploadId };
  const part = { ...at, partNumber: 1, source: stored(bodyOf(["part"])) };
  const { etag } = await stand.ask("upload.putPart", part);
  const complete = { ...at, parts: [{ partNumber: 1, etag, checksum: null }], preconditions: {}, objectBytes: null };
  const { uploadId: other } = await create("other");
  stand.freeSpace.isLow = true;
  const body = bodyOf(["refused"]);
  t.is(await codeOf(stand.put("k2", body)), "InsufficientStorage");
  t.deepEqual(
    stand.dropped,
    body.chunks.map(({ place }) => placeText(place)),
    "its copies are given back",
  );
  t.is(await codeOf(create("v")), "InsufficientStorage");
  t.is(await codeOf(stand.ask("upload.putPart", part)), "InsufficientStorage");
  t.is(await codeOf(stand.ask("upload.complete", complete)), "InsufficientStorage");
  t.is(await codeOf(stand.ask("object.delete", plainDelete("k"))), "ok");
  t.is(await codeOf(stand.ask("upload.abort", { key: "other", uploadId: other })), "ok");
  stand.freeSpace.isLow = false;
  const answer = await stand.ask("upload.complete", complete);
  stand.freeSpace.isLow = true;
  t.deepEqual(await stand.ask("upload.complete", complete), answer);
});
