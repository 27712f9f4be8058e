/** Tags of objects (`?tagging`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestPayer } from "../s3/enumerations.ts";
import { Tag, Tagging } from "../s3/shapes.ts";
import { storedTags, taggingOf } from "../s3/tag-set.ts";
import { declareOperation } from "./context.ts";
import { readObject } from "./found-version.ts";
import { setAttributes } from "./set-attributes.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const DeleteObjectTagging = declareOperation({
  name: "DeleteObjectTagging",
  http: { method: "DELETE", uri: "/{Bucket}/{Key+}?tagging", status: 204 },
  action: "s3:DeleteObjectTagging",
  versionAction: "s3:DeleteObjectVersionTagging",
  input: structure("DeleteObjectTaggingRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("DeleteObjectTaggingOutput", {
    VersionId: header("x-amz-version-id", string),
  }),
  errors: ["NoSuchBucket", "NoSuchKey", "NoSuchVersion", "InvalidArgument", "MethodNotAllowed"],
}).handledBy((input, context) => setAttributes(input, context, { tagging: null }));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const GetObjectTagging = declareOperation({
  name: "GetObjectTagging",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?tagging", status: 200 },
  action: "s3:GetObjectTagging",
  versionAction: "s3:GetObjectVersionTagging",
  input: structure("GetObjectTaggingRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
  }),
  output: structure(
    "GetObjectTaggingOutput",
    {
      TagSet: body(list(Tag, "Tag"), { required: true }),
      VersionId: header("x-amz-version-id", string),
    },
    { xmlName: "Tagging" },
  ),
  errors: ["NoSuchBucket", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"],
}).handledBy(async (input, context) =>
  readObject(input, context, ({ versionId, metadata }) => ({
    ...(versionId === null ? {} : { VersionId: versionId }),
    TagSet: storedTags(metadata.tagging ?? "").map(([Key, Value]) => ({ Key, Value })),
  })),
);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const PutObjectTagging = declareOperation({
  name: "PutObjectTagging",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?tagging", status: 200 },
  action: "s3:PutObjectTagging",
  versionAction: "s3:PutObjectVersionTagging",
  authorisation: "items",
  requiresBodyDigest: true,
  input: structure("PutObjectTaggingRequest", {
    Bucket: label(string),
    Key: label(string),
    Tagging: payload(Tagging, { required: true, xmlName: "Tagging" }),
    VersionId: query("versionId", string),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
  }),
  output: structure("PutObjectTaggingOutput", {
    VersionId: header("x-amz-version-id", string),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "BadDigest",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidTag",
    "MalformedXML",
    "MethodNotAllowed",
    "OperationAborted",
  ],
}).handledBy((input, context) => {
  const tagging = taggingOf(input.Tagging.TagSet);
  const action = input.VersionId === undefined ? "s3:PutObjectTagging" : "s3:PutObjectVersionTagging";
  context.authorizeBody(action, input.Key, new Map([["x-amz-tagging", tagging]]));
  return setAttributes(input, context, { tagging });
});
