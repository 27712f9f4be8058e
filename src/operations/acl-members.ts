/** ACLs and accounts as answers show them. */

import type { AccessControlList } from "../s3/acl.ts";
import { type GranteeDirectory, groupUris } from "../s3/acl-grants.ts";

type Names = Pick<GranteeDirectory, "nameOf">;

/** The members of an `Owner`, an `Initiator` or a grantee. */
export interface UserMembers {
  readonly ID: string;
  /** Absent when the account's record is not known here. */
  readonly DisplayName?: string;
}

/** The members of an answer that shows an ACL. */
export const aclMembers = ({ ownerId, grants }: AccessControlList, names: Names) => ({
  Owner: userMembers(ownerId, names),
  Grants: grants.map(({ grantee, permission }) => ({
    Grantee:
      grantee.kind === "group"
        ? { Type: "Group" as const, URI: groupUris[grantee.uri] }
        : { Type: "CanonicalUser" as const, ...userMembers(grantee.id, names) },
    Permission: permission,
  })),
});

/** @param id canonical */
export const userMembers = (id: string, names: Names): UserMembers => {
  const name = names.nameOf(id);
  return name === undefined ? { ID: id } : { ID: id, DisplayName: name };
};
