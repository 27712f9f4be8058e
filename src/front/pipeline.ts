/**
 * A request's way through the product, in one place: route, authenticate, authorise, decode, handle, encode, answer.
 * A handler never sees a request that was not authorised, and every error becomes an answer here.
 */

import type { Admission, Ticket } from "../actor/admission.ts";
import { hoists } from "../auth/presigned-headers.ts";
import { assert } from "../base/assert.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Headers, HttpHandler, HttpRequest, ResponseBody } from "../model/http.ts";
import { decodeInput, type EncodedAnswer, encodeOutput } from "../model/http-binding.ts";
import type { Router } from "../model/route.ts";
import type { Context, Operation } from "../operations/context.ts";
import { verifyWholeBody } from "../operations/whole-body-digest.ts";
import { type Address, bucketPlace, parseAddress } from "../s3/address.ts";
import { asS3Error, encodeError, S3Error } from "../s3/errors.ts";
import { parseQuery } from "../s3/uri.ts";
import { begunUpload } from "./begun-upload.ts";
import { bucketAsked } from "./bucket-asked.ts";
import { BucketRules } from "./bucket-rules.ts";
import { type AddressRanges, clientPlace } from "./client-address.ts";
import type { Cors } from "./cors.ts";
import { type Exchanged, requesterOf } from "./exchanged.ts";
import { checkAnonymous, type Identified, identify, identifyForm } from "./identify.ts";
import { bucketResource, Judge } from "./judge.ts";
import type { KeyUse } from "./key-use.ts";
import { answerOf, baseUrl, isPostForm, openForm } from "./post-form.ts";
import type { PrincipalGate } from "./principal-gate.ts";
import { exchangedOf, newProgress, type Progress } from "./progress.ts";
import { RequestContext, resolveBucket, settleBeforeWrite } from "./request-context.ts";
import { type FrontServices, RequestServices } from "./request-services.ts";
import { chargedHeaders } from "./requester-pays.ts";
import type { TenantHost } from "./tenant-host.ts";
import { levelOf, unrouted } from "./unrouted.ts";
import { readWholeBody } from "./whole-body.ts";

export interface PipelineOptions {
  readonly services: FrontServices;
  readonly route: Router<Context>;
  /** Host names of this installation's S3 endpoints, lower case. */
  readonly endpoints: readonly string[];
  readonly gate: PrincipalGate;
  /** Whose word on the client's address is taken. */
  readonly proxies: AddressRanges;
  /** Whether signature version 2 is taken. */
  readonly takesVersion2: boolean;
  /** Value of x-amz-id-2: names the node. */
  readonly hostId: string;
  readonly admission: Admission;
  readonly cors: Cors;
  readonly keyUse: KeyUse;
  readonly random: Random;
  readonly log: Log;
  /** Told of every answer. */
  readonly observe: (exchange: Exchanged) => void;
}

/** A request whose maker is known. */
interface Asked {
  readonly operation: Operation;
  readonly address: Address;
  readonly query: ReadonlyMap<string, string>;
  readonly tenant: TenantHost | null;
  readonly identified: Identified;
  readonly nowMs: number;
  /** As handlers see it: with the headers that a presigned URL, or a form, stands for. */
  readonly request: HttpRequest;
}

