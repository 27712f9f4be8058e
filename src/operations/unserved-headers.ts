/** Refuses headers that ask for what is not served: to ignore an encryption header would break a promise. */

import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

const unserved: readonly string[] = [
  // No permission on an object: S3's model has it for buckets, and for the ACL of what is there.
  "x-amz-grant-write",
  "x-amz-if-match-last-modified-time",
  "x-amz-if-match-size",
  "x-amz-write-offset-bytes",
];

const unservedPrefixes: readonly string[] = [
  "x-amz-copy-source-server-side-encryption",
  "x-amz-object-lock-event-hold",
  "x-amz-server-side-encryption",
];

const refuse = (header: string): S3Error => new S3Error("NotImplemented", { Header: header });

/**
 * @param served headers of those below that this operation does serve
 * @throws S3Error NotImplemented (encryption, WRITE on an object, appends, event holds)
 */
export const refuseUnservedHeaders = (headers: Headers, served: readonly string[] = []): void => {
  for (const [name] of headers.entries()) {
    // Most headers of most requests end here.
    if (!name.startsWith("x-amz-")) continue;
    if (served.includes(name)) continue;
    if (unserved.includes(name) || unservedPrefixes.some((prefix) => name.startsWith(prefix))) throw refuse(name);
  }
};
