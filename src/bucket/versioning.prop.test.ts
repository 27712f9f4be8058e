/**
 * Random histories of a bucket whose versioning changes, against a model that is a list of versions per key: the same
 * answers, the same history in the rows, totals and reference counts that add up, and nothing left when all is removed.
 */

import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import type { BucketId } from "../base/ids.ts";
import type { Outcome } from "../base/outcome.ts";
import type { StoredBody } from "../storage/body.ts";
import { Collector } from "../storage/collector.ts";
import { chunksFrom } from "../storage/object-chunks.ts";
import { ReadEpochs } from "../storage/read-epochs.ts";
import { etagOf, type ObjectRecord } from "../storage/record.ts";
import { recount } from "../storage/recount.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import type { ReadTrees, TreeName } from "../storage/trees.ts";
import { BucketStand, bodyOf, inlineBody, MiB, stored } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";
import type { ObjectDeleted, ObjectToDelete } from "./messages.ts";
import { versionIdOf } from "./version-id.ts";
import type { Versioning, VersioningStatus } from "./versioning.ts";

const keys = ["a", "a/b", "é"] as const;
type Key = (typeof keys)[number];

/** An id that is well formed and names no version. */
const unknownId = "0".repeat(26);

/** Which version a delete names: none, `null`, one that never was, or the n-th newest of the key. */
type Named = "none" | "null" | "unknown" | number;

interface Deletion {
  readonly key: Key;
  readonly version: Named;
  readonly ifMatch: "none" | "any" | "current" | "other";
}

type Step =
  | { readonly do: "put" | "upload"; readonly key: Key; readonly content: string; readonly ifNoneMatch: boolean }
  | { readonly do: "delete"; readonly deletion: Deletion }
  | { readonly do: "deleteMany"; readonly deletions: readonly Deletion[] }
  | { readonly do: "set"; readonly versioning: VersioningStatus }
  | { readonly do: "collect" | "crash" };

const key = fc.constantFrom(...keys);
const deletion: fc.Arbitrary<Deletion> = fc.record({
  key,
  version: fc.oneof(fc.constantFrom("none" as const, "null" as const, "unknown" as const), fc.nat(4), fc.nat(2)),
  ifMatch: fc.constantFrom(
    "none" as const,
    "none" as const,
    "none" as const,
    "any" as const,
    "current" as const,
    "other" as const,
  ),
});
const put: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("put" as const, "put" as const, "upload" as const),
  key,
  content: fc.constantFrom("", "inline", "x", "y", "x y"),
  ifNoneMatch: fc.constantFrom(false, false, false, true),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  put,
  put,
  fc.record({ do: fc.constant("delete" as const), deletion }),
  fc.record({ do: fc.constant("delete" as const), deletion }),
  fc.record({ do: fc.constant("deleteMany" as const), deletions: fc.array(deletion, { maxLength: 6 }) }),
  fc.record({
    do: fc.constant("set" as const),
    versioning: fc.constantFrom("Enabled" as const, "Suspended" as const),
  }),
  fc.record({ do: fc.constantFrom("collect" as const, "crash" as const) }),
);

interface ModelVersion {
  readonly id: string;
  /** null: a delete marker. */
  readonly etag: string | null;
  readonly sizeBytes: number;
  /** An inline body's text, or the addresses of the chunks. */
  readonly content: string;
}

/** Histories, newest first, and how they change: what AWS's user guide says, on lists. */
class Model {
  versioning: Versioning = "Off";
  readonly histories = new Map<Key, readonly ModelVersion[]>();

  of(name: Key): readonly ModelVersion[] {
    return this.histories.get(name) ?? [];
  }

  current(name: Key): (ModelVersion & { readonly etag: string }) | undefined {
    const [head] = this.of(name);
    return head === undefined || head.etag === null ? undefined : { ...head, etag: head.etag };
  }

  add(name: Key, version: ModelVersion): void {
    const kept = version.id === "null" ? this.without(name, "null") : this.of(name);
    this.histories.set(name, [version, ...kept]);
  }

  /** @returns what was removed */
  remove(name: Key, id: string): ModelVersion | undefined {
    const found = this.of(name).find((version) => version.id === id);
    const left = this.without(name, id);
    if (left.length === 0) this.histories.delete(name);
    else this.histories.set(name, left);
    return found;
  }

  without(name: Key, id: string): readonly ModelVersion[] {
    return this.of(name).filter((version) => version.id !== id);
  }
}

/** Each chunk is large enough for the rule of the smallest part. */
const chunkBytes = 5 * MiB;

