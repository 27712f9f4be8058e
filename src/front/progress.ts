/** What is known of a request while it is served, and what is told of it afterwards. */

import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import type { Operation } from "../operations/context.ts";
import type { Address } from "../s3/address.ts";
import type { Exchanged } from "./exchanged.ts";
import type { Seen } from "./request-context.ts";

export interface Progress extends Seen {
  readonly requestId: string;
  readonly startedMs: number;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  operation: Operation | null;
  address: Address | null;
  accessKeyId: string | null;
  requester: string | null;
  bucket: BucketRecord | null;
  answer: EncodedAnswer | null;
}

/** @param startedMs monotonic */
export const newProgress = (
  requestId: string,
  startedMs: number,
  request: HttpRequest,
  response: HttpResponse,
): Progress => ({
  requestId,
  startedMs,
  request,
  response,
  operation: null,
  address: null,
  accessKeyId: null,
  requester: null,
  bucket: null,
  answer: null,
  found: undefined,
  items: null,
  payer: null,
  isCharged: false,
});

/** How it ended. */
interface End {
  readonly status: number;
  readonly errorCode: string | null;
  readonly bytesOut: number;
  /** Monotonic. */
  readonly nowMs: number;
}

export const exchangedOf = (
  { requestId, request, operation, address, accessKeyId, requester, bucket, payer, answer, items, startedMs }: Progress,
  { status, errorCode, bytesOut, nowMs }: End,
): Exchanged => ({
  requestId,
  operation: operation?.name ?? "",
  status,
  errorCode,
  request,
  bucket: address?.bucket ?? null,
  key: address?.key ?? null,
  accessKeyId,
  requester,
  target: bucket,
  payer,
  answer,
  items,
  bytesIn: request.body.contentLength ?? 0,
  bytesOut,
  durationMs: nowMs - startedMs,
});
