/** Verifies the digests of a body that was read whole: XML bodies with Content-MD5 or a checksum. */

import { createHash, timingSafeEqual } from "node:crypto";
import { checksumOf } from "../s3/checksum.ts";
import { S3Error } from "../s3/errors.ts";
import type { Context } from "./context.ts";
import { parseContentMd5, requestChecksum } from "./request-body.ts";

/**
 * @param required true when S3 wants one digest at least
 * @throws S3Error BadDigest, InvalidDigest, InvalidRequest
 */
export const verifyWholeBody = ({ request, payload, wholeBody }: Context, required: boolean): void => {
  const bytes = wholeBody ?? new Uint8Array();
  const md5 = request.headers.get("content-md5");
  const checksum = requestChecksum(request.headers, payload);
  if (required && md5 === undefined && checksum === null) {
    throw new S3Error("InvalidRequest", { Message: "Missing required header for this request: Content-MD5" });
  }
  if (md5 !== undefined && !timingSafeEqual(parseContentMd5(md5), createHash("md5").update(bytes).digest())) {
    throw new S3Error("BadDigest");
  }
  // A checksum in a trailer was verified when the body was unframed.
  if (checksum !== null && checksum.expected !== null && checksumOf(checksum.algorithm, bytes) !== checksum.expected) {
    throw new S3Error("BadDigest", {
      Message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    });
  }
};
