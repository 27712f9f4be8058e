/** The conditions under which an object is deleted, as DeleteObject and DeleteObjects carry them. */

import type { DeletePreconditions } from "../bucket/messages.ts";
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
