import test, { type ExecutionContext } from "ava";
import { identityBehaviour } from "../account/behaviour.ts";
import { passwordHasher } from "../account/password.ts";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { BucketRequest, LockedVersion } from "../bucket/messages.ts";
import { ControlActor } from "../control/actor.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import type { Actor } from "../control/identity-records.ts";
import { type JobRecord, jobKeys } from "../control/job-records.ts";
import { type BucketRecord, controlKeys } from "../control/records.ts";
import { ringSecretBox } from "../control/secret-box.ts";
import { decodeRecord, getTyped } from "../control/typed-records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { type JobAsk, JobRunner } from "./job-runner.ts";

const accountId = "111111111111";
const by: Actor = {
  accountId,
  name: "root",
  kind: "user",
  via: "session",
  original: null,
  address: null,
  requestId: null,
};

/** A bucket that holds `left` rows and gives away ten in each step. */
class FakeBucket {
  left: number;
  isClosed = false;
  /** Called before each step; may throw. */
  before: (step: number) => void | Promise<void> = () => {};
  steps = 0;

  constructor(left: number) {
    this.left = left;
  }

  /** What `bucket.locked` answers, page by page. */
  locked: readonly (readonly LockedVersion[])[] = [[]];

  look(after: string | null) {
    const page = after === null ? 0 : Number(after);
    const isLast = page + 1 >= this.locked.length;
    return { locked: this.locked[page] ?? [], next: isLast ? null : String(page + 1) };
  }

  async ask(type: JobAsk): Promise<{ removed: number; isEmpty: boolean }> {
    if (type === "bucket.close") {
      this.isClosed = true;
      return { removed: 0, isEmpty: false };
    }
    this.steps += 1;
    await this.before(this.steps);
    if (type === "bucket.reopen") {
      this.isClosed = false;
      return { removed: 0, isEmpty: false };
    }
    this.isClosed = true;
    const removed = Math.min(10, this.left);
    this.left -= removed;
    return { removed, isEmpty: removed === 0 };
  }
}

async function open(t: ExecutionContext, left: number) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  t.teardown(() => store.close());
  const passwords = passwordHasher(systemRandom);
  const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
  const ports = { store, clock, random: systemRandom, passwords, secrets };
  const identities = identityBehaviour(ports);
  const actor = await ControlActor.open({ ...ports, identities, partitions: 1, log: silentLog });
  const account = { accountId, canonicalId: "c", displayName: "one", kind: "customer", root: { email: "root@one" } };
  await actor.handle("identities.apply", { document: { accounts: [{ ...account, kind: "customer" }] } });
  await actor.handle("bucket.create", { name: "b", accountId, location: null });
  const bucket = new FakeBucket(left);
  const runner = () =>
    new JobRunner({
      store,
      askControl: (type, request) => actor.handle(type, request),
      askBucket: async (_record, type, request) => {
        if (type !== "bucket.locked") return (await bucket.ask(type)) as never;
        if (!bucket.isClosed) throw new Error("it is looked through while more may be written");
        return bucket.look((request as BucketRequest<"bucket.locked">).after) as never;
      },
      clock,
      log: silentLog,
    });
  const begin = async (): Promise<JobRecord> => {
    const outcome = await actor.handle("job.superDelete", { by, bucket: "b", total: left });
    if (!outcome.ok) throw new Error(outcome.code);
    return outcome.value.job;
  };
  const job = async (jobId: string) => (await getTyped<JobRecord>(store, jobKeys.job(jobId))).value;
  const record = async () => (await getTyped<BucketRecord>(store, controlKeys.bucket("b"))).value;
  return { store, actor, bucket, runner, begin, job, record, clock };
}

/** Lets what is under way go on until `isDone`; the clock jumps over waits. */
async function until(clock: ManualClock, isDone: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (await isDone()) return;
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it does not come to an end");
}

const hasEnded = (job: JobRecord | undefined): boolean => job !== undefined && job.endedMs !== null;

test("a bucket is removed with everything in it, and its name is free afterwards", async (t) => {
  const { actor, bucket, runner, begin, job, record, clock, store } = await open(t, 95);
  const { jobId } = await begin();
  const work = runner();
  work.begin(jobId);
  await until(clock, async () => hasEnded(await job(jobId)));
  t.like(await job(jobId), { state: "done", removed: 95, total: 95, fault: null });
  t.is(bucket.left, 0);
  t.is(await record(), undefined);
  t.deepEqual(await store.list(jobKeys.openJob("")), []);
  t.true((await actor.handle("bucket.create", { name: "b", accountId, location: null })).ok);
});

test("while a job works, the name is reserved and nobody else can delete the bucket or give it back", async (t) => {
  const { actor, bucket, runner, begin, job, record, clock } = await open(t, 30);
  const { jobId } = await begin();
  const seen: unknown[] = [];
  let goOn = (): void => {};
  bucket.before = (step) => (step === 2 ? new Promise((resolve) => (goOn = resolve)) : undefined);
  runner().begin(jobId);
  await until(clock, async () => bucket.steps === 2);
  seen.push(await actor.handle("bucket.create", { name: "b", accountId, location: null }));
  seen.push(await actor.handle("bucket.markDeleting", { name: "b", jobId: null }));
  seen.push(await actor.handle("job.superDelete", { by, bucket: "b", total: 0 }));
  t.is((await record())?.jobId, jobId);
  t.deepEqual(
    seen.map((outcome) => (outcome as { code?: string }).code),
    ["OperationAborted", "NoSuchBucket", "OperationAborted"],
  );
  t.deepEqual(actor.pendingDeletions(), []);
  goOn();
  await until(clock, async () => hasEnded(await job(jobId)));
  t.is((await job(jobId))?.state, "done");
});

