/** Lists of object versions (`?versions`). */

import { type ListedVersion, listedVersions } from "../actor/listed-objects.ts";
import { decodeVersionId } from "../base/hlc.ts";
import { body, header, label, query } from "../model/member.ts";
import { boolean, list, long, natural, sparseList, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumType,
  EncodingType,
  OptionalObjectAttributes,
  RequestCharged,
  RequestPayer,
} from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { CommonPrefix, Owner, RestoreStatus } from "../s3/shapes.ts";
import type { UserMembers } from "./acl-members.ts";
import { declareOperation } from "./context.ts";
import { nameWriter, pageSize, prefixesOf } from "./listing.ts";
import { quoteEtag } from "./object-metadata.ts";
import { ownersIn } from "./owner.ts";

const ObjectVersion = structure("ObjectVersion", {
  ETag: body(string),
  ChecksumAlgorithm: body(list(ChecksumAlgorithm), { xmlFlattened: true }),
  ChecksumType: body(ChecksumType),
  Size: body(long),
  // More than the model's one value: a version keeps the class it was written with.
  StorageClass: body(string),
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

type Names = (name: string) => string;
type Owners = (ownerId: string | null) => UserMembers;

const versionElement = (version: ListedVersion, write: Names, owners: Owners) => ({
  Key: write(version.key),
  LastModified: version.modifiedMs,
  ETag: quoteEtag(version.etag),
  ChecksumAlgorithm: version.checksumAlgorithm === null ? undefined : [version.checksumAlgorithm],
  ChecksumType: version.checksumAlgorithm === null ? undefined : version.checksumType,
  Size: version.sizeBytes,
  StorageClass: version.storageClass,
  Owner: owners(version.ownerId),
  VersionId: version.versionId,
  IsLatest: version.isLatest,
});

const markerElement = (marker: ListedVersion, write: Names, owners: Owners) => ({
  Owner: owners(marker.ownerId),
  Key: write(marker.key),
  VersionId: marker.versionId,
  IsLatest: marker.isLatest,
  LastModified: marker.modifiedMs,
});

/** @throws S3Error InvalidArgument, in the order and with the words of AWS */
const judgeVersionIdMarker = (keyMarker: string, marker: string | undefined): void => {
  if (marker === undefined) return;
  const refuse = (Message: string): S3Error =>
    new S3Error("InvalidArgument", { Message, ArgumentName: "version-id-marker", ArgumentValue: marker });
  if (keyMarker === "") throw refuse("A version-id marker cannot be specified without a key marker.");
  if (marker === "") throw refuse("A version-id marker cannot be empty.");
  if (marker !== "null" && decodeVersionId(marker) === undefined) throw refuse("Invalid version id specified");
};

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
      Name: body(string),
      Prefix: body(string),
      KeyMarker: body(string),
      VersionIdMarker: body(string),
      NextKeyMarker: body(string),
      NextVersionIdMarker: body(string),
      MaxKeys: body(natural),
      Delimiter: body(string),
      EncodingType: body(EncodingType),
      IsTruncated: body(boolean),
      Versions: body(sparseList(ObjectVersion), { xmlName: "Version", xmlFlattened: true }),
      DeleteMarkers: body(sparseList(DeleteMarkerEntry), { xmlName: "DeleteMarker", xmlFlattened: true }),
      CommonPrefixes: body(list(CommonPrefix), { xmlFlattened: true }),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "ListVersionsResult", xmlInterleaved: ["Versions", "DeleteMarkers"] },
  ),
  errors: ["NoSuchBucket", "InvalidArgument"],
}).handledBy(async (input, { bucket, services }) => {
  const keysMax = pageSize(input.MaxKeys);
  const delimiter = input.Delimiter ?? "";
  const keyMarker = input.KeyMarker ?? "";
  judgeVersionIdMarker(keyMarker, input.VersionIdMarker);
  const versionIdMarker = input.VersionIdMarker ?? "";
  const page = await services.askBucket(bucket, "object.listVersions", {
    prefix: input.Prefix ?? "",
    delimiter,
    afterKey: keyMarker,
    afterVersionId: versionIdMarker,
    keysMax,
  });
  const write = nameWriter(input.EncodingType);
  const owners = ownersIn(services, bucket);
  const versions = listedVersions(page.versions);
  return {
    Name: bucket.name,
    Prefix: write(input.Prefix ?? ""),
    KeyMarker: write(keyMarker),
    VersionIdMarker: versionIdMarker,
    MaxKeys: keysMax,
    IsTruncated: page.isTruncated,
    Versions: versions.map((version) => (version.isDeleteMarker ? null : versionElement(version, write, owners))),
    DeleteMarkers: versions.map((version) => (version.isDeleteMarker ? markerElement(version, write, owners) : null)),
    CommonPrefixes: prefixesOf(page.commonPrefixes, write),
    Delimiter: delimiter === "" ? undefined : write(delimiter),
    EncodingType: input.EncodingType,
    NextKeyMarker: page.isTruncated ? write(page.lastKey) : undefined,
    NextVersionIdMarker: page.isTruncated ? (page.lastVersionId ?? undefined) : undefined,
  };
});
