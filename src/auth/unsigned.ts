/** Requests that bear no signature at all, and what they say of their body. Pure. */

import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { parsePayloadMode, type SignedPayload, unsignedPayload } from "./payload.ts";

/** Words of which one alone makes a request a signed one, however badly. */
const signatureWords = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "AWSAccessKeyId", "Signature"];

/** Whether nothing of a signature stands in the request: what is there and wrong is refused, never passed over. */
export function isUnsigned(headers: Headers, query: ReadonlyMap<string, string>): boolean {
  return !headers.has("authorization") && !signatureWords.some((word) => query.has(word));
}

/**
 * @throws S3Error InvalidRequest for chunks that claim to be signed, and those of `parsePayloadMode`
 */
export function unsignedPayloadOf(headers: Headers): SignedPayload {
  const mode = parsePayloadMode(headers.get("x-amz-content-sha256") ?? unsignedPayload, headers);
  switch (mode.kind) {
    case "sha256":
      return { framing: { kind: "plain" }, sha256: mode.sha256 };
    case "unsigned":
      return { framing: { kind: "plain" }, sha256: null };
    case "streaming":
      if (mode.isSigned) {
        throw new S3Error("InvalidRequest", { Message: "Signed payloads need a signed request." });
      }
      return { framing: { kind: "aws-chunked", signing: null, trailers: mode.trailers }, sha256: null };
  }
}
