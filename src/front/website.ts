/**
 * Buckets as websites, by host name: index documents, redirects, routing rules and error documents around anonymous reads of
 * objects. Every read goes through the pipeline as a GetObject of nobody, so that policies, ACLs, conditions, ranges, usage
 * and the access log hold here as they do for S3.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
 */

import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { ConfigurationReader } from "../bucket/configuration-reader.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Headers, HttpHandler, HttpRequest, HttpResponse, ResponseHead } from "../model/http.ts";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import { decodeKey } from "../s3/uri.ts";
import { indexedKey, keyPath, ruleFor, ruleLocation, type Website, type WebsiteOrigin } from "../s3/website.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import { emptyBody } from "./body-intake.ts";
import { type AddressRanges, clientPlace } from "./client-address.ts";
import { type HeldAnswer, holdAnswer } from "./held-answer.ts";
import type { WebsiteHosts } from "./website-host.ts";
import { type WebsiteFault, websitePage } from "./website-page.ts";

export interface WebsiteOptions {
  readonly hosts: WebsiteHosts;
  readonly control: Pick<ControlReader, "refresh" | "bucket">;
  readonly configurations: Pick<ConfigurationReader, "of">;
  /** Whether the host of the request is an S3 endpoint's, or a bucket's below one. */
  readonly isEndpoint: (request: HttpRequest) => boolean;
  /** Answers S3 requests, unsigned ones as nobody's. */
  readonly pipeline: HttpHandler;
  readonly proxies: AddressRanges;
  readonly random: Random;
  /** Value of x-amz-id-2: names the node. */
  readonly hostId: string;
  readonly log: Log;
}

/** One request to a website. */
interface Visit {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly bucket: string;
  readonly website: Website;
  readonly key: string;
  readonly origin: WebsiteOrigin;
}

type HeaderLine = ResponseHead["headers"][number];

/** What of a visitor's request is passed on: never a signature, a cookie, or a header that means something to S3 alone. */
const passedHeaders: ReadonlySet<string> = new Set([
  "access-control-request-headers",
  "access-control-request-method",
  "forwarded",
  "origin",
  "referer",
  "user-agent",
  "x-forwarded-for",
  "x-forwarded-proto",
]);
const readHeaders: ReadonlySet<string> = new Set([
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "range",
]);

const requestIdBytes = 8;

export class WebsitePort {
  readonly #options: WebsiteOptions;

  constructor(options: WebsiteOptions) {
    this.#options = options;
  }

  /** Answers a request to a website; false when the host is none's. */
  answer(request: HttpRequest, response: HttpResponse): boolean {
    const host = request.headers.get("host") ?? "";
    const named = this.#options.hosts.find(host);
    const name = named ?? this.#customBucket(request, host);
    if (name === null) return false;
    this.#serve(request, response, name).catch((error: unknown) => this.#fail(response, name, error));
    return true;
  }

