/**
 * SigV4's canonical request in S3's dialect: the path encoded once and never normalised. Pure.
 * Source: AWS "Create a signed request", step 1, and "Signature Calculations for the Authorization Header".
 */

import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { SignedHeaders } from "./signed-headers.ts";

/** Name and value of a query word, both percent-encoded canonically. */
export type QueryPair = readonly [name: string, value: string];

const plainComponent = /^[A-Za-z0-9\-._~]*$/;
const plainPath = /^[A-Za-z0-9\-._~/]*$/;

/** RFC 3986 unreserved bytes stand for themselves; every other byte is "%" and two upper-case hex digits. */
const encodedBytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return plainComponent.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/**
 * Decodes and encodes again, so that "%2b", "+" and "%2B" have one form each way a client may have written them.
 * "//", "." and ".." stay: S3 keys are not file names. Not ASCII characters count as UTF-8.
 * @param rawPath as on the wire
 * @throws S3Error InvalidURI when a percent escape is broken
 */
export function canonicalPath(rawPath: string): string {
  return plainPath.test(rawPath) ? rawPath : encode(rawPath, "path");
}

/**
 * @param rawQuery as on the wire, without "?"; "+" means a space, as in forms; empty words (`a&&b`) vanish
 * @returns the words in the order of the wire
 * @throws S3Error InvalidURI when a percent escape is broken
 */
export function parseQuery(rawQuery: string): QueryPair[] {
  if (rawQuery === "") return [];
  const pairs: QueryPair[] = [];
  for (const word of rawQuery.split("&")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? "" : word.slice(equals + 1);
    pairs.push([canonicalComponent(name), canonicalComponent(value)]);
  }
  return pairs;
}

/** @returns the canonical query string: sorted by encoded name, then by encoded value; `uploads` becomes `uploads=`. */
export function canonicalQuery(pairs: readonly QueryPair[]): string {
  const sorted = pairs.length > 1 ? [...pairs].sort(comparePairs) : pairs;
  let text = "";
  for (const [name, value] of sorted) text += text === "" ? `${name}=${value}` : `&${name}=${value}`;
  return text;
}

/** @returns the decoded text of a canonical component; what is not UTF-8 becomes U+FFFD. */
export function decodeComponent(component: string): string {
  if (!component.includes("%")) return component;
  const bytes = component.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/**
 * @param path canonical, or as on the wire when the client signed that
 * @param payloadHash the value of x-amz-content-sha256
 */
export function canonicalRequest(
  method: string,
  path: string,
  query: string,
  headers: Headers,
  signed: SignedHeaders,
  payloadHash: string,
): string {
  let text = `${method}\n${path}\n${query}\n`;
  for (const name of signed.names) text += `${name}:${canonicalHeaderValue(headers.get(name) ?? "")}\n`;
  return `${text}\n${signed.text}\n${payloadHash}`;
}

/** Trimmed, and each run of spaces and tabs made one space. Repeated headers are already joined by ",". */
function canonicalHeaderValue(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const isClean = first !== 0x20 && last !== 0x20 && !value.includes("  ") && !value.includes("\t");
  return isClean ? value : value.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
}

function comparePairs(a: QueryPair, b: QueryPair): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] === b[1]) return 0;
  return a[1] < b[1] ? -1 : 1;
}

function canonicalComponent(raw: string): string {
  return plainComponent.test(raw) ? raw : encode(raw, "query");
}

function encode(raw: string, place: "path" | "query"): string {
  let text = "";
  const bytes = Buffer.from(raw, "utf8");
  for (let index = 0; index < bytes.length; index++) {
    let byte = bytes[index] as number;
    if (byte === 0x25) {
      byte = hexDigit(bytes[index + 1], raw) * 16 + hexDigit(bytes[index + 2], raw);
      index += 2;
    } else if (byte === 0x2b && place === "query") {
      byte = 0x20;
    }
    text += byte === 0x2f && place === "path" ? "/" : (encodedBytes[byte] as string);
  }
  return text;
}

function hexDigit(byte: number | undefined, raw: string): number {
  const digit = byte === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(byte), 16);
  if (Number.isNaN(digit)) throw new S3Error("InvalidURI", { URI: raw });
  return digit;
}
