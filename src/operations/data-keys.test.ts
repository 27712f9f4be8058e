import test from "ava";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing, KeyringError, newRingKey } from "../keyring/key-ring.ts";
import { type KeyService, listedKeyId, RingKeyService } from "../keyring/key-service.ts";
import type { BucketDataKey, ObjectEncryption } from "../s3/encryption.ts";
import { S3Error } from "../s3/errors.ts";
import type { Services } from "./context.ts";
import { DataKeys } from "./data-keys.ts";
import { contextPairs, contextText } from "./encryption-context.ts";
import { configuredWith, promptClock, testBucket } from "./operations.testing.ts";

const keyIds = ["first", "second"];

function keysOn(ring: KeyRing, service: KeyService = new RingKeyService(ring)): DataKeys {
  return new DataKeys({ ring, service, keyIds, random: systemRandom, clock: promptClock });
}

/** A bucket that keeps data keys as its actor does. */
function bucketWith(rows: BucketDataKey[] = []) {
  const services = {
    configurationOf: () => configuredWith({ dataKeys: [...rows] }),
    askBucket: async (
      _bucket: unknown,
      _type: string,
      request: { dataKey: BucketDataKey; after: Uint8Array | null },
    ) => {
      const last = rows.findLast(({ keyId }) => keyId === request.dataKey.keyId);
      const isNext = Buffer.compare(last?.id ?? Buffer.alloc(0), request.after ?? Buffer.alloc(0)) === 0;
      if (!isNext && last !== undefined) return { dataKey: last };
      rows.push(request.dataKey);
      return { dataKey: request.dataKey };
    },
  } as unknown as Pick<Services, "configurationOf" | "askBucket">;
  return { rows, services };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    if (error instanceof S3Error || error instanceof KeyringError) return error.code;
    throw error;
  }
}

test("two fronts that begin at once end with one data key, for each key that wraps it", async (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const { rows, services } = bucketWith();
  const fronts = [keysOn(ring), keysOn(ring)] as const;
  for (const keyId of [null, "first", "second"]) {
    const [one, two] = await Promise.all(fronts.map((keys) => keys.ofBucket(services, testBucket, keyId)));
    t.deepEqual(one, two);
    t.deepEqual(await fronts[0].ofBucket(services, testBucket, keyId), one);
  }
  t.deepEqual(
    rows.map(({ keyId }) => keyId),
    [null, "first", "second"],
  );
  t.is(new Set(rows.map(({ id }) => Buffer.from(id).toString("hex"))).size, 3);
});

test("a new version of the key makes a new data key, and the one before opens what it has encrypted", async (t) => {
  const old = newRingKey(systemRandom, []);
  const { rows, services } = bucketWith();
  const before = await keysOn(new KeyRing([old], systemRandom)).ofBucket(services, testBucket, null);
  const rotated = keysOn(new KeyRing([old, newRingKey(systemRandom, [old])], systemRandom));
  const after = await rotated.ofBucket(services, testBucket, null);
  t.notDeepEqual(after.dataKey, before.dataKey);
  t.is(rows.length, 2);
  t.deepEqual(await rotated.ofBucket(services, testBucket, null), after);
  t.is(rows.length, 2);
  const encryption: ObjectEncryption = { kind: "AES256", dataKeyId: before.id };
  t.deepEqual(await rotated.open(services, { bucket: testBucket, key: "k", encryption }), before.dataKey);
});

test("a data key of one object opens for that object, with that context and key, and for no other", async (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const keys = keysOn(ring);
  const { services } = bucketWith();
  const context = Buffer.from('{"a":"1"}').toString("base64");
  const own = keys.newDataKey();
  const wrapped = await keys.wrapOwn(testBucket, "k", { keyId: "second", context }, own);
  const encryption: ObjectEncryption = {
    kind: "aws:kms",
    keyId: "second",
    context,
    isBucketKey: false,
    dataKeyId: null,
    wrapped,
  };
  const object = { bucket: testBucket, key: "k", encryption };
  t.is(keys.atHand(object, null), null);
  t.deepEqual(await keys.open(services, object), own);
  t.deepEqual(keys.atHand(object, null), own);
  const others = [
    { ...object, key: "other" },
    { ...object, bucket: { ...testBucket, name: "other-bucket" } },
    { ...object, encryption: { ...encryption, keyId: "first" } },
    { ...object, encryption: { ...encryption, context: null } },
    { ...object, encryption: { ...encryption, context: Buffer.from('{"a":"2"}').toString("base64") } },
    { ...object, encryption: { ...encryption, wrapped: Buffer.from(wrapped).fill(1, 20, 21) } },
  ];
  const elsewhere = keysOn(ring);
  for (const other of others) t.is(await codeOf(elsewhere.open(services, other)), "not-authentic");
  t.is(await codeOf(keysOn(KeyRing.inMemory(systemRandom)).open(services, object)), "unknown-key");
  const unlisted = new DataKeys({
    ring,
    service: new RingKeyService(ring),
    keyIds: ["first"],
    random: systemRandom,
    clock: promptClock,
  });
  t.is(await codeOf(unlisted.open(services, object)), "KMS.NotFoundException");
});

