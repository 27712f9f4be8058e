/** Lists of object versions (`?versions`). */

import { body, header, label, query } from "../model/member.ts";
import { boolean, enumeration, list, long, natural, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumType,
  EncodingType,
  OptionalObjectAttributes,
  RequestCharged,
  RequestPayer,
} from "../s3/enumerations.ts";
import { CommonPrefix, Owner, RestoreStatus } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const ObjectVersion = structure("ObjectVersion", {
  ETag: body(string),
  ChecksumAlgorithm: body(list(ChecksumAlgorithm), { xmlFlattened: true }),
  ChecksumType: body(ChecksumType),
  Size: body(long),
  StorageClass: body(enumeration("STANDARD")),
  Key: body(string),
  VersionId: body(string),
  IsLatest: body(boolean),
  LastModified: body(timestamp),
  Owner: body(Owner),
  RestoreStatus: body(RestoreStatus),
});

const DeleteMarkerEntry = structure("DeleteMarkerEntry", {
  Owner: body(Owner),
  Key: body(string),
  VersionId: body(string),
  IsLatest: body(boolean),
  LastModified: body(timestamp),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export const ListObjectVersions = declareOperation({
  name: "ListObjectVersions",
  http: { method: "GET", uri: "/{Bucket}?versions", status: 200 },
  action: "s3:ListBucketVersions",
  input: structure("ListObjectVersionsRequest", {
    Bucket: label(string),
    Delimiter: query("delimiter", string),
    EncodingType: query("encoding-type", EncodingType),
    KeyMarker: query("key-marker", string),
    MaxKeys: query("max-keys", natural),
    Prefix: query("prefix", string),
    VersionIdMarker: query("version-id-marker", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    OptionalObjectAttributes: header("x-amz-optional-object-attributes", list(OptionalObjectAttributes)),
  }),
  output: structure(
    "ListObjectVersionsOutput",
    {
      IsTruncated: body(boolean),
      KeyMarker: body(string),
      VersionIdMarker: body(string),
      NextKeyMarker: body(string),
      NextVersionIdMarker: body(string),
      Versions: body(list(ObjectVersion), { xmlName: "Version", xmlFlattened: true }),
      DeleteMarkers: body(list(DeleteMarkerEntry), { xmlName: "DeleteMarker", xmlFlattened: true }),
      Name: body(string),
      Prefix: body(string),
      Delimiter: body(string),
      MaxKeys: body(natural),
      CommonPrefixes: body(list(CommonPrefix), { xmlFlattened: true }),
      EncodingType: body(EncodingType),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "ListVersionsResult" },
  ),
  errors: ["NoSuchBucket"],
});
