/** Serves the API guide under `/apidoc`: its pages, their files and, on the console port, the explorer of the admin API. */

import { limits } from "../base/limits.ts";
import type { GuideHandler } from "../front/guide-gate.ts";
import {
  fileSource,
  refuseMethod,
  StaticFile,
  StaticFiles,
  type StaticSource,
  textSource,
} from "../front/static-files.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { guideJs, tryItJs } from "./browser-code.ts";
import { guidePage, tryItPage } from "./pages.ts";
import type { GuidePlace } from "./place.ts";
import { guideCss } from "./style.ts";

/** Nothing from elsewhere, nothing inline; nobody frames it. Source: https://www.w3.org/TR/CSP3/ */
const headers = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
] as const;

const htmlType = "text/html; charset=utf-8";
const cssType = "text/css; charset=utf-8";
const jsType = "text/javascript; charset=utf-8";

/** A file of the package that the explorer is made of. */
const swaggerFile = (name: string, contentType: string): StaticSource =>
  fileSource(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)), contentType);

/**
 * The console's own files. Not on the S3 port: customers' objects share its origin, so nobody should get used to typing
 * credentials there.
 */
const explorerFiles = (): Readonly<Record<string, StaticSource>> => ({
  "/apidoc/try-it.js": textSource(tryItJs, jsType),
  "/apidoc/swagger-ui-bundle.js": swaggerFile("swagger-ui-bundle.js", jsType),
  "/apidoc/swagger-ui.css": swaggerFile("swagger-ui.css", cssType),
});

export type GuideOptions = Omit<GuidePlace, "endpoint">;

export function openGuide(options: GuideOptions): GuideHandler {
  const files = new StaticFiles(
    {
      "/apidoc/guide.css": textSource(guideCss, cssType),
      "/apidoc/guide.js": textSource(guideJs, jsType),
      ...(options.port === "console" ? explorerFiles() : {}),
    },
    headers,
  );
  const pages: Readonly<Record<string, (place: GuidePlace) => string>> = {
    "/apidoc/index.html": guidePage,
    ...(options.port === "console" ? { "/apidoc/try-it.html": tryItPage } : {}),
  };
  const rendered = new Map<string, StaticFile>();
  const pageOf = (path: string, render: (place: GuidePlace) => string, endpoint: string): StaticFile => {
    const name = `${path} ${endpoint}`;
    const known = rendered.get(name);
    if (known !== undefined) return known;
    const page = new StaticFile(htmlType, Buffer.from(render({ ...options, endpoint })));
    // Endpoints have ports, which clients choose.
    if (rendered.size >= limits.guidePagesMax) rendered.clear();
    rendered.set(name, page);
    return page;
  };
  return async (request, response, endpoint) => {
    const { rawPath } = request;
    const render = Object.hasOwn(pages, rawPath) ? pages[rawPath] : undefined;
    if (render !== undefined) {
      if (!refuseMethod(request, response)) await pageOf(rawPath, render, endpoint).send(request, response, headers);
      return;
    }
    await (files.answer(request, response) ?? answerElse(request, response));
  };
}

function answerElse(request: HttpRequest, response: HttpResponse): void {
  if (refuseMethod(request, response)) return;
  if (request.rawPath === "/apidoc" || request.rawPath === "/apidoc/") {
    response.send({ status: 302, headers: [["location", "/apidoc/index.html"], ...headers] });
    return;
  }
  const head = { status: 404, headers: [["content-type", "text/plain; charset=utf-8"] as const, ...headers] };
  const text = "The API guide is at /apidoc/index.html\n";
  if (request.method === "HEAD") response.send(head, undefined, text.length);
  else response.send(head, text);
}
