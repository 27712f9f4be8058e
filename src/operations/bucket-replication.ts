/** Replication rules of a bucket (`?replication`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, integer, list, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumAlgorithm, StorageClass } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import {
  checkReplication,
  destinationBucket,
  type Replication,
  type ReplicationDestination,
  type ReplicationFilter,
  type ReplicationRule as StoredRule,
} from "../s3/replication-configuration.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import { configure, requireConfigured } from "./configured.ts";
import { type Context, declareOperation } from "./context.ts";

const AccessControlTranslation = structure("AccessControlTranslation", {
  Owner: body(enumeration("Destination"), { required: true }),
});

const EncryptionConfiguration = structure("EncryptionConfiguration", {
  ReplicaKmsKeyID: body(string),
});

const ReplicationTimeValue = structure("ReplicationTimeValue", {
  Minutes: body(integer),
});

const ReplicationTime = structure("ReplicationTime", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  Time: body(ReplicationTimeValue, { required: true }),
});

const Metrics = structure("Metrics", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  EventThreshold: body(ReplicationTimeValue),
});

const Destination = structure("Destination", {
  Bucket: body(string, { required: true }),
  Account: body(string),
  StorageClass: body(StorageClass),
  AccessControlTranslation: body(AccessControlTranslation),
  EncryptionConfiguration: body(EncryptionConfiguration),
  ReplicationTime: body(ReplicationTime),
  Metrics: body(Metrics),
});

const ReplicationRuleAndOperator = structure("ReplicationRuleAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
});

const ReplicationRuleFilter = structure("ReplicationRuleFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  And: body(ReplicationRuleAndOperator),
});

const SseKmsEncryptedObjects = structure("SseKmsEncryptedObjects", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
});

const ReplicaModifications = structure("ReplicaModifications", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
});

const SourceSelectionCriteria = structure("SourceSelectionCriteria", {
  SseKmsEncryptedObjects: body(SseKmsEncryptedObjects),
  ReplicaModifications: body(ReplicaModifications),
});

const ExistingObjectReplication = structure("ExistingObjectReplication", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
});

const DeleteMarkerReplication = structure("DeleteMarkerReplication", {
  Status: body(enumeration("Disabled", "Enabled")),
});

const ReplicationRule = structure("ReplicationRule", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  Destination: body(Destination, { required: true }),
  ID: body(string),
  Priority: body(integer),
  Prefix: body(string),
  Filter: body(ReplicationRuleFilter),
  SourceSelectionCriteria: body(SourceSelectionCriteria),
  ExistingObjectReplication: body(ExistingObjectReplication),
  DeleteMarkerReplication: body(DeleteMarkerReplication),
});

const ReplicationConfiguration = structure("ReplicationConfiguration", {
  Role: body(string, { required: true }),
  Rules: body(list(ReplicationRule), { required: true, xmlName: "Rule", xmlFlattened: true }),
});

type Rule = ValueOf<typeof ReplicationRule>;

const storedTags = (tags: readonly ValueOf<typeof Tag>[]): ReplicationFilter["tags"] =>
  tags.map(({ Key, Value }) => ({ key: Key, value: Value }));

/** @throws S3Error MalformedXML for two conditions that no And holds together */
const storedFilter = ({ Prefix, Tag, And }: ValueOf<typeof ReplicationRuleFilter>): ReplicationFilter => {
  if ([Prefix, Tag, And].filter((given) => given !== undefined).length > 1) {
    throw new S3Error("MalformedXML", { Reason: "Filter holds one condition; And holds several" });
  }
  if (Prefix !== undefined) return { form: "prefix", prefix: Prefix, tags: [] };
  if (Tag !== undefined) return { form: "tag", prefix: null, tags: storedTags([Tag]) };
  if (And === undefined) return { form: "empty", prefix: null, tags: [] };
  return { form: "and", prefix: And.Prefix ?? null, tags: storedTags(And.Tags ?? []) };
};

const storedDestination = (given: Rule["Destination"]): ReplicationDestination => ({
  bucketArn: given.Bucket,
  accountId: given.Account ?? null,
  storageClass: given.StorageClass ?? null,
  givesOwnership: given.AccessControlTranslation !== undefined,
  replicaKmsKeyId:
    given.EncryptionConfiguration === undefined ? null : (given.EncryptionConfiguration.ReplicaKmsKeyID ?? ""),
  time:
    given.ReplicationTime === undefined
      ? null
      : { status: given.ReplicationTime.Status, minutes: given.ReplicationTime.Time.Minutes ?? null },
  metrics:
    given.Metrics === undefined
      ? null
      : { status: given.Metrics.Status, minutes: given.Metrics.EventThreshold?.Minutes ?? null },
});

const storedRule = (rule: Rule): StoredRule => ({
  id: rule.ID ?? null,
  status: rule.Status,
  prefix: rule.Prefix ?? null,
  filter: rule.Filter === undefined ? null : storedFilter(rule.Filter),
  priority: rule.Priority ?? null,
  deleteMarkers: rule.DeleteMarkerReplication?.Status ?? null,
  existingObjects: rule.ExistingObjectReplication?.Status ?? null,
  replicaModifications: rule.SourceSelectionCriteria?.ReplicaModifications?.Status ?? null,
  kmsObjects: rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status ?? null,
  destination: storedDestination(rule.Destination),
});

