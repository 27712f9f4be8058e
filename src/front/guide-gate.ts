/**
 * The way to the API guide: which requests of the S3 port are for it, and which endpoint it names. The guide itself is loaded
 * by the first of them: most nodes serve S3 alone.
 */

import type { Log } from "../base/log.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { hostName, parseAddress } from "../s3/address.ts";
import { type AddressRanges, clientPlace } from "./client-address.ts";

/** @param endpoint URL for S3 clients, without a slash at its end */
export type GuideHandler = (request: HttpRequest, response: HttpResponse, endpoint: string) => Promise<void>;

/** The guide's paths: `/apidoc` and everything below it. */
export function isGuidePath(rawPath: string): boolean {
  return rawPath === "/apidoc" || rawPath.startsWith("/apidoc/");
}

/**
 * The URL for S3 clients by the configuration: in the first domain that is not this machine's own, else where it listens.
 * @param listening `http://127.0.0.1:9000`
 */
export function ownEndpoint(listening: string, domains: readonly string[]): string {
  const domain = domains.find((name) => name !== "localhost");
  return domain === undefined ? listening : listening.replace(/\/\/(\[.*\]|[^:/]+)/, `//s3.${domain}`);
}

/** Loads the guide once; a failure is answered with 500, and the next request tries again. */
export function lazyGuide(open: () => Promise<GuideHandler>, log: Log) {
  let opened: Promise<GuideHandler> | null = null;
  return (request: HttpRequest, response: HttpResponse, endpoint: string): void => {
    opened ??= open();
    opened
      .then((handle) => handle(request, response, endpoint))
      .catch((error: unknown) => {
        opened = null;
        log.error({ error }, "the API guide could not be shown");
        response.send({ status: 500, headers: [["content-type", "text/plain; charset=utf-8"]] }, "Not available\n");
      });
  };
}

export interface GuideGateOptions {
  readonly show: (request: HttpRequest, response: HttpResponse, endpoint: string) => void;
  /** Of the configuration. */
  readonly ownEndpoint: () => string;
  /** Host names under which this request may name the endpoint: the installation's, or its tenant's. */
  readonly endpointsOf: (request: HttpRequest) => readonly string[];
  readonly proxies: AddressRanges;
}

export class GuideGate {
  readonly #options: GuideGateOptions;

  constructor(options: GuideGateOptions) {
    this.#options = options;
  }

  /** Answers a request for the guide; false when it is S3's: signed, of another method, or at a bucket's own host. */
  answer(request: HttpRequest, response: HttpResponse): boolean {
    const { method, rawPath, headers } = request;
    if (!isGuidePath(rawPath) || (method !== "GET" && method !== "HEAD") || headers.has("authorization")) return false;
    const { show, endpointsOf, ownEndpoint: own, proxies } = this.#options;
    const endpoints = endpointsOf(request);
    const host = headers.get("host") ?? "";
    if (parseAddress(host, "/", endpoints).style !== "path") return false;
    show(request, response, namedEndpoint(host, clientPlace(request, proxies).secure, endpoints) ?? own());
    return true;
  }
}

/** A Host header is believed only when it names an endpoint of this installation. */
function namedEndpoint(host: string, isSecure: boolean, endpoints: readonly string[]): string | null {
  const name = hostName(host);
  if (!endpoints.includes(name)) return null;
  const port = /:(\d{1,5})$/.exec(host)?.[1];
  return `${isSecure ? "https" : "http"}://${name}${port === undefined ? "" : `:${port}`}`;
}
