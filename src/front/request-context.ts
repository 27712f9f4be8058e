/** One request's way from a verified signature to a resolved, authorised resource: what a handler is given. */

import { mayActOn, mayUseKeys } from "../account/authorise.ts";
import type { SignedPayload } from "../auth/sigv4.ts";
import { assert } from "../base/assert.ts";
import { isOfJob } from "../control/bucket-names.ts";
import type { BucketRecord, Principal } from "../control/records.ts";
import type { HttpRequest } from "../model/http.ts";
import type { Action } from "../model/operation.ts";
import type { Context, Operation, Services } from "../operations/context.ts";
import { S3Error } from "../s3/errors.ts";
import { bucketNameFault } from "../s3/names.ts";

/** A live bucket by name. The caller has refreshed the control reader. @throws S3Error NoSuchBucket, InvalidBucketName */
function liveBucket(services: Pick<Services, "control">, name: string, mayBeDeleting = false): BucketRecord {
  const record = services.control.bucket(name);
  if (record !== undefined && (record.state === "live" || (mayBeDeleting && !isOfJob(record)))) return record;
  if (record === undefined && bucketNameFault(name) !== null)
    throw new S3Error("InvalidBucketName", { BucketName: name });
  throw new S3Error("NoSuchBucket", { BucketName: name });
}

/** Resolves the bucket in the path, when the operation has one, and judges the principal. @throws S3Error AccessDenied and those of the bucket */
export function resolveBucket(
  services: Pick<Services, "control">,
  operation: Operation,
  principal: Principal,
  name: string | null,
): BucketRecord | null {
  if (!mayUseKeys(principal.account)) throw new S3Error("AccessDenied");
  if (name === null || operation.createsBucket) {
    if (!mayActOn(principal, principal.account.accountId)) throw new S3Error("AccessDenied");
    return null;
  }
  const bucket = liveBucket(services, name, operation.deletesBucket);
  if (!mayActOn(principal, bucket.accountId)) throw new S3Error("AccessDenied");
  return bucket;
}

export interface ContextParts {
  readonly requestId: string;
  readonly hostId: string;
  readonly principal: Principal;
  readonly request: HttpRequest;
  readonly query: ReadonlyMap<string, string>;
  readonly wholeBody: Uint8Array | null;
  readonly bucket: BucketRecord | null;
  readonly payload: SignedPayload;
  readonly services: Services;
}

/** What handlers see. A class, so that every request's context has one hidden shape. */
export class RequestContext implements Context {
  readonly requestId: string;
  readonly hostId: string;
  readonly principal: Principal;
  readonly request: HttpRequest;
  readonly query: ReadonlyMap<string, string>;
  readonly wholeBody: Uint8Array | null;
  readonly payload: SignedPayload;
  readonly services: Services;
  readonly #bucket: BucketRecord | null;

  constructor(parts: ContextParts) {
    this.requestId = parts.requestId;
    this.hostId = parts.hostId;
    this.principal = parts.principal;
    this.request = parts.request;
    this.query = parts.query;
    this.wholeBody = parts.wholeBody;
    this.payload = parts.payload;
    this.services = parts.services;
    this.#bucket = parts.bucket;
  }

  get bucket(): BucketRecord {
    assert(this.#bucket !== null, "the operation has a bucket");
    return this.#bucket;
  }

  authorize(_action: Action, name: string, _key: string): BucketRecord {
    this.services.control.refresh();
    const bucket = liveBucket(this.services, name);
    if (!mayActOn(this.principal, bucket.accountId)) throw new S3Error("AccessDenied");
    return bucket;
  }
}
