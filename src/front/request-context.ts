/** One request's way from a verified signature to a resolved, authorised resource: what a handler is given. */

import { anonymousPrincipal, mayUseKeys, type Principal } from "../account/principal.ts";
import type { SignedPayload } from "../auth/sigv4.ts";
import { assert } from "../base/assert.ts";
import { isOfJob } from "../control/bucket-names.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import type { Action } from "../model/operation.ts";
import type { Context, Operation, ReportedItem, Services } from "../operations/context.ts";
import { tellsContent } from "../operations/delete-conditions.ts";
import { S3Error } from "../s3/errors.ts";
import { bucketNameFault } from "../s3/names.ts";
import { bucketResource, everything, type Judge, newBucketResource, objectResource, type Resource } from "./judge.ts";
import { isWelcome, isWelcomeAt } from "./principal-gate.ts";
import { isPaidFor, requesterPays } from "./requester-pays.ts";
import { belongsTo, type TenantHost } from "./tenant-host.ts";

/** A live bucket by name. The caller has refreshed the control reader. @throws S3Error NoSuchBucket, InvalidBucketName */
function liveBucket(services: Pick<Services, "control">, name: string, mayBeDeleting = false): BucketRecord {
  const record = services.control.bucket(name);
  if (record !== undefined && (record.state === "live" || (mayBeDeleting && !isOfJob(record)))) return record;
  if (record === undefined && bucketNameFault(name) !== null)
    throw new S3Error("InvalidBucketName", { BucketName: name });
  throw new S3Error("NoSuchBucket", { BucketName: name });
}

/** Reads of control records that place a bucket's owner. */
type OwnerReads = Pick<ControlReader, "account" | "isAccountInForce" | "record">;

/** What of its owner's bounds everybody who comes to the bucket. */
interface Comer {
  readonly account: AccountRecord;
  readonly clientAddress: string;
  /** Of the request's host; null when it names none. */
  readonly tenant: TenantHost | null;
}

/**
 * The bucket's own list of addresses holds for everybody. What the owner's credentials are bound by holds for strangers: the
 * account's state and kind, its list of addresses; and for those who do not sign, whose host they come to.
 * @throws S3Error AccessDenied, AllAccessDisabled
 */
function checkOwner(control: OwnerReads, bucket: BucketRecord, { account, clientAddress, tenant }: Comer): void {
  if (!isWelcomeAt(bucket, clientAddress)) throw new S3Error("AccessDenied");
  if (bucket.accountId === account.accountId) return;
  const owner = control.account(bucket.accountId);
  if (owner === undefined || !mayUseKeys(owner) || !isWelcome(owner, clientAddress)) throw new S3Error("AccessDenied");
  if (!control.isAccountInForce(owner)) throw new S3Error("AllAccessDisabled");
  const isAnonymous = account === anonymousPrincipal.account;
  if (isAnonymous && tenant !== null && !belongsTo(owner, tenant.accountId, control)) throw new S3Error("AccessDenied");
}

/** What is judged before the handler runs. */
export interface Asked {
  readonly operation: Operation;
  readonly principal: Principal;
  readonly bucketName: string | null;
  readonly key: string | null;
  readonly headers: Headers;
  readonly namesVersion: boolean;
  /** A new bucket is to have tags. */
  readonly hasTags: boolean;
  readonly clientAddress: string;
  readonly tenant: TenantHost | null;
  readonly seen: Seen;
}

/** What the way to an answer leaves behind. */
export interface Seen {
  /** The bucket of a request as it was found, whoever asked; undefined: it was not looked for. */
  found: BucketRecord | null | undefined;
  items: (() => readonly ReportedItem[]) | null;
  /** Account that pays for the use of the request's bucket in its owner's stead. */
  payer: string | null;
  /** Whether the requester pays for anything of it, be it the source of a copy. */
  isCharged: boolean;
}

