/** What the S3 port answers before S3: health probes, and the way to the console for people who come with a browser. */

import type { HttpHandler, HttpRequest, HttpResponse } from "../model/http.ts";
import type { Cors } from "./cors.ts";
import type { GuideGate } from "./guide-gate.ts";
import type { QueryPort } from "./query-port.ts";
import type { S3ControlPort } from "./s3-control-port.ts";
import type { WebsitePort } from "./website.ts";

export interface S3PortOptions {
  readonly cors: Cors;
  /** IAM and STS. */
  readonly query: QueryPort;
  readonly s3Control: S3ControlPort;
  readonly guide: GuideGate;
  readonly website: WebsitePort;
  readonly pipeline: HttpHandler;
  /** True while requests can be served. */
  readonly isReady: () => boolean;
  /** Where people find the console; null when there is none. */
  readonly consoleUrl: string | null;
}

/** Probes of MinIO's names work as well, so that existing set-ups go on working. */
const livePaths: ReadonlySet<string> = new Set(["/health/live", "/minio/health/live"]);
const readyPaths: ReadonlySet<string> = new Set(["/health/ready", "/minio/health/ready", "/minio/health/cluster"]);
const consolePaths: ReadonlySet<string> = new Set(["/admin", "/signin"]);

export function answerHealth(request: HttpRequest, response: HttpResponse, isReady: () => boolean): boolean {
  const { rawPath, method } = request;
  if (!livePaths.has(rawPath) && !readyPaths.has(rawPath)) return false;
  const isProbe = method === "GET" || method === "HEAD";
  const status = isProbe ? (livePaths.has(rawPath) || isReady() ? 200 : 503) : 405;
  response.send({ status, headers: [["cache-control", "no-store"]] });
  return true;
}

export function s3Port(options: S3PortOptions): HttpHandler {
  const { pipeline, isReady, consoleUrl, cors, query, s3Control, guide, website } = options;
  return (request, response) => {
    // Every path of a website's host is the website's.
    if (website.answer(request, response)) return;
    const { rawPath } = request;
    // Every path of ours begins with "/health/", "/minio/", "/apidoc", "/admin" or "/signin": reserved as bucket names.
    if (rawPath.charCodeAt(1) === 0x68 || rawPath.charCodeAt(1) === 0x6d) {
      if (answerHealth(request, response, isReady)) return;
    }
    if (rawPath.charCodeAt(1) === 0x61 && guide.answer(request, response)) return;
    if (consoleUrl !== null && consolePaths.has(rawPath) && request.method === "GET") {
      response.send({ status: 302, headers: [["location", `${consoleUrl}${rawPath}`]] });
      return;
    }
    if (request.method === "OPTIONS" && cors.answerConsolePreflight(request, response)) return;
    if (rawPath === "/" && query.answer(request, response)) return;
    if (s3Control.answer(request, response)) return;
    pipeline(request, response);
  };
}
