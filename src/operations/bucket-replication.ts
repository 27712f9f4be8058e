/** Replication rules of a bucket (`?replication`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, integer, list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, StorageClass } from "../s3/enumerations.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

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
  errors: ["NoSuchBucket"],
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
  errors: ["NoSuchBucket"],
});
