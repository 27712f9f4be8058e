/**
 * Access control lists: what is stored of them, what canned ones grant, and what a grant lets its grantee do. Pure.
 * Source: AWS S3 User Guide, "Access control list (ACL) overview".
 */

/** Who owns a bucket or an object, and what it grants. Without one, all is its bucket's owner's alone. */
export interface AccessControlList {
  /** Canonical id of an account, or `anonymousId`. */
  readonly ownerId: string;
  /** In the order in which they were given; at most `limits.aclGrantsMax`. */
  readonly grants: readonly Grant[];
}

export interface Grant {
  readonly grantee: Grantee;
  readonly permission: AclPermission;
}

export type Grantee =
  | { readonly kind: "user"; readonly id: string /* canonical */ }
  | { readonly kind: "group"; readonly uri: AclGroup };

/** Names at the end of the groups' URIs. */
export type AclGroup = "AllUsers" | "AuthenticatedUsers" | "LogDelivery";

export type AclPermission = "FULL_CONTROL" | "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP";

/** Canonical id of whoever sends unsigned requests: the owner of what they write where writers own. */
export const anonymousId = "65a011a29cdf8ec533ec3d1ccaae921c";

/** A permission other than FULL_CONTROL, which is all of them. */
type SinglePermission = Exclude<AclPermission, "FULL_CONTROL">;

/** Which ACL can allow an action, and by which permission. */
export interface ActionGrant {
  readonly on: "bucket" | "object";
  readonly permission: SinglePermission;
}

/**
 * DeleteObject is the bucket's WRITE as its writing over an object is. What is not here no ACL allows.
 * Source: the overview, "Mapping of ACL permissions and access policy permissions".
 */
const actionGrants: ReadonlyMap<string, ActionGrant> = new Map([
  ["s3:ListBucket", { on: "bucket", permission: "READ" }],
  ["s3:ListBucketVersions", { on: "bucket", permission: "READ" }],
  ["s3:ListBucketMultipartUploads", { on: "bucket", permission: "READ" }],
  ["s3:PutObject", { on: "bucket", permission: "WRITE" }],
  ["s3:DeleteObject", { on: "bucket", permission: "WRITE" }],
  ["s3:GetBucketAcl", { on: "bucket", permission: "READ_ACP" }],
  ["s3:PutBucketAcl", { on: "bucket", permission: "WRITE_ACP" }],
  ["s3:GetObject", { on: "object", permission: "READ" }],
  ["s3:GetObjectVersion", { on: "object", permission: "READ" }],
  ["s3:GetObjectAcl", { on: "object", permission: "READ_ACP" }],
  ["s3:GetObjectVersionAcl", { on: "object", permission: "READ_ACP" }],
  ["s3:PutObjectAcl", { on: "object", permission: "WRITE_ACP" }],
  ["s3:PutObjectVersionAcl", { on: "object", permission: "WRITE_ACP" }],
]);

/** The permission of an ACL that allows an action, `s3:` and the name as IAM spells it; null: none does. */
export function aclPermission(action: string): ActionGrant | null {
  return actionGrants.get(action) ?? null;
}

/** Who asks; null: an unsigned request. */
export interface AclRequester {
  readonly canonicalId: string | null;
}

/**
 * Whether an ACL gives a requester a permission. The owner can always read and write the ACL itself. A grant to an account
 * is its root's: that a user of the account may use it is its identity policies' to say.
 * @param acl of a bucket or an object
 */
export function aclAllows(acl: AccessControlList, who: AclRequester, permission: SinglePermission): boolean {
  const id = who.canonicalId ?? anonymousId;
  if (id === acl.ownerId && (permission === "READ_ACP" || permission === "WRITE_ACP")) return true;
  return acl.grants.some(
    (grant) => (grant.permission === "FULL_CONTROL" || grant.permission === permission) && isGrantee(grant.grantee, id),
  );
}

function isGrantee(grantee: Grantee, id: string): boolean {
  if (grantee.kind === "user") return grantee.id === id;
  switch (grantee.uri) {
    case "AllUsers":
      return true;
    case "AuthenticatedUsers":
      return id !== anonymousId;
    case "LogDelivery":
      return false;
  }
}

/** Whether an ACL grants anything to everybody, or to everybody who has an account. Source: AWS "Blocking public access", "The meaning of public". */
export function isPublicAcl(acl: AccessControlList): boolean {
  return acl.grants.some(({ grantee }) => grantee.kind === "group" && grantee.uri !== "LogDelivery");
}

/** What `x-amz-acl` can say. Source: the overview, "Canned ACL". */
export const cannedAcls = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
  "log-delivery-write",
] as const;

export type CannedAcl = (typeof cannedAcls)[number];

const toGroup = (uri: AclGroup, permission: AclPermission): Grant => ({ grantee: { kind: "group", uri }, permission });

/** What each grants beside the owner's full control. EC2, whom aws-exec-read means, is nobody here. */
const cannedGrants: Readonly<Record<CannedAcl, (bucketOwnerId: string) => readonly Grant[]>> = {
  private: () => [],
  "public-read": () => [toGroup("AllUsers", "READ")],
  "public-read-write": () => [toGroup("AllUsers", "READ"), toGroup("AllUsers", "WRITE")],
  "authenticated-read": () => [toGroup("AuthenticatedUsers", "READ")],
  "aws-exec-read": () => [],
  "bucket-owner-read": (id) => [{ grantee: { kind: "user", id }, permission: "READ" }],
  "bucket-owner-full-control": (id) => [{ grantee: { kind: "user", id }, permission: "FULL_CONTROL" }],
  "log-delivery-write": () => [toGroup("LogDelivery", "WRITE"), toGroup("LogDelivery", "READ_ACP")],
};

/**
 * The grants of a canned ACL.
 * @param owners canonical ids: of what gets the ACL, and of its bucket; of a bucket both are one
 */
export function cannedAcl(
  canned: CannedAcl,
  { ownerId, bucketOwnerId }: { readonly ownerId: string; readonly bucketOwnerId: string },
): AccessControlList {
  const full: Grant = { grantee: { kind: "user", id: ownerId }, permission: "FULL_CONTROL" };
  const more = cannedGrants[canned](bucketOwnerId);
  // The owner of both has full control already.
  const isSaid = ({ grantee }: Grant): boolean => grantee.kind === "user" && grantee.id === ownerId;
  return { ownerId, grants: [full, ...more.filter((grant) => !isSaid(grant))] };
}

/** The canned ACLs that grant what an ACL grants: of a bucket's owner's own objects, several grant the same. */
export function cannedNames(acl: AccessControlList, bucketOwnerId: string): readonly CannedAcl[] {
  const text = ({ grants }: AccessControlList): string => JSON.stringify(grants);
  const owners = { ownerId: acl.ownerId, bucketOwnerId };
  return cannedAcls.filter((canned) => text(cannedAcl(canned, owners)) === text(acl));
}

/** The ACL of what has none: its owner's full control. @param ownerId canonical id */
export function privateAcl(ownerId: string): AccessControlList {
  return cannedAcl("private", { ownerId, bucketOwnerId: ownerId });
}
