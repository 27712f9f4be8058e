/** For tests: an account with one of everything, and a request for each action that succeeds there. */

import type { ExecutionContext } from "ava";
import { type IamStand, keys, openIam, operator, type Params, stranger, textOf } from "./iam-stand.testing.ts";

export const allowing = (action: string): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });

export const trusting = (principal: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole" }],
  });

export const arnOf = (kind: string, name: string): string => `arn:aws:iam::${operator}:${kind}/${name}`;

export interface World extends IamStand {
  /** The access key of the user "ann". */
  readonly annKey: string;
}

/**
 * The account `operator` with the user ann (in a group, with a key, policies, tags), the group devs, the role deploy, the policies
 * reads (two versions, attached), unused (a boundary) and spare, and bare ones: the user "bare", the group "none", the role "idle".
 */
export async function openWorld(t: ExecutionContext): Promise<World> {
  const stand = await openIam(t);
  const done = async (name: string, params: Params) => {
    const answer = await stand.call(name, params);
    t.is(answer.status, 200, `${name}: ${answer.body}`);
    return answer;
  };
  const tag = { "Tags.member.1.Key": "team", "Tags.member.1.Value": "red" };
  await done("CreateUser", { UserName: "ann", ...tag });
  await done("CreateUser", { UserName: "bare" });
  await done("CreateGroup", { GroupName: "devs" });
  await done("CreateGroup", { GroupName: "none" });
  await done("AddUserToGroup", { GroupName: "devs", UserName: "ann" });
  const trust = { AssumeRolePolicyDocument: trusting(arnOf("user", "uma")) };
  await done("CreateRole", { RoleName: "deploy", ...trust, ...tag });
  await done("CreateRole", { RoleName: "idle", ...trust });
  await done("CreatePolicy", { PolicyName: "reads", PolicyDocument: allowing("s3:GetObject"), ...tag });
  await done("CreatePolicyVersion", {
    PolicyArn: arnOf("policy", "reads"),
    PolicyDocument: allowing("s3:GetObject*"),
  });
  await done("CreatePolicy", { PolicyName: "unused", PolicyDocument: allowing("s3:PutObject") });
  await done("CreatePolicy", { PolicyName: "spare", PolicyDocument: allowing("s3:PutObject") });
  for (const [noun, name] of [
    ["User", "ann"],
    ["Group", "devs"],
    ["Role", "deploy"],
  ] as const) {
    const holder = { [`${noun}Name`]: name };
    await done(`Put${noun}Policy`, { ...holder, PolicyName: "own", PolicyDocument: allowing("s3:ListBucket") });
    await done(`Attach${noun}Policy`, { ...holder, PolicyArn: arnOf("policy", "reads") });
  }
  const bound = { PermissionsBoundary: arnOf("policy", "unused") };
  await done("PutUserPermissionsBoundary", { UserName: "ann", ...bound });
  await done("PutRolePermissionsBoundary", { RoleName: "deploy", ...bound });
  const annKey = textOf(await done("CreateAccessKey", { UserName: "ann" }), "AccessKeyId") ?? "";
  return { ...stand, annKey };
}

type Sample = Params | ((world: World) => Params);

const reads = { PolicyArn: arnOf("policy", "reads") };
const tags = { "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" };
const untag = { "TagKeys.member.1": "team" };
const ann = { UserName: "ann" };
const devs = { GroupName: "devs" };
const deploy = { RoleName: "deploy" };
const own = { PolicyName: "own" };
const document = { PolicyDocument: allowing("s3:GetObject") };
const simulated = { "ActionNames.member.1": "s3:GetObject" };

