/** Lists of an upload's parts. */

import { body, header, label, query } from "../model/member.ts";
import { boolean, integer, list, long, natural, string, structure, timestamp } from "../model/shape.ts";
import { ChecksumAlgorithm, ChecksumType, RequestCharged, RequestPayer, StorageClass } from "../s3/enumerations.ts";
import { checksumElements, customerKeyHeaders } from "../s3/member-groups.ts";
import { Initiator, Owner } from "../s3/shapes.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import { declareOperation } from "./context.ts";
import { pageSize } from "./listing.ts";
import { checksumMember, quoteEtag } from "./object-metadata.ts";
import { initiatorMembers, ownerOfAccount, ownersIn } from "./owner.ts";
import { partMarker } from "./part-number.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const Part = structure("Part", {
  PartNumber: body(integer),
  LastModified: body(timestamp),
  ETag: body(string),
  Size: body(long),
  ...checksumElements,
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const ListParts = declareOperation({
  name: "ListParts",
  http: { method: "GET", uri: "/{Bucket}/{Key+}", status: 200 },
  action: "s3:ListMultipartUploadParts",
  input: structure("ListPartsRequest", {
    Bucket: label(string),
    Key: label(string),
    UploadId: query("uploadId", string, { required: true }),
    MaxParts: query("max-parts", natural),
    PartNumberMarker: query("part-number-marker", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ...customerKeyHeaders,
  }),
  output: structure(
    "ListPartsOutput",
    {
      AbortDate: header("x-amz-abort-date", timestamp),
      AbortRuleId: header("x-amz-abort-rule-id", string),
      Bucket: body(string),
      Key: body(string),
      UploadId: body(string),
      PartNumberMarker: body(string),
      NextPartNumberMarker: body(string),
      MaxParts: body(natural),
      IsTruncated: body(boolean),
      Parts: body(list(Part), { xmlName: "Part", xmlFlattened: true }),
      Initiator: body(Initiator),
      Owner: body(Owner),
      StorageClass: body(StorageClass),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
      ChecksumAlgorithm: body(ChecksumAlgorithm),
      ChecksumType: body(ChecksumType),
    },
    { xmlName: "ListPartsResult" },
  ),
  errors: ["NoSuchBucket", "NoSuchUpload", "InvalidArgument"],
}).handledBy(async (input, { bucket, request, services }) => {
  refuseUnservedHeaders(request.headers);
  const partsMax = pageSize(input.MaxParts);
  const { Key: key, UploadId: uploadId } = input;
  const afterPartNumber = partMarker("part-number-marker", input.PartNumberMarker);
  const page = await services.askBucket(bucket, "upload.listParts", { key, uploadId, afterPartNumber, partsMax });
  const last = page.parts.at(-1);
  const storageClass = storageClassOf(page.storageClass);
  return {
    Bucket: bucket.name,
    Key: key,
    UploadId: uploadId,
    PartNumberMarker: String(afterPartNumber),
    NextPartNumberMarker: String(last?.partNumber ?? afterPartNumber),
    MaxParts: partsMax,
    IsTruncated: page.isTruncated,
    Parts: page.parts.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: part.modifiedMs,
      ETag: quoteEtag(part.etag),
      Size: part.sizeBytes,
      ...checksumMember(part.checksum),
    })),
    Initiator:
      page.initiator === null ? ownerOfAccount(services.control, bucket.accountId) : initiatorMembers(page.initiator),
    Owner: ownersIn(services, bucket)(page.ownerId),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
    ...(page.checksumAlgorithm === null ? {} : { ChecksumAlgorithm: page.checksumAlgorithm }),
    ...(page.checksumType === null ? {} : { ChecksumType: page.checksumType }),
  };
});
