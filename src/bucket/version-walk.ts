/**
 * One page of a listing of versions: merges `current` and `versions` in key order, newest first within a key, groups keys
 * by a delimiter, in slices between which the event loop turns. Every slice reads both trees anew from where the last one
 * ended, so that a version that moves from one tree to the other meanwhile is neither lost nor shown twice.
 */

import { stampBytes } from "../base/hlc.ts";
import { limits } from "../base/limits.ts";
import { successor, versionKeyAt } from "../storage/keys.ts";
import { headBytes, stampOf } from "../storage/record.ts";
import type { ListedTail } from "../storage/record-tail.ts";
import type { ReadTree, ReadTrees } from "../storage/trees.ts";
import { fetchRowsMin, nextFetchRows, seekRows, type WalkRequest } from "./key-walk.ts";

/** A row of either tree: verified, and copied as far as a listing shows it. */
export interface VersionRow {
  /** As in `current`, or in `versions`. */
  readonly rowKey: Buffer;
  /** Where the object key ends in `rowKey`. */
  readonly keyEnd: number;
  /** The record's first `headBytes`. */
  readonly head: Buffer;
  /** null for STANDARD. */
  readonly shown: ListedTail | null;
}

/** A place between two versions of a key: behind the one of this stamp, which need not exist. */
export interface WithinKey {
  /** The key's row in `current`, whether or not there is one. */
  readonly currentRow: Buffer;
  readonly stamp: Buffer;
}

export interface VersionSource {
  readonly trees: Pick<ReadTrees, "current" | "versions">;
  /** What stands before the object key in a row's key. */
  readonly lead: Buffer;
  /** Verifies a row. @param value good during the call only @returns its storage class, null for STANDARD */
  check(tree: TreeName, rowKey: Buffer, value: Buffer): ListedTail | null;
  /** Takes a version into the page. */
  take(row: VersionRow, isLatest: boolean): void;
}

export interface VersionRequest extends WalkRequest {
  /** Where `from` lies within a key; undefined when it lies between two keys. */
  readonly within: WithinKey | undefined;
}

export interface VersionPage {
  readonly commonPrefixes: readonly string[];
  /** True exactly when a further version or common prefix exists. */
  readonly isTruncated: boolean;
  /** The version that came last; undefined when nothing came, or a common prefix. */
  readonly lastRow: VersionRow | undefined;
  /** The common prefix that came last, when no version came after it. */
  readonly lastPrefix: string | undefined;
  /** True when the page ends between two versions of one key. */
  readonly endsWithinKey: boolean;
}

type TreeName = "current" | "versions";

interface Element extends VersionRow {
  /** Where the common prefix ends that the key falls into; -1 when it falls into none. */
  readonly groupEnd: number;
}

/** What a slice has of one tree. */
interface Fetched {
  readonly elements: readonly Element[];
  /** False when rows behind the last element were not looked at. */
  readonly isEnd: boolean;
  readonly rowCount: number;
}

const suffixBytes = { current: 1, versions: 1 + stampBytes } as const;
const noBytes = Buffer.alloc(0);

/** Memory is bounded by one slice and one page. Cost: O(max x log n), whatever the groups hold. */
export async function walkVersions(
  source: VersionSource,
  request: VersionRequest,
  yieldTurn: () => Promise<void>,
): Promise<VersionPage> {
  const walk = new VersionWalk(source, request);
  let sliceRows = 0;
  while (!walk.isDone) {
    sliceRows += walk.step() + 2 * seekRows;
    if (walk.isDone || sliceRows < limits.listSliceRows) continue;
    sliceRows = 0;
    await yieldTurn();
  }
  return walk.page();
}

class VersionWalk {
  readonly #source: VersionSource;
  readonly #request: VersionRequest;
  readonly #end: Buffer | undefined;
  readonly #commonPrefixes: string[] = [];
  readonly #fetchRows: Record<TreeName, number>;
  #rowCount = 0;
  /** Row key from which both trees are read, inclusive. */
  #seek: Uint8Array;
  #within: WithinKey | undefined;
  /** Row of `current`, whether or not it exists, of the key whose latest version the slice has passed. */
  #latestPassed: Uint8Array = noBytes;
  #last: Element | undefined;
  #endsWithinKey = false;
  #isTruncated = false;
  isDone: boolean;

