/**
 * Random histories of a bucket against a naive model, with crashes and collection at any point: the same answers, the same
 * listing, totals equal to a recount, each object made of the model's chunks, and reference counts equal to a recount.
 */

import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { listedObjects } from "../actor/listed-objects.ts";
import { S3Error } from "../s3/errors.ts";
import { Collector } from "../storage/collector.ts";
import { currentKey } from "../storage/keys.ts";
import { chunksFrom } from "../storage/object-chunks.ts";
import { ReadEpochs } from "../storage/read-epochs.ts";
import { decodeHead } from "../storage/record.ts";
import { recount } from "../storage/recount.ts";
import type { TreeName } from "../storage/trees.ts";
import { BucketStand, bodyOf, inlineBody, MiB, plainDelete, stored } from "./bucket-stand.testing.ts";

const keys = ["a", "a/b", "a/b/c", "b", "é", "\uff5e", "\u{1f600}"] as const;
/** Chunk names; few, so that bodies share. "" = inline. */
const contents = ["", "x", "y", "x y", "y y x", "z x y z"] as const;

type Key = (typeof keys)[number];
type Content = (typeof contents)[number];

type Step =
  | {
      readonly do: "put";
      readonly key: Key;
      readonly content: Content;
      readonly condition: "none" | "absent" | "present";
    }
  | { readonly do: "delete"; readonly key: Key }
  | { readonly do: "deleteMany"; readonly keys: readonly Key[] }
  | { readonly do: "create"; readonly key: Key }
  | { readonly do: "part"; readonly upload: number; readonly partNumber: number; readonly content: Content }
  | { readonly do: "complete"; readonly upload: number; readonly skip: number }
  | { readonly do: "abort"; readonly upload: number }
  | { readonly do: "collect" | "crash" };

const key = fc.constantFrom(...keys);
const content = fc.constantFrom(...contents);
const upload = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("put" as const),
    key,
    content,
    condition: fc.constantFrom("none" as const, "none" as const, "absent" as const, "present" as const),
  }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constant("deleteMany" as const), keys: fc.array(key, { maxLength: 5 }) }),
  fc.record({ do: fc.constant("create" as const), key }),
  fc.record({ do: fc.constant("part" as const), upload, partNumber: fc.integer({ min: 1, max: 4 }), content }),
  fc.record({ do: fc.constant("part" as const), upload, partNumber: fc.integer({ min: 1, max: 4 }), content }),
  fc.record({ do: fc.constant("complete" as const), upload, skip: fc.nat(4) }),
  fc.record({ do: fc.constant("abort" as const), upload }),
  fc.record({ do: fc.constantFrom("collect" as const, "crash" as const) }),
);

interface ModelUpload {
  readonly key: Key;
  readonly uploadId: string;
  readonly parts: Map<number, { readonly names: readonly string[]; readonly etag: string }>;
  state: "open" | "completed" | "aborted";
  etag: string;
}

/** What the bucket must hold: names of chunks by key, and the uploads. */
class Model {
  readonly objects = new Map<
    Key,
    { readonly names: readonly string[]; readonly etag: string; readonly sizeBytes: number }
  >();
  readonly uploads: ModelUpload[] = [];
}

/** Every chunk is large enough for the rule of the smallest part. */
const chunkBytes = 5 * MiB;

function bodyFor(text: Content) {
  if (text === "") return inlineBody("");
  const names = text.split(" ");
  const body = bodyOf(names);
  const chunks = names
    .map((name) => bodyOf([name], chunkBytes).chunks[0] ?? body.chunks[0])
    .filter((each) => each !== undefined);
  return { ...body, chunks, sizeBytes: chunks.length * chunkBytes };
}

function namesOf(text: Content): readonly string[] {
  return text === "" ? [] : text.split(" ");
}

class Run {
  readonly stand = new BucketStand();
  readonly model = new Model();
  readonly #collector: Collector;

