/** Version ids as clients see them: `null`, or 26 digits of stamp and salt. Pure. */

import { decodeVersionId, encodeVersionId, type Stamp } from "../base/hlc.ts";
import { S3Error } from "../s3/errors.ts";
import type { RecordHead } from "../storage/record.ts";

/** The id of a version that was written while versioning was off or suspended. */
export const nullVersionId = "null";

/** The version that a client names: the key's null version, or the one of this id. */
export type VersionSelector = typeof nullVersionId | { readonly stamp: Stamp; readonly salt: Uint8Array };

/** Reads a version id; undefined for a text that names no version of any bucket. */
export function parseVersionId(text: string): VersionSelector | undefined {
  return text === nullVersionId ? nullVersionId : decodeVersionId(text);
}

/** @throws S3Error InvalidArgument for a text that is no version id */
export function requireVersionId(text: string): VersionSelector {
  const selector = parseVersionId(text);
  if (selector === undefined) throw invalidVersionId(text);
  return selector;
}

export function invalidVersionId(text: string): S3Error {
  return new S3Error("InvalidArgument", {
    Message: text === "" ? "Version id cannot be the empty string" : "Invalid version id specified",
    ArgumentName: "versionId",
    ArgumentValue: text,
  });
}

export function versionIdOf({
  isNullVersion,
  stamp,
  salt,
}: Pick<RecordHead, "isNullVersion" | "stamp" | "salt">): string {
  return isNullVersion ? nullVersionId : encodeVersionId(stamp, salt);
}

/** True when `record` is the version that `selector` names. A null version answers to `null` alone. */
export function isNamed(
  selector: VersionSelector,
  { isNullVersion, stamp, salt }: Pick<RecordHead, "isNullVersion" | "stamp" | "salt">,
): boolean {
  if (selector === nullVersionId) return isNullVersion;
  return !isNullVersion && Buffer.compare(selector.stamp, stamp) === 0 && Buffer.compare(selector.salt, salt) === 0;
}
