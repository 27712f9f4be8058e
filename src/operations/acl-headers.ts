/** The ACLs that requests bring along, in headers or as a document, judged by the bucket's ownership controls and its public access block. */

import type { Principal } from "../account/principal.ts";
import type { ObjectMetadata } from "../bucket/messages.ts";
import type { BucketRecord } from "../control/records.ts";
import type { ValueOf } from "../model/shape.ts";
import { type AccessControlList, type AclPermission, anonymousId, type CannedAcl, isPublicAcl } from "../s3/acl.ts";
import { boundedGrants, documentAcl, type GranteeDirectory, headerGrants } from "../s3/acl-grants.ts";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import { type AskedAcl, askedAcl, asksFullControl, type ObjectOwnership, writtenAcl } from "../s3/object-ownership.ts";
import type { AccessControlPolicy } from "../s3/shapes.ts";
import type { Context, Services } from "./context.ts";

/** Input members that ask for an ACL, as the operations that take one declare them. */
export interface AclInput {
  readonly ACL?: CannedAcl | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
}

const grantMembers = [
  ["GrantFullControl", "x-amz-grant-full-control", "FULL_CONTROL"],
  ["GrantRead", "x-amz-grant-read", "READ"],
  ["GrantReadACP", "x-amz-grant-read-acp", "READ_ACP"],
  ["GrantWrite", "x-amz-grant-write", "WRITE"],
  ["GrantWriteACP", "x-amz-grant-write-acp", "WRITE_ACP"],
] as const satisfies readonly (readonly [keyof AclInput, string, AclPermission])[];

/** The codes of `aclOfWrite`. */
export const writtenAclErrors = [
  "AccessControlListNotSupported",
  "AmbiguousGrantByEmailAddress",
  "InvalidArgument",
  "InvalidRequest",
  "MalformedACLError",
  "UnresolvableGrantByEmailAddress",
] as const satisfies readonly S3ErrorCode[];

/** The codes of `changedAcl`. */
export const changedAclErrors = [
  ...writtenAclErrors,
  "MissingSecurityHeader",
  "UnexpectedContent",
] as const satisfies readonly S3ErrorCode[];

/** Accounts as grants name them. */
export const granteesOf = (control: Services["control"]): GranteeDirectory => ({
  nameOf: (id) => control.accountOfCanonicalId(id)?.displayName,
  idsOfEmail: (email) => control.accountsOfRootEmail(email).map(({ canonicalId }) => canonicalId),
});

/** The canonical id of a bucket's owner. */
export const bucketOwnerIdOf = (control: Services["control"], { accountId }: BucketRecord): string =>
  control.account(accountId)?.canonicalId ?? accountId;

/** The canonical id of who writes. */
const writerIdOf = ({ account, identity }: Principal): string =>
  identity.kind === "anonymous" ? anonymousId : account.canonicalId;

/** What a bucket says of who owns its objects; null: nothing, and their writers do. */
export const ownershipOf = (services: Services, bucket: BucketRecord): ObjectOwnership | null =>
  services.configurationOf(bucket).get("ownershipControls");

const hasGrants = (input: AclInput): boolean => grantMembers.some(([member]) => input[member] !== undefined);

/**
 * What the headers ask for; null: nothing.
 * @throws S3Error InvalidRequest (a canned ACL and grants), and those of `headerGrants` and `boundedGrants`
 */
export const headerAcl = (input: AclInput, directory: GranteeDirectory): AskedAcl | null => {
  if (!hasGrants(input)) return input.ACL === undefined ? null : { kind: "canned", name: input.ACL };
  if (input.ACL !== undefined) {
    throw new S3Error("InvalidRequest", {
      Message: "Specifying both Canned ACLs and Header Grants is not allowed",
    });
  }
  const grants = grantMembers.flatMap(([member, header, permission]) => {
    const value = input[member];
    return value === undefined ? [] : headerGrants(header, value, permission, directory);
  });
  return { kind: "grants", grants: boundedGrants(grants) };
};

