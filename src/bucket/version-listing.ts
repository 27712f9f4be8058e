/** ListObjectVersions: pages of all versions and delete markers. Reads only; each slice is one consistent state. */

import { ObjectPacker } from "../actor/listed-objects.ts";
import { decodeVersionId } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { objectPrefix, versionKeyAt } from "../storage/keys.ts";
import { checkListed, decodeBrief, isNullVersion, type ObjectRecord, versionIdAt } from "../storage/record.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { commonPrefixOf } from "./key-walk.ts";
import { classOf, firstRowAfter } from "./listing.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import { behind, type VersionPage, type VersionRequest, walkVersions } from "./version-walk.ts";

type Request = BucketRequest<"object.listVersions">;

/** The version id of every null version. */
const nullVersionId = "null";

/** @throws CorruptRecordError */
export async function listVersions(
  trees: ReadTrees,
  bucket: BucketId,
  request: Request,
  yieldTurn: () => Promise<void>,
): Promise<BucketReply<"object.listVersions">> {
  const lead = objectPrefix(bucket, "");
  const prefix = Buffer.from(request.prefix);
  const delimiter = Buffer.from(request.delimiter);
  const versions = new ObjectPacker();
  const page = await walkVersions(
    {
      trees,
      lead,
      check: (tree, rowKey, value) => classOf(checkListed(tree, rowKey, value)),
      take: ({ rowKey, keyEnd, head, storageClass }, isLatest) =>
        versions.add(rowKey, keyEnd, head, storageClass, isLatest),
    },
    {
      prefix,
      delimiter,
      max: Math.min(request.keysMax, limits.listKeysMax),
      ...startOf(trees, lead, request, prefix, delimiter),
    },
    yieldTurn,
  );
  const { commonPrefixes, isTruncated } = page;
  return { versions: versions.take(), commonPrefixes, isTruncated, ...lastOf(page, lead) };
}

/**
 * Where the next page begins. A null version is named `null` where it is its key's last one: whatever becomes of it, nothing
 * older follows. Elsewhere it is named by its place, since by the next page the key may have another null version or none.
 */
function lastOf({ lastRow, lastPrefix, endsWithinKey }: VersionPage, lead: Buffer) {
  if (lastRow === undefined) return { lastKey: lastPrefix ?? "", lastVersionId: null };
  const { rowKey, keyEnd, head } = lastRow;
  const isNamedNull = isNullVersion(head) && !endsWithinKey;
  return {
    lastKey: rowKey.toString("utf8", lead.length, keyEnd),
    lastVersionId: isNamedNull ? nullVersionId : versionIdAt(head, 0),
  };
}

/** A version id that names nothing any more still names its place. */
function startOf(
  trees: ReadTrees,
  lead: Buffer,
  { afterKey, afterVersionId }: Request,
  prefix: Buffer,
  delimiter: Buffer,
): Pick<VersionRequest, "from" | "within"> {
  const from = firstRowAfter(lead, afterKey, prefix, delimiter);
  const key = Buffer.from(afterKey);
  const isInside = key.subarray(0, prefix.length).equals(prefix);
  const isGrouped = isInside && commonPrefixOf(key, prefix, delimiter) !== undefined;
  if (afterVersionId === "" || isGrouped || key.length > limits.keyBytesMax) return { from, within: undefined };
  const currentRow = Buffer.concat([lead, key, Buffer.of(0)]);
  const stamp =
    afterVersionId === nullVersionId
      ? nullStampOf(headRecord(trees, currentRow))
      : decodeVersionId(afterVersionId)?.stamp;
  if (stamp === undefined) return { from, within: undefined };
  return { from: behind(versionKeyAt(currentRow, stamp)), within: { currentRow, stamp } };
}

function nullStampOf(record: ObjectRecord | undefined): Buffer | undefined {
  return record?.isNullVersion === true ? record.stamp : (record?.nullStamp ?? undefined);
}

/** The key's latest version: it knows where the null version is. */
function headRecord(trees: ReadTrees, currentRow: Buffer): ObjectRecord | undefined {
  const current = trees.current.peek(currentRow, (value) => decodeBrief("current", currentRow, value));
  if (current !== undefined) return current;
  const [newest] = trees.versions.range({ start: currentRow, end: endOfKey(currentRow), limit: 1 });
  return newest === undefined ? undefined : decodeBrief("versions", newest.key, newest.value);
}

/** Behind every row of a key in both trees: its 0x00 raised to 0x01. */
function endOfKey(currentRow: Buffer): Buffer {
  const end = Buffer.from(currentRow);
  end[end.length - 1] = 1;
  return end;
}