const requestIdBytes = 8;

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #rules: BucketRules;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#rules = new BucketRules(options.services.configurations, options.services.control);
  }

  readonly handle: HttpHandler = (request, response) => {
    const { services, random } = this.#options;
    const requestId = random.bytes(requestIdBytes).toString("hex").toUpperCase();
    const progress = newProgress(requestId, services.clock.monotonicMs(), request, response);
    this.#serve(progress).then(
      (answer) => this.#deliver(progress, answer),
      (error: unknown) => this.#fail(progress, error),
    );
  };

  async #serve(progress: Progress): Promise<EncodedAnswer> {
    const { services: shared, route, takesVersion2, gate } = this.#options;
    const { control, clock } = shared;
    const { request } = progress;
    control.refresh();
    const query = parseQuery(request.rawQuery);
    const host = request.headers.get("host") ?? "";
    const tenant = gate.tenantOf(request);
    const address = parseAddress(host, request.rawPath, tenant?.endpoints ?? this.#options.endpoints);
    progress.address = address;
    if (request.method === "OPTIONS") return this.#options.cors.preflight(request, address);
    const hasHeader = (name: string): boolean => request.headers.has(name) || hoists(query, name);
    const operation = route(request.method, levelOf(address), query, hasHeader);
    if (operation === null && isPostForm(request, address)) return this.#serveForm(progress, address, tenant);
    if (operation === null) throw unrouted(request.method, levelOf(address), query);
    progress.operation = operation;
    const nowMs = clock.nowMs();
    const identified = identify(request, query, gate, {
      signing: { hostedBucket: address.style === "path" ? null : address.bucket, takesVersion2 },
      tenant,
      nowMs,
      signedBy: (accessKeyId) => {
        progress.accessKeyId = accessKeyId;
      },
    });
    const { presigned, headers } = identified;
    const asked = presigned ? withHeaders(request, headers) : request;
    return this.#perform(progress, { operation, address, query, tenant, identified, nowMs, request: asked });
  }

  /** A POST form is a PutObject, whose headers are its fields. */
  async #serveForm(progress: Progress, place: Address, tenant: TenantHost | null): Promise<EncodedAnswer> {
    const { services, route, takesVersion2, gate, proxies } = this.#options;
    const { request } = progress;
    const query: ReadonlyMap<string, string> = new Map();
    const operation = route("PUT", "object", query, () => false);
    assert(operation !== null && place.bucket !== null, "objects can be put");
    progress.operation = operation;
    const form = await openForm(request, place.bucket, services.clock);
    const address = { ...place, key: form.key };
    progress.address = address;
    services.control.refresh();
    const nowMs = services.clock.nowMs();
    const signedBy = (accessKeyId: string): void => {
      progress.accessKeyId = accessKeyId;
    };
    const identified = identifyForm(form, gate, { takesVersion2, tenant, nowMs, signedBy });
    const asked = { operation, address, query, tenant, identified, nowMs, request: form.asPut };
    const put = await this.#perform(progress, asked);
    return answerOf(form, put, baseUrl(request, place, clientPlace(request, proxies).secure));
  }

  async #perform(progress: Progress, asked: Asked): Promise<EncodedAnswer> {
    const { services: shared, proxies, keyUse } = this.#options;
    const { requestId } = progress;
    const { operation, address, query, tenant, identified, nowMs, request } = asked;
    const { principal, credential, payload, headers } = identified;
    const { handler } = operation;
    if (handler === null) {
      throw new S3Error("NotImplemented", {
        Message: `${operation.name} is not implemented.`,
        Operation: operation.name,
      });
    }
    progress.requester = requesterOf(principal);
    if (credential === null) checkAnonymous(operation, query);
    else if (principal.temporary === null) keyUse.note(credential, nowMs, "s3", identified.region || shared.region);
    const place = clientPlace(progress.request, proxies);
    const { authType, signatureVersion, timestamp } = identified;
    const { bucket: bucketName, key } = address;
    // A new bucket's place and tags are judged, and stand in the body alone.
    const earlyBody = operation.createsBucket ? await readWholeBody(request, payload, shared.clock) : null;
    if (earlyBody !== null) {
      verifyWholeBody(operation, { request, payload, wholeBody: earlyBody });
      shared.control.refresh();
    }
    const asks =
      earlyBody === null ? null : bucketAsked(operation, { bucket: bucketName, key, query, headers, body: earlyBody });
    const begun = begunUpload(shared, operation, address, query.get("uploadId"));
    const facts = { place, headers, query, nowMs, authType, signatureVersion, timestamp, asked: asks, begun };
    const judge = new Judge(principal, facts, this.#rules);
    const bucket = resolveBucket(shared, judge, {
      operation,
      principal,
      bucketName,
      key,
      headers,
      namesVersion: query.has("versionId"),
      hasTags: asks !== null && asks.tags.length > 0,
      clientAddress: place.address,
      tenant,
      seen: progress,
    });
    progress.bucket = bucket;
    const ticket =
      operation.readsBody === "stream" ? this.#takeTicket(principal.account.accountId, bucket, progress.request) : null;
    const claim = bucket === null ? null : shared.quotas.claimOf(operation.name, bucket);
    const services = new RequestServices(shared, requestId, judge, claim);
    try {
      if (bucket !== null && key !== null && !isRead(operation)) {
        settleBeforeWrite(judge, services, { bucket, key, versionId: query.get("versionId") });
      }
      const wholeBody =
        earlyBody ?? (operation.readsBody === "xml" ? await readWholeBody(request, payload, shared.clock) : null);
      if (claim !== null && wholeBody !== null) await shared.quotas.require(claim, 0);
      const { hostId } = this.#options;
      const context = new RequestContext({
        requestId,
        hostId,
        principal,
        request,
        query,
        wholeBody,
        bucket,
        payload,
        services,
        judge,
        tenant,
        seen: progress,
      });
      if (wholeBody !== null) verifyWholeBody(operation, context);
      const parts = { bucket: bucketName, key, query, headers, body: wholeBody };
      const output = await handler(decodeInput(operation, parts), context);
      judge.requireSettled();
      return encode(operation, output);
    } catch (error) {
      throw hidesAbsence(error, operation, judge, bucket) ? new S3Error("AccessDenied") : error;
    } finally {
      services.finish();
      ticket?.release();
    }
  }

  /** @throws S3Error SlowDown when there is no room for the write */
  #takeTicket(accountId: string, bucket: BucketRecord | null, request: HttpRequest): Ticket | null {
    if (bucket === null) return null;
    const { admission, services } = this.#options;
    const thread = services.ownerOf(bucket.partition);
    const ticket = admission.take({ accountId, bucket: bucket.id, thread, wireBytes: request.body.contentLength });
    if (ticket === null) throw new S3Error("SlowDown");
    return ticket;
  }

  /** An answer that cannot be sent is a failure of its own request alone. */
  #deliver(progress: Progress, answer: EncodedAnswer): void {
    try {
      this.#answer(progress, answer, null);
    } catch (error) {
      const { body } = answer;
      if (body !== null && typeof body !== "string" && "read" in body) body.close();
      this.#fail(progress, error);
    }
  }

  #answer(progress: Progress, answer: EncodedAnswer, errorCode: string | null): void {
    const { response, requestId } = progress;
    const { status } = answer;
    progress.answer = answer;
    const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
    const headers = [
      ...answer.headers,
      ...this.#regionOf(progress, errorCode),
      ...chargedHeaders(progress, errorCode),
      ...this.#options.cors.headersFor(progress.request, progress.bucket, progress.address),
      ["x-amz-request-id", requestId],
      ["x-amz-id-2", this.#options.hostId],
      ["server", "Troupe"],
    ] as const;
    if (body !== null && "read" in body) {
      response.stream({ status, headers }, this.#counted(progress, body, status, errorCode));
      return;
    }
    if (body === null) {
      const length = progress.request.method === "HEAD" ? (answer.contentLength ?? undefined) : undefined;
      response.send({ status, headers }, undefined, length);
    } else response.send({ status, headers }, body);
    response.whenOver((sentBytes) => this.#observe(progress, status, errorCode, sentBytes));
  }

  /**
   * As on S3, every answer about a bucket itself says where it is; HeadBucket's own output has the same header, and its
   * refusal says it too. Source: AWS GetBucketLocation, "whether access to the bucket is authorized or not".
   */
  #regionOf(
    { operation, bucket, found, address }: Progress,
    errorCode: string | null,
  ): readonly (readonly [name: string, value: string])[] {
    if (operation?.level !== "bucket") return [];
    const isHead = operation.name === "HeadBucket";
    if (isHead && errorCode === null) return [];
    const { control, region } = this.#options.services;
    if (bucket === null && !isHead) return [];
    const told = bucket ?? (found === undefined ? control.bucket(address?.bucket ?? "") : found);
    return told?.state === "live" ? [["x-amz-bucket-region", told.location ?? region]] : [];
  }

  /** The body, with its end observed: a streamed answer is logged when it is over, with what was really sent. */
  #counted(progress: Progress, body: ResponseBody, status: number, errorCode: string | null): ResponseBody {
    return {
      length: body.length,
      read: (bytesMax) => body.read(bytesMax),
      close: (sentBytes = 0) => {
        body.close();
        this.#observe(progress, status, errorCode, sentBytes);
      },
    };
  }

  #fail(progress: Progress, error: unknown): void {
    // A key that cannot be read hides neither the bucket's rules for other origins nor its log.
    progress.address ??= this.#bucketPlace(progress);
    const { request, requestId, operation, address } = progress;
    let known = asS3Error(error);
    if (known === null) {
      known = new S3Error("InternalError");
      const where = { requestId, operation: operation?.name, bucket: address?.bucket, key: address?.key };
      this.#options.log.error({ ...where, error }, "a request failed for a reason of our own");
    }
    try {
      const encoded = encodeError(known, { requestId, hostId: this.#options.hostId, resource: request.rawPath });
      const body = request.method === "HEAD" ? null : encoded.body;
      this.#answer(
        progress,
        { status: encoded.status, headers: encoded.headers, body, contentLength: null },
        known.code,
      );
    } catch (fault) {
      this.#options.log.error({ requestId, error: fault }, "an error could not be answered");
      progress.response.destroy();
    }
  }

  /** Null also when it cannot be found out: a failure is answered all the same. */
  #bucketPlace({ request, requestId }: Progress): Address | null {
    try {
      const tenant = this.#options.gate.tenantOf(request);
      const host = request.headers.get("host") ?? "";
      return bucketPlace(host, request.rawPath, tenant?.endpoints ?? this.#options.endpoints);
    } catch (error) {
      this.#options.log.error({ requestId, error }, "the bucket of a request that failed could not be found out");
      return null;
    }
  }

  #observe(progress: Progress, status: number, errorCode: string | null, bytesOut: number): void {
    const nowMs = this.#options.services.clock.monotonicMs();
    this.#options.observe(exchangedOf(progress, { status, errorCode, bytesOut, nowMs }));
  }
}

