/** What the control store held at a node's start, apart from buckets, and the way back to it. For nodes that are reset. */

import { limits } from "../base/limits.ts";
import { type BucketRecord, controlKeys } from "./records.ts";
import type { ControlOperation, ControlRecord, ControlStore } from "./store.ts";
import { decodeRecord } from "./typed-records.ts";

/** Records by key, without those of buckets. */
export type SeededRecords = ReadonlyMap<string, Uint8Array>;

const ofBuckets = [controlKeys.bucket(""), controlKeys.making(""), "owned/"] as const;

/** Reads everything but buckets: O(records). */
export async function seededRecords(store: ControlStore): Promise<SeededRecords> {
  const records = (await listAll(store, "")).filter(({ key }) => !isOfBucket(key));
  return new Map(records.map(({ key, value }) => [key, value]));
}

/** Puts back what has changed since and removes what has come, in transactions of `limits.controlOperationsMax`. */
export async function restoreRecords(store: ControlStore, seeded: SeededRecords): Promise<void> {
  const found = new Map((await listAll(store, "")).map(({ key, value }) => [key, value]));
  const changes: ControlOperation[] = [];
  for (const key of found.keys()) {
    if (!seeded.has(key) && !isOfBucket(key)) changes.push({ kind: "remove", key });
  }
  for (const [key, value] of seeded) {
    const now = found.get(key);
    if (now === undefined || Buffer.compare(now, value) !== 0) changes.push({ kind: "put", key, value });
  }
  for (let at = 0; at < changes.length; at += limits.controlOperationsMax) {
    await store.txn([], changes.slice(at, at + limits.controlOperationsMax));
  }
}

/** All buckets, by name. */
export async function listBuckets(store: ControlStore): Promise<BucketRecord[]> {
  const rows = await listAll(store, controlKeys.bucket(""));
  return rows.map(({ value }) => decodeRecord<BucketRecord>(value));
}

async function listAll(store: ControlStore, prefix: string): Promise<ControlRecord[]> {
  const records: ControlRecord[] = [];
  for (let after = ""; ; ) {
    const page = await store.list(prefix, after, limits.controlListMax);
    records.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return records;
    after = last.key;
  }
}

function isOfBucket(key: string): boolean {
  return ofBuckets.some((prefix) => key.startsWith(prefix));
}
