/**
 * Days of a bucket against a plain model that adds up rectangles: random operations, a clock that goes on, leaps over days
 * and goes back, crashes at any point. Totals are held to a recount beside it.
 */

import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { msPerDay, utcDay } from "../storage/counters.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import { BucketStand, bodyOf, inlineBody, plainDelete, stored } from "./bucket-stand.testing.ts";
import { UsageReader } from "./usage-reader.ts";

const keys = ["a", "b", "c"] as const;

type Step =
  | { readonly do: "put" | "copy"; readonly key: string; readonly bytes: number }
  | { readonly do: "delete"; readonly key: string }
  | { readonly do: "deleteAll" | "create" | "crash" | "version" | "empty" }
  | { readonly do: "part"; readonly partNumber: number; readonly bytes: number }
  | { readonly do: "complete" | "abort" }
  | { readonly do: "transfer"; readonly egressBytes: number; readonly requests: readonly number[] }
  | { readonly do: "shift"; readonly ms: number };

const bytes = fc.nat(3000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom("put" as const, "put" as const, "copy" as const),
    key: fc.constantFrom(...keys),
    bytes,
  }),
  fc.record({ do: fc.constant("delete" as const), key: fc.constantFrom(...keys) }),
  fc.record({ do: fc.constantFrom("deleteAll" as const, "create" as const, "crash" as const, "version" as const) }),
  fc.record({
    do: fc.constant("part" as const),
    partNumber: fc.integer({ min: 1, max: 2 }),
    bytes: fc.integer({ min: 1, max: 1e9 }),
  }),
  fc.record({ do: fc.constantFrom("complete" as const, "abort" as const) }),
  fc.record({
    do: fc.constant("transfer" as const),
    egressBytes: fc.nat(1e9),
    requests: fc.array(fc.nat(9), { minLength: 5, maxLength: 5 }),
  }),
  fc.record({
    do: fc.constant("shift" as const),
    ms: fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 3 * msPerDay }),
      fc.integer({ min: 1, max: 3 }).map((days) => days * msPerDay),
      fc.integer({ min: -2 * msPerDay, max: -1 }),
    ),
  }),
);

interface ModelDay {
  storedBytes: number;
  objects: number;
  versions: number;
  byteMs: bigint;
  ingressBytes: number;
  egressBytes: number;
  requests: number[];
}

class Model {
  readonly days = new Map<number, ModelDay>();
  /** Time of the latest turn that wrote; null before the first. */
  atMs: number | null = null;
  held = { storedBytes: 0, objects: 0, versions: 0 };

  copy(): Model {
    const copy = new Model();
    for (const [day, each] of this.days) copy.days.set(day, { ...each, requests: [...each.requests] });
    copy.atMs = this.atMs;
    copy.held = { ...this.held };
    return copy;
  }

  get today(): ModelDay {
    return this.dayAt(this.atMs ?? 0);
  }

  dayAt(ms: number): ModelDay {
    let found = this.days.get(utcDay(ms));
    if (found === undefined) {
      found = { ...this.held, byteMs: 0n, ingressBytes: 0, egressBytes: 0, requests: [0, 0, 0, 0, 0] };
      this.days.set(utcDay(ms), found);
    }
    return found;
  }

  goOn(nowMs: number): void {
    this.atMs ??= nowMs;
    for (;;) {
      const day = this.dayAt(this.atMs);
      Object.assign(day, this.held);
      const untilMs = Math.min(nowMs, (utcDay(this.atMs) + 1) * msPerDay);
      if (untilMs <= this.atMs) return;
      day.byteMs += BigInt(this.held.storedBytes) * BigInt(untilMs - this.atMs);
      this.atMs = untilMs;
    }
  }
}

class Run {
  readonly stand = new BucketStand();
  readonly model = new Model();
  #uploadId: string | null = null;
  #parts = new Map<number, string>();

