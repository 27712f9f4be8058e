/**
 * Recounts every reference of a partition from the rows that hold it, and compares with what is stored. For tests and for
 * scrubbing while nothing writes: one synchronous walk, O(rows), with one counter per chunk in memory.
 */

import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { decodeExtent } from "./extents.ts";
import { decodeGarbage, type Garbage } from "./gc.ts";
import {
  bucketOf,
  decodeManifestRowKey,
  extentKey,
  isPartKey,
  manifestKey,
  partNumberOf,
  referenceKey,
  uploadIdOfPart,
} from "./keys.ts";
import type { Location } from "./location.ts";
import { decodeChunkRun, decodePartRow } from "./manifest.ts";
import { partsAfter } from "./object-chunks.ts";
import { decodeHead } from "./record.ts";
import { decodeManifestCount, decodeReference } from "./refs.ts";
import type { ReadTree, ReadTrees, Row } from "./trees.ts";
import { decodePart, referenceOf } from "./uploads.ts";

/** A stored count that is not what the rows add up to. */
export interface CountMismatch {
  readonly tree: "refs" | "manifestRefs" | "extents";
  /** The row's key in hex. */
  readonly key: string;
  /** 0 = there is no row. */
  readonly stored: number;
  /** References held by records, parts, manifests and garbage that is not collected yet; for extents, by chunks. */
  readonly counted: number;
}

/** @throws CorruptRecordError at the first damaged row */
export function recount(trees: ReadTrees): CountMismatch[] {
  const { chunks, manifests } = new Recount(trees);
  const stored = { refs: new Map<string, number>(), manifestRefs: new Map<string, number>() };
  const extents = { stored: new Map<string, number>(), counted: new Map<string, number>() };
  for (const { key, value } of rowsOf(trees.refs)) {
    const { count, chunk } = decodeReference(key, value);
    stored.refs.set(key.toString("hex"), count);
    if (chunk.place.kind !== "segment") continue;
    extents.counted.set(extentKey(chunk.place.segment, chunk.place.offset).toString("hex"), chunk.storedBytes);
  }
  for (const { key, value } of rowsOf(trees.manifestRefs)) {
    stored.manifestRefs.set(key.toString("hex"), decodeManifestCount(key, value));
  }
  for (const { key, value } of rowsOf(trees.extents)) {
    extents.stored.set(key.toString("hex"), decodeExtent(key, value).storedBytes);
  }
  return [
    ...compare("refs", stored.refs, chunks),
    ...compare("manifestRefs", stored.manifestRefs, manifests),
    ...compare("extents", extents.stored, extents.counted),
  ];
}

/** All rows of a tree, copied a slice at a time. */
export function* rowsOf(tree: ReadTree): Generator<Row> {
  let start: Buffer = Buffer.alloc(0);
  for (;;) {
    const rows = tree.range({ start, limit: limits.listSliceRows });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limits.listSliceRows) return;
    start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

function* compare(
  tree: CountMismatch["tree"],
  stored: ReadonlyMap<string, number>,
  counted: ReadonlyMap<string, number>,
): Generator<CountMismatch> {
  for (const key of new Set([...stored.keys(), ...counted.keys()])) {
    const mismatch = { tree, key, stored: stored.get(key) ?? 0, counted: counted.get(key) ?? 0 };
    if (mismatch.stored !== mismatch.counted) yield mismatch;
  }
}

class Recount {
  /** References by key of `refs` and `manifestRefs`, in hex. */
  readonly chunks = new Map<string, number>();
  readonly manifests = new Map<string, number>();
  readonly #trees: ReadTrees;
  /** What the part tables of completed uploads took over, where part rows still stand: by upload, then by part number. */
  readonly #takenOver = new Map<string, Map<number, Uint8Array>>();

  constructor(trees: ReadTrees) {
    this.#trees = trees;
    for (const { key, value } of rowsOf(trees.gc)) this.#addGarbage(decodeGarbage(key, value));
    for (const tree of ["current", "versions"] as const) {
      for (const { key, value } of rowsOf(trees[tree])) this.#add(bucketOf(key), decodeHead(tree, key, value).location);
    }
    for (const row of rowsOf(trees.manifests)) this.#addManifestRow(row);
    for (const row of rowsOf(trees.uploads)) if (isPartKey(row.key)) this.#addPart(row);
  }

  #add(bucket: BucketId, location: Location | null): void {
    if (location?.kind === "chunk") increment(this.chunks, referenceKey(bucket, location.address));
    if (location?.kind === "manifest") increment(this.manifests, manifestKey(bucket, location.id));
  }

  #addGarbage(garbage: Garbage): void {
    if (garbage.kind === "chunk" || garbage.kind === "manifest") this.#add(garbage.bucket, garbage);
    if (garbage.kind !== "upload" || garbage.completed === null) return;
    const parts = partsAfter(this.#trees, garbage.bucket, garbage.completed, 0, limits.partNumberMax);
    const taken = new Map(parts.map(({ partNumber, location }) => [partNumber, referenceOf(location)]));
    this.#takenOver.set(uploadName(garbage.bucket, garbage.uploadId), taken);
  }

  #addManifestRow({ key, value }: Row): void {
    const bucket = bucketOf(key);
    if (decodeManifestRowKey(key).isPartTable) {
      for (const { location } of decodePartRow(key, value)) this.#add(bucket, location);
    } else {
      for (const { address } of decodeChunkRun(key, value)) this.#add(bucket, { kind: "chunk", address });
    }
  }

  /** A part that its object has taken over no longer holds a reference of its own. */
  #addPart({ key, value }: Row): void {
    const bucket = bucketOf(key);
    const { location } = decodePart(key, value);
    const taken = this.#takenOver.get(uploadName(bucket, uploadIdOfPart(key)))?.get(partNumberOf(key));
    if (taken === undefined || Buffer.compare(taken, referenceOf(location)) !== 0) this.#add(bucket, location);
  }
}

function increment(counts: Map<string, number>, key: Buffer): void {
  const hex = key.toString("hex");
  counts.set(hex, (counts.get(hex) ?? 0) + 1);
}

function uploadName(bucket: BucketId, uploadId: Uint8Array): string {
  return bucket + Buffer.from(uploadId).toString("hex");
}
