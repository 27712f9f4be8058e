/** For tests: HTTP requests of the query protocol, as a front would give them. */

import type { Headers, HttpRequest } from "../model/http.ts";

export interface RequestParts {
  readonly form?: string;
  readonly method?: string;
  readonly rawPath?: string;
  readonly rawQuery?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A POST of a form to "/", or what the parts say. */
export function httpRequest({
  form = "",
  method = "POST",
  rawPath = "/",
  rawQuery = "",
  headers,
}: RequestParts): HttpRequest {
  const all = new Map(
    Object.entries({
      host: "localhost",
      ...(method === "POST" ? { "content-type": "application/x-www-form-urlencoded; charset=utf-8" } : {}),
      ...headers,
    }).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const list: Headers = { get: (name) => all.get(name), has: (name) => all.has(name), entries: () => all.entries() };
  return {
    method,
    rawPath,
    rawQuery,
    headers: list,
    remoteAddress: "192.0.2.1",
    secure: false,
    body: {
      contentLength: Buffer.byteLength(form),
      consume: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    },
  };
}
