/** Shapes of IAM and STS members with their bounds: what the query decoder holds parameters to. */

import type { Member } from "../model/member.ts";
import { body } from "../model/member.ts";
import {
  boolean,
  type EnumShape,
  enumeration,
  type IntegerShape,
  type ListShape,
  list,
  type Shape,
  type StringShape,
  string,
  structure,
  timestamp,
} from "../model/shape.ts";

/** A string with IAM's bounds. */
export interface BoundedString extends StringShape {
  /** Characters. */
  readonly min: number;
  readonly max: number;
  /** Anchored; null = any characters. */
  readonly pattern: RegExp | null;
  /** As AWS words it in its messages. */
  readonly patternText: string;
}

/** A list with IAM's bound. */
export type BoundedList<S extends Shape> = ListShape<S> & { readonly itemsMax: number };

const text = (min: number, max: number, pattern: string | null = null): BoundedString => ({
  kind: "string",
  min,
  max,
  pattern: pattern === null ? null : new RegExp(`^(?:${pattern})$`, "u"),
  patternText: pattern ?? "",
});

export const bounded = <const S extends Shape>(member: S, itemsMax: number): BoundedList<S> => ({
  ...list(member),
  itemsMax,
});

export const whole = (min: number, max: number): IntegerShape => ({ kind: "integer", min, max });

export const required = <const S extends Shape>(shape: S): Member<S, true> => body(shape, { required: true });
export const optional = <const S extends Shape>(shape: S): Member<S, false> => body(shape);
/** A member that stands under another name on the wire. */
export const requiredAs = <const S extends Shape>(xmlName: string, shape: S): Member<S, true> =>
  body(shape, { required: true, xmlName });

const nameCharacters = String.raw`[\w+=,.@\-]+`;
const latinText = String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`;
const tagCharacters = String.raw`[\p{L}\p{Z}\p{N}_.:\/=+\-@]`;

/** Bounds of the IAM model. Source: IAM API reference, the actions' parameters. */
export const newUserName = text(1, 64, nameCharacters);
export const existingUserName = text(1, 128, nameCharacters);
export const groupName = text(1, 128, nameCharacters);
export const roleName = text(1, 64, nameCharacters);
export const policyName = text(1, 128, nameCharacters);
export const path = text(1, 512, String.raw`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`);
export const pathPrefix = text(1, 512, String.raw`\u002F[\u0021-\u007F]*`);
export const policyPath = text(1, 512, String.raw`((\/[A-Za-z0-9.,+@=_\-]+)*)\/`);
export const policyDocument = text(1, 131_072, latinText);
export const policyDescription = text(0, 1000);
export const roleDescription = text(0, 1000, String.raw`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`);
export const maxSessionDuration = whole(3600, 43_200);
export const arn = text(20, 2048);
export const versionId = text(1, 64, String.raw`v[1-9][0-9]*(\.[A-Za-z0-9\-]*)?`);
export const accessKeyId = text(16, 128, String.raw`[\w]+`);
export const keyStatus: EnumShape<"Active" | "Inactive"> = enumeration("Active", "Inactive");
export const tagKey = text(1, 128, `${tagCharacters}+`);
export const tagValue = text(0, 256, `${tagCharacters}*`);
export const marker = text(1, 320, String.raw`[\u0020-\u00FF]+`);
export const maxItems = whole(1, 1000);
export const actionName = text(3, 128);
export const resourceName = text(1, 2048);
export const contextKeyName = text(5, 256);
export const roleSessionName = text(2, 64, String.raw`[\w+=,.@\-]*`);
export const sourceIdentity = text(2, 64, String.raw`[\w+=,.@\-]*`);
export const externalId = text(2, 1224, String.raw`[\w+=,.@:\/\-]*`);
export const serialNumber = text(9, 256, String.raw`[\w+=\/:,.@\-]*`);
export const tokenCode = text(6, 6, String.raw`[\d]*`);

export const Tag = structure("Tag", { Key: required(tagKey), Value: required(tagValue) });
export const tags = bounded(Tag, 50);
export const tagKeys = bounded(tagKey, 50);

/** Members of every request that lists. */
export const paging = { Marker: optional(marker), MaxItems: optional(maxItems) };
/** Members of every answer that lists. */
export const paged = { IsTruncated: optional(boolean), Marker: optional(string) };

const AttachedPermissionsBoundary = structure("AttachedPermissionsBoundary", {
  PermissionsBoundaryType: optional(string),
  PermissionsBoundaryArn: optional(string),
});

const boundary = optional(AttachedPermissionsBoundary);

/** Root has neither a path nor a name: it is no user. */
export const User = structure("User", {
  Path: optional(string),
  UserName: optional(string),
  UserId: required(string),
  Arn: required(string),
  CreateDate: required(timestamp),
  PermissionsBoundary: boundary,
  Tags: optional(list(Tag)),
});

export const Group = structure("Group", {
  Path: required(string),
  GroupName: required(string),
  GroupId: required(string),
  Arn: required(string),
  CreateDate: required(timestamp),
});

export const Role = structure("Role", {
  Path: required(string),
  RoleName: required(string),
  RoleId: required(string),
  Arn: required(string),
  CreateDate: required(timestamp),
  AssumeRolePolicyDocument: optional(string),
  Description: optional(string),
  MaxSessionDuration: optional(whole(3600, 43_200)),
  PermissionsBoundary: boundary,
  Tags: optional(list(Tag)),
});

export const integerValue = whole(0, 2 ** 31 - 1);

export const Policy = structure("Policy", {
  PolicyName: required(string),
  PolicyId: required(string),
  Arn: required(string),
  Path: required(string),
  DefaultVersionId: required(string),
  AttachmentCount: required(integerValue),
  PermissionsBoundaryUsageCount: required(integerValue),
  IsAttachable: required(boolean),
  Description: optional(string),
  CreateDate: required(timestamp),
  UpdateDate: required(timestamp),
  Tags: optional(list(Tag)),
});

export const PolicyVersion = structure("PolicyVersion", {
  Document: optional(string),
  VersionId: required(string),
  IsDefaultVersion: required(boolean),
  CreateDate: required(timestamp),
});

export const AttachedPolicy = structure("AttachedPolicy", {
  PolicyName: required(string),
  PolicyArn: required(string),
});

const PolicyDetail = structure("PolicyDetail", { PolicyName: required(string), PolicyDocument: required(string) });
const inlineDetails = optional(list(PolicyDetail));
const attachedDetails = optional(list(AttachedPolicy));

export const UserDetail = structure("UserDetail", {
  ...User.members,
  UserPolicyList: inlineDetails,
  GroupList: optional(list(string)),
  AttachedManagedPolicies: attachedDetails,
});

export const GroupDetail = structure("GroupDetail", {
  ...Group.members,
  GroupPolicyList: inlineDetails,
  AttachedManagedPolicies: attachedDetails,
});

const { Description: _description, MaxSessionDuration: _duration, ...roleMembers } = Role.members;
export const RoleDetail = structure("RoleDetail", {
  ...roleMembers,
  RolePolicyList: inlineDetails,
  AttachedManagedPolicies: attachedDetails,
});

const { Tags: _tags, ...policyMembers } = Policy.members;
export const ManagedPolicyDetail = structure("ManagedPolicyDetail", {
  ...policyMembers,
  PolicyVersionList: optional(list(PolicyVersion)),
});
