/**
 * Replication rules of a bucket: what a configuration may say by itself. Pure. That the bucket keeps versions is judged in its
 * turn, and what the destinations are by the operation.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
 */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";

type Status = "Enabled" | "Disabled";

/** As stored: what PutBucketReplication checked. */
export interface Replication {
  /** ARN of an IAM role. */
  readonly role: string;
  readonly rules: readonly ReplicationRule[];
}

export interface ReplicationRule {
  readonly id: string | null;
  readonly status: Status;
  /** Set in the earlier form of rules only, which has no filter. */
  readonly prefix: string | null;
  /** null in the earlier form. */
  readonly filter: ReplicationFilter | null;
  readonly priority: number | null;
  readonly deleteMarkers: Status | null;
  readonly existingObjects: Status | null;
  readonly replicaModifications: Status | null;
  readonly kmsObjects: Status | null;
  readonly destination: ReplicationDestination;
}

export interface ReplicationFilter {
  /** How it was written: S3 answers it in the same form. */
  readonly form: "empty" | "prefix" | "tag" | "and";
  readonly prefix: string | null;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

export interface ReplicationDestination {
  /** `arn:aws:s3:::bucket`. */
  readonly bucketArn: string;
  readonly accountId: string | null;
  readonly storageClass: string | null;
  readonly givesOwnership: boolean;
  readonly replicaKmsKeyId: string | null;
  readonly time: { readonly status: Status; readonly minutes: number | null } | null;
  readonly metrics: { readonly status: Status; readonly minutes: number | null } | null;
}

const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const bucketArn = /^arn:aws[a-z-]*:s3:::([^/:\s]{3,63})$/;
const guide = "Please refer to S3 Developer Guide for more information.";
const schema = "for this version of Cross Region Replication configuration schema.";
/** The only time that S3 offers. */
const replicationMinutes = 15;

const invalid = (Message: string): S3Error => new S3Error("InvalidRequest", { Message });
const malformed = (Reason: string): S3Error => new S3Error("MalformedXML", { Reason });

/** The name in a bucket's ARN. @throws S3Error InvalidArgument */
export const destinationBucket = ({ bucketArn: arn }: ReplicationDestination): string => {
  const name = bucketArn.exec(arn)?.[1];
  if (name !== undefined) return name;
  throw new S3Error("InvalidArgument", {
    Message: "Invalid bucket ARN.",
    ArgumentName: "Bucket",
    ArgumentValue: arn,
  });
};

/** @throws S3Error InvalidArgument (role, id, ARN), InvalidRequest (rules that contradict themselves or each other), MalformedXML */
export function checkReplication({ role, rules }: Replication): void {
  if (!roleArn.test(role)) {
    throw new S3Error("InvalidArgument", { Message: "Invalid Role ARN", ArgumentName: "Role", ArgumentValue: role });
  }
  if (rules.length === 0) throw malformed("Rule is missing");
  if (rules.length > limits.replicationRulesMax) {
    throw invalid(
      `The number of replication rules must not exceed the allowed limit of ${limits.replicationRulesMax}.`,
    );
  }
  for (const rule of rules) checkRule(rule);
  checkIds(rules);
  const first = rules[0]?.filter ?? null;
  if (rules.some(({ filter }) => (filter === null) !== (first === null))) {
    throw invalid(`Rules with Filter and rules with Prefix cannot be mixed. ${guide}`);
  }
  if (first === null) checkPrefixes(rules);
  else checkPriorities(rules);
}

const checkIds = (rules: readonly ReplicationRule[]): void => {
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (id === null || id === "") continue;
    const refuse = (Message: string): S3Error =>
      new S3Error("InvalidArgument", {
        Message,
        ArgumentName: "ID",
        ArgumentValue: id.slice(0, limits.ruleIdCharsMax),
      });
    if (id.length > limits.ruleIdCharsMax) throw refuse("ID length should not exceed allowed limit of 255");
    if (ids.has(id)) throw refuse("Rule Id must be unique. Found same Id for more than one rule.");
    ids.add(id);
  }
};

