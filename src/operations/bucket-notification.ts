/** Event notifications of a bucket (`?notification`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, enumeration, list, string, structure } from "../model/shape.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const FilterRule = structure("FilterRule", {
  Name: body(enumeration("prefix", "suffix")),
  Value: body(string),
});

const S3KeyFilter = structure("S3KeyFilter", {
  FilterRules: body(list(FilterRule), { xmlName: "FilterRule", xmlFlattened: true }),
});

const NotificationConfigurationFilter = structure("NotificationConfigurationFilter", {
  Key: body(S3KeyFilter, { xmlName: "S3Key" }),
});

const TopicConfiguration = structure("TopicConfiguration", {
  TopicArn: body(string, { required: true, xmlName: "Topic" }),
  Events: body(
    list(
      enumeration(
        "s3:IntelligentTiering",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:LifecycleTransition",
        "s3:ObjectAcl:Put",
        "s3:ObjectAnnotation:*",
        "s3:ObjectAnnotation:Delete",
        "s3:ObjectAnnotation:Put",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Put",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:ObjectRestore:Post",
        "s3:ObjectRetention:Put",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Delete",
        "s3:ObjectTagging:Put",
        "s3:ReducedRedundancyLostObject",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationReplicatedAfterThreshold",
      ),
    ),
    { required: true, xmlName: "Event", xmlFlattened: true },
  ),
  Id: body(string),
  Filter: body(NotificationConfigurationFilter),
});

const QueueConfiguration = structure("QueueConfiguration", {
  QueueArn: body(string, { required: true, xmlName: "Queue" }),
  Events: body(
    list(
      enumeration(
        "s3:IntelligentTiering",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:LifecycleTransition",
        "s3:ObjectAcl:Put",
        "s3:ObjectAnnotation:*",
        "s3:ObjectAnnotation:Delete",
        "s3:ObjectAnnotation:Put",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Put",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:ObjectRestore:Post",
        "s3:ObjectRetention:Put",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Delete",
        "s3:ObjectTagging:Put",
        "s3:ReducedRedundancyLostObject",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationReplicatedAfterThreshold",
      ),
    ),
    { required: true, xmlName: "Event", xmlFlattened: true },
  ),
  Id: body(string),
  Filter: body(NotificationConfigurationFilter),
});

const LambdaFunctionConfiguration = structure("LambdaFunctionConfiguration", {
  LambdaFunctionArn: body(string, { required: true, xmlName: "CloudFunction" }),
  Events: body(
    list(
      enumeration(
        "s3:IntelligentTiering",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:LifecycleTransition",
        "s3:ObjectAcl:Put",
        "s3:ObjectAnnotation:*",
        "s3:ObjectAnnotation:Delete",
        "s3:ObjectAnnotation:Put",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Put",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:ObjectRestore:Post",
        "s3:ObjectRetention:Put",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Delete",
        "s3:ObjectTagging:Put",
        "s3:ReducedRedundancyLostObject",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationReplicatedAfterThreshold",
      ),
    ),
    { required: true, xmlName: "Event", xmlFlattened: true },
  ),
  Id: body(string),
  Filter: body(NotificationConfigurationFilter),
});

const EventBridgeConfiguration = structure("EventBridgeConfiguration", {});

const NotificationConfiguration = structure("NotificationConfiguration", {
  TopicConfigurations: body(list(TopicConfiguration), { xmlName: "TopicConfiguration", xmlFlattened: true }),
  QueueConfigurations: body(list(QueueConfiguration), { xmlName: "QueueConfiguration", xmlFlattened: true }),
  LambdaFunctionConfigurations: body(list(LambdaFunctionConfiguration), {
    xmlName: "CloudFunctionConfiguration",
    xmlFlattened: true,
  }),
  EventBridgeConfiguration: body(EventBridgeConfiguration),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
export const GetBucketNotificationConfiguration = declareOperation({
  name: "GetBucketNotificationConfiguration",
  http: { method: "GET", uri: "/{Bucket}?notification", status: 200 },
  action: "s3:GetBucketNotification",
  input: structure("GetBucketNotificationConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("NotificationConfiguration", {
    TopicConfigurations: body(list(TopicConfiguration), { xmlName: "TopicConfiguration", xmlFlattened: true }),
    QueueConfigurations: body(list(QueueConfiguration), { xmlName: "QueueConfiguration", xmlFlattened: true }),
    LambdaFunctionConfigurations: body(list(LambdaFunctionConfiguration), {
      xmlName: "CloudFunctionConfiguration",
      xmlFlattened: true,
    }),
    EventBridgeConfiguration: body(EventBridgeConfiguration),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html */
export const PutBucketNotificationConfiguration = declareOperation({
  name: "PutBucketNotificationConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?notification", status: 200 },
  action: "s3:PutBucketNotification",
  input: structure("PutBucketNotificationConfigurationRequest", {
    Bucket: label(string),
    NotificationConfiguration: payload(NotificationConfiguration, {
      required: true,
      xmlName: "NotificationConfiguration",
    }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    SkipDestinationValidation: header("x-amz-skip-destination-validation", boolean),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
