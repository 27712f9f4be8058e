/** Every message the control actor takes, and what it answers; and the documents they carry. Plain data only. */

import type { BucketId } from "../base/ids.ts";
import type { Outcome } from "../base/outcome.ts";
import type { S3ErrorCode } from "../s3/errors.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import type { IdentitiesDocument } from "./identities-document.ts";
import type { IdentityErrorCode, IdentityMessages } from "./identity-messages.ts";
import type { Tag } from "./identity-records.ts";
import type { JobErrorCode, JobMessages } from "./job-records.ts";
import type { BucketChanges, BucketRecord, BucketSetup } from "./records.ts";

export type { IdentitiesDocument, IdentityAccount, IdentityKey } from "./identities-document.ts";

interface BucketMessages {
  /**
   * Takes a name, chooses the partition and makes the record. The caller's own live bucket in the default location
   * answers its record and `created: false`. A `setup` that is answered says that the bucket is not live yet: its actor is
   * to be sent "bucket.open" with it, then comes "bucket.made"; with `created: false` it is what an earlier request has left,
   * or is just doing, and the name is then asked for again. Errors: BucketAlreadyExists (another account's), BucketAlreadyOwnedByYou (own,
   * when either location is another), OperationAborted (being deleted), TooManyBuckets, AccessDenied (no such account).
   */
  "bucket.create": [
    {
      name: string;
      accountId: string;
      location: string | null;
      setup?: BucketSetup | null;
      tags?: readonly Tag[];
    },
    { record: BucketRecord; created: boolean; setup: BucketSetup | null },
  ];
  /**
   * The actor of a bucket that is being made has its setup: the bucket is live; repeating it succeeds. Errors:
   * OperationAborted (it is not being made, by now), AccessDenied (its account is being deleted: the name is free).
   */
  "bucket.made": [{ name: string; id: BucketId }, Record<string, never>];
  /** live → deleting, by a job or (null) by one request; repeating it answers as the first time. Errors: NoSuchBucket. */
  "bucket.markDeleting": [{ name: string; jobId: string | null }, { record: BucketRecord }];
  /**
   * Says what a bucket may hold, and where requests to it come from; of a quota its own turns have to be told too. Errors:
   * NoSuchBucket, OperationAborted (being deleted), InvalidArgument (what is no address range, or too many).
   */
  "bucket.update": [{ name: string; changes: BucketChanges }, { record: BucketRecord }];
  /** deleting → gone: the name is free; repeating it succeeds. Errors: OperationAborted (the bucket is live). */
  "bucket.deleted": [{ name: string }, Record<string, never>];
  /** All its tags; those there were before are gone. Errors: NoSuchBucket (also when it is being deleted). */
  "bucket.setTags": [{ name: string; tags: readonly Tag[] }, { record: BucketRecord }];
  /** Adds tags, and replaces those of the same key. Errors: NoSuchBucket, BadRequest past `limits.tagsPerBucketMax`. */
  "bucket.tag": [{ name: string; tags: readonly Tag[] }, { record: BucketRecord }];
  /** Removes the tags of these keys, as far as there are any. Errors: NoSuchBucket. */
  "bucket.untag": [{ name: string; keys: readonly string[] }, { record: BucketRecord }];
  /** Sets an account's public access block, or removes it (null). Errors: AccessDenied (the account is not active). */
  "account.setPublicAccessBlock": [{ accountId: string; block: PublicAccessBlock | null }, Record<string, never>];
  /** deleting → live; of a live bucket without effect. Errors: NoSuchBucket. */
  "bucket.restore": [{ name: string }, Record<string, never>];
  /**
   * Adds and updates accounts, users and keys; what is as it should be is not written. Errors: InvalidArgument with one
   * detail `Problem1…` for each clash with what the store holds; then nothing was written.
   */
  "identities.apply": [{ document: IdentitiesDocument }, Record<string, never>];
}

/**
 * Message name → [request, reply]. Errors are codes in an `Outcome`: of S3 for buckets, of `identityErrorCodes` for identities.
 */
export interface ControlProtocol extends BucketMessages, IdentityMessages, JobMessages {}

export type ControlMessageType = keyof ControlProtocol;
export type ControlRequest<T extends ControlMessageType> = ControlProtocol[T][0];
export type ControlReply<T extends ControlMessageType> = ControlProtocol[T][1];

/** The codes that the control actor answers; each is a row of the error table. */
export type ControlRefusal =
  | JobErrorCode
  | Extract<
      S3ErrorCode,
      | "AccessDenied"
      | "BadRequest"
      | "BucketAlreadyExists"
      | "BucketAlreadyOwnedByYou"
      | "InvalidArgument"
      | "NoSuchBucket"
      | "OperationAborted"
      | "ServiceUnavailable"
      | "TooManyBuckets"
    >;

/** One handler for each message of `M`. */
export type Handlers<M extends ControlMessageType> = {
  readonly [T in M]: (request: ControlRequest<T>) => Promise<Outcome<ControlReply<T>>>;
};

/** Total: a message without a handler does not compile. */
export type ControlBehaviour = Handlers<ControlMessageType>;

/** The handlers of identities, which the control actor is given. */
export type IdentityBehaviour = Handlers<keyof IdentityMessages>;

export function accepted<R>(value: R): Outcome<R> {
  return { ok: true, value };
}

export function refused(
  code: ControlRefusal | IdentityErrorCode,
  detail: Readonly<Record<string, string>> = {},
): Outcome<never> {
  return { ok: false, code, detail };
}

/** Hashes and checks passwords; the control actor stores only what it makes. */
export interface Passwords {
  /** An opaque hash that says how it was made. */
  hash(password: string): Promise<string>;
  matches(password: string, hash: string): Promise<boolean>;
}