/** What the front's services read of control records. */
interface ControlReads {
  readonly control: Services["control"] & OwnerReads;
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

/**
 * Resolves the bucket in the path, when the operation has one, and judges the principal.
 * @throws S3Error AccessDenied and those of the bucket
 */
export function resolveBucket(services: ControlReads, judge: Judge, asked: Asked): BucketRecord | null {
  const { operation, bucketName, key, headers, clientAddress, tenant } = asked;
  const { account } = asked.principal;
  if (!mayUseKeys(account) || !isWelcome(account, clientAddress)) throw new S3Error("AccessDenied");
  const action = asked.namesVersion ? operation.versionAction : operation.action;
  if (bucketName === null) {
    judge.require(action, everything(account.accountId));
    return null;
  }
  if (operation.createsBucket) {
    requireCreation(judge, asked, newBucketResource(bucketName, account.accountId));
    return null;
  }
  asked.seen.found = null;
  const bucket = liveBucket(services, bucketName, operation.deletesBucket);
  asked.seen.found = bucket;
  checkOwner(services.control, bucket, { account, clientAddress, tenant });
  if (isPaidFor(operation)) {
    const payer = { accountId: account.accountId, headers };
    if (requesterPays(bucket, judge, payer)) {
      asked.seen.payer = account.accountId;
      asked.seen.isCharged = true;
    }
  }
  if (operation.authorisation === "items") return bucket;
  const resource = key === null ? bucketResource(bucket) : objectResource(bucket, key);
  judge.require(action, resource);
  // Source: AWS GetObjectAttributes, "Permissions".
  if (operation.name === "GetObjectAttributes") {
    judge.require(asked.namesVersion ? "s3:GetObjectVersion" : "s3:GetObject", resource);
  }
  if (operation.name === "DeleteObject" && tellsContent(headers.get("if-match")))
    judge.require("s3:GetObject", resource);
  if (operation.action !== "s3:PutObject") return bucket;
  for (const [header, further] of headerActions) {
    if (headers.has(header) && key !== null) judge.require(further, objectResource(bucket, key, true));
  }
  return bucket;
}

/** A bucket that is made with more than its name needs the permissions to set it. Source: AWS CreateBucket, "Permissions". */
function requireCreation(judge: Judge, { operation, headers, hasTags }: Asked, resource: Resource): void {
  judge.require(operation.action, resource);
  if (hasTags) judge.require("s3:TagResource", resource);
  const acl = headers.get("x-amz-acl");
  const grants = bucketGrantHeaders.some((header) => headers.has(header));
  if (grants || (acl !== undefined && acl !== "private")) judge.require("s3:PutBucketAcl", resource);
  if (headers.has("x-amz-object-ownership")) judge.require("s3:PutBucketOwnershipControls", resource);
  if (headers.get("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true") {
    judge.require("s3:PutBucketObjectLockConfiguration", resource);
    judge.require("s3:PutBucketVersioning", resource);
  }
}

const bucketGrantHeaders: readonly string[] = [
  "x-amz-grant-full-control",
  "x-amz-grant-read",
  "x-amz-grant-read-acp",
  "x-amz-grant-write",
  "x-amz-grant-write-acp",
];

/** A write that depends on what stands at its key is judged before anything of it happens. @throws S3Error AccessDenied */
export function settleBeforeWrite(
  judge: Judge,
  { objects }: Pick<Services, "objects">,
  at: { readonly bucket: BucketRecord; readonly key: string; readonly versionId: string | undefined },
): void {
  if (!judge.isOpen) return;
  const { bucket, key, versionId } = at;
  objects.read({ bucket: bucket.id, partition: bucket.partition, key, versionId }, () => undefined);
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
  readonly services: Services & ControlReads;
  readonly judge: Judge;
  readonly tenant: TenantHost | null;
  readonly seen: Seen;
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
  readonly services: Services & ControlReads;
  readonly #bucket: BucketRecord | null;
  readonly #judge: Judge;
  readonly #tenant: TenantHost | null;
  readonly #seen: Seen;

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
    this.#tenant = parts.tenant;
    this.#seen = parts.seen;
  }

  get bucket(): BucketRecord {
    assert(this.#bucket !== null, "the operation has a bucket");
    return this.#bucket;
  }

  authorize(action: Action, name: string, key: string): BucketRecord {
    this.services.control.refresh();
    const bucket = liveBucket(this.services, name);
    const { account } = this.principal;
    checkOwner(this.services.control, bucket, {
      account,
      clientAddress: this.#judge.clientAddress,
      tenant: this.#tenant,
    });
    const payer = { accountId: account.accountId, headers: this.request.headers };
    if (requesterPays(bucket, this.#judge, payer)) this.#seen.isCharged = true;
    this.#judge.require(action, objectResource(bucket, key));
    return bucket;
  }

  authorizeBody(action: Action, key: string, brought: ReadonlyMap<string, string>): void {
    this.#judge.bring(brought);
    this.#judge.require(action, objectResource(this.bucket, key));
    settleBeforeWrite(this.#judge, this.services, { bucket: this.bucket, key, versionId: this.query.get("versionId") });
  }

  allows(action: Action, key: string, bucket = this.bucket): boolean {
    return this.#judge.allows(action, objectResource(bucket, key));
  }

  report(items: () => readonly ReportedItem[]): void {
    this.#seen.items = items;
  }
}
