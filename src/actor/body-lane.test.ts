import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { BodyPlan } from "../auth/body-plan.ts";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import type { Outcome } from "../base/outcome.ts";
import { systemRandom } from "../base/random.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { StoredBody } from "../storage/body.ts";
import { ChunkStore } from "../storage/chunk-store.ts";
import { createPartitionDirectories } from "../storage/data-directory.ts";
import { DiskError, systemDisk } from "../storage/disk.ts";
import { BodyLane } from "./body-lane.ts";
import { address, startCounters } from "./fixtures/local.ts";
import { settle } from "./fixtures/manual-clock.ts";
import { MemoryChunks } from "./fixtures/memory-chunks.ts";
import { plainPlan } from "./fixtures/plan.ts";
import type { BodyChannel } from "./port.ts";
import { Slabs } from "./slabs.ts";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

function startLane(t: ExecutionContext, chunks: Pick<ChunkStore, "write" | "drop"> = new MemoryChunks()) {
  const local = startCounters({ lane: (slabs) => new BodyLane({ slabs, chunks: () => chunks, log: silentLog }) });
  t.teardown(() => local.threads.close());
  const [link] = local.threads.links;
  if (link === undefined) throw new Error("no thread");
  const { slabs } = local.threads;
  const open = (plan: BodyPlan): BodyChannel => {
    const channel = link.openBody(plan, "r");
    if ("ok" in channel) throw new Error("refused");
    return channel;
  };
  const send = (channel: BodyChannel, bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; at += slabs.largestBytes) {
      const piece = bytes.subarray(at, at + slabs.largestBytes);
      const slot = slabs.acquire(piece.length);
      if (slot === null) throw new Error("no slot");
      slabs.view(slot, piece.length).set(piece);
      channel.data(slot, piece.length, () => {});
    }
  };
  const lane = () => local.threads.host(0).snapshot().lane;
  return { ...local, link, slabs, open, send, lane };
}

test("a body in pieces is decoded, verified and stored by the real store", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "lane-"));
  await createPartitionDirectories(systemDisk, directory);
  const store = ChunkStore.open({
    directory,
    partition: 0,
    lane: 0,
    disk: systemDisk,
    random: systemRandom,
    clock: systemClock,
    onVolumeError: () => {},
    endOfSegment: () => 0,
    segmentBytes: 8 * 1024 * 1024,
  });
  t.teardown(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const { open, send, slabs, lane } = startLane(t, store);
  for (const length of [100_000, storageLimits.chunkBytesMax + 100_000]) {
    const bytes = Buffer.alloc(length, "abcdefg");
    const channel = open(plainPlan(length, { md5: md5(bytes), checksum: { algorithm: "CRC32", expected: null } }));
    send(channel, bytes);
    channel.end();
    const reply = (await channel.reply) as Outcome<StoredBody>;
    if (!reply.ok) return t.fail(reply.code);
    t.is(reply.value.sizeBytes, length);
    t.deepEqual(Buffer.from(reply.value.md5), md5(bytes));
    t.is(reply.value.checksum?.algorithm, "CRC32");
    t.deepEqual(
      reply.value.chunks.map(({ sizeBytes }) => sizeBytes),
      length > storageLimits.chunkBytesMax ? [storageLimits.chunkBytesMax, 100_000] : [length],
    );
  }
  t.true(readdirSync(join(directory, "segments")).length > 0);
  t.is(slabs.snapshot().lent, 0);
  t.like(lane(), { openBodies: 0, finishingBodies: 0, storedBodies: 2, waitingBytes: 0 });
});

test("a body that is not what was announced is refused, and nothing of it is kept", async (t) => {
  const chunks = new MemoryChunks();
  const { open, send, slabs, lane } = startLane(t, chunks);
  const bytes = Buffer.alloc(70_000, 1);
  const cases: readonly [string, Partial<BodyPlan>, Buffer][] = [
    ["BadDigest", { md5: md5(Buffer.from("other")) }, bytes],
    ["XAmzContentSHA256Mismatch", { sha256: "0".repeat(64) }, bytes],
    ["IncompleteBody", {}, bytes.subarray(1)],
    ["IncompleteBody", {}, Buffer.alloc(70_001)],
    ["EntityTooLarge", { bytesMax: 60_000 }, bytes],
  ];
  for (const [code, changes, sent] of cases) {
    const channel = open(plainPlan(bytes.length, changes));
    send(channel, sent);
    channel.end();
    t.like(await channel.reply, { ok: false, code });
  }
  await settle();
  t.is(chunks.stored.size, 0);
  t.is(chunks.open, 0);
  t.is(slabs.snapshot().lent, 0);
  t.like(lane(), { openBodies: 0, failedBodies: cases.length, storedBodies: 0 });
});

