/**
 * The one interface to control records: names, accounts, users, keys. A transaction over several keys and an ordered watch
 * need one sequencer; a driver is one (embedded) or asks one (etcd). All drivers pass the suite in conformance.ts.
 */

import { limits } from "../base/limits.ts";

/** A record as stored. Revisions start at 1n and grow with each transaction that writes; all writes of one share it. */
export interface ControlRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: bigint;
}

/** `lease`: the record is removed when the lease ends. */
export type ControlOperation =
  | { readonly kind: "put"; readonly key: string; readonly value: Uint8Array; readonly lease?: string }
  | { readonly kind: "remove"; readonly key: string };

/** Holds when the record's revision is `revision`; 0n = there is no such record. */
export interface ControlCompare {
  readonly key: string;
  readonly revision: bigint;
}

/** A change. The record itself is read when needed: ten changes of a key cost one read. */
export interface ControlEvent {
  readonly kind: "put" | "remove";
  readonly key: string;
  readonly revision: bigint;
}

export interface WatchListener {
  /** In order of revisions; the events of one revision always come together. At least once: a resumed watch repeats what it is asked for. */
  events(events: readonly ControlEvent[]): void;
  /** The log no longer reaches back to what is due: list everything, then watch from `nextRevision`. No events follow. */
  gone(nextRevision: bigint): void;
}

export type Stop = () => void;

export interface Lease {
  readonly id: string;
  /** Starts the time anew; false when the lease has ended. */
  renew(): Promise<boolean>;
  /** Ends the lease at once and removes its records. */
  release(): Promise<void>;
}

export interface ControlStore {
  get(key: string): Promise<ControlRecord | undefined>;
  /** Records whose key begins with `prefix` and is greater than `after`, in key order (UTF-8 bytes); at most `limit`, which is at most `limits.controlListMax`. */
  list(prefix: string, after?: string, limit?: number): Promise<ControlRecord[]>;
  /**
   * Applies every operation, in order, if every compare holds; true when it did. Durable when it resolves.
   * @throws ControlError on keys or values out of bounds, a key written twice, or a lease that has ended
   */
  txn(compare: readonly ControlCompare[], operations: readonly ControlOperation[]): Promise<boolean>;
  /** Delivers the changes under `prefix` with revision >= `from`, first those in the log. @throws ControlError when `limits.controlWatchersMax` watch */
  watch(prefix: string, from: bigint, listener: WatchListener): Stop;
  /** @param ttlMs within limits.controlLeaseMsMin..Max @throws ControlError when out of bounds or too many leases live */
  lease(ttlMs: number): Promise<Lease>;
  /** The revision of the newest transaction that wrote; 0n in a new store. */
  revision(): Promise<bigint>;
  close(): Promise<void>;
}

export type ControlErrorCode =
  | "InvalidKey"
  | "ValueTooLarge"
  | "InvalidTransaction"
  | "InvalidLease"
  | "TooMany"
  | "Closed";

/** A call that the store refuses; nothing was written. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** True for what can be a key: 1 to `limits.keyBytesMax` bytes of well-formed text without U+0000. */
export function isControlKey(key: string): boolean {
  return key !== "" && !/[\0\p{Surrogate}]/u.test(key) && Buffer.byteLength(key) <= limits.keyBytesMax;
}

/** Refuses what no driver accepts. @throws ControlError */
export function checkTransaction(compare: readonly ControlCompare[], operations: readonly ControlOperation[]): void {
  if (compare.length > limits.controlOperationsMax || operations.length > limits.controlOperationsMax) {
    throw new ControlError("InvalidTransaction", `more than ${limits.controlOperationsMax} compares or operations`);
  }
  for (const { key, revision } of compare) {
    if (!isControlKey(key)) throw new ControlError("InvalidKey", `not a key: ${JSON.stringify(key)}`);
    if (revision < 0n) throw new ControlError("InvalidTransaction", `a revision is not negative: ${revision}`);
  }
  const written = new Set<string>();
  for (const operation of operations) {
    const { key } = operation;
    if (!isControlKey(key)) throw new ControlError("InvalidKey", `not a key: ${JSON.stringify(key)}`);
    if (written.has(key)) throw new ControlError("InvalidTransaction", `written twice: ${key}`);
    written.add(key);
    if (operation.kind === "put" && operation.value.length > limits.controlRecordBytesMax) {
      throw new ControlError("ValueTooLarge", `${key}: more than ${limits.controlRecordBytesMax} bytes`);
    }
  }
}