test("a job that was cut off goes on with the next runner, at any step", async (t) => {
  for (const cutAt of [1, 2, 3, 4]) {
    const { bucket, runner, begin, job, record, clock } = await open(t, 40);
    const { jobId } = await begin();
    const first = runner();
    bucket.before = (step) => {
      clock.advance(limits.jobProgressMs);
      if (step === cutAt) void first.stop();
    };
    first.begin(jobId);
    await until(clock, async () => bucket.steps >= cutAt);
    await first.stop();
    t.false(hasEnded(await job(jobId)));
    bucket.before = () => {};
    const second = runner();
    await second.resume();
    await until(clock, async () => hasEnded(await job(jobId)));
    t.like(await job(jobId), { state: "done", removed: 40 });
    t.is(await record(), undefined);
  }
});

test("a job whose last step was the removal of the bucket's record ends at the next start", async (t) => {
  const { actor, runner, begin, job, clock } = await open(t, 0);
  const { jobId } = await begin();
  await actor.handle("bucket.markDeleting", { name: "b", jobId });
  await actor.handle("bucket.deleted", { name: "b" });
  await actor.handle("bucket.create", { name: "b", accountId, location: null });
  await runner().resume();
  await until(clock, async () => hasEnded(await job(jobId)));
  t.is((await job(jobId))?.state, "done");
  const again = await actor.handle("bucket.create", { name: "b", accountId, location: null });
  t.true(again.ok && !again.value.created, "the new bucket of the name is left alone");
});

test("cancelling gives the bucket back with what is left", async (t) => {
  const { actor, bucket, runner, begin, job, record, clock } = await open(t, 100);
  const { jobId } = await begin();
  bucket.before = (step) => {
    clock.advance(limits.jobProgressMs);
    if (step === 3) void actor.handle("job.cancel", { by, jobId });
  };
  runner().begin(jobId);
  await until(clock, async () => hasEnded(await job(jobId)));
  const ended = await job(jobId);
  t.is(ended?.state, "cancelled");
  t.true(bucket.left > 0);
  t.is(ended?.removed, 100 - bucket.left);
  t.false(bucket.isClosed);
  t.like(await record(), { state: "live", jobId: null });
  t.true((await actor.handle("job.cancel", { by, jobId })).ok, "again: without effect");
  t.like(await actor.handle("job.cancel", { by, jobId: "none" }), { ok: false, code: "NoSuchJob" });
});

test("a bucket with locked versions comes back whole, and the job says which they are", async (t) => {
  const { bucket, runner, begin, job, record, clock } = await open(t, 100);
  const version = (key: string): LockedVersion => ({
    key,
    versionId: "v",
    lock: { retention: { mode: "COMPLIANCE", untilMs: Date.UTC(2030, 0, 2) }, legalHold: null },
  });
  bucket.locked = [[], [version("a"), version("b")], [version("c")]];
  const { jobId } = await begin();
  runner().begin(jobId);
  await until(clock, async () => hasEnded(await job(jobId)));
  const ended = await job(jobId);
  t.like(ended, { state: "failed", removed: 0 });
  t.regex(ended?.fault ?? "", /^Nothing was removed, 3 versions are locked: "a" version v: COMPLIANCE until 2030.*"c"/);
  t.is(bucket.left, 100);
  t.false(bucket.isClosed);
  t.like(await record(), { state: "live", jobId: null });
});

test("a step that fails is repeated, and a job that cannot go on says why", async (t) => {
  const { bucket, runner, begin, job, clock } = await open(t, 20);
  const { jobId } = await begin();
  bucket.before = (step) => {
    if (step <= 3) throw new Error("the thread is away");
  };
  runner().begin(jobId);
  await until(clock, async () => hasEnded(await job(jobId)));
  t.like(await job(jobId), { state: "done", removed: 20 });

  const stuck = await open(t, 20);
  const other = await stuck.begin();
  stuck.bucket.before = () => {
    throw new Error("the disk is gone");
  };
  stuck.runner().begin(other.jobId);
  await until(stuck.clock, async () => {
    stuck.clock.advance(limits.jobRetryMs * limits.jobRetriesMax);
    return hasEnded(await stuck.job(other.jobId));
  });
  t.like(await stuck.job(other.jobId), { state: "failed", fault: "Error: the disk is gone" });
  t.is(stuck.bucket.steps, limits.jobRetriesMax);
});

test("an account keeps a bounded number of ended jobs", async (t) => {
  const { actor, store, runner, clock, job } = await open(t, 0);
  for (let count = 0; count < limits.jobsKeptPerAccount + 3; count++) {
    const made = await actor.handle("job.superDelete", { by, bucket: "b", total: 0 });
    if (!made.ok) return t.fail(made.code);
    const { jobId } = made.value.job;
    const end = { jobId, state: "done", removed: 0, fault: null } as const;
    t.true((await actor.handle("job.end", end)).ok);
    t.true((await actor.handle("job.end", end)).ok, "again: without effect");
    t.true(hasEnded(await job(jobId)) || count >= limits.jobsKeptPerAccount);
  }
  const rows = await store.list(jobKeys.job(""), "", limits.controlListMax);
  t.true(rows.length <= limits.jobsKeptPerAccount + 1);
  t.true(rows.every((row) => hasEnded(decodeRecord<JobRecord>(row.value))));
  await runner().stop();
  t.true(clock.nowMs() > 0);
});