  constructor(source: VersionSource, request: VersionRequest) {
    const { prefix, from, within, max, delimiter } = request;
    const first = Buffer.concat([source.lead, prefix]);
    const isInside = within?.currentRow.subarray(0, first.length).equals(first) === true;
    this.#source = source;
    this.#request = request;
    this.#end = successor(first);
    this.#within = isInside ? within : undefined;
    this.#seek = Buffer.compare(from, first) > 0 ? from : first;
    const fetchRows = delimiter.length > 0 ? fetchRowsMin : limits.listSliceRows / 2;
    this.#fetchRows = { current: fetchRows, versions: fetchRows };
    this.isDone = max === 0 || prefix.length > limits.keyBytesMax || prefix.includes(0);
  }

  /** Adds what the next rows of both trees show. @returns how many rows were read */
  step(): number {
    const current = this.#fetch("current", this.#startWithinKey());
    const versions = this.#fetch("versions", null);
    const used = this.#merge(current, versions);
    this.#adapt("current", current, used.current);
    this.#adapt("versions", versions, used.versions);
    if (!this.isDone && this.#last !== undefined) this.#seekBehind(this.#last);
    return current.rowCount + versions.rowCount;
  }

  page(): VersionPage {
    const last = this.#last;
    const isPrefix = last !== undefined && last.groupEnd >= 0;
    return {
      commonPrefixes: this.#commonPrefixes,
      isTruncated: this.#isTruncated,
      lastRow: isPrefix ? undefined : last,
      lastPrefix: isPrefix ? this.#commonPrefixes.at(-1) : undefined,
      endsWithinKey: this.#endsWithinKey,
    };
  }

  /**
   * Between two versions of a key: finds out whether a newer one than those ahead exists, and answers the key's row of
   * `current` when it is older than the place, as it is when what was newer has been deleted since.
   */
  #startWithinKey(): Element | null {
    this.#latestPassed = noBytes;
    if (this.#within === undefined) return null;
    const { currentRow, stamp } = this.#within;
    const { current, versions } = this.#source.trees;
    const row = current.peek(currentRow, (value) => this.#element("current", currentRow, value));
    if (row === undefined) {
      const [newest] = versions.keys({ start: currentRow, limit: 1 });
      if (newest !== undefined && Buffer.compare(newest, this.#seek) < 0) this.#latestPassed = currentRow;
      return null;
    }
    if (Buffer.compare(stampOf(row.head), stamp) < 0) return row;
    this.#latestPassed = currentRow;
    return null;
  }

  /** @param first comes before what is read */
  #fetch(name: TreeName, first: Element | null): Fetched {
    const elements: Element[] = first === null ? [] : [first];
    const tree: ReadTree = this.#source.trees[name];
    const end = this.#end;
    // One row more than is due shows whether anything follows.
    const limit = Math.min(this.#fetchRows[name], this.#request.max - this.#count() + 1);
    const start = this.#within !== undefined && name === "current" ? behind(this.#within.currentRow) : this.#seek;
    let rowCount = 0;
    let isCut = false;
    if (end === undefined || Buffer.compare(start, end) < 0) {
      tree.visit(end === undefined ? { start, limit } : { start, end, limit }, (rowKey, value) => {
        rowCount += 1;
        const group = elements.at(-1);
        // Rows of one group are sought past, not read.
        isCut = group !== undefined && group.groupEnd >= 0 && isOfGroup(group, rowKey);
        if (!isCut) elements.push(this.#element(name, rowKey, value));
        return !isCut;
      });
    }
    return { elements, isEnd: !isCut && rowCount < limit, rowCount };
  }

  #element(name: TreeName, rowKey: Buffer, value: Buffer): Element {
    const keyEnd = rowKey.length - suffixBytes[name];
    const groupEnd = this.#groupEnd(rowKey, keyEnd);
    if (groupEnd >= 0) return { rowKey, keyEnd, head: noBytes, shown: null, groupEnd };
    const shown = this.#source.check(name, rowKey, value);
    return { rowKey, keyEnd, head: Buffer.from(value.subarray(0, headBytes)), shown, groupEnd };
  }

  #groupEnd(rowKey: Buffer, keyEnd: number): number {
    const { prefix, delimiter } = this.#request;
    if (delimiter.length === 0) return -1;
    const at = rowKey.indexOf(delimiter, this.#source.lead.length + prefix.length);
    const end = at + delimiter.length;
    return at < 0 || end > keyEnd ? -1 : end;
  }

  /** Takes elements in order while both trees' next rows are known. @returns how many were passed of each */
  #merge(current: Fetched, versions: Fetched): Record<TreeName, number> {
    const used = { current: 0, versions: 0 };
    for (;;) {
      const left = current.elements[used.current];
      const right = versions.elements[used.versions];
      const isKnown = (left !== undefined || current.isEnd) && (right !== undefined || versions.isEnd);
      if (!isKnown) return used;
      // Row keys of both trees compare as keys do, and a key's row of `current` comes before those of `versions`.
      const isLeft = left !== undefined && (right === undefined || Buffer.compare(left.rowKey, right.rowKey) < 0);
      const next = isLeft ? left : right;
      if (next === undefined) {
        this.isDone = true;
        return used;
      }
      if (!this.#pass(next)) return used;
      used[isLeft ? "current" : "versions"] += 1;
    }
  }

  /** @returns false when the page was full before `element` */
  #pass(element: Element): boolean {
    const last = this.#last;
    if (last !== undefined && last.groupEnd >= 0 && isOfGroup(last, element.rowKey)) return true;
    if (this.#count() === this.#request.max) {
      this.#isTruncated = true;
      this.#endsWithinKey = last !== undefined && last.groupEnd < 0 && isSameKey(last, element);
      this.isDone = true;
      return false;
    }
    this.#last = element;
    if (element.groupEnd >= 0) {
      this.#commonPrefixes.push(element.rowKey.toString("utf8", this.#source.lead.length, element.groupEnd));
    } else {
      const currentRow = element.rowKey.subarray(0, element.keyEnd + 1);
      const isLatest = Buffer.compare(currentRow, this.#latestPassed) !== 0;
      this.#latestPassed = currentRow;
      this.#source.take(element, isLatest);
      this.#rowCount += 1;
    }
    return true;
  }

  #seekBehind({ rowKey, keyEnd, head, groupEnd }: Element): void {
    if (groupEnd >= 0) {
      const next = successor(rowKey.subarray(0, groupEnd));
      if (next === undefined) this.isDone = true;
      else this.#seek = next;
      this.#within = undefined;
      return;
    }
    const currentRow = rowKey.subarray(0, keyEnd + 1);
    const stamp = stampOf(head);
    this.#within = { currentRow, stamp };
    this.#seek = behind(versionKeyAt(currentRow, stamp));
  }

  #adapt(name: TreeName, { elements, rowCount }: Fetched, usedCount: number): void {
    const isWasted = usedCount * 2 < elements.length;
    this.#fetchRows[name] = nextFetchRows(this.#fetchRows[name], isWasted && rowCount > 0);
  }

  #count(): number {
    return this.#rowCount + this.#commonPrefixes.length;
  }
}

/** The least row key above `rowKey`. */
export function behind(rowKey: Uint8Array): Buffer {
  return Buffer.concat([rowKey, Buffer.of(0)]);
}

function isOfGroup({ rowKey, groupEnd }: Element, other: Buffer): boolean {
  return other.length >= groupEnd && other.compare(rowKey, 0, groupEnd, 0, groupEnd) === 0;
}

function isSameKey(left: Element, right: Element): boolean {
  return left.rowKey.compare(right.rowKey, 0, right.keyEnd + 1, 0, left.keyEnd + 1) === 0;
}
