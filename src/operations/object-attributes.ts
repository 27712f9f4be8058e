/** Attributes of an object (`?attributes`). */

import type { ObjectView } from "../bucket/read.ts";
import { body, header, label, query } from "../model/member.ts";
import { boolean, enumeration, integer, list, long, natural, string, structure, timestamp } from "../model/shape.ts";
import { ChecksumType, RequestCharged, RequestPayer, StorageClass } from "../s3/enumerations.ts";
import { checksumElements, customerKeyHeaders } from "../s3/member-groups.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import { declareOperation } from "./context.ts";
import { requireObject } from "./found-version.ts";
import { pageSize } from "./listing.ts";
import { checksumMember } from "./object-metadata.ts";
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

/** One page of the parts of a multipart object. As on S3, the parts themselves are listed only when they have checksums. */
const partsPage = (object: ObjectView, partsCount: number, after: number, partsMax: number) => {
  const found = object.parts(after, partsMax + 1);
  const page = found.slice(0, partsMax);
  const last = page.at(-1);
  return {
    TotalPartsCount: partsCount,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(last?.partNumber ?? after),
    MaxParts: partsMax,
    IsTruncated: partsMax > 0 && found.length > partsMax,
    Parts: page.flatMap((part) =>
      part.checksum === null
        ? []
        : [{ PartNumber: part.partNumber, Size: part.sizeBytes, ...checksumMember(part.checksum) }],
    ),
  };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const GetObjectAttributes = declareOperation({
  name: "GetObjectAttributes",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?attributes", status: 200 },
  action: "s3:GetObjectAttributes",
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
  errors: ["NoSuchBucket", "NoSuchKey", "NoSuchVersion", "InvalidArgument", "MethodNotAllowed"],
}).handledBy(async (input, { bucket, request, services }) => {
  refuseUnservedHeaders(request.headers);
  const asked = new Set(input.ObjectAttributes);
  const partsMax = pageSize(input.MaxParts);
  const after = partMarker("x-amz-part-number-marker", input.PartNumberMarker);
  const address = { bucket: bucket.id, partition: bucket.partition, key: input.Key, versionId: input.VersionId };
  return services.objects.read(address, (found) => {
    const object = requireObject(found, input, request.method);
    const storageClass = storageClassOf(object.metadata.storageClass);
    return {
      LastModified: object.modifiedMs,
      ...(object.versionId === null ? {} : { VersionId: object.versionId }),
      ...(asked.has("ETag") ? { ETag: object.etag } : {}),
      ...(asked.has("Checksum") && object.checksum !== null
        ? { Checksum: { ...checksumMember(object.checksum), ChecksumType: object.checksumType } }
        : {}),
      ...(asked.has("ObjectParts") && object.partsCount !== null
        ? { ObjectParts: partsPage(object, object.partsCount, after, partsMax) }
        : {}),
      ...(asked.has("StorageClass") && storageClass !== undefined ? { StorageClass: storageClass } : {}),
      ...(asked.has("ObjectSize") ? { ObjectSize: object.sizeBytes } : {}),
    };
  });
});
