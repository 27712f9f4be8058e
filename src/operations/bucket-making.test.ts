/** Making a bucket with the real control actor and a real bucket actor: what fails where, and what is found afterwards. */

import test, { type ExecutionContext } from "ava";
import { silentLog } from "../base/log.ts";
import { ManualClock } from "../base/manual-clock.testing.ts";
import { systemRandom } from "../base/random.ts";
import { BucketStand } from "../bucket/bucket-stand.testing.ts";
import { ControlActor } from "../control/actor.ts";
import { bucketsInMaking } from "../control/bucket-names.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import { identityKeys, newAccount } from "../control/identity-records.ts";
import type { IdentityBehaviour, Passwords } from "../control/messages.ts";
import { ControlReader } from "../control/reader.ts";
import { type BucketRecord, type BucketSetup, controlKeys } from "../control/records.ts";
import { ringSecretBox } from "../control/secret-box.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import type { AccessControlList } from "../s3/acl.ts";
import { asS3Error, fromOutcome, S3Error } from "../s3/errors.ts";
import { finishMaking, type MakingPorts, makeBucket, setupOf } from "./bucket-making.ts";

const owner = "111111111111";
const other = "222222222222";
const acl: AccessControlList = {
  ownerId: "c1",
  grants: [{ grantee: { kind: "group", uri: "AllUsers" }, permission: "READ" }],
};
const setup: BucketSetup = { hasObjectLock: true, ownership: "ObjectWriter", acl };
const wanted = { name: "b", accountId: owner, location: null, setup };

/** No test of this file sends one of their messages. */
const identities = {} as IdentityBehaviour;
const passwords = {} as Passwords;

/** Each step of a making, cut off before it happens and after it has. */
const cuts = (["bucket.create", "bucket.open", "bucket.made"] as const).flatMap((step) => [
  { step, isDone: false },
  { step, isDone: true },
]);
type Cut = (typeof cuts)[number];

async function open(t: ExecutionContext, bucketsPerAccountMax = 1) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  t.teardown(() => store.close());
  for (const accountId of [owner, other]) {
    const named = {
      accountId,
      canonicalId: accountId,
      displayName: accountId,
      kind: "customer",
      parent: null,
    } as const;
    await store.txn([], [putTyped(identityKeys.account(accountId), newAccount({ ...named, createdMs: 0 }))]);
  }
  const options = {
    ...{ store, clock, random: systemRandom, passwords, identities, partitions: 1, log: silentLog },
    secrets: ringSecretBox(KeyRing.inMemory(systemRandom)),
    bucketsPerAccountMax,
  };
  let control = await ControlActor.open(options);
  const bucket = new BucketStand();
  const reader = new ControlReader(environment.snapshot());
  /** @param cut where a request is cut off; null: nowhere */
  const portsOf = (cut: Cut | null): MakingPorts => {
    const step = async <R>(name: Cut["step"], run: () => Promise<R>): Promise<R> => {
      if (cut?.step !== name) return run();
      if (cut.isDone) await run();
      throw new S3Error("ServiceUnavailable");
    };
    return {
      askControl: (type, request) => step(type, async () => fromOutcome(await control.handle(type, request))),
      askBucket: (_record, type, asked) => step(type, () => bucket.ask(type, asked)),
    };
  };
  return {
    store,
    reader,
    bucket,
    portsOf,
    /** What a kill -9 leaves, and the node that starts on it. */
    crash: async () => {
      bucket.crash();
      control = await ControlActor.open(options);
    },
    finishAll: async () => {
      for (const making of await bucketsInMaking(store)) await finishMaking(portsOf(null), making);
    },
    names: (accountId = owner) => {
      reader.refresh();
      return reader.bucketsOf(accountId, "", "", 10).map(({ name }) => name);
    },
    setupIn: async (): Promise<unknown> => {
      const [objectLock, ownership, held] = await Promise.all(
        (["objectLock", "ownershipControls", "acl"] as const).map((field) =>
          bucket.ask("bucket.configuration", { field }),
        ),
      );
      const { versioning } = await bucket.ask("bucket.versioning", {});
      return [versioning, objectLock?.value, ownership?.value, held?.value];
    },
  };
}

const whole = ["Enabled", { defaultRetention: null }, "ObjectWriter", acl];

const codeOf = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked;
    return "ok";
  } catch (error) {
    return asS3Error(error)?.code ?? String(error);
  }
};

test("only a bucket of its name alone is made in one commit", (t) => {
  const nothing: BucketSetup = { hasObjectLock: false, ownership: null, acl: null };
  t.is(setupOf(nothing), null);
  for (const some of [{ hasObjectLock: true }, { ownership: "ObjectWriter" } as const, { acl }]) {
    t.deepEqual(setupOf({ ...nothing, ...some }), { ...nothing, ...some });
  }
});

