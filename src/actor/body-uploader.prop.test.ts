import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import { BodyLane } from "./body-lane.ts";
import type { BodySource } from "./body-source.ts";
import { BodyUploader } from "./body-uploader.ts";
import { FakeBody } from "./fixtures/fake-body.ts";
import { address, startCounters } from "./fixtures/local.ts";
import { settle } from "./fixtures/manual-clock.ts";
import { MemoryChunks } from "./fixtures/memory-chunks.ts";
import { plainPlan } from "./fixtures/plan.ts";
import type { SlabClass } from "./slabs.ts";

const fewSlots: readonly SlabClass[] = [
  { bytes: 4096, count: 3 },
  { bytes: limits.slabMediumBytes, count: 2 },
  { bytes: limits.slabLargeBytes, count: 2 },
];

function start(threads = 1, classes: readonly SlabClass[] = fewSlots) {
  const chunks = new MemoryChunks();
  const local = startCounters({
    threads,
    classes,
    lane: (slabs) => new BodyLane({ slabs, chunks: () => chunks, log: silentLog }),
  });
  const { slabs, links } = local.threads;
  const uploader = new BodyUploader({ slabs, links, ownerOf: (partition) => partition, clock: local.clock });
  const isClean = () =>
    slabs.snapshot().lent === 0 &&
    slabs.snapshot().waiting === 0 &&
    slabs.snapshot().slots.every(({ free, count }) => free === count) &&
    uploader.snapshot().uploads === 0 &&
    uploader.snapshot().overflowBytes === 0 &&
    uploader.snapshot().laneBytes.every((bytes) => bytes === 0);
  return { ...local, chunks, slabs, uploader, isClean };
}

type Started = ReturnType<typeof start>;

function bytesOf(length: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 255));
}

/** The bytes behind a source, which is then given up. */
function take(source: BodySource, { slabs, chunks, uploader }: Started): Buffer {
  if (source.kind === "slot") {
    const bytes = Buffer.from(slabs.view(source.slot, source.length));
    uploader.release(source);
    return bytes;
  }
  const parts = source.body.chunks.map((chunk) => chunks.stored.get(Buffer.from(chunk.address).toString("hex")));
  return Buffer.concat(parts.map((part) => part ?? Buffer.alloc(0)));
}

const bodies = fc.array(
  fc.record({
    length: fc.oneof(fc.nat({ max: 9000 }), fc.nat({ max: 200_000 }), fc.nat({ max: 700_000 })),
    cuts: fc.array(fc.nat({ max: 700_000 }), { maxLength: 12 }),
    isKnown: fc.boolean(),
    abortAfter: fc.option(fc.nat({ max: 10 }), { freq: 5 }),
  }),
  { minLength: 1, maxLength: 14 },
);

test("however bodies are cut and mixed, each arrives whole and every slot comes back", async (t) => {
  await fc.assert(
    fc.asyncProperty(bodies, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), async (specs, picks) => {
      const world = start(2);
      const runs = specs.map(({ length, cuts, isKnown, abortAfter }, index) => {
        const bytes = bytesOf(length, index);
        const body = new FakeBody(bytes, cuts, isKnown ? length : null);
        const at = address(1 + (index % 3));
        const stored = world.uploader.store(at, body, plainPlan(isKnown ? length : null, at));
        const done = stored.then(
          (source) => {
            if (source.kind === "stored")
              t.deepEqual(Buffer.from(source.body.md5), createHash("md5").update(bytes).digest());
            return take(source, world).equals(bytes) ? "whole" : "broken";
          },
          (error: { code?: string }) => error.code ?? String(error),
        );
        return { body, done, steps: 0, abortAfter };
      });
      let isOver = false;
      const all = Promise.all(runs.map(({ done }) => done)).then((ends) => {
        isOver = true;
        return ends;
      });
      for (let turn = 0; !isOver; turn++) {
        // Mostly as the picks say, but everyone has a turn at last.
        const pick = turn % 5 === 0 ? turn / 5 : (picks[turn % picks.length] ?? 0);
        const run = runs[pick % runs.length];
        if (run !== undefined && run.steps === run.abortAfter && !run.body.isDone && run.body.isConsumed)
          run.body.abort();
        else if (run?.body.step()) run.steps++;
        if (turn % 7 === 0) await settle(2);
        if (turn % 50 === 49) world.clock.advance(30);
        if (turn > 100_000) throw new Error("the uploads do not end");
      }
      const ends = await all;
      await settle();
      t.true(world.isClean());
      t.is(world.chunks.open, 0);
      for (const [index, end] of ends.entries()) {
        t.true(end === "whole" || (end === "IncompleteBody" && specs[index]?.abortAfter !== null), end);
      }
      await world.threads.close();
      world.uploader.close();
    }),
    { numRuns: 40 },
  );
});

