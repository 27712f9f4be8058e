/**
 * The log of changes of the embedded store, and the revision counter; both move in the transaction that they count.
 *
 * `meta`: "revision" → u64, "logFrom" → u64 (the first revision whose changes are all in the log).
 * `log`: revision u64 | index u16 → kind u8 (1 put, 2 remove) | key. Example: `0000000000000005 0000` → `01 61`.
 */

import { limits } from "../base/limits.ts";
import type { ControlReadTrees, ControlTrees } from "./record-rows.ts";
import type { ControlEvent } from "./store.ts";

const revisionKey = Buffer.from("revision");
const logFromKey = Buffer.from("logFrom");
const kinds = { put: 1, remove: 2 } as const;
/** Rows of one read; a revision has at most `limits.controlOperationsMax`, so that at least one is whole. */
const pageRows = limits.controlListMax;

/** The newest revision, 0n in a new store. */
export function currentRevision(meta: ControlReadTrees["meta"]): bigint {
  return numberAt(meta, revisionKey) ?? 0n;
}

/** Starts the next revision, records its changes and drops what is older than the log is long. */
export function appendChanges(
  trees: Pick<ControlTrees, "log" | "meta">,
  changes: readonly { kind: "put" | "remove"; key: string }[],
  revisionsMax: number,
): bigint {
  const revision = currentRevision(trees.meta) + 1n;
  trees.meta.put(revisionKey, u64(revision));
  for (const [index, change] of changes.entries()) {
    trees.log.put(rowKey(revision, index), Buffer.concat([Buffer.from([kinds[change.kind]]), Buffer.from(change.key)]));
  }
  trim(trees, revision, BigInt(revisionsMax));
  return revision;
}

/** Removes the oldest revisions beyond `revisionsMax`, at most two of them: more than each transaction adds. */
function trim(trees: Pick<ControlTrees, "log" | "meta">, revision: bigint, revisionsMax: bigint): void {
  const from = numberAt(trees.meta, logFromKey) ?? 1n;
  let next = from;
  while (revision - next >= revisionsMax && next < from + 2n) {
    const range = { start: rowKey(next, 0), end: rowKey(next + 1n, 0), limit: limits.controlOperationsMax };
    for (const key of trees.log.keys(range)) trees.log.remove(key);
    next += 1n;
  }
  if (next !== from) trees.meta.put(logFromKey, u64(next));
}

export type LogPage =
  | { readonly kind: "events"; readonly events: readonly ControlEvent[]; readonly next: bigint }
  | { readonly kind: "gone" };

/** The changes from revision `from` on, whole revisions only, of a bounded number; `next` is where to go on. */
export function readChanges(trees: Pick<ControlReadTrees, "log" | "meta">, from: bigint): LogPage {
  if (from < (numberAt(trees.meta, logFromKey) ?? 1n)) return { kind: "gone" };
  const rows = trees.log.range({ start: rowKey(from, 0), limit: pageRows });
  const events = rows.map(
    (row): ControlEvent => ({
      kind: row.value.readUInt8(0) === kinds.put ? "put" : "remove",
      key: row.value.toString("utf8", 1),
      revision: row.key.readBigUInt64BE(0),
    }),
  );
  const last = events.at(-1);
  if (last === undefined) return { kind: "events", events, next: from };
  if (rows.length < pageRows) return { kind: "events", events, next: last.revision + 1n };
  // The last revision may go on behind the page.
  return { kind: "events", events: events.filter((event) => event.revision < last.revision), next: last.revision };
}

function rowKey(revision: bigint, index: number): Buffer {
  const key = Buffer.alloc(10);
  key.writeBigUInt64BE(revision, 0);
  key.writeUInt16BE(index, 8);
  return key;
}

function numberAt(meta: ControlReadTrees["meta"], key: Buffer): bigint | undefined {
  return meta.peek(key, (value) => value.readBigUInt64BE(0));
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
