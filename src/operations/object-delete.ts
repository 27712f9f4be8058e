/** Deletion of one object. */

import { header, label, query } from "../model/member.ts";
import { boolean, httpDate, long, string, structure } from "../model/shape.ts";
import { RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { bareEtag } from "../s3/read-conditions.ts";
import { declareOperation } from "./context.ts";
import { invalidVersion } from "./object-read.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const DeleteObject = declareOperation({
  name: "DeleteObject",
  http: { method: "DELETE", uri: "/{Bucket}/{Key+}", status: 204 },
  action: "s3:DeleteObject",
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
  errors: ["NoSuchBucket", "InvalidArgument", "PreconditionFailed"],
}).handledBy(async (input, { bucket, request, services }) => {
  refuseUnservedHeaders(request.headers);
  if (input.VersionId !== undefined && input.VersionId !== "null") throw invalidVersion(input.VersionId);
  await services.askBucket(bucket, "object.delete", {
    key: input.Key,
    preconditions: input.IfMatch === undefined ? {} : { ifMatch: bareEtag(input.IfMatch) },
  });
  return {};
});
