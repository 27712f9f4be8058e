/**
 * One page of a listing: walks rows whose keys hold object keys in UTF-8 order, groups them by a delimiter and seeks past
 * each group, in slices between which the event loop turns. It knows nothing of what the rows mean.
 */

import { limits } from "../base/limits.ts";
import { successor } from "../storage/keys.ts";
import type { Range, ReadTree } from "../storage/trees.ts";

/** Where the walk reads. A row's key is `lead`, the object key, and `suffixBytes` more. */
export interface WalkSource {
  readonly tree: Pick<ReadTree, "visit">;
  readonly lead: Uint8Array;
  readonly suffixBytes: number;
  /** Takes a row into the page. @param value good during the call only */
  take(rowKey: Buffer, value: Buffer): void;
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

export interface WalkedPage {
  /** In order; each ends with the delimiter. */
  readonly commonPrefixes: readonly string[];
  /** True exactly when a further entry or common prefix exists. */
  readonly isTruncated: boolean;
  /** Key or common prefix that came last; empty when the page is. */
  readonly last: string;
}

/** What a seek costs beside reading a row, in rows: it bounds the slices of a page made of common prefixes. */
export const seekRows = 8;
/** Rows fetched first when grouping, and least after a seek that skipped most of a fetch. */
export const fetchRowsMin = 8;

/**
 * Memory is bounded by one slice and one page. Cost: O(max x log n), whatever the groups hold.
 * @param yieldTurn resolves in a later turn of the event loop; called after every `limits.listSliceRows` rows
 */
export async function walkKeys(
  source: WalkSource,
  request: WalkRequest,
  yieldTurn: () => Promise<void>,
): Promise<WalkedPage> {
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

/** True for a marker that a page passes with its common prefix, whatever else it names. */
export function liesInGroup(key: Buffer, prefix: Buffer, delimiter: Buffer): boolean {
  return commonPrefixOf(key, prefix, delimiter) !== undefined;
}

/** How many rows to fetch next, after a fetch that was or was not mostly wasted. */
export function nextFetchRows(fetchRows: number, isWasted: boolean): number {
  const next = isWasted ? fetchRows / 4 : fetchRows * 2;
  return Math.min(limits.listSliceRows, Math.max(fetchRowsMin, Math.floor(next)));
}

/** The common prefix that a marker falls into: up to and with the first delimiter after the prefix; undefined when it has none. */
export function commonPrefixOf(key: Buffer, prefix: Buffer, delimiter: Buffer): Buffer | undefined {
  if (delimiter.length === 0 || !key.subarray(0, prefix.length).equals(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length);
}

class Walk {
  readonly #source: WalkSource;
  readonly #request: WalkRequest;
  readonly #end: Buffer | undefined;
  #entryCount = 0;
  readonly #commonPrefixes: string[] = [];
  /** Row key to seek, inclusive: the beginning, or what follows a common prefix. null after an entry. */
  #seek: Uint8Array | null;
  /** Row key of the last entry. */
  #lastRow: Buffer = Buffer.alloc(0);
  /** Undefined once the walk stands behind everything that could follow. */
  #fetchRows: number | undefined;
  #isTruncated = false;
  /** The common prefix that came last, when no entry came after it. */
  #lastPrefix: string | undefined;

  constructor(source: WalkSource, request: WalkRequest) {
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
      this.#fetchRows = nextFetchRows(this.#fetchRows, skippedRows * 2 > rowCount);
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

  page(): WalkedPage {
    return {
      commonPrefixes: this.#commonPrefixes,
      isTruncated: this.#isTruncated,
      last: this.#count() === 0 ? "" : this.#last(),
    };
  }

  #takeRow(rowKey: Buffer, value: Buffer): void {
    const groupEnd = this.#groupEnd(rowKey);
    if (groupEnd < 0) {
      this.#source.take(rowKey, value);
      this.#entryCount += 1;
      this.#lastRow = rowKey;
      this.#lastPrefix = undefined;
      this.#seek = null;
      return;
    }
    const { lead } = this.#source;
    const commonPrefix = rowKey.toString("utf8", lead.length, groupEnd);
    this.#lastPrefix = commonPrefix;
    this.#commonPrefixes.push(commonPrefix);
    const next = successor(rowKey.subarray(0, groupEnd));
    if (next === undefined) this.#fetchRows = undefined;
    else this.#seek = next;
  }

  /** Where the common prefix ends that a row's key falls into; -1 when it falls into none. */
  #groupEnd(rowKey: Buffer): number {
    const { prefix, delimiter } = this.#request;
    if (delimiter.length === 0) return -1;
    const { lead, suffixBytes } = this.#source;
    const at = rowKey.indexOf(delimiter, lead.length + prefix.length);
    const end = at + delimiter.length;
    return at < 0 || end > rowKey.length - suffixBytes ? -1 : end;
  }

  /** Key or common prefix that came last. */
  #last(): string {
    if (this.#lastPrefix !== undefined) return this.#lastPrefix;
    const { lead, suffixBytes } = this.#source;
    return this.#lastRow.toString("utf8", lead.length, this.#lastRow.length - suffixBytes);
  }

  #count(): number {
    return this.#entryCount + this.#commonPrefixes.length;
  }
}
