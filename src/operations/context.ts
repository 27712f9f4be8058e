/** What a handler gets beside its input: who asks, the request, the resolved bucket, and the services behind the front. */

import type { Principal } from "../account/principal.ts";
import type { BodyUploader } from "../actor/body-uploader.ts";
import type { SignedPayload } from "../auth/sigv4.ts";
import type { Clock } from "../base/clock.ts";
import type { ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { BucketMessageType, BucketReply, BucketRequest } from "../bucket/messages.ts";
import type { ObjectReader } from "../bucket/read.ts";
import type { ControlProtocol } from "../control/messages.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest } from "../model/http.ts";
import { type Action, type AnyOperation, operationDeclarer } from "../model/operation.ts";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import type { EncryptionServices } from "./encryption.ts";
import { checkExpectedOwner } from "./expected-owner.ts";

/** One per front thread. Ports are narrowed to what handlers use, so that a test can stand in for each. */
export interface Services {
  readonly control: Pick<
    ControlReader,
    "refresh" | "record" | "bucket" | "bucketsOf" | "account" | "accountOfCanonicalId" | "accountsOfRootEmail"
  >;
  /** @throws S3Error the errors of the message, ServiceUnavailable past `limits.askMs` */
  askControl<T extends keyof ControlProtocol>(type: T, message: ControlProtocol[T][0]): Promise<ControlProtocol[T][1]>;
  /** @throws S3Error the errors of the message, ServiceUnavailable past `limits.askMs`, SlowDown without a ticket */
  askBucket<T extends BucketMessageType>(
    bucket: BucketRecord,
    type: T,
    request: BucketRequest<T>,
  ): Promise<BucketReply<T>>;
  /** The bucket's row and configuration, as of now. @throws CorruptRecordError */
  configurationOf(bucket: BucketRecord): ConfiguredBucket;
  /** What holds for a bucket, and (null) for one that the account is about to make. */
  publicAccessBlockOf(bucket: BucketRecord | null, ownerAccountId: string): PublicAccessBlock;
  readonly objects: Pick<ObjectReader, "read" | "upload">;
  readonly bodies: Pick<BodyUploader, "store" | "release">;
  readonly encryption: EncryptionServices;
  readonly clock: Clock;
  /** Names of the targets that events may go to. */
  readonly eventTargets: ReadonlySet<string>;
  /** The region that buckets without a LocationConstraint are in. */
  readonly region: string;
  /** Of buckets that are made without a choice; null: none. */
  readonly defaultOwnership: ObjectOwnership | null;
  /** Length of a day of lifecycle rules. */
  readonly dayMs: number;
}

export interface Context {
  readonly requestId: string;
  readonly hostId: string;
  readonly principal: Principal;
  readonly request: HttpRequest;
  readonly query: ReadonlyMap<string, string>;
  /** The whole body of an operation with `readsBody: "xml"`; null otherwise. */
  readonly wholeBody: Uint8Array | null;
  /** Resolved and authorised. @throws AssertionError for operations without a bucket and for CreateBucket. */
  readonly bucket: BucketRecord;
  /** What the signature said of the body. */
  readonly payload: SignedPayload;
  readonly services: Services;
  /**
   * Resolves and authorises another resource than the path's: a copy's source, an item of DeleteObjects.
   * @throws S3Error NoSuchBucket, AccessDenied
   */
  authorize(action: Action, bucket: string, key: string): BucketRecord;
  /**
   * Authorises an operation that brings in its body what others bring in headers (`authorisation: "items"`): conditions see
   * it under the headers' names.
   * @throws S3Error AccessDenied
   */
  authorizeBody(action: Action, key: string, brought: ReadonlyMap<string, string>): void;
  /** Whether the principal may do another action for certain, on a key of the request's bucket unless another is given. */
  allows(action: Action, key: string, bucket?: BucketRecord): boolean;
  /** Tells, to whoever asks afterwards, what became of each object of a list. */
  report(items: () => readonly ReportedItem[]): void;
}

/** One object of a request for many. */
export interface ReportedItem {
  readonly key: string;
  /** The version that the request named. */
  readonly versionId: string | null;
  /** Null: it was done. */
  readonly error: S3Error | null;
}

export type Operation = AnyOperation<Context>;

const takesVersionId = ({ input }: Operation): boolean =>
  Object.values(input.members).some(({ traits }) => traits.httpQuery === "versionId");

/** A version that is named must not be passed over: the client means it. @throws S3Error InvalidArgument */
const judgeVersionId = (operation: Operation, { query }: Context): void => {
  const versionId = query.get("versionId");
  if (versionId === undefined || operation.level !== "object" || takesVersionId(operation)) return;
  throw new S3Error("InvalidArgument", {
    Message: "This operation does not accept a version-id.",
    ArgumentName: "versionId",
    ArgumentValue: versionId,
  });
};

/** Holds for every operation, whatever it does. @throws S3Error AccessDenied, InvalidBucketOwnerAWSAccountID, InvalidArgument */
const judge = (operation: Operation, context: Context): void => {
  const { level, createsBucket } = operation;
  if (level !== "service" && !createsBucket) checkExpectedOwner(context.request.headers, context.bucket);
  judgeVersionId(operation, context);
};

/** Declares one row of the table; see `model/operation.ts`. */
export const declareOperation = operationDeclarer<Context, S3ErrorCode>(judge);