function bodyFor(content: string) {
  if (content === "" || content === "inline") return inlineBody(content);
  const names = content.split(" ");
  const chunks = names.flatMap((name) => bodyOf([name], chunkBytes).chunks);
  return { ...bodyOf(names), chunks, sizeBytes: chunks.length * chunkBytes };
}

function contentOf({ inline, chunks }: Pick<StoredBody, "inline" | "chunks">): string {
  return inline?.toString() ?? chunks.map(({ address }) => Buffer.from(address).toString("hex")).join();
}

class Run {
  readonly stand = new BucketStand();
  readonly model = new Model();
  readonly #collector: Collector;

  constructor() {
    const noTimer = () => ({ cancel: () => undefined });
    this.#collector = new Collector({
      metadata: this.stand.metadata,
      sequence: this.stand.garbage,
      epochs: ReadEpochs.create(1, 1),
      partition: 0,
      chunks: { unlink: async () => undefined },
      clock: { nowMs: () => 0, monotonicMs: () => 0, after: noTimer, every: noTimer },
      onError: (error) => {
        throw error;
      },
    });
  }

  async collectAll(): Promise<void> {
    while (this.countOf("gc") > 0) await this.#collector.round();
  }

  countOf(tree: TreeName): number {
    return this.stand.metadata.trees[tree].keys({ start: Buffer.alloc(0), limit: 10_000 }).length;
  }

  async apply(t: ExecutionContext, next: Step): Promise<void> {
    switch (next.do) {
      case "put":
      case "upload":
        return this.#put(t, next);
      case "delete":
        return this.#delete(t, next.deletion);
      case "deleteMany":
        return this.#deleteMany(t, next.deletions);
      case "set":
        await this.stand.ask("bucket.setVersioning", { versioning: next.versioning });
        this.model.versioning = next.versioning;
        return;
      case "collect":
        return this.collectAll();
      case "crash":
        return this.stand.crash();
    }
  }

  async #put(
    t: ExecutionContext,
    { do: how, key: name, content, ifNoneMatch }: Extract<Step, { do: "put" | "upload" }>,
  ) {
    const preconditions = ifNoneMatch ? { ifNoneMatch: "*" } : {};
    const isRefused = ifNoneMatch && this.model.current(name) !== undefined;
    const body = bodyFor(how === "upload" && content === "inline" ? "" : content);
    const asked = how === "put" ? this.#putWhole(name, body, preconditions) : this.#upload(name, body, preconditions);
    if (isRefused) {
      await t.throwsAsync(asked, { code: "PreconditionFailed" });
      return;
    }
    const { etag, sizeBytes, versionId } = await asked;
    t.is(versionId === null, this.model.versioning !== "Enabled");
    this.model.add(name, { id: versionId ?? "null", etag, sizeBytes, content: contentOf(body) });
  }

  #putWhole(name: Key, body: StoredBody, preconditions: { ifNoneMatch?: string }) {
    return this.stand.ask("object.put", { key: name, source: stored(body), metadata: {}, preconditions });
  }

  async #upload(name: Key, body: StoredBody, preconditions: { ifNoneMatch?: string }) {
    const { uploadId } = await this.stand.ask("upload.create", {
      key: name,
      metadata: {},
      checksumAlgorithm: null,
      checksumType: null,
    });
    const at = { key: name, uploadId };
    const part = { ...at, partNumber: 1, source: stored(body) };
    const { etag } = await this.stand.ask("upload.putPart", part);
    const parts = [{ partNumber: 1, etag, checksum: null }];
    try {
      return await this.stand.ask("upload.complete", { ...at, parts, preconditions, objectBytes: null });
    } catch (error) {
      await this.stand.ask("upload.abort", at);
      throw error;
    }
  }

  #request({ key: name, version, ifMatch }: Deletion): ObjectToDelete {
    const versionId =
      version === "none"
        ? null
        : version === "null"
          ? "null"
          : typeof version === "number"
            ? this.#id(name, version)
            : unknownId;
    const etag = this.model.current(name)?.etag ?? "0";
    const match = { none: undefined, any: "*", current: etag, other: "1" }[ifMatch];
    return {
      key: name,
      versionId,
      preconditions: match === undefined ? {} : { ifMatch: match },
      bypassGovernance: false,
      markerOwnerId: null,
    };
  }

  #id(name: Key, index: number): string {
    return this.model.of(name)[index]?.id ?? unknownId;
  }

  async #delete(t: ExecutionContext, asked: Deletion): Promise<void> {
    const request = this.#request(asked);
    const outcome = await this.stand.ask("object.delete", request).then(
      (value): Outcome<ObjectDeleted> => ({ ok: true, value }),
      (error: { code: string }): Outcome<ObjectDeleted> => ({ ok: false, code: error.code, detail: {} }),
    );
    this.#judge(t, asked.key, request, outcome);
  }

  /** Requests name versions by what the model holds before the first of them. */
  async #deleteMany(t: ExecutionContext, asked: readonly Deletion[]): Promise<void> {
    const objects = asked.map((each) => this.#request(each));
    const { outcomes } = await this.stand.ask("object.deleteMany", { objects });
    t.is(outcomes.length, objects.length);
    for (const [index, { key: name }] of asked.entries()) {
      const request = objects[index];
      const outcome = outcomes[index];
      if (request !== undefined && outcome !== undefined) this.#judge(t, name, request, outcome);
    }
  }

  /** Holds an outcome to the model, and changes the model. */
  #judge(
    t: ExecutionContext,
    name: Key,
    { versionId, preconditions }: ObjectToDelete,
    outcome: Outcome<ObjectDeleted>,
  ) {
    const { model } = this;
    const current = model.current(name);
    const { ifMatch } = preconditions;
    if (ifMatch !== undefined && (current === undefined || (ifMatch !== "*" && ifMatch !== current.etag))) {
      t.is(outcome.ok ? "ok" : outcome.code, current === undefined ? "NoSuchKey" : "PreconditionFailed");
      return;
    }
    if (!outcome.ok) throw new Error(`refused with ${outcome.code}`);
    const { value } = outcome;
    if (versionId !== null || model.versioning === "Off") {
      const removed = model.remove(name, versionId ?? "null");
      const isDeleteMarker = removed?.etag === null;
      t.deepEqual(value, { existed: removed !== undefined, versionId, isDeleteMarker });
      return;
    }
    t.is(value.versionId === "null", model.versioning === "Suspended");
    t.like(value, { existed: current !== undefined, isDeleteMarker: true });
    model.add(name, { id: value.versionId ?? "", etag: null, sizeBytes: 0, content: "" });
  }

  /** The rows, the totals and the reference counts, against the model. */
  async check(t: ExecutionContext): Promise<void> {
    const { stand, model } = this;
    const { trees } = stand.metadata;
    const histories = historiesOf(trees, stand.bucket);
    t.deepEqual(
      Object.fromEntries(
        [...histories].map(([name, history]) => [name, history.map((record) => shown(trees, stand.bucket, record))]),
      ),
      Object.fromEntries<readonly ModelVersion[]>(model.histories),
    );
    const all = [...model.histories.values()].flat();
    const objects = keys.filter((name) => model.current(name) !== undefined).length;
    t.deepEqual(await stand.ask("bucket.usage", {}), {
      storedBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      objects,
      versions: all.length - objects,
      openUploadBytes: 0,
    });
    t.is((await stand.ask("bucket.versioning", {})).versioning, model.versioning);
    t.deepEqual(recount(trees), []);
    t.deepEqual(recountTotals(trees), []);
  }
}

