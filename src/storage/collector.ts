/**
 * Reclaims what no row names any more: works through `gc` in rounds, each after every reader that could still use what it
 * takes away has gone, in slices that share the owner's thread.
 */

import type { Clock, Timer } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ChunkCopy } from "./chunk-store.ts";
import { collectSlice, forgetCopies, type SliceResult, type UnlinkableCopy } from "./collect.ts";
import type { GarbageSequence } from "./gc.ts";
import { garbageKey, garbageSequenceOf } from "./keys.ts";
import type { ReadEpochs } from "./read-epochs.ts";
import type { Metadata } from "./trees.ts";

export interface CollectorOptions {
  readonly metadata: Metadata;
  /** The partition's one sequence, shared with all who write garbage. */
  readonly sequence: GarbageSequence;
  readonly epochs: Pick<ReadEpochs, "advance" | "isPast">;
  readonly partition: number;
  /** Where the files of the partition are unlinked. */
  readonly chunks: { unlink(copies: readonly ChunkCopy[]): Promise<void> };
  readonly clock: Clock;
  /** Damaged rows (CorruptRecordError, once each) and files that could not be unlinked; they are tried again. */
  readonly onError: (error: unknown) => void;
  /** Rows that one slice writes at most; default `storageLimits.collectTurnRowsMax`. */
  readonly sliceRowsMax?: number;
}

export interface CollectionResult {
  /** Garbage rows that are done with. */
  readonly doneRows: number;
  /** Files of chunks that are gone. */
  readonly unlinkedCount: number;
  /** True when readers of an older epoch hold the round up: nothing was taken. */
  readonly isWaiting: boolean;
}

/** A round: garbage up to `to` may be taken once no reader uses an epoch before `epoch`. */
interface Round {
  readonly to: number;
  readonly epoch: number;
}

/** Damaged rows remembered at most; when there are more, all are looked at again. */
const skippedMax = 10_000;

export class Collector {
  readonly #options: CollectorOptions;
  readonly #skipped = new Set<number>();
  #pending: Round | undefined;
  #running: Promise<CollectionResult> | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Runs a round every `storageLimits.collectIntervalMs` until `stop`; the first takes up what a crash has left. */
  start(): void {
    this.#timer ??= this.#options.clock.every(storageLimits.collectIntervalMs, () => {
      if (this.#running === undefined) this.round().catch(this.#options.onError);
    });
  }

  /** Ends the rounds and waits for the slice that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running?.catch(this.#options.onError);
  }

  /** Runs one round, or joins the one that runs. What becomes garbage meanwhile waits for the next. */
  round(): Promise<CollectionResult> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #round(): Promise<CollectionResult> {
    this.#pending ??= this.#begin();
    const round = this.#pending;
    if (round === undefined) return { doneRows: 0, unlinkedCount: 0, isWaiting: false };
    if (!this.#options.epochs.isPast(this.#options.partition, round.epoch)) {
      return { doneRows: 0, unlinkedCount: 0, isWaiting: true };
    }
    let doneRows = 0;
    let unlinkedCount = 0;
    for (let from: number | null = 0; from !== null && !this.#isStopped; ) {
      const slice = await this.#slice(from, round.to);
      doneRows += slice.doneRows;
      unlinkedCount += await this.#unlink(slice.copies);
      from = slice.next;
    }
    this.#pending = undefined;
    return { doneRows, unlinkedCount, isWaiting: false };
  }

  /** Notes the newest committed garbage first and moves the epoch after: who reads from then on finds no way to it. */
  #begin(): Round | undefined {
    const { metadata, epochs, partition } = this.#options;
    const start = garbageKey(Number.MAX_SAFE_INTEGER);
    const [last] = metadata.trees.gc.keys({ start, reverse: true, limit: 1 });
    if (last === undefined) return undefined;
    return { to: garbageSequenceOf(last), epoch: epochs.advance(partition) };
  }

  async #slice(from: number, to: number): Promise<SliceResult> {
    const { metadata, sequence, onError } = this.#options;
    const rowsMax = this.#options.sliceRowsMax ?? storageLimits.collectTurnRowsMax;
    const slice = await metadata.transact((trees) =>
      collectSlice(trees, { sequence, from, to, rowsMax, skipped: this.#skipped }),
    );
    for (const error of slice.damage) onError(error);
    for (const damaged of slice.skipped) {
      if (this.#skipped.size >= skippedMax) this.#skipped.clear();
      this.#skipped.add(damaged);
    }
    return slice;
  }

  /** The rows that remember the copies go after their files have: a crash in between unlinks again, which is harmless. */
  async #unlink(copies: readonly UnlinkableCopy[]): Promise<number> {
    if (copies.length === 0) return 0;
    try {
      await this.#options.chunks.unlink(copies);
    } catch (error) {
      // The rows stay, and with them the next attempt.
      this.#options.onError(error);
      return 0;
    }
    for (let index = 0; index < copies.length; index += storageLimits.collectTurnRowsMax) {
      const some = copies.slice(index, index + storageLimits.collectTurnRowsMax);
      await this.#options.metadata.transact((trees) => forgetCopies(trees, some));
    }
    return copies.length;
  }
}
