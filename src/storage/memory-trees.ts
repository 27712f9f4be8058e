/** Trees in memory with the same semantics as the LMDB driver: for tests and simulation. */

import {
  BrokenTurnError,
  type Environment,
  type EnvironmentReader,
  type FatalListener,
  type TreesOf,
  TurnQueue,
  TurnWrites,
  treesOf,
} from "./environment.ts";
import { type Metadata, type Range, type Row, type Snapshot, type Tree, treeNames } from "./trees.ts";

/** Rows of one leaf before it is split; lookups cost O(log n), changes O(leaf + n / leaf). */
const leafRowsMax = 128;

type Leaf = Row[];

/** Rows sorted by key in leaves, with the values a turn replaced for taking it back. */
class MemoryTree implements Tree {
  readonly #leaves: Leaf[] = [[]];
  readonly #writes: TurnWrites;
  #undo: { readonly key: Buffer; readonly value: Buffer | undefined }[] = [];

  constructor(writes: TurnWrites) {
    this.#writes = writes;
  }

  get(key: Uint8Array): Buffer | undefined {
    const leaf = this.#leaves[this.#leafOf(key)] ?? [];
    const row = leaf[lowerBound(leaf, key)];
    return row?.key.equals(key) ? Buffer.from(row.value) : undefined;
  }

  peek<R>(key: Uint8Array, use: (value: Buffer) => R): R | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : use(value);
  }

  range(range: Range): Row[] {
    return this.#select(range).map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
  }

  visit(range: Range, use: (key: Buffer, value: Buffer) => boolean): void {
    for (const { key, value } of this.#select(range)) if (!use(Buffer.from(key), Buffer.from(value))) return;
  }

  keys(range: Range): Buffer[] {
    return this.#select(range).map(({ key }) => Buffer.from(key));
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#writes.count(key, value);
    const row = { key: Buffer.from(key), value: Buffer.from(value) };
    this.#undo.push({ key: row.key, value: this.#set(row) });
  }

  remove(key: Uint8Array): void {
    this.#writes.count(key, undefined);
    const value = this.#delete(key);
    if (value !== undefined) this.#undo.push({ key: Buffer.from(key), value });
  }

  /** What was written so far stays. */
  keep(): void {
    this.#undo = [];
  }

  /** Takes back what was written since `keep`. */
  takeBack(): void {
    for (const { key, value } of this.#undo.reverse()) {
      if (value === undefined) this.#delete(key);
      else this.#set({ key, value });
    }
    this.#undo = [];
  }

  #set(row: Row): Buffer | undefined {
    const leafIndex = this.#leafOf(row.key);
    const leaf = this.#leaves[leafIndex] ?? [];
    const index = lowerBound(leaf, row.key);
    const old = leaf[index];
    if (old?.key.equals(row.key)) {
      leaf[index] = row;
      return old.value;
    }
    leaf.splice(index, 0, row);
    if (leaf.length > leafRowsMax) this.#leaves.splice(leafIndex + 1, 0, leaf.splice(leafRowsMax / 2));
    return undefined;
  }

  #delete(key: Uint8Array): Buffer | undefined {
    const leafIndex = this.#leafOf(key);
    const leaf = this.#leaves[leafIndex] ?? [];
    const index = lowerBound(leaf, key);
    const old = leaf[index];
    if (!old?.key.equals(key)) return undefined;
    leaf.splice(index, 1);
    if (leaf.length === 0 && this.#leaves.length > 1) this.#leaves.splice(leafIndex, 1);
    return old.value;
  }

  #select({ start, end, reverse, limit }: Range): Row[] {
    const rows: Row[] = [];
    const step = reverse === true ? -1 : 1;
    for (const row of this.#walk(start, step)) {
      if (rows.length >= limit) break;
      if (end !== undefined && Buffer.compare(row.key, end) * step >= 0) break;
      rows.push(row);
    }
    return rows;
  }

  *#walk(start: Uint8Array, step: 1 | -1): Generator<Row> {
    let leafIndex = this.#leafOf(start);
    let leaf = this.#leaves[leafIndex] ?? [];
    let index = lowerBound(leaf, start);
    if (step === -1 && !leaf[index]?.key.equals(start)) index -= 1;
    for (;;) {
      const row = leaf[index];
      if (row !== undefined) {
        yield row;
        index += step;
        continue;
      }
      leafIndex += step;
      const next = this.#leaves[leafIndex];
      if (next === undefined) return;
      leaf = next;
      index = step === 1 ? 0 : leaf.length - 1;
    }
  }

  /** The last leaf whose first key is at or below `key`, else the first leaf. */
  #leafOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#leaves.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const first = this.#leaves[middle]?.[0];
      if (first !== undefined && Buffer.compare(first.key, key) <= 0) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first row whose key is at or above `key`. */
function lowerBound(leaf: Leaf, key: Uint8Array): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = leaf[middle];
    if (row !== undefined && Buffer.compare(row.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An environment in memory, and the readers of it. */
export interface MemoryEnvironment<N extends string> extends Environment<N> {
  snapshot(): EnvironmentReader<N>;
}

/**
 * Makes an empty environment in memory. A commit is one microtask later; a turn that throws after its first write is taken
 * back and reported to `onFatal`, and from then on nothing settles.
 * @param onFatal default: throws the error where nothing catches it
 */
export function createMemoryEnvironment<N extends string>(
  names: readonly N[],
  onFatal: FatalListener = throwUncaught,
): MemoryEnvironment<N> {
  const writes = new TurnWrites();
  const trees: { readonly [K in N]: MemoryTree } = treesOf(names, () => new MemoryTree(writes));
  const all = names.map((name) => trees[name]);
  const queue = new TurnQueue<TreesOf<N>>(trees, writes);
  let isScheduled = false;
  let isOver = false;
  let isClosed = false;

  function keepAll(): void {
    for (const tree of all) tree.keep();
  }

  function commit(): void {
    isScheduled = false;
    try {
      for (const outcome of queue.run(keepAll)) outcome.settle();
    } catch (error) {
      if (!(error instanceof BrokenTurnError)) throw error;
      for (const tree of all) tree.takeBack();
      isOver = true;
      onFatal(error);
      return;
    }
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    if (isScheduled || isOver) return;
    isScheduled = true;
    queueMicrotask(commit);
  }

  return {
    trees,
    transact(turn) {
      if (isClosed) return Promise.reject(new Error("the environment is closed"));
      const result = queue.add(turn);
      schedule();
      return result;
    },
    refresh: () => undefined,
    async close() {
      isClosed = true;
      while (queue.length > 0 && !isOver) await Promise.resolve();
    },
    snapshot: () => ({ trees, refresh: () => undefined, close: async () => undefined }),
  };
}

/** The metadata of a partition in memory. Snapshots show what is committed; between turns that is all there is. */
export function createMemoryMetadata(onFatal?: FatalListener): Metadata & { snapshot(): Snapshot } {
  return createMemoryEnvironment(treeNames, onFatal);
}

function throwUncaught(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
