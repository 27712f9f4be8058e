/** Deletion of many objects in one request (`?delete`). */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ObjectDeleted, ObjectToDelete } from "../bucket/messages.ts";
import { parseVersionId } from "../bucket/version-id.ts";
import { body, header, label, payload } from "../model/member.ts";
import { boolean, httpDate, list, long, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { asS3Error, errorOf, S3Error, toOutcome } from "../s3/errors.ts";
import { checkKey } from "../s3/uri.ts";
import { type Context, declareOperation } from "./context.ts";
import { deletePreconditions, refuseOtherConditions, tellsContent } from "./delete-conditions.ts";
import { markerOwnerOf } from "./owner.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";
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

type Listed = ValueOf<typeof ObjectIdentifier>;

/**
 * What the bucket is asked for one object of the list.
 * @throws S3Error NoSuchVersion for a text that is no version id; KeyTooLongError, UserKeyMustBeSpecified, AccessDenied,
 * NotImplemented
 * @param mayBypass the request asks to pass retentions in governance mode
 */
const judged = (object: Listed, context: Context, mayBypass: boolean): ObjectToDelete => {
  const { Key: key, VersionId } = object;
  checkKey(key);
  if (key === "") throw new S3Error("UserKeyMustBeSpecified");
  if (VersionId !== undefined && parseVersionId(VersionId) === undefined) throw new S3Error("NoSuchVersion");
  const preconditions = deletePreconditions(object);
  context.authorize(VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion", context.bucket.name, key);
  if (tellsContent(object.ETag)) authorizeRead(key, context);
  const bypassGovernance = mayBypass && context.allows("s3:BypassGovernanceRetention", key);
  const markerOwnerId = markerOwnerOf(context);
  return { key, versionId: VersionId ?? null, preconditions, bypassGovernance, markerOwnerId };
};

/** Reads the object as well: its tags or its ACL may decide. @throws S3Error AccessDenied */
const authorizeRead = (key: string, context: Context): void => {
  const { id: bucket, partition } = context.authorize("s3:GetObject", context.bucket.name, key);
  context.services.objects.read({ bucket, partition, key }, () => undefined);
};

/** As `judged`, or why this one object is not deleted. The others are deleted all the same. */
const outcomeOf = (object: Listed, context: Context, mayBypass: boolean): Outcome<ObjectToDelete> => {
  try {
    return { ok: true, value: judged(object, context, mayBypass) };
  } catch (error) {
    // Any S3 error is this object's own; anything else is a fault of ours and ends the request.
    if (asS3Error(error) === null) throw error;
    return toOutcome(error);
  }
};

const deletedEntry = ({ Key, VersionId }: Listed, { versionId, isDeleteMarker }: ObjectDeleted) => ({
  Key,
  ...(VersionId === undefined ? {} : { VersionId }),
  ...(isDeleteMarker && versionId !== null ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}),
});

const errorEntry = ({ Key, VersionId }: Listed, { code, message }: S3Error) => ({
  Key,
  ...(VersionId === undefined ? {} : { VersionId }),
  Code: code,
  Message: message,
});

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
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "InvalidRequest", "MalformedXML", "NotImplemented"],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  requireBodyDigest(context);
  // The conditions of a list stand at its objects.
  refuseUnservedHeaders(request.headers);
  refuseOtherConditions(request.headers);
  const { Objects: objects, Quiet: isQuiet } = input.Delete;
  if (objects.length > limits.deleteObjectsMax) throw new S3Error("MalformedXML");
  const asked = objects.map((object) => outcomeOf(object, context, input.BypassGovernanceRetention === true));
  const sent = asked.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  const { outcomes } =
    sent.length === 0 ? { outcomes: [] } : await services.askBucket(bucket, "object.deleteMany", { objects: sent });
  const answers = outcomes.values();
  const Deleted: ReturnType<typeof deletedEntry>[] = [];
  const Errors: ReturnType<typeof errorEntry>[] = [];
  const ended: (S3Error | null)[] = [];
  for (const [index, object] of objects.entries()) {
    const first = asked[index];
    const outcome = first?.ok === true ? answers.next().value : first;
    assert(outcome !== undefined, "the bucket answers for each object");
    const error = outcome.ok ? null : errorOf(outcome);
    ended.push(error);
    if (error !== null) Errors.push(errorEntry(object, error));
    else if (isQuiet !== true && outcome.ok) Deleted.push(deletedEntry(object, outcome.value));
  }
  context.report(() =>
    objects.map(({ Key, VersionId }, index) => ({
      key: Key,
      versionId: VersionId ?? null,
      error: ended[index] ?? null,
    })),
  );
  return { Deleted, Errors };
});