const shownFilter = ({ form, prefix, tags }: ReplicationFilter): ValueOf<typeof ReplicationRuleFilter> => {
  const shownTags = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  const Prefix = prefix ?? undefined;
  switch (form) {
    case "empty":
      return {};
    case "prefix":
      return { Prefix };
    case "tag":
      return { Tag: shownTags[0] };
    case "and":
      return { And: { Prefix, Tags: shownTags } };
  }
};

const withStatus = <S>(Status: S | null): { readonly Status: S } | undefined =>
  Status === null ? undefined : { Status };

const withMinutes = (Minutes: number | null) => (Minutes === null ? undefined : { Minutes });

const shownDestination = (destination: ReplicationDestination): Rule["Destination"] => {
  const { time, metrics, replicaKmsKeyId } = destination;
  return {
    Bucket: destination.bucketArn,
    Account: destination.accountId ?? undefined,
    StorageClass: destination.storageClass === null ? undefined : storageClassOf(destination.storageClass),
    AccessControlTranslation: destination.givesOwnership ? { Owner: "Destination" } : undefined,
    EncryptionConfiguration: replicaKmsKeyId === null ? undefined : { ReplicaKmsKeyID: replicaKmsKeyId },
    ReplicationTime: time === null ? undefined : { Status: time.status, Time: withMinutes(time.minutes) ?? {} },
    Metrics: metrics === null ? undefined : { Status: metrics.status, EventThreshold: withMinutes(metrics.minutes) },
  };
};

const shownRule = (rule: StoredRule): Rule => {
  const { kmsObjects, replicaModifications } = rule;
  return {
    ID: rule.id ?? undefined,
    Status: rule.status,
    Prefix: rule.prefix ?? undefined,
    Filter: rule.filter === null ? undefined : shownFilter(rule.filter),
    Priority: rule.priority ?? undefined,
    DeleteMarkerReplication: withStatus(rule.deleteMarkers),
    ExistingObjectReplication: withStatus(rule.existingObjects),
    SourceSelectionCriteria:
      kmsObjects === null && replicaModifications === null
        ? undefined
        : {
            SseKmsEncryptedObjects: withStatus(kmsObjects),
            ReplicaModifications: withStatus(replicaModifications),
          },
    Destination: shownDestination(rule.destination),
  };
};

/** Each destination is another bucket that keeps versions. @throws S3Error InvalidRequest, InvalidArgument */
const checkDestinations = (
  { bucket, services }: Pick<Context, "bucket" | "services">,
  { rules }: Replication,
): void => {
  services.control.refresh();
  const seen = new Set<string>();
  for (const { destination } of rules) {
    const name = destinationBucket(destination);
    const refuse = (Message: string): S3Error => new S3Error("InvalidRequest", { Message });
    if (name === bucket.name) throw refuse("Destination bucket cannot be the same as the source bucket.");
    if (seen.has(name)) continue;
    seen.add(name);
    const found = services.control.bucket(name);
    if (found?.state !== "live") throw refuse("Destination bucket must exist.");
    if (destination.accountId !== null && destination.accountId !== found.accountId) {
      throw refuse("Destination bucket is not owned by the account in Account.");
    }
    if (services.configurationOf(found).row.versioning !== "Enabled") {
      throw refuse("Destination bucket must have versioning enabled.");
    }
  }
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketReplication.html */
export const DeleteBucketReplication = declareOperation({
  name: "DeleteBucketReplication",
  http: { method: "DELETE", uri: "/{Bucket}?replication", status: 204 },
  action: "s3:PutReplicationConfiguration",
  input: structure("DeleteBucketReplicationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "replication", value: null });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html */
export const GetBucketReplication = declareOperation({
  name: "GetBucketReplication",
  http: { method: "GET", uri: "/{Bucket}?replication", status: 200 },
  action: "s3:GetReplicationConfiguration",
  input: structure("GetBucketReplicationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketReplicationOutput", {
    ReplicationConfiguration: payload(ReplicationConfiguration),
  }),
  errors: ["NoSuchBucket", "ReplicationConfigurationNotFoundError"],
}).handledBy(async (_input, context) => {
  const { role, rules } = requireConfigured(context, "replication", "ReplicationConfigurationNotFoundError");
  return { ReplicationConfiguration: { Role: role, Rules: rules.map(shownRule) } };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html */
export const PutBucketReplication = declareOperation({
  name: "PutBucketReplication",
  http: { method: "PUT", uri: "/{Bucket}?replication", status: 200 },
  action: "s3:PutReplicationConfiguration",
  requiresBodyDigest: true,
  input: structure("PutBucketReplicationRequest", {
    Bucket: label(string),
    ReplicationConfiguration: payload(ReplicationConfiguration, {
      required: true,
      xmlName: "ReplicationConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    Token: header("x-amz-bucket-object-lock-token", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: [
    "NoSuchBucket",
    "BadDigest",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "InvalidTag",
    "MalformedXML",
  ],
}).handledBy(async (input, context) => {
  const { Role: role, Rules } = input.ReplicationConfiguration;
  const replication = { role, rules: Rules.map(storedRule) };
  checkReplication(replication);
  checkDestinations(context, replication);
  await configure(context, { field: "replication", value: replication });
  return {};
});
