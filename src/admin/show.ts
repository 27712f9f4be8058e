/** How records are shown: each form lists its members, so that hashes, sealed secrets and members of later releases stay inside. */

import { z } from "zod";
import { type EntityKind, entityArn } from "../account/arn.ts";
import type {
  AccessKeyRecord,
  AccountRecord,
  ApiTokenRecord,
  GroupRecord,
  KeyUsedRecord,
  ManagedPolicyRecord,
  RoleRecord,
  SessionRecord,
  UserRecord,
} from "../control/identity-records.ts";
import type { BucketRecord } from "../control/records.ts";
import { accountId, atTime, atTimeOrNull, bucketQuota, quota, tags, time } from "./schemas.ts";

export const accountForm = z.strictObject({
  accountId,
  canonicalId: z.string(),
  displayName: z.string(),
  kind: z.enum(["operator", "reseller", "customer"]),
  parent: z.string().nullable(),
  status: z.enum(["active", "suspended", "deleting"]),
  label: z.string().nullable(),
  quota,
  siteSelection: z.boolean(),
  addressRanges: z.array(z.string()),
  contact: z.string().nullable(),
  createdAt: time,
});

export function showAccount(account: AccountRecord): z.input<typeof accountForm> {
  const { bytes, objects, buckets } = account.quota;
  return {
    accountId: account.accountId,
    canonicalId: account.canonicalId,
    displayName: account.displayName,
    kind: account.kind,
    parent: account.parent,
    status: account.status,
    label: account.label,
    quota: { bytes, objects, buckets },
    siteSelection: account.siteSelection,
    addressRanges: [...account.addressRanges],
    contact: account.contact,
    createdAt: atTime(account.createdMs),
  };
}

export const arnOf = (
  kind: EntityKind,
  { accountId: owner, path, name }: { readonly accountId: string; readonly path: string; readonly name: string },
): string => entityArn(kind, owner, path, name);

export const userForm = z.strictObject({
  name: z.string(),
  userId: z.string(),
  arn: z.string(),
  path: z.string(),
  email: z.string().nullable(),
  role: z.enum(["root", "admin", "user"]),
  status: z.enum(["active", "invited", "disabled"]),
  groups: z.array(z.string()),
  attachedPolicies: z.array(z.string()),
  inlinePolicies: z.array(z.string()),
  boundary: z.string().nullable(),
  tags,
  hasPassword: z.boolean(),
  hasMfa: z.boolean(),
  external: z.strictObject({ issuer: z.string(), subject: z.string() }).nullable(),
  createdAt: time,
  passwordChangedAt: time.nullable(),
});

export function showUser(user: UserRecord): z.input<typeof userForm> {
  const { external } = user;
  return {
    name: user.name,
    userId: user.userId,
    arn: arnOf("user", user),
    path: user.path,
    email: user.email,
    role: user.role,
    status: user.status,
    groups: [...user.groups],
    attachedPolicies: [...user.attached],
    inlinePolicies: [...user.inline],
    boundary: user.boundary,
    tags: user.tags.map(({ key, value }) => ({ key, value })),
    hasPassword: user.passwordHash !== null,
    hasMfa: user.mfa?.confirmed ?? false,
    external: external === null ? null : { issuer: external.issuer, subject: external.subject },
    createdAt: atTime(user.createdMs),
    passwordChangedAt: atTimeOrNull(user.passwordChangedMs),
  };
}

export const groupForm = z.strictObject({
  name: z.string(),
  groupId: z.string(),
  arn: z.string(),
  path: z.string(),
  attachedPolicies: z.array(z.string()),
  inlinePolicies: z.array(z.string()),
  createdAt: time,
});

export function showGroup(group: GroupRecord): z.input<typeof groupForm> {
  return {
    name: group.name,
    groupId: group.groupId,
    arn: arnOf("group", group),
    path: group.path,
    attachedPolicies: [...group.attached],
    inlinePolicies: [...group.inline],
    createdAt: atTime(group.createdMs),
  };
}

export const roleForm = z.strictObject({
  name: z.string(),
  roleId: z.string(),
  arn: z.string(),
  path: z.string(),
  description: z.string().nullable(),
  trustPolicy: z.string().describe("JSON text."),
  boundary: z.string().nullable(),
  maxSessionSeconds: z.int(),
  attachedPolicies: z.array(z.string()),
  inlinePolicies: z.array(z.string()),
  tags,
  createdAt: time,
});

