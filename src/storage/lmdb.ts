/**
 * Trees in LMDB: the only importer of lmdb. It opens every environment with the same durable options, runs many turns in
 * each commit, acknowledges after the synced commit only, and fails stop when a commit fails or does not answer.
 */

import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ChangeMark } from "./change-marks.ts";
import {
  BrokenTurnError,
  type Environment,
  type EnvironmentReader,
  type FatalListener,
  type TreesOf,
  type TurnOutcome,
  TurnQueue,
  TurnWrites,
  treesOf,
} from "./environment.ts";
import { assertEnvironmentExists, checkEnvironmentFile } from "./lmdb-file.ts";
import { type Metadata, type Range, type ReadTree, type Row, type Snapshot, type Tree, treeNames } from "./trees.ts";

type Store = Database<Buffer, Uint8Array>;
type Root = RootDatabase<Buffer, Uint8Array>;

/** Ways to break durability or freshness on purpose: negative controls of the crash and staleness suites. */
export interface Unsafe {
  readonly overlappingSync?: boolean;
  readonly noSync?: boolean;
  readonly noReadReset?: boolean;
}

export interface EnvironmentOptions<N extends string> {
  /** Holds data.mdb and lock.mdb; made when it is missing. On a local disk. */
  readonly directory: string;
  /** Names of the trees; at most `storageLimits.databasesMax`. */
  readonly names: readonly N[];
  readonly clock: Clock;
  readonly onFatal: FatalListener;
  /** Marks the commits that write one of these trees. */
  readonly changes?: { readonly mark: ChangeMark; readonly trees: readonly N[] };
  /** A missing or empty data file is damage; default false. */
  readonly mustExist?: boolean;
  readonly unsafe?: Unsafe;
}

/** A file of LMDB keeps its size for good. */
export interface ReusableSpace {
  /** Bytes of the file that hold nothing: commits take them before the file grows. */
  reusableBytes(): number;
}

const storeOptions = { keyEncoding: "binary", encoding: "binary" } as const;

/** One options object for owner and readers: LMDB forbids two different ones in a process. */
function rootOptions(unsafe: Unsafe | undefined) {
  return {
    ...storeOptions,
    overlappingSync: unsafe?.overlappingSync ?? false,
    noSync: unsafe?.noSync ?? false,
    noMetaSync: false,
    useWritemap: false,
    safeRestore: true,
    noSubdir: false,
    pageSize: storageLimits.pageBytes,
    mapSize: storageLimits.mapBytes,
    maxDbs: storageLimits.databasesMax,
    maxReaders: storageLimits.readersMax,
    // Turns are batched here; lmdb's own batching makes promises of its own, whose rejections nobody could handle.
    eventTurnBatching: false,
  };
}

/**
 * Opens an environment as its owner: one in the whole installation, which the lock of the data directory sees to.
 * @throws DamagedEnvironmentError when the data file is cut short, is missing though `mustExist`, or has another page size
 */
export function openEnvironment<N extends string>(options: EnvironmentOptions<N>): Environment<N> & ReusableSpace {
  assert(
    options.names.length <= storageLimits.databasesMax,
    "an environment has at most storageLimits.databasesMax trees",
  );
  checkEnvironmentFile(options.directory, options.mustExist ?? false);
  mkdirSync(options.directory, { recursive: true });
  const root: Root = open(options.directory, rootOptions(options.unsafe));
  checkPageSize(root);
  return new LmdbEnvironment(root, options);
}

/**
 * Opens an environment for reading, in any thread of the owner's process and after the owner has opened it.
 * @throws DamagedEnvironmentError when it does not exist; AssertionError when a tree is not there
 */
export function openEnvironmentReader<N extends string>(
  options: Pick<EnvironmentOptions<N>, "directory" | "names" | "unsafe">,
): EnvironmentReader<N> {
  // Its owner has checked the file.
  assertEnvironmentExists(options.directory);
  const root: Root = open(options.directory, { ...rootOptions(options.unsafe), readOnly: true });
  const trees = treesOf(options.names, (name) => new LmdbReadTree(root, name));
  const isReset = options.unsafe?.noReadReset !== true;
  return {
    trees,
    refresh: () => {
      if (isReset) root.resetReadTxn();
    },
    close: () => root.close(),
  };
}

/** Opens the metadata of a partition as its owner. @throws DamagedEnvironmentError */
export function openMetadata(options: Omit<EnvironmentOptions<"buckets">, "names">): Metadata & ReusableSpace {
  return openEnvironment({ ...options, names: treeNames });
}

