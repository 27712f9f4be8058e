/** What an ACL grants to who asks, as the policies see it: to anybody, or to the account, whose own policies have the last word. */

import type { RequestPrincipal } from "../policy/request.ts";
import { type AccessControlList, type ActionGrant, aclAllows } from "../s3/acl.ts";

export interface AclGrants {
  /** To a group, or to those who do not sign. */
  readonly everybody: boolean;
  /** By canonical id; false for those who do not sign. */
  readonly account: boolean;
}

/** @param ignoresPublic whether grants to groups do not count */
export function grantsTo(
  principal: RequestPrincipal,
  acl: AccessControlList,
  permission: ActionGrant["permission"],
  ignoresPublic: boolean,
): AclGrants {
  const toUsers = { ownerId: acl.ownerId, grants: acl.grants.filter(({ grantee }) => grantee.kind === "user") };
  const toGroups = { ownerId: "", grants: acl.grants.filter(({ grantee }) => grantee.kind === "group") };
  const who = { canonicalId: principal.kind === "anonymous" ? null : principal.canonicalId };
  const byGroup = !ignoresPublic && aclAllows(toGroups, who, permission);
  const byId = aclAllows(toUsers, who, permission);
  return principal.kind === "anonymous"
    ? { everybody: byGroup || byId, account: false }
    : { everybody: byGroup, account: byId };
}
