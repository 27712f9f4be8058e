/** Owns the check of answer heads, so that no value that a client stored can add a header line or a second answer. */

import { STATUS_CODES } from "node:http";
import { assert } from "../base/assert.ts";
import type { ResponseHead } from "../model/http.ts";

/** Headers that frame the message or belong to the connection: only the front writes them. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

const knownNamesMax = 1024;
const knownNames = new Set<string>();
const statusLines = new Map<number, string>();

/**
 * Checks a head before its first byte is written.
 * @throws AssertionError for a status outside 200..599, a name that is no token or is the front's own, or a value with a
 * control character other than TAB. A caller that passes on text of a client must have checked it.
 */
export function checkHead(head: ResponseHead): void {
  assert(
    Number.isInteger(head.status) && head.status >= 200 && head.status <= 599,
    "a status is an integer of 200 to 599",
  );
  for (const [name, value] of head.headers) {
    if (!knownNames.has(name)) checkName(name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert(!/[\x00-\x08\x0a-\x1f\x7f]/.test(value), `the value of header ${name} holds a control character`);
  }
}

/** Status code and reason, such as `404 Not Found`. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `${status} ${statusText(status)}`;
    statusLines.set(status, line);
  }
  return line;
}

/** The reason phrase of RFC 9110, "Unknown" when it names none. */
export function statusText(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}

/** 204 and 304 never have a body. Source: RFC 9110 section 6.4.1. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

function checkName(name: string): void {
  assert(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name), "a header name is a token");
  assert(!ownHeaders.has(name.toLowerCase()), `header ${name} is written by the front`);
  if (knownNames.size < knownNamesMax) knownNames.add(name);
}
