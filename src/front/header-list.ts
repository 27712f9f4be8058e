/** Owns the headers of one request as the front read them: lower-case names in wire order, repeats joined or noted. */

import type { Headers } from "../model/http.ts";

/**
 * Headers that decide framing, identity or meaning: two of them mean that two readers of the request could understand
 * it differently, so a repeat is refused. All others are lists by RFC 9110 section 5.3 and are joined.
 */
const singleHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "expect",
  "host",
  "range",
  "transfer-encoding",
  "x-amz-content-sha256",
  "x-amz-copy-source",
  "x-amz-copy-source-range",
  "x-amz-date",
  "x-amz-decoded-content-length",
  "x-amz-sdk-checksum-algorithm",
  "x-amz-security-token",
]);

/**
 * The fronts fill it once, while the server library's own objects are alive; the rest of the product only reads it.
 * Look-up is a scan: a request has 5 to 20 headers, for which building a map costs more than it saves.
 */
export class HeaderList implements Headers {
  readonly #lines: [name: string, value: string][] = [];
  #lineCount = 0;
  #repeated: string | null = null;
  #hasControl = false;

  /** Adds one line. `name` must be lower case; `value` is already trimmed and decoded as UTF-8. */
  add(name: string, value: string): void {
    this.#lineCount += 1;
    // uWebSockets.js and node both refuse the other control characters; DEL only node. Refused here for both.
    if (value.includes("\x7f")) this.#hasControl = true;
    const line = this.#find(name);
    if (line === undefined) this.#lines.push([name, value]);
    else if (singleHeaders.has(name)) this.#repeated ??= name;
    else line[1] = `${line[1]},${value}`;
  }

  /** Header lines as sent, with repeats. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** The first header that may not be repeated and was; null when there is none. Its first value is kept. */
  get repeated(): string | null {
    return this.#repeated;
  }

  /** True when a value holds DEL. */
  get hasControl(): boolean {
    return this.#hasControl;
  }

  get(name: string): string | undefined {
    return this.#find(name)?.[1];
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#lines;
  }

  #find(name: string): [name: string, value: string] | undefined {
    for (const line of this.#lines) if (line[0] === name) return line;
    return undefined;
  }
}