for (const cut of cuts) {
  const where = `${cut.isDone ? "after" : "before"} ${cut.step}`;

  test(`a making that is cut off ${where} shows nothing or the whole bucket`, async (t) => {
    const stand = await open(t);
    t.is(await codeOf(makeBucket(stand.portsOf(cut), wanted)), "ServiceUnavailable");
    const isLive = cut.step === "bucket.made" && cut.isDone;
    t.deepEqual(stand.names(), isLive ? ["b"] : []);
    t.is(stand.reader.bucket("b") !== undefined, isLive);
    t.is(stand.reader.buckets("", 10).length, isLive ? 1 : 0);
    if (isLive) t.deepEqual(await stand.setupIn(), whole);
  });

  test(`a making that is cut off ${where} is finished by the next start`, async (t) => {
    const stand = await open(t);
    await codeOf(makeBucket(stand.portsOf(cut), wanted));
    await stand.crash();
    const isBegun = cut.step !== "bucket.create" || cut.isDone;
    t.is(
      await codeOf(makeBucket(stand.portsOf(null), { ...wanted, accountId: other })),
      isBegun ? "BucketAlreadyExists" : "ok",
    );
    if (!isBegun) return;
    const isLive = cut.step === "bucket.made" && cut.isDone;
    t.deepEqual(stand.names(), isLive ? ["b"] : [], "another account's request does not finish it");
    await stand.finishAll();
    t.deepEqual(stand.names(), ["b"]);
    t.deepEqual(await stand.setupIn(), whole);
    t.deepEqual(await bucketsInMaking(stand.store), []);
  });

  for (const isRestarted of [false, true]) {
    test(`a making that is cut off ${where} is finished by asking again, restarted: ${isRestarted}`, async (t) => {
      const stand = await open(t);
      await codeOf(makeBucket(stand.portsOf(cut), wanted));
      if (isRestarted) await stand.crash();
      const { record, created } = await makeBucket(stand.portsOf(null), wanted);
      t.is(created, cut.step === "bucket.create" && !cut.isDone);
      t.deepEqual(stand.names(), ["b"]);
      t.deepEqual(stand.reader.bucket("b"), record);
      t.deepEqual(await stand.setupIn(), whole);
      t.deepEqual(await bucketsInMaking(stand.store), []);
      t.is(await codeOf(makeBucket(stand.portsOf(null), { ...wanted, name: "c" })), "TooManyBuckets");
    });
  }
}

test("a finish that is cut off again is finished by the one after it", async (t) => {
  for (const cut of cuts.slice(2)) {
    const stand = await open(t);
    await codeOf(makeBucket(stand.portsOf({ step: "bucket.open", isDone: false }), wanted));
    await stand.crash();
    t.is(await codeOf(makeBucket(stand.portsOf(cut), { ...wanted, setup: null })), "ServiceUnavailable");
    await stand.crash();
    await stand.finishAll();
    await stand.finishAll();
    t.deepEqual(stand.names(), ["b"]);
    t.deepEqual(await stand.setupIn(), whole);
  }
});

test("of makings at the same time one makes the bucket, and all find it whole", async (t) => {
  const stand = await open(t, 100);
  const made = await Promise.all(Array.from({ length: 20 }, () => makeBucket(stand.portsOf(null), wanted)));
  t.is(made.filter(({ created }) => created).length, 1);
  t.is(new Set(made.map(({ record }) => record.id)).size, 1);
  t.deepEqual(await stand.setupIn(), whole);
  t.deepEqual(await bucketsInMaking(stand.store), []);
});

test("a bucket that is being made counts as one of its account's", async (t) => {
  const stand = await open(t);
  await codeOf(makeBucket(stand.portsOf({ step: "bucket.open", isDone: false }), wanted));
  t.is(await codeOf(makeBucket(stand.portsOf(null), { ...wanted, name: "c" })), "TooManyBuckets");
  await stand.crash();
  t.is(await codeOf(makeBucket(stand.portsOf(null), { ...wanted, name: "c", setup: null })), "TooManyBuckets");
});

test("a bucket of an account that is being deleted is not made, and its name is free", async (t) => {
  for (const isGone of [true, false]) {
    const stand = await open(t);
    await codeOf(makeBucket(stand.portsOf({ step: "bucket.made", isDone: false }), wanted));
    const key = identityKeys.account(owner);
    const { value } = await getTyped(stand.store, key);
    await stand.store.txn(
      [],
      [isGone ? { kind: "remove", key } : putTyped(key, { ...(value as object), status: "deleting" })],
    );
    await stand.crash();
    t.is(await codeOf(stand.finishAll()), "AccessDenied");
    t.deepEqual(stand.names(), []);
    t.deepEqual(await bucketsInMaking(stand.store), []);
    t.like(await makeBucket(stand.portsOf(null), { ...wanted, accountId: other, setup: null }), { created: true });
    t.deepEqual(stand.names(other), ["b"]);
  }
});

test("a bucket that an earlier release has made of the name meanwhile stays as it is", async (t) => {
  const stand = await open(t);
  await codeOf(makeBucket(stand.portsOf({ step: "bucket.open", isDone: false }), wanted));
  const [making] = await bucketsInMaking(stand.store);
  const live = { ...making?.record, id: "f".repeat(32), accountId: other } as BucketRecord;
  await stand.store.txn(
    [],
    [putTyped(controlKeys.bucket("b"), live), putTyped(controlKeys.ownedBucket(other, "b"), {})],
  );
  await stand.crash();
  t.is(await codeOf(makeBucket(stand.portsOf(null), wanted)), "BucketAlreadyExists");
  t.is(await codeOf(stand.finishAll()), "OperationAborted");
  t.deepEqual(await bucketsInMaking(stand.store), []);
  t.deepEqual(stand.names(other), ["b"]);
  stand.reader.refresh();
  t.deepEqual(stand.reader.bucket("b"), live);
  t.like(await makeBucket(stand.portsOf(null), { ...wanted, name: "c", setup: null }), { created: true });
});
