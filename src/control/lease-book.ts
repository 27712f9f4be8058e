/**
 * Leases of the embedded store: records that vanish when their holder stops renewing.
 *
 * `leases`: id u64 → ttlMs u32. `leased`: id u64 | key → 01. Deadlines are monotonic and kept in memory: after a restart
 * every lease has its full time again.
 */

import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import type { ControlReadTrees, ControlTrees } from "./record-rows.ts";
import { ControlError, type Lease } from "./store.ts";

export interface LeaseBookOptions {
  readonly trees: ControlReadTrees;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs a turn of the store. */
  readonly change: <R>(turn: (trees: ControlTrees) => R) => Promise<R>;
  /** Removes records as an ordinary change, inside a turn. */
  readonly end: (trees: ControlTrees, keys: readonly string[]) => void;
}

interface Held {
  readonly id: bigint;
  readonly ttlMs: number;
  deadlineMs: number;
  timer: Timer;
}

export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #held = new Map<bigint, Held>();
  #isStopped = false;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
    for (const row of options.trees.leases.range({ start: Buffer.alloc(8), limit: limits.controlLeasesMax })) {
      this.#hold(row.key.readBigUInt64BE(0), row.value.readUInt32BE(0));
    }
  }

  /** @throws ControlError when `ttlMs` is out of bounds or too many leases live */
  async grant(ttlMs: number): Promise<Lease> {
    if (!Number.isInteger(ttlMs) || ttlMs < limits.controlLeaseMsMin || ttlMs > limits.controlLeaseMsMax) {
      throw new ControlError(
        "InvalidLease",
        `a lease lasts ${limits.controlLeaseMsMin} to ${limits.controlLeaseMsMax} ms`,
      );
    }
    if (this.#held.size >= limits.controlLeasesMax) {
      throw new ControlError("TooMany", `more than ${limits.controlLeasesMax} leases`);
    }
    const bytes = this.#options.random.bytes(8);
    // 0 means "no lease", and the number after the largest must exist.
    bytes[7] = (bytes[7] ?? 0) | 1;
    bytes[0] = (bytes[0] ?? 0) & 0x7f;
    const id = bytes.readBigUInt64BE(0);
    const held = this.#hold(id, ttlMs);
    const ttl = Buffer.alloc(4);
    ttl.writeUInt32BE(ttlMs);
    await this.#options.change((trees) => trees.leases.put(idBytes(id), ttl));
    held.deadlineMs = this.#options.clock.monotonicMs() + ttlMs;
    return {
      id: id.toString(16),
      renew: async () => this.#renew(id),
      release: () => this.#end(id),
    };
  }

  /** @throws ControlError unless the lease named `id` lives and can take one more record */
  check(trees: ControlReadTrees, id: string): void {
    const held = this.#live(parse(id));
    if (held === undefined) throw new ControlError("InvalidLease", "the lease has ended");
    if (keysOf(trees, held.id).length >= limits.controlOperationsMax) {
      throw new ControlError("TooMany", `more than ${limits.controlOperationsMax} records under one lease`);
    }
  }

  /** Ties `key` to the lease and returns the lease's number. Call `check` first. */
  attach(trees: ControlTrees, id: string, key: string): bigint {
    const lease = parse(id);
    trees.leased.put(leasedKey(lease, key), Buffer.from([1]));
    return lease;
  }

  detach(trees: ControlTrees, lease: bigint, key: string): void {
    trees.leased.remove(leasedKey(lease, key));
  }

  stop(): void {
    this.#isStopped = true;
    for (const held of this.#held.values()) held.timer.cancel();
    this.#held.clear();
  }

  #hold(id: bigint, ttlMs: number): Held {
    const { clock } = this.#options;
    const timer = clock.after(ttlMs, () => this.#onTimer(id));
    const held: Held = { id, ttlMs, deadlineMs: clock.monotonicMs() + ttlMs, timer };
    this.#held.set(id, held);
    return held;
  }

  #live(id: bigint): Held | undefined {
    const held = this.#held.get(id);
    return held !== undefined && this.#options.clock.monotonicMs() < held.deadlineMs ? held : undefined;
  }

  #renew(id: bigint): boolean {
    const held = this.#live(id);
    if (held === undefined) return false;
    held.deadlineMs = this.#options.clock.monotonicMs() + held.ttlMs;
    return true;
  }

  /** Renewals only move the deadline; the timer looks again when it was due before. */
  #onTimer(id: bigint): void {
    const held = this.#held.get(id);
    if (held === undefined || this.#isStopped) return;
    const remainingMs = held.deadlineMs - this.#options.clock.monotonicMs();
    if (remainingMs > 0) {
      held.timer = this.#options.clock.after(Math.ceil(remainingMs), () => this.#onTimer(id));
    } else {
      // A failed commit is fatal in the environment; a store that has just been closed keeps the lease for the next start.
      this.#end(id).catch((error: unknown) => {
        if (!(error instanceof ControlError && error.code === "Closed")) throw error;
      });
    }
  }

  async #end(id: bigint): Promise<void> {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.timer.cancel();
    this.#held.delete(id);
    await this.#options.change((trees) => {
      const keys = keysOf(trees, id);
      this.#options.end(trees, keys);
      for (const key of keys) trees.leased.remove(leasedKey(id, key));
      trees.leases.remove(idBytes(id));
    });
  }
}

function keysOf(trees: ControlReadTrees, id: bigint): string[] {
  const range = { start: idBytes(id), end: idBytes(id + 1n), limit: limits.controlOperationsMax };
  return trees.leased.keys(range).map((key) => key.toString("utf8", 8));
}

function parse(id: string): bigint {
  if (!/^[0-7]?[0-9a-f]{1,15}$/.test(id)) throw new ControlError("InvalidLease", `not a lease: ${JSON.stringify(id)}`);
  return BigInt(`0x${id}`);
}

function idBytes(id: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(id);
  return bytes;
}

function leasedKey(id: bigint, key: string): Buffer {
  return Buffer.concat([idBytes(id), Buffer.from(key)]);
}