/** @param trustPolicy its text, as it is to be shown */
export function showRole(role: RoleRecord, trustPolicy: string): z.input<typeof roleForm> {
  return {
    name: role.name,
    roleId: role.roleId,
    arn: arnOf("role", role),
    path: role.path,
    description: role.description,
    trustPolicy,
    boundary: role.boundary,
    maxSessionSeconds: role.maxSessionSeconds,
    attachedPolicies: [...role.attached],
    inlinePolicies: [...role.inline],
    tags: role.tags.map(({ key, value }) => ({ key, value })),
    createdAt: atTime(role.createdMs),
  };
}

export const policyForm = z.strictObject({
  name: z.string(),
  arn: z.string(),
  policyId: z.string(),
  path: z.string(),
  description: z.string().nullable(),
  tags,
  defaultVersion: z.string(),
  versions: z.array(z.strictObject({ id: z.string(), createdAt: time })),
  document: z.string().describe("JSON text of the default version."),
  attachmentCount: z.int(),
  createdAt: time,
  updatedAt: time,
});

export function showPolicy(policy: ManagedPolicyRecord, attachmentCount: number): z.input<typeof policyForm> {
  return {
    name: policy.name,
    arn: arnOf("policy", policy),
    policyId: policy.policyId,
    path: policy.path,
    description: policy.description,
    tags: policy.tags.map(({ key, value }) => ({ key, value })),
    defaultVersion: policy.defaultVersion,
    versions: policy.versions.map(({ id, createdMs }) => ({ id, createdAt: atTime(createdMs) })),
    document: policy.versions.find(({ id }) => id === policy.defaultVersion)?.document ?? "",
    attachmentCount,
    createdAt: atTime(policy.createdMs),
    updatedAt: atTime(policy.updatedMs),
  };
}

export const keyForm = z.strictObject({
  accessKeyId: z.string(),
  userName: z.string(),
  status: z.enum(["Active", "Inactive"]),
  createdAt: time,
  lastUsed: z.strictObject({ at: time, service: z.string(), region: z.string() }).nullable(),
});

export function showKey(key: AccessKeyRecord, used: KeyUsedRecord | null): z.input<typeof keyForm> {
  return {
    accessKeyId: key.accessKeyId,
    userName: key.userName,
    status: key.status,
    createdAt: atTime(key.createdMs),
    lastUsed: used === null ? null : { at: atTime(used.usedMs), service: used.service, region: used.region },
  };
}

export const sessionForm = z.strictObject({
  sessionId: z.string(),
  isThisOne: z.boolean(),
  stage: z.enum(["password", "complete"]),
  actingAs: z.string().nullable(),
  address: z.string(),
  userAgent: z.string(),
  createdAt: time,
  seenAt: time,
});

export function showSession(session: SessionRecord, own: SessionRecord): z.input<typeof sessionForm> {
  return {
    sessionId: session.sessionId,
    isThisOne: session.sessionId === own.sessionId,
    stage: session.stage,
    actingAs: session.actingAs,
    address: session.address,
    userAgent: session.userAgent,
    createdAt: atTime(session.createdMs),
    seenAt: atTime(session.seenMs),
  };
}

export const tokenForm = z.strictObject({
  tokenId: z.string(),
  name: z.string(),
  scope: z.enum(["usage", "customers", "all"]),
  createdAt: time,
  expiresAt: time.nullable(),
});

export function showToken(token: ApiTokenRecord): z.input<typeof tokenForm> {
  return {
    tokenId: token.tokenId,
    name: token.name,
    scope: token.scope,
    createdAt: atTime(token.createdMs),
    expiresAt: atTimeOrNull(token.expiresMs),
  };
}

export const bucketForm = z.strictObject({
  name: z.string(),
  accountId,
  region: z.string(),
  state: z.string(),
  quota: bucketQuota.describe("What it may hold; null = without bound."),
  allowedAddresses: z.array(z.string()).describe("S3 requests to it must come from here; empty = from anywhere."),
  createdAt: time,
});

export function showBucket(bucket: BucketRecord, region: string): z.input<typeof bucketForm> {
  return {
    name: bucket.name,
    accountId: bucket.accountId,
    region: bucket.location ?? region,
    state: bucket.state,
    quota: { bytes: bucket.quota?.bytes ?? null, objects: bucket.quota?.objects ?? null },
    allowedAddresses: [...(bucket.allowedAddresses ?? [])],
    createdAt: atTime(bucket.createdMs),
  };
}
