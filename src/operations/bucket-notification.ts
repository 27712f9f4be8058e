/** Event notifications of a bucket (`?notification`). */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import {
  boolean,
  enumeration,
  ignoringCase,
  list,
  refusedInBody,
  type StructureValue,
  string,
  structure,
} from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { judgeRules, type NotificationRule, type NotificationRules } from "../s3/notification.ts";
import { Unit } from "../s3/shapes.ts";
import { configure } from "./configured.ts";
import { type Context, declareOperation } from "./context.ts";

/** Source: AWS PutBucketNotificationConfiguration, "InvalidArgument". */
const EventType = refusedInBody(
  "A specified event is not supported for notifications.",
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
);

const FilterRule = structure("FilterRule", {
  // S3 takes "Prefix" too, and many templates say it.
  Name: body(
    refusedInBody("filter rule name must be either prefix or suffix", ignoringCase(enumeration("prefix", "suffix"))),
  ),
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
  Events: body(list(EventType), { required: true, xmlName: "Event", xmlFlattened: true }),
  Id: body(string),
  Filter: body(NotificationConfigurationFilter),
});

const QueueConfiguration = structure("QueueConfiguration", {
  QueueArn: body(string, { required: true, xmlName: "Queue" }),
  Events: body(list(EventType), { required: true, xmlName: "Event", xmlFlattened: true }),
  Id: body(string),
  Filter: body(NotificationConfigurationFilter),
});

const LambdaFunctionConfiguration = structure("LambdaFunctionConfiguration", {
  LambdaFunctionArn: body(string, { required: true, xmlName: "CloudFunction" }),
  Events: body(list(EventType), { required: true, xmlName: "Event", xmlFlattened: true }),
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

type Asked = StructureValue<(typeof NotificationConfiguration)["members"]>;
type AskedRule = NonNullable<Asked["TopicConfigurations"]>[number];

const filterOf = (rule: Pick<AskedRule, "Filter">): { prefix: string | null; suffix: string | null } => {
  const found: { prefix: string | null; suffix: string | null } = { prefix: null, suffix: null };
  for (const { Name, Value } of rule.Filter?.Key?.FilterRules ?? []) {
    if (Name === undefined || Value === undefined) throw new S3Error("MalformedXML");
    if (found[Name] !== null) {
      throw new S3Error("InvalidArgument", {
        Message: `Cannot specify more than one ${Name} rule in a filter.`,
        ArgumentName: Name,
        ArgumentValue: Value,
      });
    }
    if (Value.length > limits.keyBytesMax) {
      throw new S3Error("InvalidArgument", {
        Message: "filter rule value cannot contain more than 1024 characters",
        ArgumentName: Name,
        ArgumentValue: Value,
      });
    }
    found[Name] = Value;
  }
  return found;
};

/** @throws S3Error InvalidArgument, MalformedXML, NotImplemented (EventBridge) */
const rulesOf = (asked: Asked, { requestId }: Context): NotificationRule[] => {
  if (asked.EventBridgeConfiguration !== undefined) {
    throw new S3Error("NotImplemented", { Message: "There is no EventBridge here: name a configured target." });
  }
  const rules: NotificationRule[] = [];
  const add = (
    kind: NotificationRule["kind"],
    arn: string,
    rule: Pick<AskedRule, "Events" | "Id" | "Filter">,
  ): void => {
    if (rule.Events.length === 0) throw new S3Error("MalformedXML");
    const { prefix, suffix } = filterOf(rule);
    // As at AWS, what has no name is given one.
    const id = rule.Id ?? `${requestId}-${rules.length + 1}`;
    if (id.length > limits.notificationIdCharsMax) throw new S3Error("InvalidArgument", { ArgumentName: "Id" });
    rules.push({ id, kind, arn, events: [...rule.Events], prefix, suffix });
  };
  for (const rule of asked.TopicConfigurations ?? []) add("topic", rule.TopicArn, rule);
  for (const rule of asked.QueueConfigurations ?? []) add("queue", rule.QueueArn, rule);
  for (const rule of asked.LambdaFunctionConfigurations ?? []) add("function", rule.LambdaFunctionArn, rule);
  if (rules.length > limits.notificationRulesMax) {
    throw new S3Error("InvalidArgument", {
      Message: `A bucket has at most ${limits.notificationRulesMax} notification configurations.`,
      ArgumentName: "NotificationConfiguration",
      ArgumentValue: String(rules.length),
    });
  }
  return rules;
};

const shownRules = (rules: NotificationRules) => {
  const of = (kind: NotificationRule["kind"]) =>
    rules
      .filter((rule) => rule.kind === kind)
      .map(({ id, arn, events, prefix, suffix }) => ({
        arn,
        Id: id,
        Events: events as AskedRule["Events"],
        ...(prefix === null && suffix === null ? {} : { Filter: { Key: { FilterRules: filtersOf(prefix, suffix) } } }),
      }));
  return {
    TopicConfigurations: of("topic").map(({ arn, ...rule }) => ({ ...rule, TopicArn: arn })),
    QueueConfigurations: of("queue").map(({ arn, ...rule }) => ({ ...rule, QueueArn: arn })),
    LambdaFunctionConfigurations: of("function").map(({ arn, ...rule }) => ({ ...rule, LambdaFunctionArn: arn })),
  };
};

const filtersOf = (prefix: string | null, suffix: string | null) => [
  ...(prefix === null ? [] : [{ Name: "prefix" as const, Value: prefix }]),
  ...(suffix === null ? [] : [{ Name: "suffix" as const, Value: suffix }]),
];

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
}).handledBy(async (_input, { bucket, services }) => {
  const notification = services.configurationOf(bucket).get("notification");
  return notification === null ? {} : shownRules(notification.rules);
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
  errors: ["NoSuchBucket", "InvalidArgument", "MalformedXML", "NotImplemented", "OperationAborted"],
}).handledBy(async (input, context) => {
  const { bucket, services } = context;
  const rules = rulesOf(input.NotificationConfiguration, context);
  judgeRules(rules, services.eventTargets);
  const owner = services.control.account(bucket.accountId);
  const value = {
    bucket: bucket.name,
    ownerId: owner?.canonicalId ?? bucket.accountId,
    region: bucket.location ?? services.region,
    rules,
  };
  await configure(context, { field: "notification", value: rules.length === 0 ? null : value });
  if (rules.length > 0 && input.SkipDestinationValidation !== true) {
    const { requestId, hostId } = context;
    await services.askBucket(bucket, "events.test", { requestId, hostId });
  }
  return {};
});
