/** One request's way from a verified signature to a resolved, authorised resource: what a handler is given. */

import type { Principal } from "../account/principal.ts";
import { mayUseKeys } from "../account/principal.ts";
import type { SignedPayload } from "../auth/sigv4.ts";
import { assert } from "../base/assert.ts";
import { isOfJob } from "../control/bucket-names.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import type { Action } from "../model/operation.ts";
import type { Context, Operation, Services } from "../operations/context.ts";
import { S3Error } from "../s3/errors.ts";
import { bucketNameFault } from "../s3/names.ts";
import { bucketResource, everything, type Judge, objectResource } from "./judge.ts";
import { isWelcome } from "./principal-gate.ts";

/** A live bucket by name. The caller has refreshed the control reader. @throws S3Error NoSuchBucket, InvalidBucketName */
function liveBucket(services: Pick<Services, "control">, name: string, mayBeDeleting = false): BucketRecord {
  const record = services.control.bucket(name);
  if (record !== undefined && (record.state === "live" || (mayBeDeleting && !isOfJob(record)))) return record;
  if (record === undefined && bucketNameFault(name) !== null)
    throw new S3Error("InvalidBucketName", { BucketName: name });
  throw new S3Error("NoSuchBucket", { BucketName: name });
}

/** The list of the account that owns the bucket holds for everybody. @throws S3Error AccessDenied */
function checkOwnersRanges(
  services: Pick<Services, "control">,
  bucket: BucketRecord,
  account: AccountRecord,
  clientAddress: string,
): void {
  if (bucket.accountId === account.accountId) return;
  const owner = services.control.account(bucket.accountId);
  if (owner === undefined || !isWelcome(owner, clientAddress)) throw new S3Error("AccessDenied");
}

/** What is judged before the handler runs. */
export interface Asked {
  readonly operation: Operation;
  readonly principal: Principal;
  readonly bucketName: string | null;
  readonly key: string | null;
  readonly headers: Headers;
  readonly namesVersion: boolean;
  readonly clientAddress: string;
}

/** What a write brings along in headers needs permissions of its own. Source: AWS PutObject, "Permissions". */
const headerActions: readonly (readonly [header: string, action: string])[] = [
  ["x-amz-tagging", "s3:PutObjectTagging"],
  ["x-amz-acl", "s3:PutObjectAcl"],
  ["x-amz-grant-full-control", "s3:PutObjectAcl"],
  ["x-amz-grant-read", "s3:PutObjectAcl"],
  ["x-amz-grant-read-acp", "s3:PutObjectAcl"],
  ["x-amz-grant-write-acp", "s3:PutObjectAcl"],
  ["x-amz-object-lock-mode", "s3:PutObjectRetention"],
  ["x-amz-object-lock-retain-until-date", "s3:PutObjectRetention"],
  ["x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold"],
];

const lockHeader = "x-amz-bucket-object-lock-enabled";
/** What a bucket that is made with object lock takes beside. Source: AWS CreateBucket, "Permissions". */
const lockActions = ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"] as const;

/**
 * Resolves the bucket in the path, when the operation has one, and judges the principal.
 * @throws S3Error AccessDenied and those of the bucket
 */
export function resolveBucket(services: Pick<Services, "control">, judge: Judge, asked: Asked): BucketRecord | null {
  const { operation, bucketName, key, headers, clientAddress } = asked;
  const { account } = asked.principal;
  if (!mayUseKeys(account) || !isWelcome(account, clientAddress)) throw new S3Error("AccessDenied");
  const action = asked.namesVersion ? operation.versionAction : operation.action;
  if (bucketName === null) {
    judge.require(action, everything(account.accountId));
    return null;
  }
  if (operation.createsBucket) {
    const resource = { arn: `arn:aws:s3:::${bucketName}`, ownerAccountId: account.accountId, place: null };
    judge.require(action, resource);
    // SDKs say `false` where nothing was asked for.
    const asksForLock = (headers.get(lockHeader) ?? "false").toLowerCase() !== "false";
    if (asksForLock) for (const further of lockActions) judge.require(further, resource);
    return null;
  }
  const bucket = liveBucket(services, bucketName, operation.deletesBucket);
  checkOwnersRanges(services, bucket, account, clientAddress);
  if (operation.authorisation === "items") return bucket;
  const resource = key === null ? bucketResource(bucket) : objectResource(bucket, key);
  judge.require(action, resource);
  if (operation.action !== "s3:PutObject") return bucket;
  for (const [header, further] of headerActions) if (headers.has(header)) judge.requireNow(further, resource);
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
  readonly judge: Judge;
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
  readonly #judge: Judge;

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
    this.#judge = parts.judge;
  }

  get bucket(): BucketRecord {
    assert(this.#bucket !== null, "the operation has a bucket");
    return this.#bucket;
  }

  authorize(action: Action, name: string, key: string): BucketRecord {
    this.services.control.refresh();
    const bucket = liveBucket(this.services, name);
    checkOwnersRanges(this.services, bucket, this.principal.account, this.#judge.clientAddress);
    this.#judge.require(action, objectResource(bucket, key));
    return bucket;
  }

  authorizeBody(action: Action, key: string, brought: ReadonlyMap<string, string>): void {
    this.#judge.bring(brought);
    this.#judge.require(action, objectResource(this.bucket, key));
  }

  allows(action: Action, key: string, bucket = this.bucket): boolean {
    return this.#judge.allows(action, objectResource(bucket, key));
  }
}
