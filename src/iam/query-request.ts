/** HTTP requests of the query protocol: which they are, and what a signature of one proves. Pure but for the signing key cache. */

import { isAscii } from "node:buffer";
import { authenticateQuery } from "../auth/query-signature.ts";
import type { SecretLookup } from "../auth/signature.ts";
import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { asS3Error, type S3Error } from "../s3/errors.ts";
import { QueryError, queryErrorOf } from "./errors.ts";
import { errorAnswer, type QueryAnswer, type QueryService } from "./query-answer.ts";

const scopeInHeader = /^AWS4-HMAC-SHA256\s.*?Credential=[^,]*\/(iam|sts)\/aws4_request(?:,|\s|$)/;
const scopeInQuery = /(?:^|&)X-Amz-Credential=[^&]*(?:%2F|\/)(iam|sts)(?:%2F|\/)aws4_request(?:&|$)/i;
const scopeOfS3 = /\/s3\/aws4_request/;
const formType = /^application\/x-www-form-urlencoded(?:\s*;|$)/i;

/**
 * The service of a request by the query protocol, by its credential's scope; null for a request to S3. A form that is posted to
 * "/" and not signed for S3 counts as one to IAM, which refuses it: S3 has no such request.
 */
export function queryServiceOf({ method, rawPath, rawQuery, headers }: HttpRequest): QueryService | null {
  if (rawPath !== "/" || (method !== "POST" && method !== "GET")) return null;
  const authorization = headers.get("authorization");
  const scope = authorization === undefined ? scopeInQuery.exec(rawQuery) : scopeInHeader.exec(authorization);
  if (scope !== null) return scope[1] as QueryService;
  const isForm = method === "POST" && formType.test(headers.get("content-type") ?? "");
  return isForm && !scopeOfS3.test(authorization ?? "") ? "iam" : null;
}

export interface SignedForm {
  readonly accessKeyId: string;
  readonly service: QueryService;
  /** As on the wire. */
  readonly form: string;
  /** YYYYMMDDTHHMMSSZ of the signature. */
  readonly timestamp: string;
  readonly presigned: boolean;
}

/**
 * Verifies a request's signature over its head and the whole of its body.
 * @param body at most `limits.queryBodyBytesMax` bytes
 * @param lookup called at most once; S3Errors and errors with a `code` of the query protocol that it throws are answered
 * @throws QueryError MissingAuthenticationToken, InvalidClientTokenId, SignatureDoesNotMatch, RequestExpired, ExpiredToken,
 * IncompleteSignature, MalformedInput, RequestEntityTooLarge
 */
export function readSignedForm(
  request: HttpRequest,
  body: Uint8Array,
  lookup: SecretLookup,
  nowMs: number,
): SignedForm {
  if (body.length > limits.queryBodyBytesMax) throw new QueryError("RequestEntityTooLarge");
  try {
    const { accessKeyId, service, timestamp, presigned } = authenticateQuery(request, body, lookup, nowMs);
    return { accessKeyId, service, timestamp, presigned, form: formOf(request, body, presigned) };
  } catch (error) {
    throw asQueryError(error) ?? error;
  }
}

/** The query of a GET, and of everything that is presigned: of its body the signature need not say anything. */
function formOf({ method, rawQuery, headers }: HttpRequest, body: Uint8Array, presigned: boolean): string {
  if (method === "GET" || presigned) {
    if (body.length > 0)
      throw new QueryError("MalformedInput", "The parameters are in the query: there must be no body.");
    return rawQuery;
  }
  if (!formType.test(headers.get("content-type") ?? "")) {
    throw new QueryError("MalformedInput", "The content type must be application/x-www-form-urlencoded.");
  }
  if (rawQuery !== "")
    throw new QueryError("MalformedInput", "The parameters are in the body: there must be no query.");
  // A form escapes what is not ASCII.
  if (!isAscii(body)) throw new QueryError("MalformedInput", "The form has bytes that are not ASCII.");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
}

/** A refusal of a signature in the protocol's words; null for what is none. */
export function asQueryError(error: unknown): QueryError | null {
  if (error instanceof QueryError) return error;
  const known = asS3Error(error);
  if (known !== null) return queryErrorOf(signatureCode(known), signatureMessage(known));
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return typeof code === "string" ? queryErrorOf(code, null) : null;
}

function signatureCode({ code, detail }: S3Error): string {
  if (code === "MissingSecurityHeader") return "MissingAuthenticationToken";
  if (code === "XAmzContentSHA256Mismatch") return "SignatureDoesNotMatch";
  if (code !== "AccessDenied") return code;
  return "ServerTime" in detail ? "RequestExpired" : "IncompleteSignature";
}

/** S3's words where they say more than the code does; never the texts that were signed. */
function signatureMessage({ code, message }: S3Error): string | null {
  const isTelling = code === "AccessDenied" || code.startsWith("Authorization") || code.startsWith("Invalid");
  return isTelling && code !== "InvalidAccessKeyId" && code !== "InvalidToken" ? message : null;
}

/** The answer to a request that was refused before it reached its action. */
export function refusalAnswer(service: QueryService, error: QueryError, requestId: string): QueryAnswer {
  return errorAnswer(service, "", error, requestId);
}
