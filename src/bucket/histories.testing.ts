/** Reads every key's history out of the rows, for tests, and holds the rows to the invariants of SPEC.md on the way. */

import type { BucketId } from "../base/ids.ts";
import { decodeVersionKey, objectKeyOf, objectPrefix, prefixRange } from "../storage/keys.ts";
import { decodeHead, type ObjectRecord } from "../storage/record.ts";
import type { ReadTrees } from "../storage/trees.ts";

const rowsMax = 100_000;

/** All versions by key, newest first. @throws Error that names the invariant broken */
export function historiesOf(trees: ReadTrees, bucket: BucketId): Map<string, ObjectRecord[]> {
  const range = { ...prefixRange(objectPrefix(bucket, "")), limit: rowsMax };
  const histories = new Map<string, ObjectRecord[]>();
  for (const { key, value } of trees.current.range(range)) {
    const record = decodeHead("current", key, value);
    must(!record.isDeleteMarker, `V1: ${objectKeyOf(key)}: current holds a delete marker`);
    histories.set(objectKeyOf(key), [record]);
  }
  const currents = new Set(histories.keys());
  for (const { key: rowKey, value } of trees.versions.range(range)) {
    const { key, stamp } = decodeVersionKey(rowKey);
    const record = decodeHead("versions", rowKey, value);
    must(stamp.equals(record.stamp), `V2: ${key}: a row stands under the stamp of another version`);
    const history = histories.get(key) ?? [];
    const newer = history.at(-1);
    must(newer === undefined || Buffer.compare(newer.stamp, stamp) > 0, `V2: ${key}: the history is out of order`);
    histories.set(key, [...history, record]);
  }
  for (const [key, history] of histories) checkHistory(key, history, currents.has(key));
  return histories;
}

function checkHistory(key: string, history: readonly ObjectRecord[], isCurrent: boolean): void {
  const [head, ...older] = history;
  must(head !== undefined && head.isDeleteMarker !== isCurrent, `V1: ${key}: an object is newest and not in current`);
  must(history.filter(({ isNullVersion }) => isNullVersion).length <= 1, `V3: ${key}: two null versions`);
  const olderNull = older.find(({ isNullVersion }) => isNullVersion);
  const named = head.nullStamp?.toString("hex");
  must(named === olderNull?.stamp.toString("hex"), `V4: ${key}: the head does not name the null version below it`);
  must(
    older.every(({ nullStamp }) => nullStamp === null),
    `V4: ${key}: a version below the head names a null version`,
  );
}

function must(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new Error(invariant);
}
