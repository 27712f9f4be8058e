/**
 * One page of a listing: walks rows whose keys hold object keys in UTF-8 order, groups them by a delimiter and seeks past
 * each group, in slices between which the event loop turns. It knows nothing of what the rows mean.
 */

import { limits } from "../base/limits.ts";
import { successor } from "../storage/keys.ts";
import type { Range, ReadTree } from "../storage/trees.ts";

/** Where the walk reads. `lead` is what stands before the object key in a row's key. */
export interface WalkSource<T> {
  readonly tree: Pick<ReadTree, "visit">;
  readonly lead: Uint8Array;
  /** The object key's bytes inside a row's key. */
  keyOf(rowKey: Buffer): Buffer;
  /** @param value good during the call only */
  entry(rowKey: Buffer, value: Buffer, key: Buffer): T;
}

export interface WalkRequest {
  /** Of any length; one that no object key can begin with (too long, or with U+0000) finds nothing. */
  readonly prefix: Buffer;
  /** Empty: no grouping. */
  readonly delimiter: Buffer;
  /** Row key to begin at, inclusive; below the prefix's first row it is raised to that. */
  readonly from: Uint8Array;
  /** Most entries and common prefixes together, 0 or more. */
  readonly max: number;
}

export interface WalkedPage<T> {
  readonly entries: readonly T[];
  /** In order; each ends with the delimiter. */
  readonly commonPrefixes: readonly string[];
  /** True exactly when a further entry or common prefix exists. */
  readonly isTruncated: boolean;
  /** Key or common prefix that came last; empty when the page is. */
  readonly last: string;
}

/** What a seek costs beside reading a row, in rows: it bounds the slices of a page made of common prefixes. */
const seekRows = 8;
/** Rows fetched first when grouping, and least after a seek that skipped most of a fetch. */
const fetchRowsMin = 8;

/**
 * Memory is bounded by one slice and one page. Cost: O(max x log n), whatever the groups hold.
 * @param yieldTurn resolves in a later turn of the event loop; called after every `limits.listSliceRows` rows
 */
export async function walkKeys<T>(
  source: WalkSource<T>,
  request: WalkRequest,
  yieldTurn: () => Promise<void>,
): Promise<WalkedPage<T>> {
  const walk = new Walk(source, request);
  let sliceRows = 0;
  for (;;) {
    const rowCount = walk.step();
    if (rowCount === 0) return walk.page();
    sliceRows += rowCount + seekRows;
    if (sliceRows < limits.listSliceRows) continue;
    sliceRows = 0;
    await yieldTurn();
  }
}

/** The common prefix that `key` falls into: up to and with the first delimiter after the prefix; undefined when it has none. */
export function commonPrefixOf(key: Buffer, prefix: Buffer, delimiter: Buffer): Buffer | undefined {
  if (delimiter.length === 0) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length);
}

class Walk<T> {
  readonly #source: WalkSource<T>;
  readonly #request: WalkRequest;
  readonly #end: Buffer | undefined;
  readonly #entries: T[] = [];
  readonly #commonPrefixes: string[] = [];
  /** Row key to seek, inclusive: the beginning, or what follows a common prefix. null after an entry. */
  #seek: Uint8Array | null;
  /** Row key of the last entry. */
  #lastRow: Buffer = Buffer.alloc(0);
  /** Undefined once the walk stands behind everything that could follow. */
  #fetchRows: number | undefined;
  #isTruncated = false;
  /** Key or common prefix that came last. */
  #last: Buffer = Buffer.alloc(0);

  constructor(source: WalkSource<T>, request: WalkRequest) {
    const { prefix, from, max } = request;
    const isHopeless = prefix.length > limits.keyBytesMax || prefix.includes(0);
    const first = Buffer.concat([source.lead, prefix]);
    this.#source = source;
    this.#request = request;
    this.#end = successor(first);
    this.#seek = Buffer.compare(from, first) > 0 ? from : first;
    if (max > 0 && !isHopeless) this.#fetchRows = request.delimiter.length > 0 ? fetchRowsMin : limits.listSliceRows;
  }

  /** Adds the next rows to the page. @returns how many were read; 0 when the page is done */
  step(): number {
    const range = this.#range();
    if (range === undefined) return 0;
    let rowCount = 0;
    let skippedRows = 0;
    this.#source.tree.visit(range, (rowKey, value) => {
      rowCount += 1;
      if (this.#seek !== null && Buffer.compare(rowKey, this.#seek) < 0) {
        skippedRows += 1;
      } else if (this.#count() === this.#request.max) {
        this.#isTruncated = true;
      } else {
        this.#takeRow(rowKey, value);
      }
      return !this.#isTruncated;
    });
    if (this.#isTruncated) return 0;
    if (this.#fetchRows !== undefined) {
      const next = skippedRows * 2 > rowCount ? this.#fetchRows / 4 : this.#fetchRows * 2;
      this.#fetchRows = Math.min(limits.listSliceRows, Math.max(fetchRowsMin, Math.floor(next)));
    }
    return rowCount;
  }

  /** Where the next rows are; undefined when there can be none. */
  #range(): Range | undefined {
    const end = this.#end;
    if (this.#fetchRows === undefined) return undefined;
    const start = this.#seek ?? Buffer.concat([this.#lastRow, Buffer.of(0)]);
    if (end !== undefined && Buffer.compare(start, end) >= 0) return undefined;
    // One row more than is due shows whether anything follows.
    const limit = Math.min(this.#fetchRows, this.#request.max - this.#count() + 1);
    return end === undefined ? { start, limit } : { start, end, limit };
  }

  page(): WalkedPage<T> {
    return {
      entries: this.#entries,
      commonPrefixes: this.#commonPrefixes,
      isTruncated: this.#isTruncated,
      last: this.#last.toString("utf8"),
    };
  }

  #takeRow(rowKey: Buffer, value: Buffer): void {
    const { prefix, delimiter } = this.#request;
    const key = this.#source.keyOf(rowKey);
    const commonPrefix = commonPrefixOf(key, prefix, delimiter);
    if (commonPrefix === undefined) {
      this.#entries.push(this.#source.entry(rowKey, value, key));
      this.#last = key;
      this.#lastRow = rowKey;
      this.#seek = null;
      return;
    }
    this.#last = commonPrefix;
    this.#commonPrefixes.push(commonPrefix.toString("utf8"));
    const next = successor(Buffer.concat([this.#source.lead, commonPrefix]));
    if (next === undefined) this.#fetchRows = undefined;
    else this.#seek = next;
  }

  #count(): number {
    return this.#entries.length + this.#commonPrefixes.length;
  }
}
