/** Lines of curl that work when they are copied: curl signs, but older ones (7.88) leave out the digest that S3 asks for. */

import { createHash } from "node:crypto";
import type { GuidePlace } from "./place.ts";

/** Of a request without a body. */
export const emptyDigest = createHash("sha256").digest("hex");
export const unsignedDigest = "UNSIGNED-PAYLOAD";

const joined = (words: readonly string[]): string => words.join(" \\\n  ");

/** Signed with the access key of the environment. @param digest the value of x-amz-content-sha256 */
export function signedCurl({ region }: GuidePlace, digest: string, more: readonly string[]): string {
  return joined([
    `curl --fail-with-body --aws-sigv4 "aws:amz:${region}:s3"`,
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    `--header "x-amz-content-sha256: ${digest}"`,
    ...more,
  ]);
}

export function tokenCurl(url: string): string {
  return joined(['curl --fail-with-body --header "Authorization: Bearer $TROUPE_API_TOKEN"', `"${url}"`]);
}
