/** What the listings share: page sizes, encoded names and the elements of a page. */

import { listedObjects, type PackedObjects } from "../actor/listed-objects.ts";
import { limits } from "../base/limits.ts";
import { encodeListed } from "../s3/uri.ts";
import type { UserMembers } from "./acl-members.ts";
import { quoteEtag } from "./object-metadata.ts";

/** Page sizes above S3's largest are cut to it. */
export const pageSize = (asked: number | undefined): number =>
  Math.min(asked ?? limits.listKeysMax, limits.listKeysMax);

/** How names are written: percent-encoded when the client asked for `encoding-type=url`. */
export const nameWriter = (encodingType: "url" | undefined): ((name: string) => string) =>
  encodingType === "url" ? encodeListed : (name) => name;

/** `Contents` of a page. @param owners undefined: owners are not shown */
export const contentsOf = (
  objects: PackedObjects,
  write: (name: string) => string,
  owners: ((ownerId: string | null) => UserMembers) | undefined,
) =>
  listedObjects(objects).map((object) => ({
    Key: write(object.key),
    LastModified: object.modifiedMs,
    ETag: quoteEtag(object.etag),
    ChecksumAlgorithm: object.checksumAlgorithm === null ? undefined : [object.checksumAlgorithm],
    ChecksumType: object.checksumAlgorithm === null ? undefined : object.checksumType,
    Size: object.sizeBytes,
    StorageClass: object.storageClass,
    Owner: owners?.(object.ownerId),
  }));

/** `CommonPrefixes` of a page. */
export const prefixesOf = (prefixes: readonly string[], write: (name: string) => string) =>
  prefixes.map((prefix) => ({ Prefix: write(prefix) }));
