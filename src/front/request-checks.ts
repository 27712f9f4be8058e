/** Owns the checks of a request's head that both fronts make before the handler sees it. */

import { limits } from "../base/limits.ts";
import type { HeaderList } from "./header-list.ts";
import { type ProtocolError, protocolErrors } from "./protocol-error.ts";

const replacement = "\uFFFD";

/**
 * Finds what is wrong with a request's head; null when the handler may see it. Everything found here leaves doubt about
 * where the request ends or what it names, so the connection is closed after the refusal.
 * Source: RFC 9112 section 6.3 (message body length), RFC 9110 section 5.5 (field values).
 */
export function findProtocolError(rawPath: string, rawQuery: string, headers: HeaderList): ProtocolError | null {
  if (headers.lineCount > limits.headersMax) return protocolErrors.headersTooLarge;
  if (headers.repeated !== null) return protocolErrors.repeatedHeader;
  if (!headers.has("host")) return protocolErrors.malformed;
  if (headers.hasControl) return protocolErrors.headerCharacter;
  // Bytes that are no UTF-8 arrive as U+FFFD: two different keys would become one.
  if (!rawPath.startsWith("/") || rawPath.includes(replacement)) return protocolErrors.target;
  if (rawQuery.length > limits.queryBytesMax || rawQuery.includes(replacement)) return protocolErrors.target;
  const length = headers.get("content-length");
  const encoding = headers.get("transfer-encoding");
  if (encoding !== undefined) {
    if (length !== undefined) return protocolErrors.lengthAndEncoding;
    if (encoding.toLowerCase() !== "chunked") return protocolErrors.transferEncoding;
  }
  if (length !== undefined && !isLength(length)) return protocolErrors.contentLength;
  return null;
}

/** The body's length of a request that passed `findProtocolError`: null when HTTP-chunked, 0 when nothing announces a body. */
export function announcedLength(headers: HeaderList): number | null {
  const length = headers.get("content-length");
  if (length !== undefined) return Number(length);
  return headers.has("transfer-encoding") ? null : 0;
}

function isLength(text: string): boolean {
  return /^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text));
}
