/** What the drivers' suite needs of a driver, and what its cases share. */

import type { ExecutionContext } from "ava";
import type { ControlOperation, ControlStore } from "./store.ts";

/** A driver under test, on a place of its own. */
export interface ConformanceHarness {
  readonly store: ControlStore;
  /** Closes the store and opens it again on what it has kept; null when a driver keeps nothing. */
  readonly reopen: (() => Promise<ControlStore>) | null;
  /** Lets time pass for leases, and waits until what has fallen due is done. */
  advance(ms: number): Promise<void>;
  /** Lets watchers be told of what is committed. */
  settle(): Promise<void>;
  /** Revisions that the store was told to keep in its log; at least 10, at most 1000. */
  readonly logRevisionsMax: number;
  dispose(): Promise<void>;
}

/** Registers one case. */
export type Each = (title: string, body: (harness: ConformanceHarness, t: ExecutionContext) => Promise<void>) => void;

/** A put of text. */
export function put(key: string, value: string, lease?: string): ControlOperation {
  return { kind: "put", key, value: Buffer.from(value), ...(lease === undefined ? {} : { lease }) };
}
