/** `ControlStore` on one LMDB environment (or in memory): a node that leads itself. The only writer of control records. */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { appendChanges, currentRevision, readChanges } from "./change-log.ts";
import { LeaseBook } from "./lease-book.ts";
import {
  type ControlEnvironment,
  type ControlTrees,
  readRecord,
  readRecords,
  readStamps,
  removeRecord,
  writeRecord,
} from "./record-rows.ts";
import {
  type ControlCompare,
  ControlError,
  type ControlOperation,
  type ControlRecord,
  type ControlStore,
  checkTransaction,
  isControlKey,
  type Lease,
  type Stop,
  type WatchListener,
} from "./store.ts";

export interface EmbeddedStoreOptions {
  readonly environment: ControlEnvironment;
  readonly clock: Clock;
  readonly random: Random;
  /** Revisions that the log keeps; default `limits.controlLogRevisionsMax`. */
  readonly logRevisionsMax?: number;
}

interface Watcher {
  readonly prefix: string;
  readonly listener: WatchListener;
  next: bigint;
}

export class EmbeddedControlStore implements ControlStore {
  readonly #environment: ControlEnvironment;
  readonly #leases: LeaseBook;
  readonly #logRevisionsMax: number;
  readonly #watchers = new Set<Watcher>();
  #isPumping = false;
  #isClosed = false;

  /** Takes the environment over: `close` closes it. Leases of an earlier run start their time anew. */
  constructor(options: EmbeddedStoreOptions) {
    this.#environment = options.environment;
    this.#logRevisionsMax = options.logRevisionsMax ?? limits.controlLogRevisionsMax;
    assert(this.#logRevisionsMax >= 1, "the log keeps at least one revision");
    this.#leases = new LeaseBook({
      trees: options.environment.trees,
      clock: options.clock,
      random: options.random,
      change: (turn) => this.#change(turn),
      end: (trees, keys) => this.#removeAll(trees, keys),
    });
  }

  async get(key: string): Promise<ControlRecord | undefined> {
    this.#open();
    if (!isControlKey(key)) return undefined;
    const record = readRecord(this.#trees(), key);
    return record === undefined ? undefined : { key, value: record.value, revision: record.revision };
  }

  async list(prefix: string, after = "", limit: number = limits.controlListMax): Promise<ControlRecord[]> {
    this.#open();
    assert(Number.isInteger(limit) && limit >= 1 && limit <= limits.controlListMax, "a page has a bounded size");
    return readRecords(this.#trees(), { prefix, after, limit }).map(({ key, record }) => ({
      key,
      value: record.value,
      revision: record.revision,
    }));
  }

  async txn(compare: readonly ControlCompare[], operations: readonly ControlOperation[]): Promise<boolean> {
    checkTransaction(compare, operations);
    return this.#change((trees) => {
      for (const { key, revision } of compare) {
        if (readStamps(trees.records, key).revision !== revision) return false;
      }
      // Refuses an ended lease before anything is written.
      for (const operation of operations) {
        if (operation.kind === "put" && operation.lease !== undefined) this.#leases.check(trees, operation.lease);
      }
      this.#apply(trees, operations);
      return true;
    });
  }

  watch(prefix: string, from: bigint, listener: WatchListener): Stop {
    this.#open();
    if (this.#watchers.size >= limits.controlWatchersMax) {
      throw new ControlError("TooMany", `more than ${limits.controlWatchersMax} watches`);
    }
    const watcher: Watcher = { prefix, listener, next: from < 1n ? 1n : from };
    this.#watchers.add(watcher);
    this.#schedulePump();
    return () => void this.#watchers.delete(watcher);
  }

  async lease(ttlMs: number): Promise<Lease> {
    this.#open();
    return this.#leases.grant(ttlMs);
  }

  async revision(): Promise<bigint> {
    this.#open();
    return currentRevision(this.#trees().meta);
  }

  /** Ends watches, waits for the transactions in flight, closes the environment. Leases live on in the files. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watchers.clear();
    this.#leases.stop();
    await this.#environment.close();
  }

  #open(): void {
    if (this.#isClosed) throw new ControlError("Closed", "the control store is closed");
  }

  /** For the reads of one answer. */
  #trees(): ControlTrees {
    this.#environment.refresh();
    return this.#environment.trees;
  }

  async #change<R>(turn: (trees: ControlTrees) => R): Promise<R> {
    this.#open();
    const result = await this.#environment.transact(turn);
    this.#schedulePump();
    return result;
  }

  /** Every read comes before the first write: a turn that has written must not throw. */
  #apply(trees: ControlTrees, operations: readonly ControlOperation[]): void {
    const effective = operations
      .map((operation) => ({ operation, before: readStamps(trees.records, operation.key) }))
      .filter(({ operation, before }) => operation.kind === "put" || before.revision !== 0n);
    if (effective.length === 0) return;
    const changes = effective.map(({ operation }) => operation);
    const revision = appendChanges(trees, changes, this.#logRevisionsMax);
    for (const { operation, before } of effective) {
      if (before.lease !== 0n) this.#leases.detach(trees, before.lease, operation.key);
      if (operation.kind === "remove") {
        removeRecord(trees, operation.key);
      } else {
        const lease = operation.lease === undefined ? 0n : this.#leases.attach(trees, operation.lease, operation.key);
        writeRecord(trees, operation.key, { value: Buffer.from(operation.value), revision, lease });
      }
    }
  }

  #removeAll(trees: ControlTrees, keys: readonly string[]): void {
    this.#apply(
      trees,
      keys.map((key) => ({ kind: "remove", key })),
    );
  }

  #schedulePump(): void {
    if (this.#isPumping || this.#watchers.size === 0) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      for (const watcher of [...this.#watchers]) this.#deliver(watcher);
    });
  }

  /** One page to one watcher; a listener that throws is a programmer error and ends the thread. */
  #deliver(watcher: Watcher): void {
    if (this.#isClosed || !this.#watchers.has(watcher)) return;
    const page = readChanges(this.#environment.trees, watcher.next);
    if (page.kind === "gone") {
      this.#watchers.delete(watcher);
      watcher.listener.gone(currentRevision(this.#environment.trees.meta) + 1n);
      return;
    }
    if (page.next === watcher.next) return;
    watcher.next = page.next;
    const events = page.events.filter((event) => event.key.startsWith(watcher.prefix));
    if (events.length > 0) watcher.listener.events(events);
    this.#schedulePump();
  }
}
