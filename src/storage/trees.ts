/**
 * The trees of a partition, as the turns see them. Drivers: storage/lmdb.ts (production), storage/memory-trees.ts
 * (tests, simulation). Keys and values are bytes; storage/keys.ts and the codecs make them.
 */

export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Range {
  /** First key, inclusive; with `reverse` the largest key to start from, inclusive. */
  readonly start: Uint8Array;
  /** Exclusive end (with `reverse` the exclusive lower bound); absent = the tree's end. */
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
  /** Most rows returned. Mandatory: nothing walks a tree without a bound. */
  readonly limit: number;
}

export interface ReadTree {
  /** The value, copied: safe to keep. */
  get(key: Uint8Array): Buffer | undefined;
  /** What `use` makes of the value, which is good during the call only; undefined when there is none. `use` reads no tree. */
  peek<R>(key: Uint8Array, use: (value: Buffer) => R): R | undefined;
  /** Rows in key order, materialised: no iterator lives across a tick. */
  range(range: Range): Row[];
  /**
   * Calls `use` with each row of the range, in key order, until it answers false. A listing reads rows whose values it does
   * not keep: to copy them costs more than to look at them.
   * @param use must not read or write trees; its `value` is good during the call only, its `key` is safe to keep
   */
  visit(range: Range, use: (key: Buffer, value: Buffer) => boolean): void;
  /** Keys only; the same bounds. */
  keys(range: Range): Buffer[];
}

export interface Tree extends ReadTree {
  /** Key and value are the caller's again when this returns. */
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}

export const treeNames = [
  "current",
  "versions",
  "attributes",
  "manifests",
  "manifestRefs",
  "uploads",
  "refs",
  "extents",
  "gc",
  "log",
  "counters",
  "buckets",
  "events",
  "meta",
] as const;
export type TreeName = (typeof treeNames)[number];

export type ReadTrees = { readonly [N in TreeName]: ReadTree };
export type Trees = { readonly [N in TreeName]: Tree };

/** The owner's side of one partition's metadata: the only writer. */
export interface Metadata {
  /** Usable only inside `transact` for writes; reads outside see committed data, after `refresh` the newest. */
  readonly trees: Trees;
  /**
   * Runs one synchronous turn; turns queued in one tick share one commit. Resolves with the turn's result after the
   * commit is durable. A turn must do all its checks before its first write and must not throw after it: a throw
   * rejects only when nothing was written, else it is fatal (the process fails stop).
   * A failed commit, or none within `limits.commitWatchdogMs`, is fatal too: `onFatal` is called and no promise settles.
   */
  transact<R>(turn: (trees: Trees) => R): Promise<R>;
  /**
   * Call it before the reads of an answer that are made outside a turn, in the same synchronous block. A commit is visible
   * to other threads before this one hears of it: without, an answer could be older than one that a client already has.
   */
  refresh(): void;
  close(): Promise<void>;
}

/** A front's side: a snapshot that is renewed by `refresh`, which a request calls immediately before its first read and again after any await. */
export interface Snapshot {
  readonly trees: ReadTrees;
  refresh(): void;
  close(): Promise<void>;
}