  #fail(response: HttpResponse, bucket: string, error: unknown): void {
    const { log } = this.#options;
    if (!(error instanceof S3Error)) log.error({ error, bucket }, "a website's answer failed for a reason of our own");
    try {
      this.#refuse(response, error instanceof S3Error ? error : new S3Error("InternalError"));
    } catch (fault) {
      log.error({ error: fault, bucket }, "a website's error could not be answered");
      response.destroy();
    }
  }

  /** A host that is the name of a bucket with a website. */
  #customBucket(request: HttpRequest, header: string): string | null {
    const name = this.#options.hosts.custom(header);
    if (name === null) return null;
    // Endpoints may be hosts of tenants, which are read from control records.
    this.#options.control.refresh();
    if (this.#options.isEndpoint(request)) return null;
    const bucket = this.#liveBucket(name);
    try {
      return bucket === null || this.#websiteOf(bucket) === null ? null : name;
    } catch (error) {
      // A configuration that cannot be read names no website; S3's own answer says that something is wrong.
      if (error instanceof CorruptRecordError) return null;
      throw error;
    }
  }

  #liveBucket(name: string): BucketRecord | null {
    const record = this.#options.control.bucket(name);
    return record?.state === "live" ? record : null;
  }

  #websiteOf({ id, partition }: BucketRecord): Website | null {
    return this.#options.configurations.of({ bucket: id, partition }).get("website");
  }

  /** Rejects with S3Error for what is no visit of a website. */
  async #serve(request: HttpRequest, response: HttpResponse, name: string): Promise<void> {
    const { method } = request;
    const key = decodeKey(request.rawPath.slice(1));
    if (method === "OPTIONS") {
      this.#options.pipeline(this.#inner(request, name, key, "OPTIONS", false), response);
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      const allow: HeaderLine = ["allow", "GET, HEAD, OPTIONS"];
      throw new S3Error("MethodNotAllowed", { Method: method, ResourceType: "OBJECT" }, { headers: [allow] });
    }
    this.#options.control.refresh();
    const bucket = this.#liveBucket(name);
    if (bucket === null) throw new S3Error("NoSuchBucket", { BucketName: name });
    const website = this.#websiteOf(bucket);
    if (website === null) throw new S3Error("NoSuchWebsiteConfiguration", { BucketName: name });
    const { secure } = clientPlace(request, this.#options.proxies);
    const origin: WebsiteOrigin = { host: hostText(request.headers), protocol: secure ? "https" : "http" };
    await this.#visit({ request, response, bucket: name, website, key, origin });
  }

  async #visit(visit: Visit): Promise<void> {
    const { website, key, origin, request } = visit;
    const { redirectAll } = website;
    if (redirectAll !== null) {
      const query = request.rawQuery === "" ? "" : `?${request.rawQuery}`;
      const base = `${redirectAll.protocol ?? origin.protocol}://${redirectAll.host}`;
      this.#redirect(visit, 301, `${base}/${keyPath(key)}${query}`);
      return;
    }
    const rule = ruleFor(website.rules, key, null);
    if (rule !== null) {
      this.#redirect(visit, rule.redirect.code ?? 301, ruleLocation(rule, key, origin));
      return;
    }
    const found = await this.#read(visit, indexedKey(key, website.indexSuffix ?? ""), "GET", true);
    if (found === null) return;
    if (found.head.status >= 400) await this.#fault(visit, found);
    else this.#show(visit, found);
  }

  /** An object was found: shows it, or goes where its metadata points. */
  #show({ response }: Visit, found: HeldAnswer): void {
    const location = found.header("x-amz-website-redirect-location");
    if (location === undefined || found.head.status === 304) {
      found.sendTo(response, found.head);
      return;
    }
    const headers = found.head.headers.filter(([name]) => keptOnRedirect.has(name.toLowerCase()));
    found.drop();
    response.send({ status: 301, headers: [...headers, ["location", location]] }, "");
  }

  /** The object could not be read: a directory, a rule for this status, the bucket's error document, or a page of ours. */
  async #fault(visit: Visit, found: HeldAnswer): Promise<void> {
    const { website, key, origin, response } = visit;
    const { status } = found.head;
    if (await this.#isDirectory(visit, status)) {
      found.drop();
      this.#redirect(visit, 302, `${origin.protocol}://${origin.host}/${keyPath(`${key}/`)}`);
      return;
    }
    const rule = ruleFor(website.rules, key, status);
    if (rule !== null) {
      found.drop();
      this.#redirect(visit, rule.redirect.code ?? 301, ruleLocation(rule, key, origin));
      return;
    }
    const page =
      status < 500 && website.errorKey !== null ? await this.#read(visit, website.errorKey, "GET", false) : null;
    if (page !== null && page.head.status === 200) {
      found.drop();
      page.sendTo(response, { status, headers: page.head.headers });
      return;
    }
    page?.drop();
    this.#showFault(visit, found);
  }

  /** Whether `key` is missing and `key/` has an index document that may be read. */
  async #isDirectory(visit: Visit, status: number): Promise<boolean> {
    const { key, website } = visit;
    // Who may not list the bucket is told 403 of what is missing.
    if ((status !== 404 && status !== 403) || key === "" || key.endsWith("/")) return false;
    const index = await this.#read(visit, `${key}/${website.indexSuffix ?? ""}`, "HEAD", false);
    const isThere = index !== null && index.head.status === 200;
    index?.drop();
    return isThere;
  }

  #showFault({ response, key }: Visit, found: HeldAnswer): void {
    const { status, headers } = found.head;
    const [, code = "", message = ""] = /<Code>([^<]*)<\/Code><Message>([^<]*)<\/Message>/.exec(found.text) ?? [];
    const fault: WebsiteFault = {
      status,
      code,
      message: unescapeXml(message),
      detail: [["Key", key]],
      requestId: found.header("x-amz-request-id") ?? "",
      hostId: this.#options.hostId,
    };
    const kept = headers.filter(([name]) => name.toLowerCase() !== "content-type");
    found.drop();
    response.send({ status, headers: [...kept, html] }, websitePage(fault));
  }

  /** One read of an object by nobody. @param isVisitors whether the visitor's conditions and range are about this object */
  #read(
    { request, response, bucket }: Visit,
    key: string,
    method: "GET" | "HEAD",
    isVisitors: boolean,
  ): Promise<HeldAnswer | null> {
    return holdAnswer(this.#options.pipeline, this.#inner(request, bucket, key, method, isVisitors), response);
  }

  #inner(request: HttpRequest, bucket: string, key: string, method: string, isVisitors: boolean): HttpRequest {
    const { remoteAddress, secure } = request;
    // Without a host the address is in the path, whatever the endpoints are.
    const headers = new ChosenHeaders(request.headers, isVisitors);
    const rawPath = `/${encodeURIComponent(bucket)}/${keyPath(key)}`;
    return { method, rawPath, rawQuery: "", headers, remoteAddress, secure, body: emptyBody };
  }

  #redirect({ response }: Visit, status: number, location: string): void {
    response.send({ status, headers: [["location", location], ...this.#ids()] }, "");
  }

  /** What is refused before any object was looked for. */
  #refuse(response: HttpResponse, error: S3Error): void {
    const code: S3ErrorCode = error.code;
    const ids = this.#ids();
    const fault: WebsiteFault = {
      status: error.status,
      code,
      message: error.message,
      detail: Object.entries(error.detail).filter(([name]) => name !== "Message"),
      requestId: ids[0]?.[1] ?? "",
      hostId: this.#options.hostId,
    };
    response.send({ status: error.status, headers: [...error.headers, ...ids, html] }, websitePage(fault));
  }

  #ids(): readonly HeaderLine[] {
    return [
      ["x-amz-request-id", this.#options.random.bytes(requestIdBytes).toString("hex").toUpperCase()],
      ["x-amz-id-2", this.#options.hostId],
      ["server", "Troupe"],
    ];
  }
}

const html: HeaderLine = ["content-type", "text/html; charset=utf-8"];

const keptOnRedirect: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "server",
  "vary",
  "x-amz-id-2",
  "x-amz-request-id",
]);

/** The Host header as a redirect may repeat it. */
const hostText = (headers: Headers): string => (headers.get("host") ?? "").replace(/[^A-Za-z0-9.\-_:[\]]/g, "");

const unescapeXml = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp);/g, (_whole, name: string) => entities[name] ?? "");
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** A view of a visitor's headers. */
class ChosenHeaders implements Headers {
  readonly #given: Headers;
  readonly #isVisitors: boolean;

  constructor(given: Headers, isVisitors: boolean) {
    this.#given = given;
    this.#isVisitors = isVisitors;
  }

  get(name: string): string | undefined {
    return this.#passes(name) ? this.#given.get(name) : undefined;
  }

  has(name: string): boolean {
    return this.#passes(name) && this.#given.has(name);
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return [...this.#given.entries()].filter(([name]) => this.#passes(name));
  }

  #passes(name: string): boolean {
    return passedHeaders.has(name) || (this.#isVisitors && readHeaders.has(name));
  }
}
