/**
 * CORS for the console's own origin on the S3 port: the console lists, uploads and downloads straight from the browser,
 * whatever a bucket's own CORS rules say. Never with cookies: requests are signed.
 * Source: Fetch standard, "CORS protocol".
 */

import type { HttpRequest, HttpResponse, ResponseHead } from "../model/http.ts";
import { checksumHeader } from "../s3/checksum.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";

const preflightSeconds = 600;

const exposed = [
  "ETag",
  "Content-Range",
  "Last-Modified",
  "x-amz-delete-marker",
  "x-amz-request-id",
  "x-amz-version-id",
  ...checksumAlgorithms.map(checksumHeader),
].join(", ");

type HeaderLine = ResponseHead["headers"][number];

const none: readonly HeaderLine[] = [];

export class ConsoleCors {
  readonly #origin: string | null;
  readonly #headers: readonly HeaderLine[];

  /** @param consoleUrl `http://host:port`; null = there is no console */
  constructor(consoleUrl: string | null) {
    this.#origin = consoleUrl === null ? null : new URL(consoleUrl).origin;
    this.#headers = [
      ["access-control-allow-origin", this.#origin ?? ""],
      ["access-control-expose-headers", exposed],
      ["vary", "Origin"],
    ];
  }

  /** For any answer to `request`. */
  headersFor(request: HttpRequest): readonly HeaderLine[] {
    const origin = request.headers.get("origin");
    return origin === undefined || origin !== this.#origin ? none : this.#headers;
  }

  /** Answers a preflight from the console; false when it is none. */
  answerPreflight(request: HttpRequest, response: HttpResponse): boolean {
    const { headers } = request;
    const method = headers.get("access-control-request-method");
    if (request.method !== "OPTIONS" || method === undefined || headers.get("origin") !== this.#origin) return false;
    const asked = headers.get("access-control-request-headers");
    const allowed: HeaderLine[] = asked === undefined ? [] : [["access-control-allow-headers", asked]];
    response.send({
      status: 200,
      headers: [
        ["access-control-allow-origin", this.#origin ?? ""],
        ["access-control-allow-methods", "GET, HEAD, PUT, POST, DELETE"],
        ...allowed,
        ["access-control-max-age", String(preflightSeconds)],
        ["vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"],
      ],
    });
    return true;
  }
}