  constructor() {
    const { metadata, garbage: sequence } = this.stand;
    this.#collector = new Collector({
      metadata,
      sequence,
      epochs: ReadEpochs.create(1, 1),
      partition: 0,
      chunks: { unlink: async () => undefined },
      clock: { nowMs: () => 0, monotonicMs: () => 0, after: noTimer, every: noTimer },
      onError: (error) => {
        throw error;
      },
    });
  }

  async collect(): Promise<void> {
    await this.#collector.round();
  }

  /** @returns whether the step did what the model says */
  async apply(next: Step): Promise<void> {
    switch (next.do) {
      case "put":
        return this.#put(next);
      case "delete":
        return this.#delete([next.key], true);
      case "deleteMany":
        return this.#delete(next.keys, false);
      case "create":
        return this.#create(next.key);
      case "part":
        return this.#part(next);
      case "complete":
        return this.#complete(next);
      case "abort":
        return this.#abort(next.upload);
      case "collect":
        return this.collect();
      case "crash":
        return this.stand.crash();
    }
  }

  async #put({ key: name, content: text, condition }: Extract<Step, { do: "put" }>): Promise<void> {
    const old = this.model.objects.get(name);
    const body = bodyFor(text);
    const preconditions = {
      none: {},
      absent: { ifNoneMatch: "*" },
      present: { ifMatch: old?.etag ?? "0" },
    }[condition];
    const asked = this.stand.ask("object.put", { key: name, source: stored(body), metadata: {}, preconditions });
    if (condition === "absent" && old !== undefined) return expectCode(asked, "PreconditionFailed");
    if (condition === "present" && old === undefined) return expectCode(asked, "NoSuchKey");
    const { etag, sizeBytes } = await asked;
    this.model.objects.set(name, { names: namesOf(text), etag, sizeBytes });
  }

  async #delete(names: readonly Key[], isSingle: boolean): Promise<void> {
    const [first] = names;
    const expected = names.map((name) => this.model.objects.delete(name));
    const existed =
      isSingle && first !== undefined
        ? [(await this.stand.ask("object.delete", plainDelete(first))).existed]
        : (await this.stand.ask("object.deleteMany", { objects: names.map(plainDelete) })).outcomes.map(
            (outcome) => outcome.ok && outcome.value.existed,
          );
    if (existed.join() !== expected.join()) throw new Error(`deleted ${existed.join()}, not ${expected.join()}`);
  }

  async #create(name: Key): Promise<void> {
    const request = { key: name, metadata: {}, checksumAlgorithm: null, checksumType: null };
    const { uploadId } = await this.stand.ask("upload.create", request);
    this.model.uploads.push({ key: name, uploadId, parts: new Map(), state: "open", etag: "" });
  }

  async #part({ upload: index, partNumber, content: text }: Extract<Step, { do: "part" }>): Promise<void> {
    const found = this.model.uploads[index];
    if (found === undefined) return;
    const { key: name, uploadId } = found;
    const asked = this.stand.ask("upload.putPart", { key: name, uploadId, partNumber, source: stored(bodyFor(text)) });
    if (found.state !== "open") return expectCode(asked, "NoSuchUpload");
    found.parts.set(partNumber, { names: namesOf(text), etag: (await asked).etag });
  }

  async #complete({ upload: index, skip }: Extract<Step, { do: "complete" }>): Promise<void> {
    const found = this.model.uploads[index];
    if (found === undefined) return;
    const named = [...found.parts].filter(([number]) => number !== skip).sort(([left], [right]) => left - right);
    const parts = named.map(([partNumber, { etag }]) => ({ partNumber, etag, checksum: null }));
    const { key: name, uploadId } = found;
    const asked = this.stand.ask("upload.complete", {
      key: name,
      uploadId,
      parts,
      preconditions: {},
      objectBytes: null,
    });
    if (found.state === "aborted") return expectCode(asked, "NoSuchUpload");
    if (found.state === "completed") {
      if ((await asked).etag !== found.etag) throw new Error("a repeated Complete answers otherwise");
      return;
    }
    if (parts.length === 0) return expectCode(asked, "InvalidRequest");
    if (named.slice(0, -1).some(([, { names }]) => names.length === 0)) return expectCode(asked, "EntityTooSmall");
    const { etag, sizeBytes } = await asked;
    found.state = "completed";
    found.etag = etag;
    this.model.objects.set(name, { names: named.flatMap(([, part]) => part.names), etag, sizeBytes });
  }

  async #abort(index: number): Promise<void> {
    const found = this.model.uploads[index];
    if (found === undefined) return;
    const asked = this.stand.ask("upload.abort", { key: found.key, uploadId: found.uploadId });
    if (found.state !== "open") return expectCode(asked, "NoSuchUpload");
    await asked;
    found.state = "aborted";
  }

  /** Everything a client and a scrub can see, against the model. */
  async check(t: ExecutionContext): Promise<void> {
    const { stand, model } = this;
    const inOrder = [...model.objects].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    const page = await stand.ask("object.list", { prefix: "", delimiter: "", after: "", keysMax: 1000 });
    t.deepEqual(
      listedObjects(page.objects).map(({ key: name, etag, sizeBytes }) => [name, etag, sizeBytes]),
      inOrder.map(([name, { etag, sizeBytes }]) => [name, etag, sizeBytes]),
    );
    const openUploads = model.uploads.filter(({ state }) => state === "open");
    const bytesOf = (each: ModelUpload) =>
      [...each.parts.values()].reduce((sum, { names }) => sum + names.length, 0) * chunkBytes;
    t.deepEqual(await stand.ask("bucket.usage", {}), {
      storedBytes: inOrder.reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0),
      objects: inOrder.length,
      versions: 0,
      openUploadBytes: openUploads.reduce((sum, each) => sum + bytesOf(each), 0),
    });
    const listed = await stand.ask("upload.list", {
      prefix: "",
      delimiter: "",
      afterKey: "",
      afterUploadId: "",
      uploadsMax: 1000,
    });
    t.deepEqual(
      listed.uploads.map(({ uploadId }) => uploadId).sort(),
      openUploads.map(({ uploadId }) => uploadId).sort(),
    );
    for (const [name, { names, sizeBytes }] of model.objects) {
      t.deepEqual(
        this.#addressesOf(name),
        names.map((each) => addressOf(each)),
        name,
      );
      t.is(sizeBytes, names.length * chunkBytes);
    }
    t.deepEqual(recount(stand.metadata.trees), []);
  }

  #addressesOf(name: Key): string[] {
    const { trees } = this.stand.metadata;
    const rowKey = currentKey(this.stand.bucket, name);
    const { location } = decodeHead("current", rowKey, trees.current.get(rowKey) ?? Buffer.alloc(0));
    if (location === null || location.kind === "inline") return [];
    return chunksFrom(trees, this.stand.bucket, location, 0, 100).map(({ address }) =>
      Buffer.from(address).toString("hex"),
    );
  }

  countOf(tree: TreeName): number {
    return this.stand.metadata.trees[tree].keys({ start: Buffer.alloc(0), limit: 10_000 }).length;
  }
}

