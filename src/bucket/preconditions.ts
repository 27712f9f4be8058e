/** The conditions of a write (If-Match, If-None-Match), judged against the current object inside the turn. Pure. */

import { S3Error } from "../s3/errors.ts";
import type { WritePreconditions } from "./messages.ts";

/**
 * @param etag of the current object without quotes; null when the key has none
 * @throws S3Error PreconditionFailed, or NoSuchKey for If-Match on a key that has no object
 * Source: AWS "Add preconditions to S3 operations with conditional requests".
 */
export function judgePreconditions(preconditions: WritePreconditions, etag: string | null, key: string): void {
  const { ifMatch, ifNoneMatch } = preconditions;
  if (ifMatch !== undefined) {
    if (etag === null) throw new S3Error("NoSuchKey", { Key: key });
    if (ifMatch !== "*" && bareEtag(ifMatch) !== etag)
      throw new S3Error("PreconditionFailed", { Condition: "If-Match" });
  }
  if (ifNoneMatch !== undefined && etag !== null && (ifNoneMatch === "*" || bareEtag(ifNoneMatch) === etag)) {
    throw new S3Error("PreconditionFailed", { Condition: "If-None-Match" });
  }
}

/** An ETag without the quotes that clients may or may not send. */
export function bareEtag(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
