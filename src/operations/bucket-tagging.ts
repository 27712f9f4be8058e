/** Tags of a bucket (`?tagging`). */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Tag, Tagging, Unit } from "../s3/shapes.ts";
import { checkBucketTags } from "../s3/tag-set.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html */
export const DeleteBucketTagging = declareOperation({
  name: "DeleteBucketTagging",
  http: { method: "DELETE", uri: "/{Bucket}?tagging", status: 204 },
  action: "s3:PutBucketTagging",
  input: structure("DeleteBucketTaggingRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => {
  await services.askControl("bucket.setTags", { name: bucket.name, tags: [] });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export const GetBucketTagging = declareOperation({
  name: "GetBucketTagging",
  http: { method: "GET", uri: "/{Bucket}?tagging", status: 200 },
  action: "s3:GetBucketTagging",
  input: structure("GetBucketTaggingRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketTaggingOutput",
    {
      TagSet: body(list(Tag, "Tag"), { required: true }),
    },
    { xmlName: "Tagging" },
  ),
  errors: ["NoSuchBucket", "NoSuchTagSet"],
}).handledBy(async (_input, { bucket }) => {
  const tags = bucket.tags ?? [];
  if (tags.length === 0) throw new S3Error("NoSuchTagSet", { BucketName: bucket.name });
  return { TagSet: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export const PutBucketTagging = declareOperation({
  name: "PutBucketTagging",
  http: { method: "PUT", uri: "/{Bucket}?tagging", status: 200 },
  action: "s3:PutBucketTagging",
  requiresBodyDigest: true,
  input: structure("PutBucketTaggingRequest", {
    Bucket: label(string),
    Tagging: payload(Tagging, { required: true, xmlName: "Tagging" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "InvalidTag", "MalformedXML"],
}).handledBy(async (input, { bucket, services }) => {
  const { TagSet } = input.Tagging;
  checkBucketTags(TagSet);
  const tags = TagSet.map(({ Key, Value }) => ({ key: Key, value: Value }));
  await services.askControl("bucket.setTags", { name: bucket.name, tags });
  return {};
});
