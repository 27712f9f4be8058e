/**
 * Continuation tokens of listings: opaque to clients, stateless here. A token holds the position itself, so that it
 * survives inserts, deletes and restarts; a check sum bound to the listing tells a token from garbage and from a token of
 * another bucket. It grants nothing: `start-after` can name the same position.
 */

import { createHash } from "node:crypto";
import { S3Error } from "./errors.ts";

const version = 1;
const checkBytes = 8;

const check = (scope: string, position: Uint8Array): Buffer =>
  createHash("sha256").update(`${version}\0${scope}\0`).update(position).digest().subarray(0, checkBytes);

/**
 * Token of the position after `position` (a key, or a common prefix that is skipped whole).
 * Example: version 0x01, 8 bytes of SHA-256, then UTF-8 of the position, all in base64url.
 * @param scope what the token is good for: a bucket's id, or an account's id for ListBuckets
 */
export const encodeListToken = (scope: string, position: string): string => {
  const bytes = Buffer.from(position, "utf8");
  return Buffer.concat([Buffer.of(version), check(scope, bytes), bytes]).toString("base64url");
};

/** @throws S3Error InvalidArgument when `token` was not made for `scope` */
export const decodeListToken = (scope: string, token: string): string => {
  const bytes = Buffer.from(token, "base64url");
  const position = bytes.subarray(1 + checkBytes);
  const isOurs =
    bytes[0] === version &&
    bytes.length > 1 + checkBytes &&
    bytes.toString("base64url") === token &&
    check(scope, position).equals(bytes.subarray(1, 1 + checkBytes));
  if (!isOurs) {
    throw new S3Error("InvalidArgument", {
      Message: "The continuation token provided is incorrect",
      ArgumentName: "continuation-token",
    });
  }
  return position.toString("utf8");
};