/** Opens the metadata of a partition for reading, as `openEnvironmentReader` says. */
export function openSnapshot(options: Pick<EnvironmentOptions<never>, "directory" | "unsafe">): Snapshot {
  return openEnvironmentReader({ ...options, names: treeNames });
}

/** Gives values as views of lmdb's own buffer, which the next read overwrites. Measured: 1,000 rows of 4 KiB 0.7 ms, copied 2.6 ms. */
const viewEncoder = {
  encode: (value: Buffer): Buffer => value,
  decode: (bytes: Buffer, sizeBytes: number): Buffer => bytes.subarray(0, sizeBytes),
};

function openStore(root: Root, name: string, valuesAreViews: boolean): Store {
  const options = valuesAreViews ? ({ keyEncoding: "binary", encoder: viewEncoder } as const) : storeOptions;
  const store: Store | undefined = root.openDB({ ...options, name });
  assert(store !== undefined, `the environment has the tree ${name}`);
  return store;
}

/** The page size holds from the file's creation; a value that fits one page of ours could need two of another. */
function checkPageSize(root: Root): void {
  const { pageSize } = root.getStats() as { readonly pageSize?: number };
  assert(pageSize === storageLimits.pageBytes, "LMDB made pages of storageLimits.pageBytes");
}

const slabBytes = 64 * 1024;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/** Room for one value. Node's own pool has none for more than 4 KiB: memory for each such value costs twice as much. */
function roomFor(valueBytes: number): Buffer {
  if (valueBytes < slabBytes / 32 || valueBytes > slabBytes) return Buffer.allocUnsafe(valueBytes);
  if (slabUsed + valueBytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += valueBytes;
  return slab.subarray(start, slabUsed);
}

class LmdbReadTree implements ReadTree {
  protected readonly store: Store;
  readonly #views: Store;

  constructor(root: Root, name: string) {
    this.store = openStore(root, name, false);
    this.#views = openStore(root, name, true);
  }

  get(key: Uint8Array): Buffer | undefined {
    const value = this.store.getBinaryFast(key);
    if (value === undefined) return undefined;
    // The answer is a larger buffer with a length of its own, which the next read overwrites.
    const copy = roomFor(value.length);
    copy.set(value.subarray(0, value.length));
    return copy;
  }

  peek<R>(key: Uint8Array, use: (value: Buffer) => R): R | undefined {
    const value = this.store.getBinaryFast(key);
    return value === undefined ? undefined : use(value.subarray(0, value.length));
  }

  range(range: Range): Row[] {
    const rows: Row[] = [];
    if (isEmptyRange(range)) return rows;
    for (const { key, value } of this.store.getRange(rangeOptions(range))) {
      rows.push({ key: asBuffer(key), value: asBuffer(value) });
    }
    return rows;
  }

  visit(range: Range, use: (key: Buffer, value: Buffer) => boolean): void {
    if (isEmptyRange(range)) return;
    for (const { key, value } of this.#views.getRange(rangeOptions(range))) if (!use(asBuffer(key), value)) return;
  }

  keys(range: Range): Buffer[] {
    const keys: Buffer[] = [];
    if (isEmptyRange(range)) return keys;
    for (const key of this.store.getKeys(rangeOptions(range))) keys.push(asBuffer(key));
    return keys;
  }
}

class LmdbTree extends LmdbReadTree implements Tree {
  readonly #writes: TurnWrites;
  readonly #mark: ChangeMark | null;

  constructor(root: Root, name: string, writes: TurnWrites, mark: ChangeMark | null) {
    super(root, name);
    this.#writes = writes;
    this.#mark = mark;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#writes.count(key, value);
    this.#mark?.begin();
    // Inside a transaction lmdb writes at once.
    void this.store.put(key, asBuffer(value));
  }

  remove(key: Uint8Array): void {
    this.#writes.count(key, undefined);
    this.#mark?.begin();
    void this.store.remove(key);
  }
}

/** An empty start means the first key forwards, and nothing backwards; LMDB has no empty keys. */
function isEmptyRange({ start, end, reverse, limit }: Range): boolean {
  if (limit <= 0 || (reverse === true && start.length === 0)) return true;
  if (end === undefined) return false;
  const order = Buffer.compare(start, end);
  return reverse === true ? order <= 0 : order >= 0;
}

function rangeOptions({ start, end, reverse, limit }: Range) {
  return {
    ...(start.length > 0 ? { start } : {}),
    ...(end !== undefined && end.length > 0 ? { end } : {}),
    reverse: reverse ?? false,
    limit,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Of lmdb's statistics what is used here. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

interface FileStats {
  readonly lastPageNumber: number;
  /** The tree of free pages, and the tree of the trees' names. */
  readonly free: TreeStats;
  readonly root: TreeStats;
}

/** LMDB's own two pages at the start of the file. */
const metaPages = 2;

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

/** Checks of the watchdog while one commit may take `limits.commitWatchdogMs`. */
const watchdogChecks = 10;

class LmdbEnvironment<N extends string> implements Environment<N>, ReusableSpace {
  readonly trees: TreesOf<N>;
  readonly #root: Root;
  readonly #stores: readonly Store[];
  readonly #queue: TurnQueue<TreesOf<N>>;
  readonly #onFatal: FatalListener;
  readonly #watchdog: Timer;
  readonly #mark: ChangeMark | null;
  #commit: Promise<void> | undefined;
  /** Times the watchdog has seen the commit in flight. A process that was stopped for a while counts one. */
  #overdueChecks = 0;
  #isClosed = false;
  /** Something fatal happened: nothing settles any more. */
  #isOver = false;

  constructor(root: Root, { names, clock, onFatal, changes }: EnvironmentOptions<N>) {
    const writes = new TurnWrites();
    this.#root = root;
    this.#mark = changes?.mark ?? null;
    this.#mark?.end();
    this.#stores = names.map((name) => openStore(root, name, false));
    this.trees = treesOf(names, (name) => {
      return new LmdbTree(root, name, writes, changes?.trees.includes(name) === true ? changes.mark : null);
    });
    this.#queue = new TurnQueue(this.trees, writes);
    this.#onFatal = onFatal;
    this.#watchdog = clock.every(limits.commitWatchdogMs / watchdogChecks, () => this.#watch());
  }

  transact<R>(turn: (trees: TreesOf<N>) => R): Promise<R> {
    if (this.#isOver) return never();
    if (this.#isClosed) return Promise.reject(new Error("the environment is closed"));
    const result = this.#queue.add(turn);
    this.#start();
    return result;
  }

  refresh(): void {
    this.#root.resetReadTxn();
  }

  reusableBytes(): number {
    const { lastPageNumber, free, root } = this.#root.getStats() as FileStats;
    const trees = this.#stores.map((store) => pagesOf(store.getStats() as TreeStats));
    const used = trees.reduce((sum, pages) => sum + pages, metaPages + pagesOf(free) + pagesOf(root));
    return (lastPageNumber + 1 - used) * storageLimits.pageBytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#commit !== undefined && !this.#isOver) await this.#commit;
    this.#watchdog.cancel();
    // After a failed commit LMDB may wait for ever; the process is about to end.
    if (!this.#isOver) await this.#root.close();
  }

  #start(): void {
    if (this.#commit !== undefined || this.#isOver || this.#queue.length === 0) return;
    this.#overdueChecks = 0;
    let outcomes: readonly TurnOutcome[] = [];
    // In a child transaction, which lmdb aborts when a turn breaks: what half a turn has written is never committed.
    // It costs nothing that can be measured; a plain transaction would commit the puts made before the throw.
    const committed = this.#root.childTransaction(() => {
      outcomes = this.#queue.run();
    });
    this.#commit = committed.then(
      () => this.#settle(outcomes),
      (error: unknown) => this.#fail(error),
    );
  }

  #settle(outcomes: readonly TurnOutcome[]): void {
    this.#commit = undefined;
    if (this.#isOver) return;
    // A read of this thread may have begun before the commit; what reads after the answer must see it.
    this.#root.resetReadTxn();
    this.#mark?.end();
    for (const outcome of outcomes) outcome.settle();
    this.#start();
  }

  #fail(error: unknown): void {
    this.#commit = undefined;
    if (error instanceof BrokenTurnError) {
      this.#fatal(error);
      return;
    }
    // lmdb gives the reason as one more promise, which would reject where nobody listens.
    const { commitError } = error as { readonly commitError?: Promise<unknown> };
    commitError?.catch(() => undefined);
    this.#fatal(new Error("an LMDB commit failed", { cause: error }));
  }

  #watch(): void {
    if (this.#commit === undefined) return;
    this.#overdueChecks += 1;
    if (this.#overdueChecks <= watchdogChecks) return;
    this.#fatal(new Error(`an LMDB commit did not answer within ${limits.commitWatchdogMs} ms`));
  }

  #fatal(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watchdog.cancel();
    this.#onFatal(error);
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
