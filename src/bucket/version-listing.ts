/** ListObjectVersions: pages of all versions and delete markers. Reads only; each slice is one consistent state. */

import { ObjectPacker } from "../actor/listed-objects.ts";
import type { Stamp } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { objectPrefix, versionKeyAt } from "../storage/keys.ts";
import { checkListed, isNullVersion, versionIdAt } from "../storage/record.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { liesInGroup } from "./key-walk.ts";
import { firstRowAfter, shownOf } from "./listing.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import { nullVersionId, parseVersionId } from "./version-id.ts";
import { type KeyRows, newestVersion, readCurrent } from "./version-rows.ts";
import { behind, type VersionPage, type VersionRequest, walkVersions } from "./version-walk.ts";

type Request = BucketRequest<"object.listVersions">;

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
      check: (tree, rowKey, value) => shownOf(checkListed(tree, rowKey, value)),
      take: ({ rowKey, keyEnd, head, shown }, isLatest) => versions.add(rowKey, keyEnd, head, shown, isLatest),
    },
    {
      prefix,
      delimiter,
      max: Math.min(request.keysMax, limits.listKeysMax),
      ...startOf(trees, bucket, request, prefix, delimiter),
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
  bucket: BucketId,
  { afterKey, afterVersionId }: Request,
  prefix: Buffer,
  delimiter: Buffer,
): Pick<VersionRequest, "from" | "within"> {
  const lead = objectPrefix(bucket, "");
  const from = firstRowAfter(lead, afterKey, prefix, delimiter);
  const key = Buffer.from(afterKey);
  const isGrouped = liesInGroup(key, prefix, delimiter);
  const isKey = key.length > 0 && key.length <= limits.keyBytesMax;
  if (afterVersionId === "" || isGrouped || !isKey) return { from, within: undefined };
  const currentRow = Buffer.concat([lead, key, Buffer.of(0)]);
  const selector = parseVersionId(afterVersionId);
  const stamp = selector === nullVersionId ? nullStampOf({ trees, bucket, key: afterKey }) : selector?.stamp;
  if (stamp === undefined) return { from, within: undefined };
  return { from: behind(versionKeyAt(currentRow, stamp)), within: { currentRow, stamp } };
}

/** The key's latest version knows where its null version is. */
function nullStampOf(rows: KeyRows): Stamp | undefined {
  const head = readCurrent(rows, "brief") ?? newestVersion(rows);
  return head?.isNullVersion === true ? head.stamp : (head?.nullStamp ?? undefined);
}
