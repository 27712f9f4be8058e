/** The account as a whole, and lists of what accounts here never have. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html and its neighbours. */

import type { Page, PageRequest } from "../account/directory.ts";
import { limits } from "../base/limits.ts";
import { enumeration, list, string, structure } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { pageOf, pageOutput } from "./paging.ts";
import { deviceArn } from "./session-credentials.ts";
import {
  arn,
  existingUserName,
  integerValue,
  newUserName,
  optional,
  paged,
  paging,
  pathPrefix,
  required,
  roleName,
} from "./shapes.ts";
import { roleOf, roleResource, userNameOr, userOrSelf, userResource } from "./targets.ts";

/** Every item of all pages. The account's limits bound it. */
function all<T>(read: (page: PageRequest) => Page<T>): T[] {
  const items: T[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: Page<T> = read({ after, limit: limits.directoryPageMax });
    items.push(...page.items);
    after = page.next;
  }
  return items;
}

function summaryOf({ directory, policies, accountId }: ActionContext): Readonly<Record<string, number>> {
  const users = all((page) => directory.users(accountId, "/", page)).filter(({ role }) => role !== "root");
  const root = directory.root(accountId);
  const local = { scope: "Local", pathPrefix: "/", onlyAttached: false } as const;
  const own = all((page) => policies.policies(accountId, local, page));
  const devices = users.filter(({ mfa }) => mfa?.confirmed === true).length;
  const hasRootDevice = root?.mfa?.confirmed === true ? 1 : 0;
  const rootKeys = directory.keysOf(accountId, root?.name ?? "", { after: "", limit: 1 }).items.length;
  return {
    AccessKeysPerUserQuota: limits.accessKeysPerUserMax,
    AccountAccessKeysPresent: rootKeys,
    AccountMFAEnabled: hasRootDevice,
    AccountPasswordPresent: root?.passwordHash == null ? 0 : 1,
    AccountSigningCertificatesPresent: 0,
    AssumeRolePolicySizeQuota: limits.trustPolicyCharsMax,
    AttachedPoliciesPerGroupQuota: limits.policiesPerHolderMax,
    AttachedPoliciesPerRoleQuota: limits.policiesPerHolderMax,
    AttachedPoliciesPerUserQuota: limits.policiesPerHolderMax,
    GlobalEndpointTokenVersion: 2,
    GroupPolicySizeQuota: limits.groupPoliciesCharsMax,
    Groups: all((page) => directory.groups(accountId, "/", page)).length,
    GroupsPerUserQuota: limits.groupsPerUserMax,
    GroupsQuota: limits.groupsPerAccountMax,
    InstanceProfiles: 0,
    InstanceProfilesQuota: 0,
    MFADevices: devices + hasRootDevice,
    MFADevicesInUse: devices + hasRootDevice,
    Policies: own.length,
    PoliciesQuota: limits.policiesPerAccountMax,
    PolicySizeQuota: limits.managedPolicyCharsMax,
    PolicyVersionsInUse: own.reduce((sum, { versions }) => sum + versions.length, 0),
    PolicyVersionsInUseQuota: limits.policiesPerAccountMax * limits.policyVersionsMax,
    Providers: 0,
    RolePolicySizeQuota: limits.rolePoliciesCharsMax,
    Roles: all((page) => directory.roles(accountId, "/", page)).length,
    RolesQuota: limits.rolesPerAccountMax,
    ServerCertificates: 0,
    ServerCertificatesQuota: 0,
    SigningCertificatesPerUserQuota: 0,
    UserPolicySizeQuota: limits.userPoliciesCharsMax,
    Users: users.length,
    UsersQuota: limits.usersPerAccountMax,
    VersionsPerPolicyQuota: limits.policyVersionsMax,
  };
}

const SummaryEntry = structure("SummaryMapEntry", { key: required(string), value: required(integerValue) });

export const GetAccountSummary = declareQueryAction({
  name: "GetAccountSummary",
  service: "iam",
  action: "iam:GetAccountSummary",
  resource: () => "*",
  input: {},
  output: { SummaryMap: optional(list(SummaryEntry, "entry")) },
  errors: [],
}).handledBy((_input, context) => ({
  SummaryMap: Object.entries(summaryOf(context)).map(([key, value]) => ({ key, value })),
}));

export const ListAccountAliases = declareQueryAction({
  name: "ListAccountAliases",
  service: "iam",
  action: "iam:ListAccountAliases",
  resource: () => "*",
  input: { ...paging },
  output: { AccountAliases: required(list(string)), ...paged },
  errors: [],
}).handledBy((page, { directory, accountId }) => {
  const label = directory.account(accountId)?.label ?? null;
  const found = pageOf(label === null ? [] : [label], page, (alias) => alias);
  return { AccountAliases: found.items, ...pageOutput(found) };
});

const MFADevice = structure("MFADevice", {
  UserName: required(string),
  SerialNumber: required(string),
});

