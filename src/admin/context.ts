/** What a handler of the admin API gets beside its input: who calls, what it may read, and whom it may ask. */

import type { TemporaryCredentials } from "../account/temporary-credentials.ts";
import type { UsageParts } from "../account/usage.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { BucketConfiguration, ConfigurationChange, ConfigurationField } from "../bucket/configuration.ts";
import type { LockedFound } from "../bucket/locked-versions.ts";
import type { BucketReply, BucketRequest } from "../bucket/messages.ts";
import type { UsageReader } from "../bucket/usage-reader.ts";
import type { Quota, UserRecord } from "../control/identity-records.ts";
import type { ControlProtocol, ControlRequest } from "../control/messages.ts";
import type { BucketRecord } from "../control/records.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
import type { Caller, CallerSession } from "./caller.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { AdminMail } from "./mails.ts";
import type { AdminPolicies } from "./policies.ts";
import type { AdminRecords } from "./records.ts";

/** What all requests of the admin API share. */
export interface AdminServices {
  /** Makes the console's own S3 credentials. */
  readonly temporary: Pick<TemporaryCredentials, "issue">;
  readonly reader: AdminRecords;
  readonly clock: Clock;
  readonly random: Random;
  readonly mail: AdminMail;
  readonly log: Log;
  /** Region of buckets without one of their own. */
  readonly region: string;
  /** Names of the sites that a bucket can be placed at; empty on a lone node. */
  readonly sites: readonly string[];
  readonly policies: AdminPolicies;
  /** Goes on from a record that says `deleting`; false = the bucket holds something and is live again. */
  readonly finishDeletion: (bucket: BucketRecord) => Promise<boolean>;
  /** Tells the bucket's turns what it may hold. @throws AdminError OperationAborted, ServiceUnavailable */
  readonly setBucketQuota: (bucket: BucketRecord, quota: Pick<Quota, "bytes" | "objects">) => Promise<void>;
  /** A field of a bucket's configuration; null: not set. @throws AdminError OperationAborted, ServiceUnavailable */
  readonly bucketConfiguration: <F extends ConfigurationField>(
    bucket: BucketRecord,
    field: F,
  ) => Promise<BucketConfiguration[F] | null>;
  /** @throws AdminError InsufficientStorage, OperationAborted, ServiceUnavailable */
  readonly configureBucket: (bucket: BucketRecord, change: ConfigurationChange) => Promise<void>;
  /** As `makeBucket` of S3. @throws S3Error, AdminError those of a bucket's making */
  readonly makeBucket: (wanted: ControlRequest<"bucket.create">) => Promise<{ readonly record: BucketRecord }>;
  /** @throws AdminError ServiceUnavailable */
  readonly deadEvents: (
    bucket: BucketRecord,
    asked: BucketRequest<"events.dead">,
  ) => Promise<BucketReply<"events.dead">>;
  /** @throws AdminError InsufficientStorage, OperationAborted, ServiceUnavailable */
  readonly redeemEvents: (
    bucket: BucketRecord,
    asked: BucketRequest<"events.redeem">,
  ) => Promise<BucketReply<"events.redeem">>;
  /** Object ownership of buckets that are made without a choice; null: none. */
  readonly defaultOwnership: ObjectOwnership | null;
  /** Versions in a bucket that are locked now. @throws AdminError ServiceUnavailable */
  readonly lockedIn: (bucket: BucketRecord, bypassGovernance: boolean) => Promise<LockedFound>;
  /** Begins the work of a job whose record is made. */
  readonly beginJob: (jobId: string) => void;
  /** What buckets hold and used. */
  readonly usage: UsageParts & { readonly reader: Pick<UsageReader, "counted"> };
  /** The account that a host name stands for; null = any. */
  readonly tenantOf: (host: string) => string | null;
  /** Whether people may sign in over plain HTTP from another machine than this. */
  readonly allowsPlainHttp: boolean;
  /** Where people reach the console, without a slash at its end: from the configuration or the listener, never from a Host header. */
  readonly consoleUrl: string;
  readonly diagnostics: () => Diagnostics;
}

export interface AdminContext {
  readonly requestId: string;
  /** Peer address. */
  readonly address: string;
  readonly userAgent: string;
  /** Whether the way to the client is HTTPS. */
  readonly isSecure: boolean;
  /** The account that the host name stands for; null = none. */
  readonly tenant: string | null;
  /** @throws AssertionError in rows that anybody may call */
  readonly caller: Caller;
  /** The caller as a user. @throws AdminError AccessDenied on the local socket */
  readonly self: UserRecord;
  /** The session of the caller. @throws AssertionError without one */
  readonly session: CallerSession;
  readonly services: AdminServices;
  readonly reader: AdminRecords;
  /** Asks the control actor. @throws AdminError its refusal */
  ask<T extends keyof ControlProtocol>(type: T, message: ControlProtocol[T][0]): Promise<ControlProtocol[T][1]>;
  /** Whether the caller's role or policies allow an action beside the row's own. */
  allows(action: string, resource: string): boolean;
  /** Whether a bucket's policy denies the caller an action. */
  isDeniedBy(policy: CompiledPolicy, action: string, resource: string): boolean;
  /** As `allows`. @throws AdminError AccessDenied */
  demand(action: string, resource: string): void;
  /** @throws AdminError InsecureTransport when a password or session would cross a network in the clear */
  judgeTransport(): void;
  /** The answer holds a secret: a repeat under the same idempotency key does not get it again. */
  showsSecret(): void;
  /** Adds a header to the answer. */
  setHeader(name: string, value: string): void;
}
