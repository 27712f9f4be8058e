/** Paths and queries between wire and text: strict, so that one key has one meaning. */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const hexPair = /^[0-9A-Fa-f]{2}$/;
const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;
const plain = /^[\x21-\x24\x26-\x7e]*$/;

const invalid = (raw: string, cause?: unknown): S3Error => new S3Error("InvalidURI", { URI: raw }, { cause });

/**
 * Percent-decodes, once. Raw non-ASCII characters stand for their UTF-8 bytes when they are given as UTF-16 text.
 * @throws S3Error InvalidURI for a broken escape, bytes that are not UTF-8 (overlong forms and surrogates included), and NUL
 */
export const percentDecode = (raw: string): string => {
  if (plain.test(raw)) return raw;
  const bytes = Buffer.from(raw, "utf8");
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === 0x25) {
      const pair = bytes.toString("latin1", at + 1, at + 3);
      if (!hexPair.test(pair)) throw invalid(raw);
      byte = Number.parseInt(pair, 16);
      at += 2;
    }
    if (byte === 0) throw invalid(raw);
    bytes[length++] = byte;
  }
  try {
    return utf8.decode(bytes.subarray(0, length));
  } catch (error) {
    // TypeError: not UTF-8.
    throw invalid(raw, error);
  }
};

/**
 * Key text as it came (labels, copy sources, bodies) as a key. `/`, `//`, `.` and `..` are characters like others.
 * @throws S3Error KeyTooLongError past `limits.keyBytesMax` bytes of UTF-8, InvalidURI for NUL and lone surrogates
 */
export const checkKey = (key: string): string => {
  if (key.length * 3 > limits.keyBytesMax) {
    const bytes = Buffer.byteLength(key);
    if (bytes > limits.keyBytesMax) {
      throw new S3Error("KeyTooLongError", { Size: String(bytes), MaxSizeAllowed: String(limits.keyBytesMax) });
    }
  }
  if (key.includes("\0") || loneSurrogate.test(key)) throw invalid(key.replaceAll(loneSurrogates, "\ufffd"));
  return key;
};

/** Decodes a key in a path. Errors as `percentDecode` and `checkKey`. */
export const decodeKey = (raw: string): string => checkKey(percentDecode(raw));

/**
 * Parses a query as S3 does: `+` is a space (as in an HTML form), a word without `=` has the value "", and of a repeated
 * name the first counts.
 * @throws S3Error InvalidURI as `percentDecode`, or when it is longer than `charsMax`
 */
export const parseQuery = (raw: string, charsMax: number = limits.queryBytesMax): ReadonlyMap<string, string> => {
  const query = new Map<string, string>();
  if (raw === "") return query;
  if (raw.length > charsMax) throw invalid(raw.slice(0, 256));
  for (const pair of raw.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = percentDecode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " "));
    if (!query.has(name)) query.set(name, equals < 0 ? "" : percentDecode(pair.slice(equals + 1).replaceAll("+", " ")));
  }
  return query;
};

const kept = /[!'()]/g;

/**
 * `encoding-type=url`: everything but unreserved characters and `/` is escaped. A space is `%20`, not `+` as S3 writes
 * it: readers that decode forms and readers that decode URIs both understand `%20`.
 */
export const encodeListed = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll("%2F", "/")
    .replace(kept, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
