/**
 * Cross-origin requests on the S3 port: preflights, and what every answer to a script of another origin carries, errors
 * too. The console's own origin is served whatever a bucket's rules say; for all others the bucket's rules decide.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html and the Fetch standard, "CORS protocol".
 */

import type { ConfigurationReader, ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest, HttpResponse, ResponseHead } from "../model/http.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import type { Address } from "../s3/address.ts";
import { type CorsGrant, CorsMatcher, type CorsRule, isCorsMethod, requestedHeaders } from "../s3/cors.ts";
import { S3Error } from "../s3/errors.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { ConsoleCors } from "./console-cors.ts";

type HeaderLine = ResponseHead["headers"][number];

const none: readonly HeaderLine[] = [];
const varies: HeaderLine = ["vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"];
/** For answers that the bucket's rules would change had another origin asked: caches must know. */
const onlyVaries: readonly HeaderLine[] = [varies];

export interface CorsServices {
  readonly control: Pick<ControlReader, "bucket">;
  readonly configurations: Pick<ConfigurationReader, "of" | "latest">;
}

export class Cors {
  readonly #console: ConsoleCors;
  readonly #services: CorsServices;

  constructor(console: ConsoleCors, services: CorsServices) {
    this.#console = console;
    this.#services = services;
  }

  /** Answers a preflight from the console; false when it is none. */
  answerConsolePreflight(request: HttpRequest, response: HttpResponse): boolean {
    return this.#console.answerPreflight(request, response);
  }

  /**
   * For any answer to `request` but that to a preflight.
   * @param bucket as it was resolved; null when the request did not get that far: its address then names the bucket
   */
  headersFor(request: HttpRequest, bucket: BucketRecord | null, address: Address | null): readonly HeaderLine[] {
    const { method, headers } = request;
    const origin = headers.get("origin");
    if (origin === undefined) {
      if (method !== "GET" && method !== "HEAD") return none;
      if (bucket === null) return this.#varies(address);
      // Most requests end here. Who may do this was judged by what is kept now.
      const { id, partition } = bucket;
      const kept = this.#services.configurations.latest({ bucket: id, partition });
      return kept === null || matcherOf(() => kept) === null ? none : onlyVaries;
    }
    const ofConsole = this.#console.headersFor(request);
    if (ofConsole.length > 0 || method === "OPTIONS") return ofConsole;
    const record = bucket ?? this.#bucketAt(address);
    const matcher = record === null ? null : this.#matcherOf(record);
    if (matcher === null) return none;
    const grant = matcher.match(origin, method, []);
    return grant === null ? onlyVaries : [...granted(grant), varies];
  }

  #varies(address: Address | null): readonly HeaderLine[] {
    const record = this.#bucketAt(address);
    return record === null || this.#matcherOf(record) === null ? none : onlyVaries;
  }

  /**
   * The answer to a preflight. Nobody is authenticated: a browser sends it without credentials.
   * @throws S3Error BadRequest (no Origin, no method or one S3 has not), AccessForbidden, MethodNotAllowed (no bucket named)
   */
  preflight({ headers }: HttpRequest, address: Address): EncodedAnswer {
    if (address.bucket === null) {
      throw new S3Error("MethodNotAllowed", { Method: "OPTIONS", ResourceType: "SERVICE" });
    }
    const origin = headers.get("origin");
    if (origin === undefined || origin === "") {
      throw new S3Error("BadRequest", { Message: "Insufficient information. Origin request header needed." });
    }
    const method = headers.get("access-control-request-method");
    if (method === undefined || !isCorsMethod(method)) {
      throw new S3Error("BadRequest", { Message: `Invalid Access-Control-Request-Method: ${method ?? "null"}` });
    }
    const refuse = (why: string): S3Error => {
      const ResourceType = address.key === null ? "BUCKET" : "OBJECT";
      return new S3Error("AccessForbidden", { Message: `CORSResponse: ${why}`, Method: method, ResourceType });
    };
    const bucket = this.#bucketAt(address);
    if (bucket === null) throw refuse("Bucket not found");
    const matcher = this.#matcherOf(bucket);
    if (matcher === null) throw refuse("CORS is not enabled for this bucket.");
    const names = requestedHeaders(headers.get("access-control-request-headers"));
    const grant = matcher.match(origin, method, names);
    if (grant === null) throw refuse(notAllowed);
    const allowed: HeaderLine[] = names.length === 0 ? [] : [["access-control-allow-headers", names.join(", ")]];
    return { status: 200, headers: [...granted(grant), ...allowed, varies], body: null, contentLength: null };
  }

  #bucketAt(address: Address | null): BucketRecord | null {
    const name = address?.bucket ?? null;
    const record = name === null ? undefined : this.#services.control.bucket(name);
    return record?.state === "live" ? record : null;
  }

  #matcherOf({ id, partition }: BucketRecord): CorsMatcher | null {
    return matcherOf(() => this.#services.configurations.of({ bucket: id, partition }));
  }
}

const compile = (rules: readonly CorsRule[]): CorsMatcher => new CorsMatcher(rules);

/** The answer is being written: rules that cannot be read grant nothing. */
const matcherOf = (read: () => ConfiguredBucket): CorsMatcher | null => {
  try {
    return read().derived("cors", compile);
  } catch (error) {
    if (error instanceof CorruptRecordError) return null;
    throw error;
  }
};

const notAllowed =
  "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";

const granted = (grant: CorsGrant): HeaderLine[] => {
  const lines: HeaderLine[] = [
    ["access-control-allow-origin", grant.allowOrigin],
    ["access-control-allow-methods", grant.allowMethods],
  ];
  if (grant.exposeHeaders !== null) lines.push(["access-control-expose-headers", grant.exposeHeaders]);
  if (grant.maxAge !== null) lines.push(["access-control-max-age", grant.maxAge]);
  if (grant.allowsCredentials) lines.push(["access-control-allow-credentials", "true"]);
  return lines;
};
