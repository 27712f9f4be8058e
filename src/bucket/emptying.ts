/** Removing everything a bucket holds before it is deleted, in bounded turns. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { attributeRowsMax } from "../storage/attributes.ts";
import { decodeVersionKey, objectKeyOf, objectPrefix, prefixRange, versionKeyAt } from "../storage/keys.ts";
import { decodeBrief, type ObjectRecord } from "../storage/record.ts";
import type { Range, ReadTree } from "../storage/trees.ts";
import { abortSomeUploads, closeTurn, keepOwner } from "./closing.ts";
import { dropDeadEvents } from "./event-outbox.ts";
import { type HistoryTotals, planRemoval } from "./history.ts";
import { isVersionLocked } from "./locks.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** Most are removed by two rows: their own, and one of garbage. */
const versionsPerTurn = Math.floor(limits.turnRowsMax / 2 / 2);
/** Of a null version, whose head is written anew. */
const rowsPerVersionMax = 3;
/** When as many rows of attributes have gone, what is left waits for the next turn. */
const attributeRowsPerTurn = Math.floor(limits.turnRowsMax / 8);
assert(
  versionsPerTurn * rowsPerVersionMax + attributeRowsPerTurn + attributeRowsMax < limits.turnRowsMax - 10,
  "a turn that empties keeps to limits.turnRowsMax, beside the totals and the bucket's rows",
);

/**
 * Closes the bucket, so that nothing is added meanwhile, and removes rows in one bounded turn, uploads last. Rows alone are
 * removed here; the collector does the rest. What is left is whole histories at any time: the bucket may be opened again.
 */
export async function emptySome(
  memory: BucketMemory,
  { owner, bypassGovernance = false }: BucketRequest<"bucket.emptySome">,
): Promise<BucketReply<"bucket.emptySome">> {
  const removed = await memory.turn((turn) => {
    const planned = planSome(turn, bypassGovernance);
    closeTurn(turn);
    if (planned === null) return null;
    keepOwner(turn, owner);
    return removeSome(turn, planned);
  });
  if (removed === null) return { removed: 0, isEmpty: false, isLocked: true };
  if (removed > 0) return { removed, isEmpty: false };
  const isEmpty = !(await memory.turn(abortSomeUploads)) && !(await memory.turn(dropDeadEvents));
  return { removed: 0, isEmpty };
}

/** A version and what removing it does. */
interface PlannedRow {
  readonly attributeOwner: Buffer | null;
  write(): HistoryTotals;
}

/**
 * What is removed next: of each key the oldest version first, so that at any point the rest is a whole history.
 * @returns null when one of them is locked
 * @throws CorruptRecordError
 */
function planSome(turn: Turn, bypassGovernance: boolean): PlannedRow[] | null {
  const prefix = objectPrefix(turn.bucket, "");
  const { start, end } = prefixRange(prefix);
  const backwards = { start: end ?? Buffer.alloc(storageLimits.storageKeyBytesMax, 0xff), end: start, reverse: true };
  const versions = readSome(turn.trees.versions, "versions", backwards);
  if (versions.length > 0) {
    const found = versions.map(({ key, record }) => ({ key: decodeVersionKey(key).key, rowKey: key, record }));
    if (found.some(({ key, record }) => isVersionLocked(turn, key, record, bypassGovernance))) return null;
    return found.map((version) => planVersion(turn, version, bypassGovernance));
  }
  const objects = readSome(turn.trees.current, "current", { start, ...(end === undefined ? {} : { end }) });
  const isLocked = objects.some(({ key, record }) => isVersionLocked(turn, objectKeyOf(key), record, bypassGovernance));
  return isLocked ? null : objects.map((object) => planObject(turn, object));
}

/** A key's last version. */
function planObject(turn: Turn, { key: rowKey, record }: FoundRow): PlannedRow {
  return {
    attributeOwner: record.hasAttributeRows ? versionKeyAt(rowKey, record.stamp) : null,
    write: () => {
      turn.trees.current.remove(rowKey);
      turn.release(record.location);
      return { storedBytes: -record.sizeBytes, objects: -1, versions: 0 };
    },
  };
}

interface FoundRow {
  readonly key: Buffer;
  readonly record: ObjectRecord;
}

function readSome(tree: ReadTree, name: "current" | "versions", range: Omit<Range, "limit">): FoundRow[] {
  const found: FoundRow[] = [];
  tree.visit({ ...range, limit: versionsPerTurn }, (key, value) => {
    found.push({ key, record: decodeBrief(name, key, value) });
    return true;
  });
  return found;
}

/** A version below its key's head, or a delete marker that is one. */
function planVersion(
  turn: Turn,
  { key, rowKey, record }: { readonly key: string; readonly rowKey: Buffer; readonly record: ObjectRecord },
  bypassGovernance: boolean,
): PlannedRow {
  const head = record.isNullVersion ? turn.head(key) : null;
  if (head !== null && Buffer.compare(head.stamp, record.stamp) !== 0) {
    // The head names it, and must not any longer.
    return { attributeOwner: null, write: planRemoval(turn, key, head, record, bypassGovernance).write };
  }
  return {
    attributeOwner: record.hasAttributeRows ? rowKey : null,
    write: () => {
      turn.trees.versions.remove(rowKey);
      turn.release(record.location);
      return { storedBytes: -record.sizeBytes, objects: 0, versions: -1 };
    },
  };
}

/** @returns how many; those that are left wait for the next turn */
function removeSome(turn: Turn, planned: readonly PlannedRow[]): number {
  const change = { storedBytes: 0, objects: 0, versions: 0 };
  let removed = 0;
  for (const { attributeOwner, write } of planned) {
    const { storedBytes, objects, versions } = write();
    if (attributeOwner !== null) turn.removeAttributes(attributeOwner);
    change.storedBytes += storedBytes;
    change.objects += objects;
    change.versions += versions;
    removed += 1;
    if (turn.attributeRows > attributeRowsPerTurn) break;
  }
  if (removed > 0) turn.writeTotals(change, null);
  return removed;
}
