/**
 * One set of named trees with one writer, whatever the driver: the queue of its turns, and the rule that a turn checks
 * first and writes last.
 */

import { assert } from "../base/assert.ts";
import { BoundedQueue } from "../base/bounded-queue.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ReadTree, Tree } from "./trees.ts";

export type ReadTreesOf<N extends string> = { readonly [K in N]: ReadTree };
export type TreesOf<N extends string> = { readonly [K in N]: Tree };

/** The owner's side; `Metadata` is one with the trees of a partition. `transact` as `Metadata` says. */
export interface Environment<N extends string> {
  readonly trees: TreesOf<N>;
  transact<R>(turn: (trees: TreesOf<N>) => R): Promise<R>;
  /** As `Metadata` says. */
  refresh(): void;
  close(): Promise<void>;
}

/** The side of a thread that only reads; `Snapshot` is one with the trees of a partition. */
export interface EnvironmentReader<N extends string> {
  readonly trees: ReadTreesOf<N>;
  /** Later reads of the same synchronous block see every commit that was acknowledged before. */
  refresh(): void;
  close(): Promise<void>;
}

/** One tree for each name. */
export function treesOf<N extends string, T>(names: readonly N[], tree: (name: N) => T): { readonly [K in N]: T } {
  // Object.fromEntries forgets which names there are.
  return Object.fromEntries(names.map((name) => [name, tree(name)])) as { [K in N]: T };
}

/** Called once, synchronously, when the environment cannot go on; the process must end without acknowledging anything. */
export type FatalListener = (error: Error) => void;

/** Counts the rows that the running turn has written, and refuses writes outside a turn. */
export class TurnWrites {
  #rows = 0;
  #isOpen = false;

  get rows(): number {
    return this.#rows;
  }

  begin(): void {
    this.#rows = 0;
    this.#isOpen = true;
  }

  end(): void {
    this.#isOpen = false;
  }

  /** Before each put and remove. @throws AssertionError outside a turn, or when the turn writes too many or too large rows */
  count(key: Uint8Array, value: Uint8Array | undefined): void {
    assert(this.#isOpen, "rows are written inside a turn only");
    this.#rows += 1;
    assert(this.#rows <= limits.turnRowsMax, "a turn writes at most limits.turnRowsMax rows");
    assert(
      key.length > 0 && key.length <= storageLimits.storageKeyBytesMax,
      "a key has 1 to storageLimits.storageKeyBytesMax bytes",
    );
    assert(key.length > 1 || key[0] !== 0, "no key is the one byte 0x00: LMDB's reverse walk ends above it");
    assert(value === undefined || value.length <= storageLimits.valueBytesMax, "no value is larger than a page");
  }
}

interface WaitingTurn<T> {
  readonly turn: (trees: T) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a turn came to; kept from its caller until the commit is durable. */
export interface TurnOutcome {
  settle(): void;
}

/** A turn threw after its first write, or was not synchronous: what it wrote must not be committed. */
export class BrokenTurnError extends Error {
  override readonly name = "BrokenTurnError";
}

/** The turns that wait for a commit. */
export class TurnQueue<T> {
  readonly #trees: T;
  readonly #writes: TurnWrites;
  readonly #waiting = new BoundedQueue<WaitingTurn<T>>(limits.turnsWaitingMax);

  constructor(trees: T, writes: TurnWrites) {
    this.#trees = trees;
    this.#writes = writes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Settles after the commit that holds the turn. Rejects at once when `limits.turnsWaitingMax` turns wait. */
  add<R>(turn: (trees: T) => R): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const waiting = { turn, resolve: resolve as (result: unknown) => void, reject };
      if (!this.#waiting.push(waiting)) reject(new Error("too many turns wait for a commit"));
    });
  }

  /**
   * Runs waiting turns, oldest first, up to the limits of one commit; each sees what the ones before it wrote.
   * Even a refusal waits for the commit: it may rest on what an earlier turn of the same commit has written.
   * @param beforeTurn for a driver that can take a turn back
   * @throws BrokenTurnError
   */
  run(beforeTurn?: () => void): TurnOutcome[] {
    const outcomes: TurnOutcome[] = [];
    let rows = 0;
    while (outcomes.length < limits.turnsPerCommitMax && rows < limits.rowsPerCommitMax) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) break;
      beforeTurn?.();
      outcomes.push(this.#runOne(waiting));
      rows += this.#writes.rows;
    }
    return outcomes;
  }

  #runOne({ turn, resolve, reject }: WaitingTurn<T>): TurnOutcome {
    this.#writes.begin();
    try {
      const result = turn(this.#trees);
      assert(!isThenable(result), "a turn is synchronous");
      return { settle: () => resolve(result) };
    } catch (error) {
      if (this.#writes.rows > 0) throw new BrokenTurnError("a turn threw after its first write", { cause: error });
      return { settle: () => reject(error) };
    } finally {
      this.#writes.end();
    }
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}