const checkRule = (rule: ReplicationRule): void => {
  const { prefix, filter, priority, deleteMarkers, existingObjects } = rule;
  if (prefix !== null && filter !== null) throw invalid(`Prefix cannot be used ${schema} ${guide}`);
  if (filter === null) {
    if (prefix === null) throw malformed("Prefix or Filter is missing");
    if (priority !== null) throw invalid(`Priority cannot be used ${schema} ${guide}`);
    if (deleteMarkers !== null) throw invalid(`DeleteMarkerReplication cannot be used ${schema} ${guide}`);
    if (existingObjects !== null) throw invalid(`ExistingObjectReplication cannot be used ${schema} ${guide}`);
  } else {
    if (priority === null) throw invalid(`Priority must be specified ${schema} ${guide}`);
    if (priority < 0) throw invalid("Priority must not be negative.");
    if (deleteMarkers === null) throw invalid(`DeleteMarkerReplication must be specified ${schema} ${guide}`);
    checkFilter(filter, deleteMarkers);
  }
  for (const text of [prefix, filter?.prefix ?? null]) {
    if (text !== null && text.length > limits.replicationPrefixCharsMax) {
      throw invalid("The maximum size of a prefix is 1024.");
    }
  }
  checkDestination(rule);
};

const checkFilter = ({ form, prefix, tags }: ReplicationFilter, deleteMarkers: Status): void => {
  if (form === "and" && (prefix === null ? 0 : 1) + tags.length < 2)
    throw malformed("And holds two or more conditions");
  if (tags.length > 0 && deleteMarkers === "Enabled") {
    throw invalid(`Delete marker replication is not supported if any Tag filter is specified. ${guide}`);
  }
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    const fits = key.length > 0 && key.length <= limits.tagKeyCharsMax && value.length <= limits.tagValueCharsMax;
    if (!fits) throw new S3Error("InvalidTag", { TagKey: key.slice(0, limits.tagKeyCharsMax) });
    if (keys.has(key)) throw invalid("Duplicate Tag Keys are not allowed.");
    keys.add(key);
  }
};

const checkDestination = ({ destination, kmsObjects }: ReplicationRule): void => {
  destinationBucket(destination);
  const { accountId, givesOwnership, replicaKmsKeyId, time, metrics } = destination;
  if (accountId !== null && !/^\d{12}$/.test(accountId)) {
    const detail = { ArgumentName: "Account", ArgumentValue: accountId };
    throw new S3Error("InvalidArgument", { Message: "Invalid account ID.", ...detail });
  }
  if (givesOwnership && accountId === null) {
    throw invalid("Account must be specified when AccessControlTranslation is specified.");
  }
  if (kmsObjects === "Enabled" && (replicaKmsKeyId === null || replicaKmsKeyId === "")) {
    throw invalid(
      "EncryptionConfiguration with ReplicaKmsKeyID must be specified when SseKmsEncryptedObjects is Enabled.",
    );
  }
  if (kmsObjects === null && replicaKmsKeyId !== null) {
    throw invalid("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.");
  }
  if (time?.status === "Enabled" && metrics?.status !== "Enabled") {
    throw invalid("Metrics must be Enabled when ReplicationTime is Enabled.");
  }
  for (const minutes of [time?.minutes ?? null, metrics?.minutes ?? null]) {
    if (minutes !== null && minutes !== replicationMinutes) {
      throw invalid(`Only a time of ${replicationMinutes} minutes is supported.`);
    }
  }
};

/** Earlier form: no object falls under two rules, and all rules have one destination. */
const checkPrefixes = (rules: readonly ReplicationRule[]): void => {
  const sorted = rules.map(({ prefix }) => prefix ?? "").sort();
  for (let at = 1; at < sorted.length; at++) {
    const [shorter = "", longer = ""] = [sorted[at - 1], sorted[at]];
    if (longer.startsWith(shorter)) throw invalid(`Found overlapping prefixes '${shorter}' and '${longer}'.`);
  }
  if (new Set(rules.map(({ destination }) => destination.bucketArn)).size > 1) {
    throw invalid(`The rules have more than one destination bucket. ${guide}`);
  }
};

const checkPriorities = (rules: readonly ReplicationRule[]): void => {
  const priorities = new Set<number>();
  for (const { priority } of rules) {
    if (priority === null) continue;
    if (priorities.has(priority)) throw invalid(`Found duplicate priority ${priority}. Priority must be unique.`);
    priorities.add(priority);
  }
};