test("a body at hand of up to 64 KiB stays in one slot; a larger one is stored by a lane", async (t) => {
  const world = start();
  for (const [length, kind] of [
    [0, "slot"],
    [4096, "slot"],
    [limits.slabMediumBytes, "slot"],
    [limits.slabMediumBytes + 1, "stored"],
    [limits.slabLargeBytes, "stored"],
  ] as const) {
    for (const contentLength of [length, null]) {
      const body = new FakeBody(bytesOf(length, 3), [1000, 5000], contentLength);
      const stored = world.uploader.store(address(1), body, plainPlan(contentLength));
      while (!body.isDone) if (!body.step()) await settle(1);
      const source = await stored;
      t.is(source.kind, kind, `${length}`);
      t.deepEqual(take(source, world), bytesOf(length, 3));
    }
  }
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("hundreds of slow uploads share a handful of slots, and all complete", async (t) => {
  const world = start();
  const length = 90;
  const runs = Array.from({ length: 500 }, (_, index) => {
    const body = new FakeBody(bytesOf(length, index), [30, 60], length);
    const at = address(index % 5);
    return { body, stored: world.uploader.store(at, body, plainPlan(length, at)) };
  });
  let done = 0;
  const ends = Promise.all(
    runs.map(async ({ stored }, index) => {
      const bytes = take(await stored, world);
      done++;
      return bytes.equals(bytesOf(length, index));
    }),
  );
  for (let round = 0; done < runs.length; round++) {
    for (const { body } of runs) body.step();
    await settle(3);
    world.clock.advance(25);
    if (round > 2000) break;
  }
  t.is(done, runs.length);
  t.true((await ends).every((isWhole) => isWhole));
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("a client that sends faster than the lane stores is paused, and resumed", async (t) => {
  const world = start();
  let release = () => {};
  let isHeld = false;
  world.chunks.backlog = () => {
    if (isHeld) return null;
    isHeld = true;
    return new Promise((resolve) => {
      release = resolve;
    });
  };
  const bytes = bytesOf(3_000_000, 1);
  const cuts = Array.from({ length: 29 }, (_, index) => (index + 1) * 100_000);
  const body = new FakeBody(bytes, cuts);
  const stored = world.uploader.store(address(1), body, plainPlan(bytes.length));
  for (let turn = 0; turn < 100; turn++) {
    body.step();
    await settle(1);
  }
  t.true(body.isPaused);
  t.is(world.threads.host(0).snapshot().lane?.openBodies, 1);
  release();
  while (!body.isDone) if (!body.step()) await settle(1);
  t.true(take(await stored, world).equals(bytes));
  t.true(body.pauses > 0 && !body.isPaused);
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("an error of the lane is told at once, and the rest of the body is taken and ignored", async (t) => {
  const world = start();
  const bytes = bytesOf(1_000_000, 1);
  const cuts = Array.from({ length: 9 }, (_, index) => (index + 1) * 100_000);
  const body = new FakeBody(bytes, cuts, null);
  const stored = world.uploader.store(address(1), body, plainPlan(null, { bytesMax: 300_000 }));
  const failed = t.throwsAsync(stored, { message: /exceeds/ });
  for (let turn = 0; turn < 6; turn++) {
    body.step();
    await settle();
  }
  t.like(await failed, { code: "EntityTooLarge" });
  t.false(body.isDone);
  t.is(world.chunks.open, 0);
  while (body.step());
  t.true(body.isDone);
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("a client that falls silent is cut off, one that waits for us is not", async (t) => {
  const world = start(1, [{ bytes: limits.slabMediumBytes, count: 1 }]);
  const silent = new FakeBody(bytesOf(1000, 1), [500]);
  const stored = world.uploader.store(address(1), silent, plainPlan(1000));
  silent.step();
  const failed = t.throwsAsync(stored);
  const waiting = new FakeBody(bytesOf(10, 2), []);
  const second = world.uploader.store(address(1), waiting, plainPlan(10));
  t.false(waiting.isConsumed, "nothing is read without a slot");
  world.clock.advance(30);
  await settle();
  t.true(waiting.isConsumed, "the silent one's slot went on");
  while (waiting.step());
  t.deepEqual(take(await second, world), bytesOf(10, 2));
  world.clock.advance(limits.bodyIdleMs);
  t.like(await failed, { code: "RequestTimeout" });
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("who gets no slot in time is told SlowDown; a thread that ends, ServiceUnavailable", async (t) => {
  const world = start(1, [{ bytes: limits.slabMediumBytes, count: 1 }]);
  const held = world.slabs.acquire(1) ?? -1;
  const body = new FakeBody(bytesOf(10, 1), []);
  const refused = t.throwsAsync(world.uploader.store(address(1), body, plainPlan(10)));
  world.clock.advance(limits.slabWaitMs + 1);
  t.like(await refused, { code: "SlowDown" });
  world.slabs.release(held);

  const large = new FakeBody(bytesOf(500_000, 1), [100_000]);
  const lost = t.throwsAsync(world.uploader.store(address(1), large, plainPlan(500_000)));
  large.step();
  await settle();
  const crash = world.threads.links[0]?.ask(address(2), "counter.crash", {}, { requestId: "r", timeoutMs: 100 });
  t.like(await crash, { ok: false });
  t.like(await lost, { code: "ServiceUnavailable" });
  await settle();
  t.true(world.isClean());
  await world.threads.close();
});

test("a stored body that no ask carries is dropped", async (t) => {
  const world = start();
  const body = new FakeBody(bytesOf(100_000, 1), []);
  const stored = world.uploader.store(address(1), body, plainPlan(100_000));
  while (!body.isDone) if (!body.step()) await settle(1);
  const source = await stored;
  t.is(world.chunks.stored.size, 1);
  world.uploader.release(source);
  await settle();
  t.is(world.chunks.stored.size, 0);
  await world.threads.close();
});