/** A request that succeeds, called by Root; AssumeRole by the user "uma". */
export const samples: Readonly<Record<string, Sample>> = {
  AddUserToGroup: { GroupName: "none", ...ann },
  AssumeRole: { RoleArn: arnOf("role", "deploy"), RoleSessionName: "session" },
  AttachGroupPolicy: { GroupName: "none", ...reads },
  AttachRolePolicy: { RoleName: "idle", ...reads },
  AttachUserPolicy: { UserName: "bare", ...reads },
  CreateAccessKey: ann,
  CreateGroup: { GroupName: "new" },
  CreatePolicy: { PolicyName: "new", ...document },
  CreatePolicyVersion: { ...reads, ...document },
  CreateRole: { RoleName: "new", AssumeRolePolicyDocument: trusting(stranger) },
  CreateUser: { UserName: "new" },
  DeleteAccessKey: ({ annKey }) => ({ ...ann, AccessKeyId: annKey }),
  DeleteGroup: { GroupName: "none" },
  DeleteGroupPolicy: { ...devs, ...own },
  DeleteLoginProfile: ann,
  DeletePolicy: { PolicyArn: arnOf("policy", "spare") },
  DeletePolicyVersion: { ...reads, VersionId: "v2" },
  DeleteRole: { RoleName: "idle" },
  DeleteRolePermissionsBoundary: deploy,
  DeleteRolePolicy: { ...deploy, ...own },
  DeleteUser: { UserName: "bare" },
  DeleteUserPermissionsBoundary: ann,
  DeleteUserPolicy: { ...ann, ...own },
  DetachGroupPolicy: { ...devs, ...reads },
  DetachRolePolicy: { ...deploy, ...reads },
  DetachUserPolicy: { ...ann, ...reads },
  GetAccessKeyInfo: ({ annKey }) => ({ AccessKeyId: annKey }),
  GetAccessKeyLastUsed: ({ annKey }) => ({ AccessKeyId: annKey }),
  GetAccountAuthorizationDetails: {},
  GetAccountSummary: {},
  GetCallerIdentity: {},
  GetContextKeysForCustomPolicy: { "PolicyInputList.member.1": allowing("s3:GetObject") },
  GetContextKeysForPrincipalPolicy: { PolicySourceArn: arnOf("user", "ann") },
  GetGroup: devs,
  GetGroupPolicy: { ...devs, ...own },
  GetLoginProfile: ann,
  GetPolicy: reads,
  GetPolicyVersion: { ...reads, VersionId: "v1" },
  GetRole: deploy,
  GetRolePolicy: { ...deploy, ...own },
  GetSessionToken: {},
  GetUser: ann,
  GetUserPolicy: { ...ann, ...own },
  ListAccessKeys: ann,
  ListAccountAliases: {},
  ListAttachedGroupPolicies: devs,
  ListAttachedRolePolicies: deploy,
  ListAttachedUserPolicies: ann,
  ListEntitiesForPolicy: reads,
  ListGroupPolicies: devs,
  ListGroups: {},
  ListGroupsForUser: ann,
  ListInstanceProfiles: {},
  ListInstanceProfilesForRole: deploy,
  ListMFADevices: ann,
  ListOpenIDConnectProviders: {},
  ListPolicies: { Scope: "Local" },
  ListPolicyTags: reads,
  ListPolicyVersions: reads,
  ListRolePolicies: deploy,
  ListRoleTags: deploy,
  ListRoles: {},
  ListSAMLProviders: {},
  ListSSHPublicKeys: ann,
  ListServerCertificates: {},
  ListServiceSpecificCredentials: ann,
  ListSigningCertificates: ann,
  ListUserPolicies: ann,
  ListUserTags: ann,
  ListUsers: {},
  ListVirtualMFADevices: {},
  PutGroupPolicy: { ...devs, PolicyName: "more", ...document },
  PutRolePermissionsBoundary: { ...deploy, PermissionsBoundary: arnOf("policy", "reads") },
  PutRolePolicy: { ...deploy, PolicyName: "more", ...document },
  PutUserPermissionsBoundary: { ...ann, PermissionsBoundary: arnOf("policy", "reads") },
  PutUserPolicy: { ...ann, PolicyName: "more", ...document },
  RemoveUserFromGroup: { ...devs, ...ann },
  SetDefaultPolicyVersion: { ...reads, VersionId: "v2" },
  SimulateCustomPolicy: { "PolicyInputList.member.1": allowing("s3:GetObject"), ...simulated },
  SimulatePrincipalPolicy: { PolicySourceArn: arnOf("user", "ann"), ...simulated },
  TagPolicy: { ...reads, ...tags },
  TagRole: { ...deploy, ...tags },
  TagUser: { ...ann, ...tags },
  UntagPolicy: { ...reads, ...untag },
  UntagRole: { ...deploy, ...untag },
  UntagUser: { ...ann, ...untag },
  UpdateAccessKey: ({ annKey }) => ({ ...ann, AccessKeyId: annKey, Status: "Inactive" }),
  UpdateAssumeRolePolicy: { ...deploy, PolicyDocument: trusting(stranger) },
  UpdateGroup: { ...devs, NewGroupName: "developers" },
  UpdateRole: { ...deploy, Description: "deploys" },
  UpdateRoleDescription: { ...deploy, Description: "deploys" },
  UpdateUser: { ...ann, NewUserName: "anne" },
};

export function sampleOf(name: string, world: World): Params {
  const sample = samples[name];
  if (sample === undefined) throw new Error(`${name} has no sample`);
  return typeof sample === "function" ? sample(world) : sample;
}

/** Who calls the sample of an action. */
export const callerOfSample = (name: string): string => (name === "AssumeRole" ? keys.user : keys.root);
