/** Deletion of one object. */

import { requireVersionId } from "../bucket/version-id.ts";
import { header, label, query } from "../model/member.ts";
import { boolean, httpDate, long, string, structure } from "../model/shape.ts";
import { RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { declareOperation } from "./context.ts";
import { deletePreconditions, refuseOtherConditions } from "./delete-conditions.ts";
import { markerOwnerOf } from "./owner.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const conditionHeaders = ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"] as const;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const DeleteObject = declareOperation({
  name: "DeleteObject",
  http: { method: "DELETE", uri: "/{Bucket}/{Key+}", status: 204 },
  action: "s3:DeleteObject",
  versionAction: "s3:DeleteObjectVersion",
  input: structure("DeleteObjectRequest", {
    Bucket: label(string),
    Key: label(string),
    MFA: header("x-amz-mfa", string),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    BypassGovernanceRetention: header("x-amz-bypass-governance-retention", boolean),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    IfMatch: header("If-Match", string),
    IfMatchLastModifiedTime: header("x-amz-if-match-last-modified-time", httpDate),
    IfMatchSize: header("x-amz-if-match-size", long),
  }),
  output: structure("DeleteObjectOutput", {
    DeleteMarker: header("x-amz-delete-marker", boolean),
    VersionId: header("x-amz-version-id", string),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket", "NoSuchKey", "InvalidArgument", "NotImplemented", "PreconditionFailed"],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers, conditionHeaders);
  refuseOtherConditions(request.headers, "if-match");
  if (input.VersionId !== undefined) requireVersionId(input.VersionId);
  const { versionId, isDeleteMarker } = await services.askBucket(bucket, "object.delete", {
    key: input.Key,
    versionId: input.VersionId ?? null,
    preconditions: deletePreconditions({
      VersionId: input.VersionId,
      ETag: input.IfMatch,
      LastModifiedTime: input.IfMatchLastModifiedTime,
      Size: input.IfMatchSize,
    }),
    bypassGovernance:
      input.BypassGovernanceRetention === true && context.allows("s3:BypassGovernanceRetention", input.Key),
    markerOwnerId: markerOwnerOf(context),
  });
  return {
    ...(isDeleteMarker ? { DeleteMarker: true } : {}),
    ...(versionId === null ? {} : { VersionId: versionId }),
  };
});
