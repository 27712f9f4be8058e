/**
 * Who made a request to IAM or STS: Signature Version 4 as services other than S3 have it. The payload's hash is always that of
 * the whole body, which x-amz-content-sha256 may repeat or leave out. Such requests have the path "/" alone, so that S3's way of
 * encoding paths makes no difference here. Pure but for the signing key cache.
 */

import { hash } from "node:crypto";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { canonicalQuery, decodeComponent, parseQuery } from "./canonical-request.ts";
import { type Credential, checkService, type SigningService } from "./credential.ts";
import { authenticatePresigned, isPresigned } from "./presign.ts";
import { type SecretLookup, verifySignature } from "./signature.ts";
import { checkHeadersSigned } from "./signed-headers.ts";
import { readAuthorization, requestTimestamp } from "./sigv4.ts";

const queryServices: readonly SigningService[] = ["iam", "sts"];

export interface QueryAuthenticated {
  readonly accessKeyId: string;
  readonly service: "iam" | "sts";
  /** YYYYMMDDTHHMMSSZ. */
  readonly timestamp: string;
  readonly presigned: boolean;
}

/**
 * Verifies a request to IAM or STS, in any region.
 * @param body the whole of it
 * @param lookup called at most once
 * @throws S3Error MissingSecurityHeader when it is not signed at all; those of `authenticate`; nothing else
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function authenticateQuery(
  request: HttpRequest,
  body: Uint8Array,
  lookup: SecretLookup,
  nowMs: number,
): QueryAuthenticated {
  const query = parseQuery(request.rawQuery);
  const payloadHash = hash("sha256", body, "hex");
  const authorization = request.headers.get("authorization");
  if (authorization === undefined) {
    if (!isPresigned(query)) throw new S3Error("MissingSecurityHeader");
    const scope = { services: queryServices, payloadHash };
    const { accessKeyId, timestamp } = authenticatePresigned(request, query, lookup, nowMs, scope);
    const words = query.find(([name]) => name === "X-Amz-Credential")?.[1] ?? "";
    const service = decodeComponent(words).split("/").at(-2) === "iam" ? "iam" : "sts";
    return { accessKeyId, service, timestamp, presigned: true };
  }
  const { credential, signed, signature } = readAuthorization(authorization);
  checkService(credential, queryServices, malformed);
  const claimed = request.headers.get("x-amz-content-sha256");
  const timestamp = requestTimestamp(request, signed, nowMs);
  if (!timestamp.startsWith(credential.date)) throw malformed("the credential's date is not that of the request.");
  checkHeadersSigned(request.headers, signed);
  const sessionToken = request.headers.get("x-amz-security-token") ?? null;
  const claim = { credential, signed, signature, timestamp, query: canonicalQuery(query), payloadHash, sessionToken };
  verifySignature(request, claim, lookup);
  if (claimed !== undefined && claimed !== payloadHash) throw new S3Error("XAmzContentSHA256Mismatch");
  return { accessKeyId: credential.accessKeyId, service: serviceOf(credential), timestamp, presigned: false };
}

function serviceOf({ service }: Credential): "iam" | "sts" {
  return service === "iam" ? "iam" : "sts";
}

function malformed(fault: string): S3Error {
  return new S3Error("AuthorizationHeaderMalformed", { Message: `The authorization header is malformed; ${fault}` });
}
