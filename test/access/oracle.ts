/**
 * Who may do what, slowly and step by step as the user guides tell it.
 * Sources: AWS S3 User Guide, "How Amazon S3 authorizes a request", "Access control list (ACL) overview", "Controlling
 * ownership of objects", "Blocking public access"; IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation
 * logic".
 */

import type { Account, Acl, ActionName, Case, NamingStatement, Statement } from "./case.ts";

/** "ACL overview", the table of permissions and actions. */
const aclTable: Partial<Record<ActionName, readonly ["bucket" | "object", string]>> = {
  "s3:ListBucket": ["bucket", "READ"],
  "s3:PutObject": ["bucket", "WRITE"],
  "s3:DeleteObject": ["bucket", "WRITE"],
  "s3:GetBucketAcl": ["bucket", "READ_ACP"],
  "s3:PutBucketAcl": ["bucket", "WRITE_ACP"],
  "s3:GetObject": ["object", "READ"],
  "s3:GetObjectAcl": ["object", "READ_ACP"],
  "s3:PutObjectAcl": ["object", "WRITE_ACP"],
};

/** Actions that the service authorization reference lists with s3:ExistingObjectTag. */
const knowsTags = ["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:PutObjectAcl"];

const accountOf = ({ who }: Case): Account | null => (who === "anonymous" ? null : (who.split("-")[0] as Account));
const isRoot = ({ who }: Case): boolean => who.endsWith("-root");

const applies = (one: Statement, asked: Case): boolean => {
  if (!one.isAboutIt) return false;
  if (one.condition === "none" || one.condition === "here") return true;
  return one.condition === "tag" && knowsTags.includes(asked.action) && asked.object?.isRed === true;
};

/** Whether a statement's principal holds for who asks. */
const names = ({ names: named }: NamingStatement, { who }: Case): boolean => {
  switch (named) {
    case "everybody":
      return true;
    case "owner":
      return who.startsWith("owner-");
    case "other":
    case "canonical other":
      return who.startsWith("other-");
    case "ownerUser":
      return who === "owner-user";
    case "ownerRole":
    case "ownerSession":
      return who === "owner-role";
    case "otherUser":
      return who === "other-user";
  }
};

const isDenied = (asked: Case): boolean => {
  const own = isRoot(asked) || asked.who === "anonymous" ? [] : asked.own;
  if (own.some((one) => one.effect === "Deny" && applies(one, asked))) return true;
  // Its owner's root cannot be shut out from the policy itself.
  if (asked.who === "owner-root" && asked.action === "s3:GetBucketPolicy") return false;
  return (asked.policy ?? []).some((one) => one.effect === "Deny" && names(one, asked) && applies(one, asked));
};

const isPublic = (policy: readonly NamingStatement[]): boolean =>
  policy.some(
    ({ effect, names: named, condition }) =>
      effect === "Allow" && named === "everybody" && condition !== "here" && condition !== "elsewhere",
  );

/** The statements of the bucket policy that allow it. */
const allowing = (asked: Case): readonly NamingStatement[] => {
  const policy = asked.policy ?? [];
  const isRestricted = asked.bucketBlock?.restricts === true || asked.accountBlock?.restricts === true;
  if (isRestricted && isPublic(policy) && accountOf(asked) !== "owner") return [];
  return policy.filter((one) => one.effect === "Allow" && names(one, asked) && applies(one, asked));
};

/** What an ACL gives: to everybody alike, or to the account. */
const aclGives = (acl: Acl, permission: string, asked: Case): { everybody: boolean; account: boolean } => {
  const ignores = asked.bucketBlock?.ignoresAcls === true || asked.accountBlock?.ignoresAcls === true;
  const account = accountOf(asked);
  const fitting = acl.grants.filter((grant) => grant.permission === "FULL_CONTROL" || grant.permission === permission);
  const toGroup = fitting.some(({ to }) => to === "all" || (to === "authenticated" && account !== null));
  // "An owner can always read and write the ACL."
  const isOwners = acl.owner === (account ?? "anonymous") && permission.endsWith("_ACP");
  const toIt = isOwners || fitting.some(({ to }) => to === account);
  return account === null
    ? { everybody: (toGroup && !ignores) || isOwners, account: false }
    : { everybody: toGroup && !ignores, account: toIt };
};

const nothing = { everybody: false, account: false };

const decide = (asked: Case, acl: { everybody: boolean; account: boolean }, owner: Acl["owner"]): boolean => {
  const account = accountOf(asked);
  // The bucket's policy speaks for what the bucket's owner owns.
  const policy = owner === "owner" ? allowing(asked) : [];
  if (account === null) return acl.everybody || policy.length > 0;
  const isAllowedByOwn = isRoot(asked) || asked.own.some((one) => one.effect === "Allow" && applies(one, asked));
  const isBounded = !isRoot(asked) && asked.boundary === "shut";
  if (account !== owner) {
    const isLetIn = acl.everybody || acl.account || policy.length > 0;
    return isLetIn && isAllowedByOwn && !isBounded;
  }
  if (isAllowedByOwn && !isBounded) return true;
  if (acl.everybody) return true;
  // Named itself: no boundary holds it back. Named as a role: the boundary does. Named as an account: that has to give it on.
  if (policy.some(({ names: named }) => ["everybody", "ownerUser", "ownerSession"].includes(named))) return true;
  return !isBounded && policy.some(({ names: named }) => named === "ownerRole");
};

export function mayDo(asked: Case): boolean {
  if (isDenied(asked)) return false;
  const row = asked.ownership === "BucketOwnerEnforced" ? undefined : aclTable[asked.action];
  if (row === undefined) return decide(asked, nothing, "owner");
  const [on, permission] = row;
  if (on === "bucket") {
    return decide(asked, asked.bucketAcl === null ? nothing : aclGives(asked.bucketAcl, permission, asked), "owner");
  }
  if (asked.object === null) {
    // GetObject, "Permissions": who may list is told that there is nothing.
    // No statement of a case is about listing.
    return decide(asked, nothing, "owner") || mayDo({ ...asked, action: "s3:ListBucket", own: [], policy: null });
  }
  const { acl } = asked.object;
  return acl === null ? decide(asked, nothing, "owner") : decide(asked, aclGives(acl, permission, asked), acl.owner);
}
