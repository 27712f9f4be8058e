/**
 * Who owns objects, and what their ACLs grant. Sources: AWS S3 User Guide "Controlling ownership of objects and disabling
 * ACLs for your bucket", "Access control list (ACL) overview".
 */

import { groupGrants, shownAcl } from "./canned.ts";
import { ownerAccount, strangerAccount } from "./document-forms.ts";
import { type Expected, type ObjectVersion, type State, undocumented } from "./state.ts";
import type { Owner, Requester } from "./vocabulary.ts";

const canonicalIds: Readonly<Record<Owner, string>> = {
  owner: `canonical-${ownerAccount}`,
  stranger: `canonical-${strangerAccount}`,
  // Source: the overview, "Who is a grantee?".
  anonymous: "65a011a29cdf8ec533ec3d1ccaae921c",
};

/** Whoever it is, as owners, initiators and grantees are shown. */
const shownAccount = (owner: Owner): Expected => ({ ID: canonicalIds[owner], DisplayName: undocumented });

export const countsAcls = ({ settings }: State): boolean => settings.get("ownershipControls") !== "BucketOwnerEnforced";

/** Whose an object is now. */
export const ownerOf = (state: State, version: ObjectVersion): Owner => (countsAcls(state) ? version.owner : "owner");

export const shownOwner = (state: State, version: ObjectVersion): Expected => shownAccount(ownerOf(state, version));

/** The account of who asks. */
export const accountOf = (who: Requester): Owner => (who === "limited" ? "owner" : who);

/** Whose an object becomes that is written with this canned ACL. */
export function newOwner({ settings }: State, who: Requester, acl: string): Owner {
  const ownership = settings.get("ownershipControls");
  const isGiven = ownership === "BucketOwnerPreferred" && acl === "bucket-owner-full-control";
  return ownership === "BucketOwnerEnforced" || isGiven ? "owner" : accountOf(who);
}

/** What the owner of both has anyway is not said twice. */
export const keptAcl = (acl: string, owner: Owner): string =>
  owner === "owner" && acl.startsWith("bucket-owner-") ? "private" : acl;

const ofBucketOwner: Readonly<Record<string, string>> = {
  "bucket-owner-full-control": "FULL_CONTROL",
  "bucket-owner-read": "READ",
};

export type AclPermission = "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP";

/** Whether an object's ACL lets somebody do something, by his account or by a group that it is in. */
export function objectAclGrants(
  { acl, owner }: Pick<ObjectVersion, "acl" | "owner">,
  who: Requester,
  permission: AclPermission,
  ignoresPublic: boolean,
): boolean {
  const account = accountOf(who);
  if (account === owner) return true;
  const ofOwner = account === "owner" ? ofBucketOwner[acl] : undefined;
  return ofOwner === "FULL_CONTROL" || ofOwner === permission || (!ignoresPublic && groupMay(acl, who, permission));
}

/** Whether a canned ACL lets the groups that somebody is in do something. */
export function groupMay(acl: string, who: Requester, permission: AclPermission): boolean {
  return (groupGrants[acl] ?? []).some(
    ([group, granted]) => granted === permission && (group === "global/AllUsers" || who !== "anonymous"),
  );
}

/** The ACL of an object, as GetObjectAcl answers. */
export function shownObjectAcl(state: State, version: ObjectVersion): Expected {
  if (!countsAcls(state)) return shownAcl("private", shownAccount("owner"));
  const given = ofBucketOwner[version.acl];
  const more = given === undefined ? [] : [{ Grantee: shownAccount("owner"), Permission: given }];
  return shownAcl(version.acl, shownAccount(version.owner), more);
}

export const shownBucketAcl = (acl: string): Expected => shownAcl(acl, shownAccount("owner"));