function noTimer() {
  return { cancel: () => undefined };
}

function addressOf(name: string): string {
  return Buffer.from(bodyOf([name], chunkBytes).chunks[0]?.address ?? "").toString("hex");
}

async function expectCode(asked: Promise<unknown>, code: string): Promise<void> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof S3Error)) throw error ?? new Error(`${code} was expected`);
  if (error.code !== code) throw error;
}

test("a bucket behaves as the model does, and gives back all it held", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const run = new Run();
      for (const next of steps) {
        await run.apply(next);
        await run.check(t);
      }
      await run.apply({ do: "deleteMany", keys });
      for (const [index, { state }] of run.model.uploads.entries()) {
        if (state === "open") await run.apply({ do: "abort", upload: index });
      }
      while (run.countOf("gc") > 0) await run.collect();
      await run.check(t);
      for (const tree of ["refs", "extents", "manifests", "manifestRefs", "current"] as const)
        t.is(run.countOf(tree), 0, tree);
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});

test("writers of one tick share a commit and are judged in their order", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 30 }), async (writes) => {
      const stand = new BucketStand();
      const held = new Set<Key>();
      const expected: boolean[] = [];
      const asked = writes.map(([name, isDelete]) => {
        expected.push(isDelete ? held.delete(name) : !held.has(name));
        if (!isDelete) held.add(name);
        return isDelete
          ? stand.ask("object.delete", plainDelete(name)).then(({ existed }) => existed)
          : stand
              .ask("object.put", {
                key: name,
                source: stored(inlineBody("x")),
                metadata: {},
                preconditions: { ifNoneMatch: "*" },
              })
              .then(
                () => true,
                () => false,
              );
      });
      t.deepEqual(await Promise.all(asked), expected);
    }),
    { numRuns: 100 },
  );
});
