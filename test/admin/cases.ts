/** One good request for each row of the admin API: the tests of every row are made from it. */

import type { AdminRow } from "#src/admin/declaration.ts";
import { customer, customerJob, customerKey, emailOf, password } from "./world.ts";

export interface Case {
  /** Who may make the request: `<account>.<name>`; default: the customer's Admin. */
  readonly as?: "customer.user" | "customer.root" | "reseller.root" | "operator.root";
  readonly body?: unknown;
  readonly query?: string;
}

const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] };
const trustPolicy = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: customer }, Action: "sts:AssumeRole" }],
};
const policyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const personal = "customer.user";
const above = "reseller.root";
const linkToken = `trp_reset_${"a".repeat(43)}`;

const holders = Object.fromEntries(
  ["User", "Group", "Role"].flatMap((kind): [string, Case][] => [
    [`Attach${kind}Policy`, { body: { policyArn } }],
    [`Detach${kind}Policy`, { query: `policyArn=${encodeURIComponent(policyArn)}` }],
    [`Get${kind}InlinePolicy`, {}],
    [`Put${kind}InlinePolicy`, { body: { document } }],
    [`Delete${kind}InlinePolicy`, {}],
  ]),
);

export const cases: Readonly<Record<string, Case>> = {
  ...holders,
  AcceptInvite: { body: { token: linkToken, password } },
  AddGroupUser: {},
  BeginActing: { as: above, body: { accountId: customer } },
  BeginMyMfa: { as: personal, body: { password } },
  CancelJob: { body: {} },
  ChangeMyPassword: { as: personal, body: { oldPassword: password, newPassword: "another good password" } },
  ConfirmMyMfa: { as: personal, body: { code: "123456" } },
  ConfirmPasswordReset: { body: { token: linkToken, password } },
  CreateAccount: { as: above, body: { displayName: "New", email: "new@example.com" } },
  CreateBucket: { body: { name: "new-bucket" } },
  CreateConsoleCredentials: { as: personal, body: {} },
  CreateGroup: { body: { name: "newgroup" } },
  CreateMyKey: { as: personal, body: {} },
  CreateMyToken: { as: personal, body: { name: "another", scope: "all" } },
  CreatePolicy: { body: { name: "newpolicy", document } },
  CreatePolicyVersion: { body: { document } },
  CreateRole: { body: { name: "newrole", trustPolicy } },
  CreateUser: { body: { email: "new@example.com" } },
  CreateUserKey: { body: {} },
  DeleteAccount: { as: above },
  DeleteBucket: {},
  DeleteGroup: {},
  DeleteMyKey: { as: personal },
  DeleteMyToken: { as: personal },
  DeletePolicy: {},
  DeletePolicyVersion: {},
  DeleteRole: {},
  DeleteUser: {},
  DeleteUserKey: {},
  DisableMyMfa: { as: personal, body: { password, code: "123456" } },
  DropDeadEvents: { body: {} },
  EndActing: { as: above },
  ExportAudit: {},
  GetAccount: { as: above },
  GetBucket: {},
  GetDiagnostics: { as: "operator.root" },
  GetBucketAccess: {},
  GetGroup: {},
  GetJob: {},
  GetMe: { as: personal },
  GetOwnAccount: {},
  GetPolicy: {},
  GetPolicyVersion: {},
  GetRole: {},
  GetSupport: {},
  GetUsage: { query: "from=1970-01-01&to=1970-01-02" },
  GetUser: {},
  GetUserPermissions: {},
  InviteAccountRoot: { as: above, body: {} },
  InviteUser: { body: {} },
  ListAccounts: { as: above },
  ListAudit: {},
  ListBuckets: {},
  ListBuiltInPolicies: {},
  ListDeadEvents: {},
  ListGroupUsers: {},
  ListGroups: {},
  ListJobs: {},
  ListMyKeys: { as: personal },
  ListMySessions: { as: personal },
  ListMyTokens: { as: personal },
  ListPolicies: {},
  ListRoles: {},
  ListUserKeys: {},
  ListUsers: {},
  NewMyRecoveryCodes: { as: personal, body: { code: "123456" } },
  PreviewBucketAccess: { body: { mode: "Custom", permissions: ["s3:ListBucket"] } },
  RemoveGroupUser: {},
  RequestPasswordReset: { body: { email: emailOf(customer, "user") } },
  ResetUserMfa: {},
  ResumeAccount: { as: above, body: {} },
  RetryDeadEvents: { body: {} },
  RevokeMyOtherSessions: { as: personal },
  RevokeMySession: { as: personal },
  SetBucketAccess: { body: { mode: "Public" } },
  SetDefaultPolicyVersion: { body: { versionId: "v2" } },
  SetPolicyTags: { body: { tags: [{ key: "a", value: "b" }] } },
  SetUserBoundary: { body: { policyArn } },
  SetUserPermissions: { body: { groups: ["crew"] } },
  SetUserTags: { body: { tags: [{ key: "a", value: "b" }] } },
  SignIn: { body: { email: emailOf(customer, "user"), password } },
  SignInSecondFactor: { as: personal, body: { code: "123456" } },
  SignOut: { as: personal },
  SimulatePolicies: { body: { principal: { kind: "user", name: "user" }, action: "s3:GetObject" } },
  SuperDeleteBucket: { body: { name: "customer-bucket", password } },
  SuspendAccount: { as: above, body: {} },
  UpdateAccount: { as: above, body: { displayName: "Renamed" } },
  UpdateBucket: { body: { quota: { bytes: 1000, objects: null } } },
  UpdateGroup: { body: { path: "/team/" } },
  UpdateMyKey: { as: personal, body: { status: "Inactive" } },
  UpdateOwnAccount: { as: "customer.root", body: { contact: "help@example.com" } },
  UpdateRole: { body: { description: "reads" } },
  UpdateUser: { body: { path: "/staff/" } },
  UpdateUserKey: { body: { status: "Inactive" } },
};

/** Ids of the customer's User that only its own answers tell. */
export interface Ids {
  readonly sessionId: string;
  readonly tokenId: string;
}

const owned: Readonly<Record<string, string>> = {
  users: "user",
  groups: "crew",
  roles: "reader",
  policies: "own",
  buckets: "customer-bucket",
};

/** The row's path with what belongs to the customer, and to its User. */
export function pathOf(row: AdminRow, ids: Ids): string {
  const values: Readonly<Record<string, string>> = {
    name: owned[row.path.split("/")[1] ?? ""] ?? "",
    userName: "user",
    policyName: "inl",
    versionId: "v2",
    accountId: customer,
    accessKeyId: customerKey,
    jobId: customerJob,
    sessionId: ids.sessionId,
    tokenId: ids.tokenId,
  };
  return row.path.replace(/\{(\w+)\}/g, (_, label: string) => encodeURIComponent(values[label] ?? ""));
}
