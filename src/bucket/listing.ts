/** ListObjects: pages of current objects. Reads `current` alone; the page is one consistent state per slice, not as a whole. */

import { ObjectPacker } from "../actor/listed-objects.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { objectPrefix, successor } from "../storage/keys.ts";
import { checkListed } from "../storage/record.ts";
import { type ListedTail, listedTail } from "../storage/record-tail.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { commonPrefixOf, walkKeys } from "./key-walk.ts";
import type { BucketReply, BucketRequest, ObjectMetadata } from "./messages.ts";

/** The class of an object whose client named none. */
const standardClass = "STANDARD";

/** @throws CorruptRecordError */
export async function listObjects(
  trees: Pick<ReadTrees, "current">,
  bucket: BucketId,
  request: BucketRequest<"object.list">,
  yieldTurn: () => Promise<void>,
): Promise<BucketReply<"object.list">> {
  const lead = objectPrefix(bucket, "");
  const prefix = Buffer.from(request.prefix);
  const delimiter = Buffer.from(request.delimiter);
  const max = Math.min(request.keysMax, limits.listKeysMax);
  const objects = new ObjectPacker();
  const page = await walkKeys(
    {
      tree: trees.current,
      lead,
      suffixBytes: 1,
      take: (rowKey, value) => {
        const tail = checkListed("current", rowKey, value);
        objects.add(rowKey, rowKey.length - 1, value, shownOf(tail), true);
      },
    },
    {
      prefix,
      delimiter,
      from: firstRowAfter(lead, request.after, prefix, delimiter),
      max,
    },
    yieldTurn,
  );
  return { objects: objects.take(), ...page };
}

/**
 * Row key of the first element behind `after`: a common prefix, or a key inside one, is skipped whole.
 * @param lead what stands before the object key in the tree's row keys; rows of one key continue with 0x00
 */
export function firstRowAfter(lead: Buffer, after: string, prefix: Buffer, delimiter: Buffer): Buffer {
  if (after === "") return lead;
  const key = Buffer.from(after);
  const passed = commonPrefixOf(key, prefix, delimiter) ?? Buffer.concat([key, Buffer.of(0)]);
  // No key is longer than the limit, so that one byte more decides as the whole text would.
  const cut = passed.subarray(0, limits.keyBytesMax + 1);
  return successor(Buffer.concat([lead, cut])) ?? lead;
}

export function storageClassOf({ storageClass }: Pick<ObjectMetadata, "storageClass">): string {
  return storageClass ?? standardClass;
}

/** What a record's tail says of its version, as `checkListed` gives it; null: nothing that a listing shows. */
export function shownOf(tail: Uint8Array | null): ListedTail | null {
  return tail === null ? null : listedTail(tail);
}
