/** Records as the answers show them. */

import { entityArn } from "../account/arn.ts";
import type { PolicyView } from "../account/policy-directory.ts";
import type {
  GroupRecord,
  PolicyVersion as PolicyVersionRecord,
  RoleRecord,
  UserRecord,
} from "../control/identity-records.ts";
import type { ValueOf } from "../model/shape.ts";
import type { ActionContext } from "./action.ts";
import type { Group, Policy, PolicyVersion, Role, User } from "./shapes.ts";
import { outputTags } from "./targets.ts";

/** Documents travel percent-encoded in answers, as RFC 3986 says; SDKs decode them. */
export function encodedDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function boundaryView(boundary: string | null) {
  return boundary === null
    ? undefined
    : { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: boundary };
}

/** As listings show it: without tags and boundary. */
export function listedUser(user: UserRecord): ValueOf<typeof User> {
  const { accountId, path, name, userId, createdMs } = user;
  const arn = entityArn("user", accountId, path, name);
  if (user.role === "root") return { UserId: accountId, Arn: arn, CreateDate: createdMs };
  return { Path: path, UserName: name, UserId: userId, Arn: arn, CreateDate: createdMs };
}

export function userView(user: UserRecord): ValueOf<typeof User> {
  return { ...listedUser(user), PermissionsBoundary: boundaryView(user.boundary), Tags: tagsView(user.tags) };
}

export function groupView(group: GroupRecord): ValueOf<typeof Group> {
  const { accountId, path, name, groupId, createdMs } = group;
  const arn = entityArn("group", accountId, path, name);
  return { Path: path, GroupName: name, GroupId: groupId, Arn: arn, CreateDate: createdMs };
}

export function listedRole({ directory }: Pick<ActionContext, "directory">, role: RoleRecord): ValueOf<typeof Role> {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: entityArn("role", role.accountId, role.path, role.name),
    CreateDate: role.createdMs,
    AssumeRolePolicyDocument: encodedDocument(directory.trustPolicy(role)),
    Description: role.description ?? undefined,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

export function roleView(context: Pick<ActionContext, "directory">, role: RoleRecord): ValueOf<typeof Role> {
  return { ...listedRole(context, role), PermissionsBoundary: boundaryView(role.boundary), Tags: tagsView(role.tags) };
}

function tagsView(tags: UserRecord["tags"]) {
  return tags.length === 0 ? undefined : outputTags(tags);
}

/** As listings show it: without description and tags. */
export function listedPolicy(
  { policies, accountId }: Pick<ActionContext, "policies" | "accountId">,
  policy: PolicyView,
): ValueOf<typeof Policy> {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: policies.attachmentCount(policy.arn, accountId, "policy"),
    PermissionsBoundaryUsageCount: policies.attachmentCount(policy.arn, accountId, "boundary"),
    IsAttachable: true,
    CreateDate: policy.createdMs,
    UpdateDate: policy.updatedMs,
  };
}

export function policyView(
  context: Pick<ActionContext, "policies" | "accountId">,
  policy: PolicyView,
): ValueOf<typeof Policy> {
  return {
    ...listedPolicy(context, policy),
    Description: policy.description ?? undefined,
    Tags: tagsView(policy.tags),
  };
}

export function versionView(
  version: PolicyVersionRecord,
  defaultVersion: string,
  withDocument: boolean,
): ValueOf<typeof PolicyVersion> {
  return {
    Document: withDocument ? encodedDocument(version.document) : undefined,
    VersionId: version.id,
    IsDefaultVersion: version.id === defaultVersion,
    CreateDate: version.createdMs,
  };
}
