/** Verifies the digests of a body that was read whole: XML bodies with Content-MD5 or a checksum. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { SignedPayload } from "../auth/payload.ts";
import type { HttpRequest } from "../model/http.ts";
import type { AnyOperation } from "../model/operation.ts";
import { checksumOf } from "../s3/checksum.ts";
import { S3Error } from "../s3/errors.ts";
import { parseContentMd5, requestChecksum } from "./request-body.ts";

interface WholeBody {
  readonly request: Pick<HttpRequest, "headers">;
  readonly payload: SignedPayload;
  readonly wholeBody: Uint8Array | null;
}

/** Where a type of checksum may be named, checksum headers are the object's and not the body's: CompleteMultipartUpload. */
const checksumsAreOfObject = ({ input }: Pick<AnyOperation, "input">): boolean => "ChecksumType" in input.members;

/**
 * Holds for every operation with an XML body.
 * @throws S3Error BadDigest, InvalidDigest, InvalidRequest, NotImplemented
 */
export const verifyWholeBody = (
  operation: Pick<AnyOperation, "input">,
  { request, payload, wholeBody }: WholeBody,
): void => {
  const bytes = wholeBody ?? new Uint8Array();
  const md5 = request.headers.get("content-md5");
  if (md5 !== undefined && !timingSafeEqual(parseContentMd5(md5), createHash("md5").update(bytes).digest())) {
    throw new S3Error("BadDigest");
  }
  if (checksumsAreOfObject(operation)) return;
  const checksum = requestChecksum(request.headers, payload);
  // A checksum in a trailer was verified when the body was unframed.
  if (checksum !== null && checksum.expected !== null && checksumOf(checksum.algorithm, bytes) !== checksum.expected) {
    throw new S3Error("BadDigest", {
      Message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    });
  }
};

/** @throws S3Error InvalidRequest when the request carries no digest of its body */
export const requireBodyDigest = ({ request, payload }: WholeBody): void => {
  if (request.headers.has("content-md5") || requestChecksum(request.headers, payload) !== null) return;
  throw new S3Error("InvalidRequest", { Message: "Missing required header for this request: Content-MD5" });
};
