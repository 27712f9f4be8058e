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
