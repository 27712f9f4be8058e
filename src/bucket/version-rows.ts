/**
 * Where the versions of a key stand: its newest in `current` when that is an object; every other version, and every delete
 * marker, in `versions`. Reads only. An absent row of `current` says nothing about `versions`, save while versioning is Off.
 */

import type { Stamp } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { currentKey, versionKey, versionsOf } from "../storage/keys.ts";
import { decodeBrief, decodeHead, type ObjectRecord } from "../storage/record.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { isNamed, type VersionSelector } from "./version-id.ts";

/** A key and where its rows are read. The key has been judged. */
export interface KeyRows {
  readonly trees: Pick<ReadTrees, "current" | "versions">;
  readonly bucket: BucketId;
  readonly key: string;
}

/** "brief": without an inline body, and cheaper. */
type Extent = "brief" | "whole";

/** The key's row of `current`. @throws CorruptRecordError */
export function readCurrent({ trees, bucket, key }: KeyRows, extent: Extent): ObjectRecord | null {
  const rowKey = currentKey(bucket, key);
  if (extent === "brief") return trees.current.peek(rowKey, (value) => decodeBrief("current", rowKey, value)) ?? null;
  const value = trees.current.get(rowKey);
  return value === undefined ? null : decodeHead("current", rowKey, value);
}

/** The newest row of `versions` that is older than `below`; without it the newest. @throws CorruptRecordError */
export function newestVersion({ trees, bucket, key }: KeyRows, below?: Stamp): ObjectRecord | null {
  const range = versionsOf(bucket, key);
  // Row keys have inverted stamps: the next older version is the next key.
  const start = below === undefined ? range.start : Buffer.concat([versionKey(bucket, key, below), Buffer.of(0)]);
  const [row] = trees.versions.range({ ...range, start, limit: 1 });
  return row === undefined ? null : decodeHead("versions", row.key, row.value);
}

/** A version's row of `versions`, by its stamp. @throws CorruptRecordError */
function readVersion({ trees, bucket, key }: KeyRows, stamp: Uint8Array): ObjectRecord | null {
  const rowKey = versionKey(bucket, key, stamp);
  const value = trees.versions.get(rowKey);
  return value === undefined ? null : decodeHead("versions", rowKey, value);
}

/** The null version that `head` names. @throws CorruptRecordError, also when it names none that is there */
export function readOlderNull(rows: KeyRows, { nullStamp }: ObjectRecord): ObjectRecord {
  const found = nullStamp === null ? null : readVersion(rows, nullStamp);
  if (found?.isNullVersion === true) return found;
  throw new CorruptRecordError(
    "versions",
    currentKey(rows.bucket, rows.key),
    "a head names a null version that is not",
  );
}

/**
 * The version that a client names, or null. At most one read beside the head's.
 * @param head the key's newest version
 * @throws CorruptRecordError
 */
export function findVersion(rows: KeyRows, head: ObjectRecord | null, selector: VersionSelector): ObjectRecord | null {
  if (head === null) return null;
  if (isNamed(selector, head)) return head;
  if (selector === "null") return head.nullStamp === null ? null : readOlderNull(rows, head);
  const found = readVersion(rows, selector.stamp);
  return found !== null && isNamed(selector, found) ? found : null;
}
