/** What a signature says about the payload: the modes of x-amz-content-sha256 and the trailers that are announced. */

import type { Headers } from "../model/http.ts";
import { algorithmOfHeader } from "../s3/checksum.ts";
import { unservedChecksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import type { BodyFraming } from "./body-plan.ts";
import type { SigningKey } from "./signing-key.ts";

export interface SignedPayload {
  readonly framing: BodyFraming;
  /** 64 lower-case hex digits, or null when the payload is not signed as a whole. */
  readonly sha256: string | null;
}

/** A value of x-amz-content-sha256, read but not yet trusted. */
export type PayloadMode =
  | { readonly kind: "sha256"; readonly sha256: string }
  | { readonly kind: "unsigned" }
  | { readonly kind: "streaming"; readonly isSigned: boolean; readonly trailers: readonly string[] };

export const unsignedPayload = "UNSIGNED-PAYLOAD";

const sha256Pattern = /^[0-9a-f]{64}$/;
const lengthPattern = /^\d{1,15}$/;

/** Checksum trailers of the published model that are not served. */
const unservedTrailers: readonly string[] = unservedChecksumAlgorithms.map(
  (name) => `x-amz-checksum-${name.toLowerCase()}`,
);

/**
 * @param value x-amz-content-sha256
 * @throws S3Error InvalidArgument for a value S3 does not know, NotImplemented for SigV4A and unserved checksums,
 * MissingContentLength and InvalidRequest for streaming without a usable x-amz-decoded-content-length or with other trailers
 */
export function parsePayloadMode(value: string, headers: Headers): PayloadMode {
  switch (value) {
    case unsignedPayload:
      refuseUnsignedFraming(headers);
      return { kind: "unsigned" };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
      if (headers.has("x-amz-trailer")) throw unsupportedTrailer();
      decodedContentLength(headers);
      return { kind: "streaming", isSigned: true, trailers: [] };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      decodedContentLength(headers);
      return {
        kind: "streaming",
        isSigned: value !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        trailers: announcedTrailers(headers),
      };
    case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD":
    case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
      throw new S3Error("NotImplemented", { Message: "SigV4A payload signatures are not supported.", Header: value });
    default:
      if (sha256Pattern.test(value)) return { kind: "sha256", sha256: value };
      throw new S3Error("InvalidArgument", {
        Message:
          "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        ArgumentName: "x-amz-content-sha256",
        ArgumentValue: value,
      });
  }
}

/**
 * The payload of a verified request, with what its chunks' signatures are checked with.
 * @param key signed the request @param signature the request's own @param timestamp YYYYMMDDTHHMMSSZ
 */
export function signedPayload(mode: PayloadMode, key: SigningKey, signature: string, timestamp: string): SignedPayload {
  switch (mode.kind) {
    case "sha256":
      return { framing: { kind: "plain" }, sha256: mode.sha256 };
    case "unsigned":
      return { framing: { kind: "plain" }, sha256: null };
    case "streaming":
      return {
        framing: {
          kind: "aws-chunked",
          signing: mode.isSigned
            ? { signingKey: key.bytes, seedSignature: signature, timestamp, scope: key.scope }
            : null,
          trailers: mode.trailers,
        },
        sha256: null,
      };
  }
}

/**
 * @returns x-amz-decoded-content-length: the plain size of an aws-chunked body, bytes
 * @throws S3Error MissingContentLength when absent, InvalidArgument when it is no whole number
 */
export function decodedContentLength(headers: Headers): number {
  const text = headers.get("x-amz-decoded-content-length");
  if (text === undefined) {
    throw new S3Error("MissingContentLength", {
      Message: "You must provide the x-amz-decoded-content-length HTTP header.",
    });
  }
  if (lengthPattern.test(text)) return Number(text);
  throw new S3Error("InvalidArgument", {
    Message: "x-amz-decoded-content-length must be a whole number of bytes.",
    ArgumentName: "x-amz-decoded-content-length",
    ArgumentValue: text,
  });
}

/** An unsigned payload has no framing of its own: to store its chunk headers as data would corrupt the object. */
function refuseUnsignedFraming(headers: Headers): void {
  const encoding = headers.get("content-encoding");
  if (encoding === undefined || !/(?:^|,)\s*aws-chunked\s*(?:,|$)/i.test(encoding)) return;
  throw new S3Error("InvalidArgument", {
    Message: "aws-chunked encoding is not supported when x-amz-content-sha256 UNSIGNED-PAYLOAD is supplied.",
    ArgumentName: "Content-Encoding",
    ArgumentValue: encoding,
  });
}

function announcedTrailers(headers: Headers): readonly string[] {
  const text = headers.get("x-amz-trailer");
  if (text === undefined || text.trim() === "") return [];
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const unserved = names.find((name) => unservedTrailers.includes(name));
  if (unserved !== undefined) {
    throw new S3Error("NotImplemented", { Message: "This checksum algorithm is not supported.", Header: unserved });
  }
  if (!names.every((name) => algorithmOfHeader(name) !== null)) throw unsupportedTrailer();
  if (names.length > 1) {
    throw new S3Error("InvalidRequest", {
      Message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  return names;
}

function unsupportedTrailer(): S3Error {
  return new S3Error("InvalidRequest", { Message: "The value specified in the x-amz-trailer header is not supported" });
}
