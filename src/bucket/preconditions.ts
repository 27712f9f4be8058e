/** The conditions of writes and deletes, judged against a key's newest version inside the turn. Pure. */

import { S3Error } from "../s3/errors.ts";
import { etagOf, type ObjectRecord } from "../storage/record.ts";
import type { DeletePreconditions, WritePreconditions } from "./messages.ts";

/**
 * @param head the key's newest version; a delete marker counts as no object
 * @throws S3Error PreconditionFailed, or NoSuchKey for If-Match on a key that has no object
 * Source: AWS "Add preconditions to S3 operations with conditional requests".
 */
export function judgeWrite({ ifMatch, ifNoneMatch }: WritePreconditions, head: ObjectRecord | null, key: string): void {
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const object = objectOf(head);
  judgeMatch(ifMatch, object, key);
  if (ifNoneMatch !== undefined && object !== null && names(ifNoneMatch, object)) throw failed("If-None-Match");
}

/**
 * Size and time hold where there is no object: deleting it again is no fault.
 * @throws S3Error as `judgeWrite`
 * Source: AWS "How to perform conditional deletes"; API_DeleteObject, x-amz-if-match-size and x-amz-if-match-last-modified-time.
 */
export function judgeDelete(preconditions: DeletePreconditions, head: ObjectRecord | null, key: string): void {
  const { ifMatch, ifMatchModifiedMs, ifMatchSizeBytes } = preconditions;
  const object = objectOf(head);
  judgeMatch(ifMatch, object, key);
  if (object === null) return;
  if (ifMatchModifiedMs !== undefined && seconds(ifMatchModifiedMs) !== seconds(object.modifiedMs)) {
    throw failed("x-amz-if-match-last-modified-time");
  }
  if (ifMatchSizeBytes !== undefined && ifMatchSizeBytes !== object.sizeBytes) throw failed("x-amz-if-match-size");
}

function judgeMatch(ifMatch: string | undefined, object: ObjectRecord | null, key: string): void {
  if (ifMatch === undefined) return;
  if (object === null) throw new S3Error("NoSuchKey", { Key: key });
  if (!names(ifMatch, object)) throw failed("If-Match");
}

function objectOf(head: ObjectRecord | null): ObjectRecord | null {
  return head === null || head.isDeleteMarker ? null : head;
}

function names(condition: string, object: ObjectRecord): boolean {
  return condition === "*" || bareEtag(condition) === etagOf(object);
}

function failed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", { Condition: condition });
}

/** Dates in headers have whole seconds. */
function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** An ETag without the quotes that clients may or may not send. */
export function bareEtag(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
