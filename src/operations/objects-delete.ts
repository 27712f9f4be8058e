/** Deletion of many objects in one request (`?delete`). */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import { boolean, httpDate, list, long, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { asS3Error, S3Error } from "../s3/errors.ts";
import { checkKey } from "../s3/uri.ts";
import { type Context, declareOperation } from "./context.ts";
import { invalidVersion } from "./object-read.ts";
import { requireBodyDigest } from "./whole-body-digest.ts";

const ObjectIdentifier = structure("ObjectIdentifier", {
  Key: body(string, { required: true }),
  VersionId: body(string),
  ETag: body(string),
  LastModifiedTime: body(httpDate),
  Size: body(long),
});

const Delete = structure("Delete", {
  Objects: body(list(ObjectIdentifier), { required: true, xmlName: "Object", xmlFlattened: true }),
  Quiet: body(boolean),
});

const DeletedObject = structure("DeletedObject", {
  Key: body(string),
  VersionId: body(string),
  DeleteMarker: body(boolean),
  DeleteMarkerVersionId: body(string),
});

const DeleteError = structure("Error", {
  Key: body(string),
  VersionId: body(string),
  Code: body(string),
  Message: body(string),
});

/** Why one object of the list is not deleted, or null. The others are deleted all the same. */
const faultOf = (object: ValueOf<typeof ObjectIdentifier>, context: Context): S3Error | null => {
  try {
    checkKey(object.Key);
    if (object.Key === "") throw new S3Error("UserKeyMustBeSpecified");
    if (object.VersionId !== undefined && object.VersionId !== "null") throw invalidVersion(object.VersionId);
    if (object.ETag !== undefined || object.Size !== undefined || object.LastModifiedTime !== undefined) {
      throw new S3Error("NotImplemented", { Message: "Conditional deletes in a list are not supported." });
    }
    context.authorize("s3:DeleteObject", context.bucket.name, object.Key);
    return null;
  } catch (error) {
    // Any S3 error is this object's own; anything else is a fault of ours and ends the request.
    const known = asS3Error(error);
    if (known === null) throw error;
    return known;
  }
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const DeleteObjects = declareOperation({
  name: "DeleteObjects",
  http: { method: "POST", uri: "/{Bucket}?delete", status: 200 },
  action: "s3:DeleteObject",
  authorisation: "items",
  requiresBodyDigest: true,
  input: structure("DeleteObjectsRequest", {
    Bucket: label(string),
    Delete: payload(Delete, { required: true, xmlName: "Delete" }),
    MFA: header("x-amz-mfa", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    BypassGovernanceRetention: header("x-amz-bypass-governance-retention", boolean),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
  }),
  output: structure(
    "DeleteObjectsOutput",
    {
      Deleted: body(list(DeletedObject), { xmlFlattened: true }),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
      Errors: body(list(DeleteError), { xmlName: "Error", xmlFlattened: true }),
    },
    { xmlName: "DeleteResult" },
  ),
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "InvalidRequest", "MalformedXML"],
}).handledBy(async (input, context) => {
  const { bucket, services } = context;
  requireBodyDigest(context);
  const { Objects: objects, Quiet: isQuiet } = input.Delete;
  if (objects.length > limits.deleteObjectsMax) throw new S3Error("MalformedXML");
  const faults = objects.map((object) => faultOf(object, context));
  const keys = objects.filter((_object, index) => faults[index] === null).map(({ Key }) => Key);
  if (keys.length > 0) await services.askBucket(bucket, "object.deleteMany", { keys });
  return {
    Deleted: isQuiet === true ? [] : keys.map((Key) => ({ Key })),
    Errors: objects.flatMap(({ Key, VersionId }, index) => {
      const fault = faults[index];
      if (fault === null || fault === undefined) return [];
      const named = VersionId === undefined ? { Key } : { Key, VersionId };
      return [{ ...named, Code: fault.code, Message: fault.message }];
    }),
  };
});
