/**
 * Who owns an object that is written, and with which ACL: by the bucket's ownership controls and what its writer asks for. Pure.
 * Source: AWS S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
 */

import { type AccessControlList, type CannedAcl, cannedAcl, type Grant, privateAcl } from "./acl.ts";
import { S3Error } from "./errors.ts";

export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

/** Whether the bucket's ACL and those of its objects have a say. @param ownership null: none was chosen */
export function countsAcls(ownership: ObjectOwnership | null): boolean {
  return ownership !== "BucketOwnerEnforced";
}

/** The ACL that headers ask for. */
export type AskedAcl =
  | { readonly kind: "canned"; readonly name: CannedAcl }
  | { readonly kind: "grants"; readonly grants: readonly Grant[] };

export interface ObjectWrite {
  /** Null: the bucket has no ownership controls, and writers own. */
  readonly ownership: ObjectOwnership | null;
  /** Canonical ids. */
  readonly writerId: string;
  readonly bucketOwnerId: string;
  /** Null: nothing was asked for. */
  readonly asked: AskedAcl | null;
}

/**
 * The ACL of a new object; undefined when it is its bucket owner's alone, which is what an object without one is.
 * @throws S3Error AccessControlListNotSupported where the bucket's owner owns everything and the ACL says otherwise
 */
export function writtenAcl({ ownership, writerId, bucketOwnerId, asked }: ObjectWrite): AccessControlList | undefined {
  if (ownership === "BucketOwnerEnforced") {
    if (asked !== null && !asksFullControl(asked, bucketOwnerId)) throw new S3Error("AccessControlListNotSupported");
    return undefined;
  }
  const isGiven = asked?.kind === "canned" && asked.name === "bucket-owner-full-control";
  const ownerId = ownership === "BucketOwnerPreferred" && isGiven ? bucketOwnerId : writerId;
  const acl = askedAcl(asked, { ownerId, bucketOwnerId });
  return isPrivate(acl, bucketOwnerId) ? undefined : acl;
}

/** What is asked for as an ACL of what has this owner. */
export function askedAcl(
  asked: AskedAcl | null,
  owners: { readonly ownerId: string; readonly bucketOwnerId: string },
): AccessControlList {
  if (asked === null) return privateAcl(owners.ownerId);
  return asked.kind === "canned" ? cannedAcl(asked.name, owners) : { ownerId: owners.ownerId, grants: asked.grants };
}

/** Whether an ACL is what stands for none: full control of the bucket's owner, who owns, and nothing else. */
export function isPrivate({ ownerId, grants }: AccessControlList, bucketOwnerId: string): boolean {
  return ownerId === bucketOwnerId && isFullControlOf(bucketOwnerId, grants);
}

/**
 * Whether what is asked for is full control of the bucket's owner, in so many words: all that is taken where ACLs are disabled.
 * `private` says the same and is refused. Source: AWS S3 User Guide, "Object Ownership error responses": "All S3 PUT requests must
 * either specify the bucket-owner-full-control canned ACL or not specify an ACL".
 */
export function asksFullControl(asked: AskedAcl, bucketOwnerId: string): boolean {
  if (asked.kind === "canned") return asked.name === "bucket-owner-full-control";
  return isFullControlOf(bucketOwnerId, asked.grants);
}

function isFullControlOf(id: string, grants: readonly Grant[]): boolean {
  const [only] = grants;
  return (
    grants.length === 1 && only?.permission === "FULL_CONTROL" && only.grantee.kind === "user" && only.grantee.id === id
  );
}