function shown(trees: ReadTrees, bucket: BucketId, record: ObjectRecord): ModelVersion {
  const { location } = record;
  const inline = location?.kind === "inline" ? Buffer.from(location.bytes) : null;
  const chunks = location === null || inline !== null ? [] : chunksFrom(trees, bucket, location, 0, 100);
  return {
    content: contentOf({ inline, chunks }),
    id: versionIdOf(record),
    etag: record.isDeleteMarker ? null : etagOf(record),
    sizeBytes: record.sizeBytes,
  };
}

test("a bucket's histories are the model's, whatever its versioning, and give back all they held", async (t) => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 50 }), async (steps) => {
      const run = new Run();
      for (const next of steps) {
        reached.add(`${run.model.versioning} ${next.do}`);
        await run.apply(t, next);
        await run.check(t);
      }
      const { empty } = await run.stand.ask("bucket.close", {});
      t.is(empty, run.model.histories.size === 0);
      await run.stand.ask("bucket.reopen", {});
      for (const [name, history] of [...run.model.histories]) {
        const objects = history.map(({ id }) => ({
          key: name,
          versionId: id,
          preconditions: {},
          bypassGovernance: false,
          markerOwnerId: null,
        }));
        await run.stand.ask("object.deleteMany", { objects });
        run.model.histories.delete(name);
      }
      await run.collectAll();
      await run.check(t);
      for (const tree of ["current", "versions", "refs", "extents", "manifests", "manifestRefs"] as const)
        t.is(run.countOf(tree), 0, tree);
    }),
    { numRuns: 150, includeErrorInReport: true },
  );
  for (const versioning of ["Off", "Enabled", "Suspended"])
    for (const what of ["put", "upload", "delete", "deleteMany"]) t.true(reached.has(`${versioning} ${what}`));
});
