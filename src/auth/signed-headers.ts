/** The SignedHeaders list of a request, and the rule which headers must be on it. */

import { limits } from "../base/limits.ts";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

export interface SignedHeaders {
  /** Lower case, sorted, no name twice. */
  readonly names: readonly string[];
  /** The names joined by ";", as the canonical request has them. */
  readonly text: string;
  has(name: string): boolean;
}

const namePattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Clients send few different lists, so parsed ones are kept; when the table is full it starts again. */
const parsed = new Map<string, SignedHeaders>();

/** @returns the list in `text` ("host;x-amz-date"), or null when a name is empty, given twice or no header name. */
export function parseSignedHeaders(text: string): SignedHeaders | null {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const names = text.toLowerCase().split(";").sort();
  const set = new Set(names);
  if (set.size !== names.length || !names.every((name) => namePattern.test(name))) return null;
  const list: SignedHeaders = { names, text: names.join(";"), has: (name) => set.has(name) };
  if (parsed.size >= limits.signedHeaderListsMax) parsed.clear();
  parsed.set(text, list);
  return list;
}

/**
 * Host and every x-amz-* header that is present must be signed: else whoever holds a presigned URL could add
 * x-amz-acl, x-amz-copy-source or metadata to it. Other headers (Content-Type from a browser) may be unsigned, as at AWS.
 * @throws S3Error AccessDenied with HeadersNotSigned
 */
export function checkHeadersSigned(headers: Headers, signed: SignedHeaders): void {
  const missing: string[] = signed.has("host") ? [] : ["host"];
  for (const [name] of headers.entries()) {
    if (name.startsWith("x-amz-") && !signed.has(name)) missing.push(name);
  }
  if (missing.length === 0) return;
  throw new S3Error("AccessDenied", {
    Message: "There were headers present in the request which were not signed",
    HeadersNotSigned: missing.join(", "),
  });
}