  async apply(next: Step): Promise<void> {
    const { stand } = this;
    switch (next.do) {
      case "put":
      case "copy": {
        const source = stored(inlineBody("x".repeat(next.bytes)));
        const request = { key: next.key, source, metadata: {}, preconditions: {} };
        await stand.ask("object.put", next.do === "copy" ? { ...request, isCopied: true } : request);
        return this.#wrote(next.do === "copy" ? 0 : next.bytes);
      }
      case "delete": {
        const { existed, isDeleteMarker } = await stand.ask("object.delete", plainDelete(next.key));
        return existed || isDeleteMarker ? this.#wrote(0) : undefined;
      }
      case "deleteAll": {
        const { outcomes } = await stand.ask("object.deleteMany", { objects: keys.map(plainDelete) });
        const hasWritten = outcomes.some((each) => each.ok && (each.value.existed || each.value.isDeleteMarker));
        return hasWritten ? this.#wrote(0) : undefined;
      }
      case "version":
        await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
        return this.#wroteOrNot();
      case "crash":
        return stand.crash();
      case "empty":
        while (!(await stand.ask("bucket.emptySome", {})).isEmpty);
        return this.#wrote(0);
      case "create":
        return this.#create();
      case "part":
        return this.#part(next.partNumber, next.bytes);
      case "complete":
      case "abort":
        return this.#end(next.do);
      case "transfer": {
        await stand.ask("usage.add", { egressBytes: next.egressBytes, requests: next.requests });
        await this.#wrote(0);
        this.model.today.egressBytes += next.egressBytes;
        for (const [index, count] of next.requests.entries()) {
          this.model.today.requests[index] = (this.model.today.requests[index] ?? 0) + count;
        }
        return;
      }
      case "shift":
        stand.nowMs += next.ms;
    }
  }

  async #create(): Promise<void> {
    if (this.#uploadId !== null) return;
    const request = { key: "u", metadata: {}, checksumAlgorithm: null, checksumType: null };
    this.#uploadId = (await this.stand.ask("upload.create", request)).uploadId;
    this.#parts.clear();
    await this.#wrote(0);
  }

  async #part(partNumber: number, count: number): Promise<void> {
    if (this.#uploadId === null) return;
    // Parts never stand in their rows.
    const source = stored(bodyOf(["p"], count));
    const at = { key: "u", uploadId: this.#uploadId };
    const { etag } = await this.stand.ask("upload.putPart", { ...at, partNumber, source });
    this.#parts.set(partNumber, etag);
    await this.#wrote(count);
  }

  async #end(how: "complete" | "abort"): Promise<void> {
    const uploadId = this.#uploadId;
    if (uploadId === null || (how === "complete" && this.#parts.size === 0)) return;
    // Only a last part may be small: one of them is named, the other is let go.
    const [partNumber = 0, etag = ""] = [...this.#parts][0] ?? [];
    const at = { key: "u", uploadId };
    const parts = [{ partNumber, etag, checksum: null }];
    if (how === "abort") await this.stand.ask("upload.abort", at);
    else await this.stand.ask("upload.complete", { ...at, parts, preconditions: {}, objectBytes: null });
    this.#uploadId = null;
    await this.#wrote(0);
  }

  /** Setting what is set already writes nothing. */
  #isVersioned = false;
  async #wroteOrNot(): Promise<void> {
    if (!this.#isVersioned) await this.#wrote(0);
    this.#isVersioned = true;
  }

  /** A turn was committed now: time until now is what was held before. */
  async #wrote(ingressBytes: number): Promise<void> {
    const { model, stand } = this;
    model.goOn(stand.nowMs);
    const { storedBytes, openUploadBytes, objects, versions } = await stand.ask("bucket.usage", {});
    model.held = { storedBytes: storedBytes + openUploadBytes, objects, versions };
    Object.assign(model.today, model.held);
    model.today.ingressBytes += ingressBytes;
  }

  check(t: ExecutionContext): void {
    const { metadata, bucket, nowMs } = this.stand;
    const reader = new UsageReader([{ trees: metadata.trees, refresh: () => undefined, close: async () => undefined }]);
    const expected = this.model.copy();
    if (expected.atMs !== null) expected.goOn(nowMs);
    const range = { fromDay: utcDay(nowMs) - 200, toDay: utcDay(nowMs) + 100 };
    const found = reader.days({ bucket, partition: 0 }, range, nowMs);
    t.deepEqual(
      found.map(({ day, ...rest }) => [day, rest]),
      [...expected.days].sort(([one], [other]) => one - other),
    );
    // A part of the range is the same days, whatever came before it.
    const part = { fromDay: utcDay(nowMs) - 2, toDay: utcDay(nowMs) - 1 };
    t.deepEqual(
      reader.days({ bucket, partition: 0 }, part, nowMs),
      found.filter(({ day }) => day >= part.fromDay && day <= part.toDay),
    );
    t.deepEqual(recountTotals(metadata.trees), []);
  }
}

test("days are what the model adds up, whatever the clock does and wherever the process dies", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const run = new Run();
      for (const next of steps) {
        await run.apply(next);
        run.check(t);
      }
      await run.apply({ do: "empty" });
      run.check(t);
    }),
    { numRuns: 120, includeErrorInReport: true },
  );
});
