/** Attributes of an object (`?attributes`). */

import type { ObjectView } from "../bucket/read.ts";
import type { Headers } from "../model/http.ts";
import { body, header, label, query } from "../model/member.ts";
import { boolean, enumeration, integer, list, long, natural, string, structure, timestamp } from "../model/shape.ts";
import { parseHttpDate } from "../model/timestamp.ts";
import type { ChecksumType as ChecksumTypeName, Checksum as ObjectChecksum } from "../s3/checksum-algorithms.ts";
import { ChecksumType, RequestCharged, RequestPayer, StorageClass } from "../s3/enumerations.ts";
import { checksumElements, customerKeyHeaders } from "../s3/member-groups.ts";
import type { ReadConditions } from "../s3/read-conditions.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import { declareOperation } from "./context.ts";
import { customerKeyOf, judgeFound } from "./customer-key.ts";
import { refuseAlgorithm } from "./encryption.ts";
import { requireObject } from "./found-version.ts";
import { pageSize } from "./listing.ts";
import { checksumMember } from "./object-metadata.ts";
import { checkConditions } from "./object-read.ts";
import { partMarker } from "./part-number.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const Checksum = structure("Checksum", {
  ...checksumElements,
  ChecksumType: body(ChecksumType),
});

const ObjectPart = structure("ObjectPart", {
  PartNumber: body(integer),
  Size: body(long),
  ...checksumElements,
});

const GetObjectAttributesParts = structure("GetObjectAttributesParts", {
  TotalPartsCount: body(integer, { xmlName: "PartsCount" }),
  PartNumberMarker: body(string),
  NextPartNumberMarker: body(string),
  MaxParts: body(natural),
  IsTruncated: body(boolean),
  Parts: body(list(ObjectPart), { xmlName: "Part", xmlFlattened: true }),
});

/**
 * One page of the parts of a multipart object. As on S3, parts are listed only of an object with a composite checksum,
 * which is made of theirs; of any other there is their number alone.
 */
const partsPage = (object: ObjectView, partsCount: number, after: number, partsMax: number) => {
  if (object.checksum === null || object.checksumType !== "COMPOSITE") return { TotalPartsCount: partsCount };
  const found = object.parts(after, partsMax + 1);
  const page = found.slice(0, partsMax);
  const last = page.at(-1);
  return {
    TotalPartsCount: partsCount,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(last?.partNumber ?? after),
    MaxParts: partsMax,
    IsTruncated: partsMax > 0 && found.length > partsMax,
    Parts: page.map((part) => ({
      PartNumber: part.partNumber,
      Size: part.sizeBytes,
      ...checksumMember(part.checksum),
    })),
  };
};

/** Here, and only here, S3 shows a composite checksum without the number of parts. */
const attributedChecksum = (checksum: ObjectChecksum, type: ChecksumTypeName) => ({
  ...checksumMember({ ...checksum, value: checksum.value.replace(/-\d+$/, "") }),
  ChecksumType: type,
});

/** Not in the model, but S3 judges them here as it does for GetObject. */
const conditionsOf = (headers: Headers): ReadConditions => ({
  ifMatch: headers.get("if-match"),
  ifNoneMatch: headers.get("if-none-match"),
  ifModifiedSince: parseHttpDate(headers.get("if-modified-since") ?? "") ?? undefined,
  ifUnmodifiedSince: parseHttpDate(headers.get("if-unmodified-since") ?? "") ?? undefined,
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const GetObjectAttributes = declareOperation({
  name: "GetObjectAttributes",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?attributes", status: 200 },
  action: "s3:GetObjectAttributes",
  versionAction: "s3:GetObjectVersionAttributes",
  input: structure("GetObjectAttributesRequest", {
    Bucket: label(string),
    Key: label(string),
    ObjectAttributes: header(
      "x-amz-object-attributes",
      list(enumeration("Checksum", "ETag", "ObjectParts", "ObjectSize", "StorageClass")),
      { required: true },
    ),
    VersionId: query("versionId", string),
    MaxParts: header("x-amz-max-parts", natural),
    PartNumberMarker: header("x-amz-part-number-marker", string),
    ...customerKeyHeaders,
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetObjectAttributesOutput",
    {
      DeleteMarker: header("x-amz-delete-marker", boolean),
      LastModified: header("Last-Modified", timestamp),
      VersionId: header("x-amz-version-id", string),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
      ETag: body(string),
      Checksum: body(Checksum),
      ObjectParts: body(GetObjectAttributesParts),
      StorageClass: body(StorageClass),
      ObjectSize: body(long),
    },
    { xmlName: "GetObjectAttributesResponse" },
  ),
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidRequest",
    "InvalidEncryptionAlgorithmError",
    "MethodNotAllowed",
    "NotModified",
    "PreconditionFailed",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  refuseAlgorithm(request);
  const customer = customerKeyOf(input, context);
  const asked = new Set(input.ObjectAttributes);
  const conditions = conditionsOf(request.headers);
  const partsMax = pageSize(input.MaxParts);
  const after = partMarker("x-amz-part-number-marker", input.PartNumberMarker);
  const address = { bucket: bucket.id, partition: bucket.partition, key: input.Key, versionId: input.VersionId };
  return services.objects.read(address, (found) => {
    judgeFound(found, customer);
    const object = requireObject(found, input, request.method);
    checkConditions(conditions, object);
    const storageClass = storageClassOf(object.metadata.storageClass);
    return {
      LastModified: object.modifiedMs,
      ...(object.versionId === null ? {} : { VersionId: object.versionId }),
      ...(asked.has("ETag") ? { ETag: object.etag } : {}),
      ...(asked.has("Checksum") && object.checksum !== null
        ? { Checksum: attributedChecksum(object.checksum, object.checksumType) }
        : {}),
      ...(asked.has("ObjectParts") && object.partsCount !== null
        ? { ObjectParts: partsPage(object, object.partsCount, after, partsMax) }
        : {}),
      ...(asked.has("StorageClass") && storageClass !== undefined ? { StorageClass: storageClass } : {}),
      ...(asked.has("ObjectSize") ? { ObjectSize: object.sizeBytes } : {}),
    };
  });
});
