/**
 * Access modes of buckets: what everybody may do without signing, as a list of permissions, and the bucket policy that says
 * so. Public is the mode in which everybody reads objects whose names they know. Pure.
 */

import type { PolicyDocument, PolicyStatement } from "./document.ts";

export const accessModes = ["Private", "Public", "Custom"] as const;
export type AccessMode = (typeof accessModes)[number];

/** What a check box can give to everybody, and whether it is about the bucket or the objects in it. */
const permissionPlaces = {
  "s3:GetBucketLocation": "bucket",
  "s3:ListBucket": "bucket",
  "s3:ListBucketVersions": "bucket",
  "s3:ListBucketMultipartUploads": "bucket",
  "s3:GetObject": "object",
  "s3:GetObjectVersion": "object",
  "s3:GetObjectAttributes": "object",
  "s3:GetObjectTagging": "object",
  "s3:PutObject": "object",
  "s3:DeleteObject": "object",
  "s3:ListMultipartUploadParts": "object",
  "s3:AbortMultipartUpload": "object",
} as const;

export type AccessPermission = keyof typeof permissionPlaces;

export const accessPermissions = Object.keys(permissionPlaces) as [AccessPermission, ...AccessPermission[]];

const publicPermissions: readonly AccessPermission[] = ["s3:GetBucketLocation", "s3:GetObject"];

/** A policy as the console shows it, ready for JSON. */
export interface AccessPolicy {
  readonly Version: "2019-10-17";
  readonly Statement: readonly {
    readonly Sid: "";
    readonly Effect: "Allow";
    readonly Principal: { readonly AWS: readonly ["*"] };
    readonly Action: readonly AccessPermission[];
    readonly Resource: readonly [string];
  }[];
}

/**
 * The policy of a mode; null: none, the bucket is private.
 * @param permissions of Custom: what everybody may; none = null
 */
export function policyOfMode(
  mode: AccessMode,
  permissions: readonly AccessPermission[],
  bucket: string,
): AccessPolicy | null {
  if (mode === "Private") return null;
  const asked = new Set(mode === "Public" ? publicPermissions : permissions);
  const statements = (["bucket", "object"] as const).flatMap((place) => {
    const Action = accessPermissions.filter((name) => asked.has(name) && permissionPlaces[name] === place);
    if (Action.length === 0) return [];
    const arn = `arn:aws:s3:::${bucket}${place === "bucket" ? "" : "/*"}`;
    const Principal = { AWS: ["*"] } as const;
    return [{ Sid: "", Effect: "Allow", Principal, Action, Resource: [arn] } as const];
  });
  return statements.length === 0 ? null : { Version: "2019-10-17", Statement: statements };
}

export interface Access {
  readonly mode: AccessMode;
  /** Null: the policy says more than check boxes can. */
  readonly permissions: readonly AccessPermission[] | null;
}

/** The mode that a policy stands for. @param document null: the bucket has no policy */
export function modeOfPolicy(document: PolicyDocument | null, bucket: string): Access {
  if (document === null) return { mode: "Private", permissions: [] };
  const found = new Set<AccessPermission>();
  for (const statement of document.statements) {
    const given = permissionsOf(statement, bucket);
    if (given === null) return { mode: "Custom", permissions: null };
    for (const name of given) found.add(name);
  }
  const permissions = accessPermissions.filter((name) => found.has(name));
  const isPublic =
    permissions.length === publicPermissions.length && publicPermissions.every((name) => found.has(name));
  return { mode: isPublic ? "Public" : "Custom", permissions };
}

/** What a statement gives to everybody; null when that is not all it says. */
function permissionsOf(statement: PolicyStatement, bucket: string): readonly AccessPermission[] | null {
  const { effect, principals, actions, resources, conditions } = statement;
  const isForAll = effect === "Allow" && principals?.any === true && conditions.length === 0;
  if (!isForAll || actions.negated || resources === null || resources.negated) return null;
  const given: AccessPermission[] = [];
  for (const pattern of actions.patterns) {
    const name = accessPermissions.find((known) => known.toLowerCase() === pattern.toLowerCase());
    if (name === undefined) return null;
    const arn = `arn:aws:s3:::${bucket}${permissionPlaces[name] === "bucket" ? "" : "/*"}`;
    if (!resources.patterns.includes(arn)) return null;
    given.push(name);
  }
  const places = new Set(given.map((name) => permissionPlaces[name]));
  // A further resource would give something that no box says.
  const known = [...places].map((place) => `arn:aws:s3:::${bucket}${place === "bucket" ? "" : "/*"}`);
  return resources.patterns.every((pattern) => known.includes(pattern)) ? given : null;
}