/** A front's request has getters and cannot be spread. */
const withHeaders = (request: HttpRequest, headers: Headers): HttpRequest => {
  const { method, rawPath, rawQuery, remoteAddress, secure, body } = request;
  return { method, rawPath, rawQuery, headers, remoteAddress, secure, body };
};

/** Encodes an output; a body that was opened for an answer that cannot be made is closed. */
const encode = (operation: Operation, output: unknown): EncodedAnswer => {
  try {
    return encodeOutput(operation, output);
  } catch (error) {
    const body = typeof output === "object" && output !== null && "Body" in output ? output.Body : null;
    if (typeof body === "object" && body !== null && "close" in body && typeof body.close === "function") body.close();
    throw error;
  }
};

const isRead = ({ http }: Operation): boolean => http.method === "GET" || http.method === "HEAD";

/** Who may not list a bucket is not told which keys it lacks. Source: AWS GetObject and HeadObject, "Permissions". */
const hidesAbsence = (error: unknown, operation: Operation, judge: Judge, bucket: BucketRecord | null): boolean =>
  bucket !== null &&
  error instanceof S3Error &&
  error.code === "NoSuchKey" &&
  operation.level === "object" &&
  isRead(operation) &&
  !judge.allows("s3:ListBucket", bucketResource(bucket));