test("an aborted body leaves nothing; data behind the abort only returns its slot", async (t) => {
  const chunks = new MemoryChunks();
  const { open, send, slabs, lane } = startLane(t, chunks);
  const channel = open(plainPlan(600_000));
  send(channel, Buffer.alloc(300_000));
  await settle();
  send(channel, Buffer.alloc(200_000));
  channel.abort();
  await settle();
  t.is(slabs.snapshot().lent, 0);
  t.is(chunks.aborted, 1);
  t.like(lane(), { openBodies: 0, waiting: 0, waitingBytes: 0 });
  send(channel, Buffer.alloc(100));
  t.is(slabs.snapshot().lent, 0, "after the abort nothing is sent");
});

test("a full disk is InsufficientStorage, a broken one InternalError, and neither ends the thread", async (t) => {
  const chunks = new MemoryChunks();
  const { open, send, starts } = startLane(t, chunks);
  for (const [errno, code] of [
    ["ENOSPC", "InsufficientStorage"],
    ["EIO", "InternalError"],
  ] as const) {
    chunks.failure = new DiskError(errno, "pwrite", "test");
    const channel = open(plainPlan(70_000));
    send(channel, Buffer.alloc(70_000));
    t.like(await channel.reply, { ok: false, code });
  }
  t.deepEqual(starts, [false]);
  chunks.failure = new TypeError("a fault of the program");
  const channel = open(plainPlan(70_000));
  send(channel, Buffer.alloc(70_000));
  t.like(await channel.reply, { ok: false, code: "ServiceUnavailable" });
  t.deepEqual(starts, [false, true]);
});

test("a body whose files wait for the disk is held back in order; others go on", async (t) => {
  const chunks = new MemoryChunks();
  const { open, send, lane } = startLane(t, chunks);
  let release = () => {};
  const backlog = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = 0;
  chunks.backlog = () => (asked++ === 0 ? backlog : null);
  const bytes = Buffer.from(Uint8Array.from({ length: 900_000 }, (_, index) => index >> 10));
  const held = open(plainPlan(bytes.length));
  send(held, bytes.subarray(0, 600_000));
  await settle();
  send(held, bytes.subarray(600_000));
  held.end();
  await settle();
  const other = open(plainPlan(70_000));
  send(other, Buffer.alloc(70_000));
  other.end();
  t.like(await other.reply, { ok: true });
  t.like(lane(), { openBodies: 1, storedBodies: 1 });
  release();
  const reply = (await held.reply) as Outcome<StoredBody>;
  t.deepEqual(reply.ok && Buffer.from(reply.value.md5), md5(bytes));
});

test("turns are served while bodies are worked on", async (t) => {
  const { open, send, link, lane } = startLane(t);
  const channel = open(plainPlan(20_000_000));
  send(channel, Buffer.alloc(20_000_000));
  const ask = link.ask(address(1), "counter.add", { label: "" }, { requestId: "r", timeoutMs: 1000 });
  t.like(await ask, { ok: true });
  t.true((lane()?.takenBytes ?? 0) <= 4 * limits.bodySliceBytes, "the turn did not wait for the body");
  channel.abort();
});

test("a body in one slot is decoded in the turn: inline, stored, or refused", async (t) => {
  const shared = Slabs.create(1);
  const slabs = Slabs.attach(shared, 0, systemClock);
  const chunks = new MemoryChunks();
  const lane = new BodyLane({ slabs: Slabs.attach(shared, null), chunks: () => chunks, log: silentLog });
  const slot = slabs.acquire(5000) ?? -1;
  const bytes = Buffer.alloc(5000, "xyz");
  slabs.view(slot, 5000).set(bytes);

  const inline = await lane.decodeSlot(slot, 5000, plainPlan(5000, { inlineBytesMax: 5000 }));
  t.deepEqual(inline.inline && Buffer.from(inline.inline), bytes);
  t.deepEqual(Buffer.from(inline.md5), md5(bytes));
  t.deepEqual(inline.chunks, []);

  const answer = lane.decodeSlot(slot, 5000, plainPlan(5000, { inlineBytesMax: 4999 }));
  slabs.view(slot, 5000).fill(0);
  const stored = await answer;
  t.is(stored.inline, null);
  t.deepEqual([...chunks.stored.values()], [bytes], "the slot was consumed before the answer");
  t.deepEqual(Buffer.from(stored.md5), md5(bytes));

  t.throws(() => lane.decodeSlot(slot, 5000, plainPlan(5000, { md5: md5(bytes) })), { message: /./ });
  t.is(chunks.open, 0);
  const empty = await lane.decodeSlot(slot, 0, plainPlan(0));
  t.is(empty.inline?.length, 0);
});
