/** What the S3 port answers before S3: health probes, and the way to the console for people who come with a browser. */

import type { Log } from "../base/log.ts";
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
  readonly log: Log;
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
  const { pipeline, isReady, consoleUrl, cors, query, s3Control, guide, website, log } = options;
  const answersBefore = (request: HttpRequest, response: HttpResponse): boolean => {
    // Every path of a website's host is the website's.
    if (website.answer(request, response)) return true;
    const { rawPath } = request;
    // Every path of ours begins with "/health/", "/minio/", "/apidoc", "/admin" or "/signin": reserved as bucket names.
    if (rawPath.charCodeAt(1) === 0x68 || rawPath.charCodeAt(1) === 0x6d) {
      if (answerHealth(request, response, isReady)) return true;
    }
    if (rawPath.charCodeAt(1) === 0x61 && guide.answer(request, response)) return true;
    if (consoleUrl !== null && consolePaths.has(rawPath) && request.method === "GET") {
      response.send({ status: 302, headers: [["location", `${consoleUrl}${rawPath}`]] });
      return true;
    }
    if (request.method === "OPTIONS" && cors.answerConsolePreflight(request, response)) return true;
    if (rawPath === "/" && query.answer(request, response)) return true;
    return s3Control.answer(request, response);
  };
  return (request, response) => {
    try {
      if (answersBefore(request, response)) return;
    } catch (error) {
      // A damaged record, of a tenant's host for one, must not end the node; S3's own answer says that something is wrong.
      log.error({ error }, "what a request is for could not be told");
    }
    pipeline(request, response);
  };
}