/** @throws S3Error AccessDenied for a public ACL where the bucket blocks them. Source: AWS "Blocking public access", BlockPublicAcls. */
export const refuseBlockedAcl = (
  acl: AccessControlList,
  { bucket, services }: Pick<Context, "bucket" | "services">,
): void => {
  if (!isPublicAcl(acl)) return;
  if (services.publicAccessBlockOf(bucket, bucket.accountId).blockPublicAcls) throw new S3Error("AccessDenied");
};

/**
 * The ACL of an object that is to be written; undefined when it is the bucket owner's alone.
 * @throws S3Error AccessControlListNotSupported, AccessDenied (the ACL is public, and those are blocked), and those of `headerAcl`
 */
export const aclOfWrite = (
  input: AclInput,
  { bucket, principal, services }: Pick<Context, "bucket" | "principal" | "services">,
): AccessControlList | undefined => {
  const asksNothing = input.ACL === undefined && !hasGrants(input);
  // The way of nearly every write.
  if (asksNothing && principal.account.accountId === bucket.accountId && principal.identity.kind !== "anonymous") {
    return undefined;
  }
  const { control } = services;
  const acl = writtenAcl({
    ownership: ownershipOf(services, bucket),
    writerId: writerIdOf(principal),
    bucketOwnerId: bucketOwnerIdOf(control, bucket),
    asked: asksNothing ? null : headerAcl(input, granteesOf(control)),
  });
  if (acl !== undefined) refuseBlockedAcl(acl, { bucket, services });
  return acl;
};

/** Metadata of an object with its ACL, as `aclOfWrite` gives it. */
export const withAcl = (metadata: ObjectMetadata, acl: AccessControlList | undefined): ObjectMetadata =>
  acl === undefined ? metadata : { ...metadata, acl };

export interface AclChange extends AclInput {
  readonly AccessControlPolicy?: ValueOf<typeof AccessControlPolicy> | undefined;
}

/**
 * The ACL that a request gives what is there already.
 * @param ownerId canonical id of the owner, which no ACL changes
 * @throws S3Error MissingSecurityHeader (no ACL at all), UnexpectedContent (headers and a document), MalformedACLError,
 * AccessDenied (another owner, or a public ACL where those are blocked), AccessControlListNotSupported, and those of `headerAcl`
 * Source: AWS PutBucketAcl, PutObjectAcl.
 */
export const changedAcl = (
  input: AclChange,
  ownerId: string,
  { bucket, services }: Pick<Context, "bucket" | "services">,
): AccessControlList => {
  const { control } = services;
  const asked = changeAsked(input, ownerId, granteesOf(control));
  const bucketOwnerId = bucketOwnerIdOf(control, bucket);
  if (ownershipOf(services, bucket) === "BucketOwnerEnforced" && !asksFullControl(asked, bucketOwnerId)) {
    throw new S3Error("AccessControlListNotSupported");
  }
  const acl = askedAcl(asked, { ownerId, bucketOwnerId });
  refuseBlockedAcl(acl, { bucket, services });
  return acl;
};

const changeAsked = (input: AclChange, ownerId: string, directory: GranteeDirectory): AskedAcl => {
  const byHeaders = headerAcl(input, directory);
  const document = input.AccessControlPolicy;
  if (document === undefined) {
    if (byHeaders !== null) return byHeaders;
    throw new S3Error("MissingSecurityHeader", { MissingHeaderName: "x-amz-acl" });
  }
  if (byHeaders !== null) {
    throw new S3Error("UnexpectedContent", { Message: "An ACL comes by headers or in the body, not in both." });
  }
  const { ownerId: namedId, grants } = documentAcl(document, directory);
  if (namedId !== ownerId) throw new S3Error("AccessDenied");
  return { kind: "grants", grants };
};