export const ListMFADevices = declareQueryAction({
  name: "ListMFADevices",
  service: "iam",
  action: "iam:ListMFADevices",
  resource: ({ UserName }, context) => userResource(context, userNameOr(UserName, context)),
  input: { UserName: optional(existingUserName), ...paging },
  output: { MFADevices: required(list(MFADevice)), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName, ...page }, context) => {
  const { accountId, name, role, mfa } = userOrSelf(context, UserName);
  const device = { UserName: name, SerialNumber: deviceArn(accountId, name, role === "root") };
  const found = pageOf(mfa?.confirmed === true ? [device] : [], page, ({ SerialNumber }) => SerialNumber);
  return { MFADevices: found.items, ...pageOutput(found) };
});

/** Devices of users are no entities of their own, and none is unassigned. */
const VirtualMFADevice = structure("VirtualMFADevice", { SerialNumber: required(string) });

export const ListVirtualMFADevices = declareQueryAction({
  name: "ListVirtualMFADevices",
  service: "iam",
  action: "iam:ListVirtualMFADevices",
  resource: (_input, { accountId }) => `arn:aws:iam::${accountId}:mfa/*`,
  input: { AssignmentStatus: optional(enumeration("Assigned", "Unassigned", "Any")), ...paging },
  output: { VirtualMFADevices: required(list(VirtualMFADevice)), ...paged },
  errors: [],
}).handledBy(() => ({ VirtualMFADevices: [], IsTruncated: false }));

const Nothing = structure("Nothing", { Arn: optional(arn) });
const nothing = list(Nothing);

export const ListInstanceProfilesForRole = declareQueryAction({
  name: "ListInstanceProfilesForRole",
  service: "iam",
  action: "iam:ListInstanceProfilesForRole",
  resource: ({ RoleName }, context) => roleResource(context, RoleName),
  input: { RoleName: required(roleName), ...paging },
  output: { InstanceProfiles: required(nothing), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ RoleName }, context) => {
  roleOf(context, RoleName);
  return { InstanceProfiles: [], IsTruncated: false };
});

export const ListInstanceProfiles = declareQueryAction({
  name: "ListInstanceProfiles",
  service: "iam",
  action: "iam:ListInstanceProfiles",
  resource: (_input, { accountId }) => `arn:aws:iam::${accountId}:instance-profile/*`,
  input: { PathPrefix: optional(pathPrefix), ...paging },
  output: { InstanceProfiles: required(nothing), ...paged },
  errors: [],
}).handledBy(() => ({ InstanceProfiles: [], IsTruncated: false }));

export const ListServerCertificates = declareQueryAction({
  name: "ListServerCertificates",
  service: "iam",
  action: "iam:ListServerCertificates",
  resource: () => "*",
  input: { PathPrefix: optional(pathPrefix), ...paging },
  output: { ServerCertificateMetadataList: required(nothing), ...paged },
  errors: [],
}).handledBy(() => ({ ServerCertificateMetadataList: [], IsTruncated: false }));

export const ListOpenIDConnectProviders = declareQueryAction({
  name: "ListOpenIDConnectProviders",
  service: "iam",
  action: "iam:ListOpenIDConnectProviders",
  resource: () => "*",
  input: {},
  output: { OpenIDConnectProviderList: optional(nothing) },
  errors: [],
}).handledBy(() => ({ OpenIDConnectProviderList: [] }));

export const ListSAMLProviders = declareQueryAction({
  name: "ListSAMLProviders",
  service: "iam",
  action: "iam:ListSAMLProviders",
  resource: () => "*",
  input: {},
  output: { SAMLProviderList: optional(nothing) },
  errors: [],
}).handledBy(() => ({ SAMLProviderList: [] }));

export const ListSigningCertificates = declareQueryAction({
  name: "ListSigningCertificates",
  service: "iam",
  action: "iam:ListSigningCertificates",
  resource: ({ UserName }, context) => userResource(context, userNameOr(UserName, context)),
  input: { UserName: optional(existingUserName), ...paging },
  output: { Certificates: required(nothing), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName }, context) => {
  userOrSelf(context, UserName);
  return { Certificates: [], IsTruncated: false };
});

export const ListSSHPublicKeys = declareQueryAction({
  name: "ListSSHPublicKeys",
  service: "iam",
  action: "iam:ListSSHPublicKeys",
  resource: ({ UserName }, context) => userResource(context, userNameOr(UserName, context)),
  input: { UserName: optional(newUserName), ...paging },
  output: { SSHPublicKeys: optional(nothing), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName }, context) => {
  userOrSelf(context, UserName);
  return { SSHPublicKeys: [], IsTruncated: false };
});

export const ListServiceSpecificCredentials = declareQueryAction({
  name: "ListServiceSpecificCredentials",
  service: "iam",
  action: "iam:ListServiceSpecificCredentials",
  resource: ({ UserName }, context) => userResource(context, userNameOr(UserName, context)),
  input: { UserName: optional(newUserName), ServiceName: optional(string), ...paging },
  output: { ServiceSpecificCredentials: optional(nothing), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName }, context) => {
  userOrSelf(context, UserName);
  return { ServiceSpecificCredentials: [], IsTruncated: false };
});
