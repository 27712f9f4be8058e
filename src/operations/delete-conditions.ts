/** The conditions under which an object is deleted, as DeleteObject and DeleteObjects carry them. */

import type { DeletePreconditions } from "../bucket/messages.ts";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { bareEtag } from "../s3/read-conditions.ts";

/** Named as in DeleteObjects; in DeleteObject they are headers. */
interface Conditions {
  readonly VersionId?: string | undefined;
  /** An entity tag, or `*`. */
  readonly ETag?: string | undefined;
  /** Unix ms. */
  readonly LastModifiedTime?: number | undefined;
  /** Bytes. */
  readonly Size?: number | undefined;
}

/**
 * @throws S3Error NotImplemented for conditions beside a version id, as S3 answers: they are on the current object
 * Source: AWS "How to perform conditional deletes".
 */
export const deletePreconditions = (conditions: Conditions): DeletePreconditions => {
  const { VersionId, ETag, LastModifiedTime, Size } = conditions;
  if (ETag === undefined && LastModifiedTime === undefined && Size === undefined) return {};
  if (VersionId !== undefined) {
    throw new S3Error("NotImplemented", { Message: "The deletion of a version that is named takes no conditions." });
  }
  return {
    ...(ETag === undefined ? {} : { ifMatch: bareEtag(ETag) }),
    ...(LastModifiedTime === undefined ? {} : { ifMatchModifiedMs: LastModifiedTime }),
    ...(Size === undefined ? {} : { ifMatchSizeBytes: Size }),
  };
};

const conditionHeaders: readonly string[] = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/**
 * A condition that deletes do not have is refused: one that is passed over would cost the object.
 * @param served the one that they do have
 * @throws S3Error NotImplemented, as S3 answers where it knows a condition and does not serve it
 */
export const refuseOtherConditions = (headers: Headers, served?: string): void => {
  for (const name of conditionHeaders) {
    if (name !== served && headers.has(name)) throw new S3Error("NotImplemented", { Header: name });
  }
};

/**
 * Whether a condition tells what an object holds: to delete under it takes the permission to read as well.
 * Source: AWS "How to perform conditional deletes": `s3:DeleteObject` and `s3:GetObject` for an ETag, not for `*`.
 */
export const tellsContent = (etag: string | undefined): boolean => etag !== undefined && etag.trim() !== "*";
