/** Access logs of a bucket (`?logging`). */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import { enumeration, list, type StructureValue, string, structure } from "../model/shape.ts";
import type { BucketLogging } from "../s3/bucket-logging.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Grantee, Unit } from "../s3/shapes.ts";
import { configure } from "./configured.ts";
import { type Context, declareOperation } from "./context.ts";

const TargetGrant = structure("TargetGrant", {
  Grantee: body(Grantee, { xmlNamespace: { prefix: "xsi", uri: "http://www.w3.org/2001/XMLSchema-instance" } }),
  Permission: body(enumeration("FULL_CONTROL", "READ", "WRITE")),
});

const SimplePrefix = structure("SimplePrefix", {}, { xmlName: "SimplePrefix" });

const PartitionedPrefix = structure(
  "PartitionedPrefix",
  {
    PartitionDateSource: body(enumeration("DeliveryTime", "EventTime")),
  },
  { xmlName: "PartitionedPrefix" },
);

const TargetObjectKeyFormat = structure("TargetObjectKeyFormat", {
  SimplePrefix: body(SimplePrefix, { xmlName: "SimplePrefix" }),
  PartitionedPrefix: body(PartitionedPrefix, { xmlName: "PartitionedPrefix" }),
});

const LoggingEnabled = structure("LoggingEnabled", {
  TargetBucket: body(string, { required: true }),
  TargetPrefix: body(string, { required: true }),
  TargetGrants: body(list(TargetGrant, "Grant")),
  TargetObjectKeyFormat: body(TargetObjectKeyFormat),
});

const BucketLoggingStatus = structure("BucketLoggingStatus", {
  LoggingEnabled: body(LoggingEnabled),
});

type LoggingValue = StructureValue<(typeof LoggingEnabled)["members"]>;

const shownLogging = ({ targetBucket, targetPrefix, keyFormat }: BucketLogging): LoggingValue => ({
  TargetBucket: targetBucket,
  TargetPrefix: targetPrefix,
  ...(keyFormat === "simple" ? {} : { TargetObjectKeyFormat: shownFormats[keyFormat] }),
});

/** As they were put: to a client that asked for one, none would be a change. */
const shownFormats: Readonly<
  Record<Exclude<BucketLogging["keyFormat"], "simple">, NonNullable<LoggingValue["TargetObjectKeyFormat"]>>
> = {
  "asked-simple": { SimplePrefix: {} },
  "delivery-time": { PartitionedPrefix: { PartitionDateSource: "DeliveryTime" } },
  "event-time": { PartitionedPrefix: { PartitionDateSource: "EventTime" } },
};

const keyFormatOf = (asked: LoggingValue["TargetObjectKeyFormat"]): BucketLogging["keyFormat"] => {
  if (asked === undefined) return "simple";
  const { SimplePrefix: simple, PartitionedPrefix: partitioned } = asked;
  if ((simple === undefined) === (partitioned === undefined)) throw new S3Error("MalformedXML");
  if (partitioned === undefined) return "asked-simple";
  return partitioned.PartitionDateSource === "EventTime" ? "event-time" : "delivery-time";
};

/**
 * The target is a live bucket of the same account: no other's storage is filled by a log. Nor does it lock what it gets by a
 * default retention, or charge who asks. Sources: AWS "Logging requests with server access logging", Amazon S3 Object Lock of
 * the destination; "Using Requester Pays general purpose buckets".
 * @throws S3Error InvalidTargetBucketForLogging, InvalidArgument, MalformedXML, NotImplemented (grants on log objects)
 */
const judgedLogging = (asked: LoggingValue, { bucket, services }: Context): BucketLogging => {
  const target = services.control.bucket(asked.TargetBucket);
  if (target?.state !== "live" || target.accountId !== bucket.accountId) {
    throw new S3Error("InvalidTargetBucketForLogging", { TargetBucket: asked.TargetBucket });
  }
  if (services.configurationOf(target).get("objectLock")?.defaultRetention != null) {
    throw new S3Error("InvalidTargetBucketForLogging", {
      Message: "The target bucket for logging has a default retention of its Object Lock.",
      TargetBucket: asked.TargetBucket,
    });
  }
  if (services.configurationOf(target).get("requestPayment") !== null) {
    throw new S3Error("InvalidTargetBucketForLogging", {
      Message: "The target bucket for logging is a Requester Pays bucket.",
      TargetBucket: asked.TargetBucket,
    });
  }
  if ((asked.TargetGrants ?? []).length > 0) {
    throw new S3Error("NotImplemented", { Message: "Grants on log objects are not supported: use a bucket policy." });
  }
  if (Buffer.byteLength(asked.TargetPrefix) > limits.loggingPrefixBytesMax) {
    throw new S3Error("InvalidArgument", {
      Message: `The target prefix is longer than ${limits.loggingPrefixBytesMax} bytes.`,
      ArgumentName: "TargetPrefix",
      ArgumentValue: asked.TargetPrefix,
    });
  }
  return {
    targetBucket: asked.TargetBucket,
    targetPrefix: asked.TargetPrefix,
    keyFormat: keyFormatOf(asked.TargetObjectKeyFormat),
  };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export const GetBucketLogging = declareOperation({
  name: "GetBucketLogging",
  http: { method: "GET", uri: "/{Bucket}?logging", status: 200 },
  action: "s3:GetBucketLogging",
  input: structure("GetBucketLoggingRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketLoggingOutput",
    {
      LoggingEnabled: body(LoggingEnabled),
    },
    { xmlName: "BucketLoggingStatus" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => {
  const logging = services.configurationOf(bucket).get("logging");
  return logging === null ? {} : { LoggingEnabled: shownLogging(logging) };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
export const PutBucketLogging = declareOperation({
  name: "PutBucketLogging",
  http: { method: "PUT", uri: "/{Bucket}?logging", status: 200 },
  action: "s3:PutBucketLogging",
  requiresBodyDigest: true,
  input: structure("PutBucketLoggingRequest", {
    Bucket: label(string),
    BucketLoggingStatus: payload(BucketLoggingStatus, { required: true, xmlName: "BucketLoggingStatus" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: [
    "NoSuchBucket",
    "BadDigest",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidTargetBucketForLogging",
    "MalformedXML",
    "NotImplemented",
    "OperationAborted",
  ],
}).handledBy(async (input, context) => {
  const { LoggingEnabled: asked } = input.BucketLoggingStatus;
  const value = asked === undefined ? null : judgedLogging(asked, context);
  await configure(context, { field: "logging", value });
  return {};
});
