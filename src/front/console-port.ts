/** The console port: health probes, metrics, the admin API and its guide, and a page that says where S3 is. */

import { timingSafeEqual } from "node:crypto";
import type { AdminPort } from "../admin/port.ts";
import type { HttpHandler, HttpRequest } from "../model/http.ts";
import { isGuidePath } from "./guide-gate.ts";
import type { Metrics } from "./metrics.ts";
import { answerHealth } from "./s3-port.ts";

export interface ConsolePortOptions {
  readonly metrics: Metrics;
  /** Adds what the threads have counted since the last time. */
  readonly gather: () => Promise<void>;
  readonly isOpen: boolean;
  readonly bearerToken: string | null;
  readonly isReady: () => boolean;
  readonly endpoint: () => string;
  readonly onError: (error: unknown) => void;
  readonly admin: AdminPort;
  /** The API guide. */
  readonly showGuide: HttpHandler;
}

const plainText = ["content-type", "text/plain; charset=utf-8"] as const;

function mayReadMetrics(request: HttpRequest, { isOpen, bearerToken }: ConsolePortOptions): boolean {
  if (isOpen) return true;
  if (bearerToken === null) return false;
  const given = Buffer.from(request.headers.get("authorization") ?? "");
  const wanted = Buffer.from(`Bearer ${bearerToken}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

export function consolePort(options: ConsolePortOptions): HttpHandler {
  return (request, response) => {
    if (answerHealth(request, response, options.isReady)) return;
    if (options.admin.serves(request.rawPath)) {
      options.admin.handle(request, response);
      return;
    }
    if (isGuidePath(request.rawPath)) {
      options.showGuide(request, response);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.send({ status: 405, headers: [["allow", "GET, HEAD"]] });
      return;
    }
    if (request.rawPath === "/") {
      response.send(
        { status: 200, headers: [plainText] },
        `Troupe\n\nS3 endpoint: ${options.endpoint()}\nAPI guide: /apidoc/index.html\nMetrics: /metrics\nHealth: /health/live /health/ready\n`,
      );
      return;
    }
    if (request.rawPath !== "/metrics") {
      response.send({ status: 404, headers: [plainText] }, "Not found\n");
      return;
    }
    if (!mayReadMetrics(request, options)) {
      response.send(
        { status: 401, headers: [["www-authenticate", "Bearer"], plainText] },
        "Set metrics.open or metrics.bearerToken.\n",
      );
      return;
    }
    options
      .gather()
      .then(() => options.metrics.renderMetrics())
      .then(
        ({ contentType, text }) => response.send({ status: 200, headers: [["content-type", contentType]] }, text),
        (error: unknown) => {
          options.onError(error);
          response.send({ status: 500, headers: [plainText] }, "Metrics are not available\n");
        },
      );
  };
}
