/** Refuses headers that ask for what is not served: to ignore an encryption header would break a promise. */

import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

const unserved: readonly string[] = [
  "x-amz-grant-full-control",
  "x-amz-grant-read",
  "x-amz-grant-read-acp",
  "x-amz-grant-write",
  "x-amz-grant-write-acp",
  "x-amz-if-match-last-modified-time",
  "x-amz-if-match-size",
  "x-amz-write-offset-bytes",
];

const unservedPrefixes: readonly string[] = [
  "x-amz-copy-source-server-side-encryption",
  "x-amz-object-lock-event-hold",
  "x-amz-server-side-encryption",
];

/** Canned ACLs that say what holds anyway: the bucket's owner has everything, nobody else anything. */
const harmlessAcls: ReadonlySet<string> = new Set(["private", "bucket-owner-full-control"]);

const refuse = (header: string): S3Error => new S3Error("NotImplemented", { Header: header });

/**
 * @param served headers of those below that this operation does serve
 * @throws S3Error NotImplemented (encryption, grants, ACLs beyond the owner's, appends, event holds)
 */
export const refuseUnservedHeaders = (headers: Headers, served: readonly string[] = []): void => {
  for (const [name] of headers.entries()) {
    // Most headers of most requests end here.
    if (!name.startsWith("x-amz-")) continue;
    if (served.includes(name)) continue;
    if (unserved.includes(name) || unservedPrefixes.some((prefix) => name.startsWith(prefix))) throw refuse(name);
  }
  const acl = headers.get("x-amz-acl");
  if (acl !== undefined && !harmlessAcls.has(acl)) throw refuse("x-amz-acl");
};
