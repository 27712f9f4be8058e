/** Buckets themselves: create, delete, look up. */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import { boolean, enumeration, list, string, structure, type ValueOf } from "../model/shape.ts";
import { BucketCannedACL, ObjectOwnership } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { bucketNameFault } from "../s3/names.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { checkBucketTags } from "../s3/tag-set.ts";
import { writtenAclErrors } from "./acl-headers.ts";
import { aclOfNewBucket, resetBucket } from "./bucket-creation.ts";
import { finishDeletion } from "./bucket-deletion.ts";
import { makeBucket, setupOf } from "./bucket-making.ts";
import { declareOperation } from "./context.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const LocationInfo = structure("LocationInfo", {
  Type: body(enumeration("AvailabilityZone", "LocalZone")),
  Name: body(string),
});

const BucketInfo = structure("BucketInfo", {
  DataRedundancy: body(enumeration("SingleAvailabilityZone", "SingleLocalZone")),
  Type: body(enumeration("Directory")),
});

const CreateBucketConfiguration = structure("CreateBucketConfiguration", {
  LocationConstraint: body(string),
  Location: body(LocationInfo),
  Bucket: body(BucketInfo),
  Tags: body(list(Tag, "Tag")),
});

/**
 * A location that names the default region, or nothing, is stored as none. Any other is taken as it is, so far as the header
 * x-amz-bucket-region can say it.
 * @throws S3Error InvalidLocationConstraint
 */
const locationOf = (constraint: string | undefined, region: string): string | null => {
  if (constraint === undefined || constraint === "" || constraint === region) return null;
  if (constraint.length <= limits.locationCharsMax && /^[!-~]+$/.test(constraint)) return constraint;
  throw new S3Error("InvalidLocationConstraint", {
    LocationConstraint: constraint.slice(0, limits.locationCharsMax),
  });
};

interface CreationOptions {
  readonly CreateBucketConfiguration?: ValueOf<typeof CreateBucketConfiguration> | undefined;
  readonly BucketNamespace?: "account-regional" | "global" | undefined;
}

/** What a new bucket cannot be yet must not seem to have been granted. @throws S3Error NotImplemented */
const refuseUnservedConfiguration = (options: CreationOptions): void => {
  const { CreateBucketConfiguration: configuration } = options;
  const refuse = (what: string): S3Error => new S3Error("NotImplemented", { Header: what });
  if (options.BucketNamespace === "account-regional") throw refuse("x-amz-bucket-namespace");
  if (configuration?.Location !== undefined) throw refuse("CreateBucketConfiguration.Location");
  if (configuration?.Bucket !== undefined) throw refuse("CreateBucketConfiguration.Bucket");
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export const CreateBucket = declareOperation({
  name: "CreateBucket",
  http: { method: "PUT", uri: "/{Bucket}", status: 200 },
  action: "s3:CreateBucket",
  createsBucket: true,
  input: structure("CreateBucketRequest", {
    Bucket: label(string),
    ACL: header("x-amz-acl", BucketCannedACL),
    CreateBucketConfiguration: payload(CreateBucketConfiguration, { xmlName: "CreateBucketConfiguration" }),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWrite: header("x-amz-grant-write", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    ObjectLockEnabledForBucket: header("x-amz-bucket-object-lock-enabled", boolean),
    ObjectOwnership: header("x-amz-object-ownership", ObjectOwnership),
    BucketNamespace: header("x-amz-bucket-namespace", enumeration("account-regional", "global")),
  }),
  output: structure("CreateBucketOutput", {
    Location: header("Location", string),
    BucketArn: header("x-amz-bucket-arn", string),
  }),
  errors: [
    ...writtenAclErrors,
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "InvalidBucketAclWithObjectOwnership",
    "InvalidBucketName",
    "InvalidLocationConstraint",
    "InvalidTag",
    "MalformedXML",
    "NotImplemented",
    "OperationAborted",
    "TooManyBuckets",
  ],
}).handledBy(async (input, context) => {
  const { principal, request, services } = context;
  const fault = bucketNameFault(input.Bucket);
  if (fault !== null) {
    throw new S3Error("InvalidBucketName", {
      Message: `The specified bucket is not valid: ${fault}.`,
      BucketName: input.Bucket,
    });
  }
  refuseUnservedHeaders(request.headers, ["x-amz-grant-write"]);
  refuseUnservedConfiguration(input);
  const { LocationConstraint, Tags = [] } = input.CreateBucketConfiguration ?? {};
  checkBucketTags(Tags);
  const acl = aclOfNewBucket(input, context);
  const hasObjectLock = input.ObjectLockEnabledForBucket === true;
  const { record, created } = await makeBucket(services, {
    name: input.Bucket,
    accountId: principal.account.accountId,
    location: locationOf(LocationConstraint, services.region),
    tags: Tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    setup: setupOf({ hasObjectLock, ownership: input.ObjectOwnership ?? services.defaultOwnership, acl }),
  });
  if (!created) await resetBucket({ bucket: record, services }, { acl, hasObjectLock });
  return { Location: `/${input.Bucket}` };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export const DeleteBucket = declareOperation({
  name: "DeleteBucket",
  http: { method: "DELETE", uri: "/{Bucket}", status: 204 },
  action: "s3:DeleteBucket",
  deletesBucket: true,
  input: structure("DeleteBucketRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BucketNotEmpty", "OperationAborted"],
}).handledBy(async (_input, { bucket, services }) => {
  await services.askControl("bucket.markDeleting", { name: bucket.name, jobId: null });
  if (await finishDeletion(services, bucket)) return {};
  throw new S3Error("BucketNotEmpty", { BucketName: bucket.name });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export const HeadBucket = declareOperation({
  name: "HeadBucket",
  http: { method: "HEAD", uri: "/{Bucket}", status: 200 },
  action: "s3:ListBucket",
  input: structure("HeadBucketRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("HeadBucketOutput", {
    BucketArn: header("x-amz-bucket-arn", string),
    BucketLocationType: header("x-amz-bucket-location-type", enumeration("AvailabilityZone", "LocalZone")),
    BucketLocationName: header("x-amz-bucket-location-name", string),
    BucketRegion: header("x-amz-bucket-region", string),
    AccessPointAlias: header("x-amz-access-point-alias", boolean),
  }),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => ({
  BucketRegion: bucket.location ?? services.region,
  AccessPointAlias: false,
}));
