/** Lists of open multipart uploads (`?uploads`). */

import type { BucketReply, ListedUpload } from "../bucket/messages.ts";
import { parseUploadId } from "../bucket/upload-id.ts";
import { body, header, label, query } from "../model/member.ts";
import { boolean, list, natural, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumType,
  EncodingType,
  RequestCharged,
  RequestPayer,
  StorageClass,
} from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { CommonPrefix, Initiator, Owner } from "../s3/shapes.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import type { UserMembers } from "./acl-members.ts";
import { declareOperation } from "./context.ts";
import { nameWriter, pageSize, prefixesOf } from "./listing.ts";
import { initiatorMembers, ownersIn } from "./owner.ts";

const MultipartUpload = structure("MultipartUpload", {
  UploadId: body(string),
  Key: body(string),
  Initiated: body(timestamp),
  StorageClass: body(StorageClass),
  Owner: body(Owner),
  Initiator: body(Initiator),
  ChecksumAlgorithm: body(ChecksumAlgorithm),
  ChecksumType: body(ChecksumType),
});

type Names = (name: string) => string;
type Owners = (ownerId: string | null) => UserMembers;

const listedUpload = (upload: ListedUpload, write: Names, owners: Owners) => {
  const storageClass = storageClassOf(upload.storageClass);
  return {
    Key: write(upload.key),
    UploadId: upload.uploadId,
    Initiated: upload.initiatedMs,
    Owner: owners(upload.ownerId),
    Initiator: upload.initiator === null ? owners(null) : initiatorMembers(upload.initiator),
    StorageClass: storageClass,
    ChecksumAlgorithm: upload.checksumAlgorithm ?? undefined,
    ChecksumType: upload.checksumType ?? undefined,
  };
};

/** Where the next page begins: behind the last upload, or behind the last common prefix when that comes later. */
const nextMarkers = ({ uploads, commonPrefixes }: BucketReply<"upload.list">, write: Names) => {
  const upload = uploads.at(-1);
  const prefix = commonPrefixes.at(-1);
  const isPrefixLast =
    prefix !== undefined && (upload === undefined || Buffer.compare(Buffer.from(prefix), Buffer.from(upload.key)) > 0);
  if (isPrefixLast) return { NextKeyMarker: write(prefix), NextUploadIdMarker: "" };
  return upload === undefined ? {} : { NextKeyMarker: write(upload.key), NextUploadIdMarker: upload.uploadId };
};

/**
 * S3 ignores an upload id marker that stands alone. One beside a key marker need not name an upload that still exists.
 * @throws S3Error InvalidArgument for a text that is no upload id
 */
const uploadIdMarkerOf = (keyMarker: string, marker = ""): string => {
  if (keyMarker === "" || marker === "") return "";
  if (parseUploadId(marker) !== undefined) return marker;
  throw new S3Error("InvalidArgument", {
    Message: "Invalid uploadId marker",
    ArgumentName: "upload-id-marker",
    ArgumentValue: marker,
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const ListMultipartUploads = declareOperation({
  name: "ListMultipartUploads",
  http: { method: "GET", uri: "/{Bucket}?uploads", status: 200 },
  action: "s3:ListBucketMultipartUploads",
  input: structure("ListMultipartUploadsRequest", {
    Bucket: label(string),
    Delimiter: query("delimiter", string),
    EncodingType: query("encoding-type", EncodingType),
    KeyMarker: query("key-marker", string),
    MaxUploads: query("max-uploads", natural),
    Prefix: query("prefix", string),
    UploadIdMarker: query("upload-id-marker", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
  }),
  output: structure(
    "ListMultipartUploadsOutput",
    {
      Bucket: body(string),
      KeyMarker: body(string),
      UploadIdMarker: body(string),
      NextKeyMarker: body(string),
      Prefix: body(string),
      Delimiter: body(string),
      NextUploadIdMarker: body(string),
      MaxUploads: body(natural),
      IsTruncated: body(boolean),
      Uploads: body(list(MultipartUpload), { xmlName: "Upload", xmlFlattened: true }),
      CommonPrefixes: body(list(CommonPrefix), { xmlFlattened: true }),
      EncodingType: body(EncodingType),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "ListMultipartUploadsResult" },
  ),
  errors: ["NoSuchBucket", "InvalidArgument"],
}).handledBy(async (input, { bucket, services }) => {
  const uploadsMax = pageSize(input.MaxUploads);
  const delimiter = input.Delimiter ?? "";
  const keyMarker = input.KeyMarker ?? "";
  const uploadIdMarker = uploadIdMarkerOf(keyMarker, input.UploadIdMarker);
  const page = await services.askBucket(bucket, "upload.list", {
    prefix: input.Prefix ?? "",
    delimiter,
    afterKey: keyMarker,
    afterUploadId: uploadIdMarker,
    uploadsMax,
  });
  const write = nameWriter(input.EncodingType);
  const owners = ownersIn(services, bucket);
  return {
    Bucket: bucket.name,
    KeyMarker: write(keyMarker),
    UploadIdMarker: uploadIdMarker,
    Prefix: write(input.Prefix ?? ""),
    MaxUploads: uploadsMax,
    IsTruncated: page.isTruncated,
    Uploads: page.uploads.map((upload) => listedUpload(upload, write, owners)),
    CommonPrefixes: prefixesOf(page.commonPrefixes, write),
    ...(delimiter === "" ? {} : { Delimiter: write(delimiter) }),
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    ...(page.isTruncated ? nextMarkers(page, write) : {}),
  };
});
