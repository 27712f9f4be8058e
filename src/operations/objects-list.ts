/**
 * Lists of objects, in both versions. The answers say what a page is before what is on it, as S3 does: there are parsers
 * that need the name and the prefix first. (The model orders the members otherwise.)
 */

import { body, header, label, query } from "../model/member.ts";
import { boolean, list, long, natural, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumType,
  EncodingType,
  OptionalObjectAttributes,
  RequestCharged,
  RequestPayer,
} from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { decodeListToken, encodeListToken } from "../s3/list-token.ts";
import { CommonPrefix, Owner, RestoreStatus } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";
import { contentsOf, nameWriter, pageSize, prefixesOf } from "./listing.ts";
import { ownersIn } from "./owner.ts";

const ListedObject = structure("Object", {
  Key: body(string),
  LastModified: body(timestamp),
  ETag: body(string),
  ChecksumAlgorithm: body(list(ChecksumAlgorithm), { xmlFlattened: true }),
  ChecksumType: body(ChecksumType),
  Size: body(long),
  StorageClass: body(string),
  Owner: body(Owner),
  RestoreStatus: body(RestoreStatus),
});

/** A list type is what tells ListObjectsV2 apart: another one is refused, not taken for none. @throws S3Error InvalidArgument */
const judgeListType = (listType: string | undefined): void => {
  if (listType === undefined) return;
  throw new S3Error("InvalidArgument", {
    Message: "Invalid List Type specified in Request",
    ArgumentName: "list-type",
    ArgumentValue: listType,
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const ListObjects = declareOperation({
  name: "ListObjects",
  http: { method: "GET", uri: "/{Bucket}", status: 200 },
  action: "s3:ListBucket",
  input: structure("ListObjectsRequest", {
    Bucket: label(string),
    Delimiter: query("delimiter", string),
    EncodingType: query("encoding-type", EncodingType),
    Marker: query("marker", string),
    MaxKeys: query("max-keys", natural),
    Prefix: query("prefix", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    OptionalObjectAttributes: header("x-amz-optional-object-attributes", list(OptionalObjectAttributes)),
  }),
  output: structure(
    "ListObjectsOutput",
    {
      Name: body(string),
      Prefix: body(string),
      Marker: body(string),
      NextMarker: body(string),
      MaxKeys: body(natural),
      Delimiter: body(string),
      EncodingType: body(EncodingType),
      IsTruncated: body(boolean),
      Contents: body(list(ListedObject), { xmlFlattened: true }),
      CommonPrefixes: body(list(CommonPrefix), { xmlFlattened: true }),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "ListBucketResult" },
  ),
  errors: ["NoSuchBucket", "InvalidArgument"],
}).handledBy(async (input, { bucket, query: words, services }) => {
  judgeListType(words.get("list-type"));
  const keysMax = pageSize(input.MaxKeys);
  const delimiter = input.Delimiter ?? "";
  const page = await services.askBucket(bucket, "object.list", {
    prefix: input.Prefix ?? "",
    delimiter,
    after: input.Marker ?? "",
    keysMax,
  });
  const write = nameWriter(input.EncodingType);
  return {
    Name: bucket.name,
    Prefix: write(input.Prefix ?? ""),
    Marker: write(input.Marker ?? ""),
    MaxKeys: keysMax,
    IsTruncated: page.isTruncated,
    Contents: contentsOf(page.objects, write, ownersIn(services, bucket)),
    CommonPrefixes: prefixesOf(page.commonPrefixes, write),
    ...(delimiter === "" ? {} : { Delimiter: write(delimiter) }),
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    // Without a delimiter the last key is the next marker, and S3 leaves it to the client.
    ...(page.isTruncated && delimiter !== "" ? { NextMarker: write(page.last) } : {}),
  };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const ListObjectsV2 = declareOperation({
  name: "ListObjectsV2",
  http: { method: "GET", uri: "/{Bucket}?list-type=2", status: 200 },
  action: "s3:ListBucket",
  input: structure("ListObjectsV2Request", {
    Bucket: label(string),
    Delimiter: query("delimiter", string),
    EncodingType: query("encoding-type", EncodingType),
    MaxKeys: query("max-keys", natural),
    Prefix: query("prefix", string),
    ContinuationToken: query("continuation-token", string),
    FetchOwner: query("fetch-owner", boolean),
    StartAfter: query("start-after", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    OptionalObjectAttributes: header("x-amz-optional-object-attributes", list(OptionalObjectAttributes)),
  }),
  output: structure(
    "ListObjectsV2Output",
    {
      Name: body(string),
      Prefix: body(string),
      StartAfter: body(string),
      ContinuationToken: body(string),
      NextContinuationToken: body(string),
      KeyCount: body(natural),
      MaxKeys: body(natural),
      Delimiter: body(string),
      EncodingType: body(EncodingType),
      IsTruncated: body(boolean),
      Contents: body(list(ListedObject), { xmlFlattened: true }),
      CommonPrefixes: body(list(CommonPrefix), { xmlFlattened: true }),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "ListBucketResult" },
  ),
  errors: ["NoSuchBucket", "InvalidArgument"],
}).handledBy(async (input, { bucket, services }) => {
  const keysMax = pageSize(input.MaxKeys);
  const delimiter = input.Delimiter ?? "";
  const page = await services.askBucket(bucket, "object.list", {
    prefix: input.Prefix ?? "",
    delimiter,
    after:
      input.ContinuationToken === undefined
        ? (input.StartAfter ?? "")
        : decodeListToken(bucket.id, input.ContinuationToken),
    keysMax,
  });
  const write = nameWriter(input.EncodingType);
  const owners = input.FetchOwner === true ? ownersIn(services, bucket) : undefined;
  return {
    Name: bucket.name,
    Prefix: write(input.Prefix ?? ""),
    MaxKeys: keysMax,
    KeyCount: page.objects.count + page.commonPrefixes.length,
    IsTruncated: page.isTruncated,
    Contents: contentsOf(page.objects, write, owners),
    CommonPrefixes: prefixesOf(page.commonPrefixes, write),
    ...(delimiter === "" ? {} : { Delimiter: write(delimiter) }),
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
    ...(input.StartAfter === undefined ? {} : { StartAfter: write(input.StartAfter) }),
    ...(page.isTruncated ? { NextContinuationToken: encodeListToken(bucket.id, page.last) } : {}),
  };
});