test("what a key service has opened is kept for a while, and then asked for again", async (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const inner = new RingKeyService(ring);
  let opened = 0;
  let nowMs = 0;
  const service: KeyService = {
    wrap: (...asked) => inner.wrap(...asked),
    unwrap: (...asked) => {
      opened++;
      return inner.unwrap(...asked);
    },
    isNewest: (...asked) => inner.isNewest(...asked),
  };
  const clock = { ...promptClock, monotonicMs: () => nowMs };
  const keys = new DataKeys({ ring, service, keyIds, random: systemRandom, clock });
  const { services } = bucketWith();
  const first = await keys.ofBucket(services, testBucket, "first");
  const own = await keys.ofBucket(services, testBucket, null);
  for (const [atMs, count] of [
    [0, 1],
    [limits.openedDataKeyMs - 1, 1],
    [limits.openedDataKeyMs, 2],
  ] as const) {
    nowMs = atMs;
    t.deepEqual(await keys.ofBucket(services, testBucket, "first"), first);
    t.deepEqual(await keys.ofBucket(services, testBucket, null), own);
    t.is(opened, count);
  }
});

test("a key service that does not answer is given up, and its refusal is passed on", async (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const silent: KeyService = {
    wrap: () => new Promise(() => {}),
    unwrap: () => Promise.reject(new KeyringError("not-authentic", "no")),
    isNewest: () => true,
  };
  const keys = keysOn(ring, silent);
  const { services } = bucketWith([{ id: Buffer.alloc(8), keyId: "first", wrapped: Buffer.alloc(5) }]);
  t.is(await codeOf(keys.ofBucket(services, testBucket, "second")), "ServiceUnavailable");
  t.is(await codeOf(keys.ofBucket(services, testBucket, "first")), "not-authentic");
});

test("named keys are found by id, by ARN and by S3's own alias", (t) => {
  const arn = "arn:aws:kms:us-east-1:111122223333";
  const cases: readonly [string | null, string | null][] = [
    [null, "first"],
    ["second", "second"],
    ["alias/aws/s3", "first"],
    [`${arn}:alias/aws/s3`, "first"],
    [`${arn}:key/second`, "second"],
    [`${arn}:key/third`, null],
    [`${arn}:alias/second`, null],
    ["third", null],
    ["", null],
  ];
  for (const [named, expected] of cases) t.is(listedKeyId(keyIds, named), expected, String(named));
  t.is(listedKeyId([], null), null);
  t.is(listedKeyId([`${arn}:key/x`], `${arn}:key/x`), `${arn}:key/x`);
});

test("an encryption context is pairs of text, whose order does not matter and whose ARN is not the client's to say", (t) => {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
  t.deepEqual(contextPairs(encoded({ b: "2", a: "1" })), [
    ["b", "2"],
    ["a", "1"],
  ]);
  t.is(contextText(encoded({ b: "2", a: "1" }), "arn"), contextText(encoded({ a: "1", b: "2" }), "arn"));
  t.is(contextText(encoded({ "aws:s3:arn": "other" }), "arn"), contextText(null, "arn"));
  t.not(contextText(null, "arn"), contextText(null, "arn2"));
  for (const bad of [
    "",
    "%",
    encoded([]),
    encoded(null),
    encoded({ a: 1 }),
    encoded("x"),
    encoded({ a: "x".repeat(5000) }),
  ]) {
    t.throws(() => contextPairs(bad), { instanceOf: S3Error }, bad.slice(0, 20));
  }
});
