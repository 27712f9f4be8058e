/** The whole of an account's identities. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html */

import type { Page, PageRequest } from "../account/directory.ts";
import type { PolicyView } from "../account/policy-directory.ts";
import { limits } from "../base/limits.ts";
import type { GroupRecord, HolderKind, PolicyHolder, RoleRecord, UserRecord } from "../control/identity-records.ts";
import { enumeration, list, type ValueOf } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOutput, pageRequest } from "./paging.ts";
import { GroupDetail, ManagedPolicyDetail, optional, paged, paging, RoleDetail, UserDetail } from "./shapes.ts";
import { encodedDocument, groupView, listedPolicy, roleView, userView, versionView } from "./views.ts";

type HeldBy = { readonly kind: HolderKind; readonly accountId: string; readonly name: string } & PolicyHolder;

/** Inline policies with their documents, and attachments, of one user, group or role. */
function held({ directory, policies }: ActionContext, { kind, accountId, name, inline, attached }: HeldBy) {
  const documents = inline.flatMap((PolicyName) => {
    const document = directory.inlinePolicy(kind, accountId, name, PolicyName);
    return document === undefined ? [] : [{ PolicyName, PolicyDocument: encodedDocument(document) }];
  });
  const attachments = attached.flatMap((PolicyArn) => {
    const policy = policies.policy(PolicyArn, accountId);
    return policy === undefined ? [] : [{ PolicyName: policy.name, PolicyArn }];
  });
  return { documents, attachments };
}

function userDetail(context: ActionContext, user: UserRecord): ValueOf<typeof UserDetail> {
  const { documents, attachments } = held(context, { kind: "user", ...user });
  return {
    ...userView(user),
    UserPolicyList: documents,
    GroupList: user.groups,
    AttachedManagedPolicies: attachments,
  };
}

function groupDetail(context: ActionContext, group: GroupRecord): ValueOf<typeof GroupDetail> {
  const { documents, attachments } = held(context, { kind: "group", ...group });
  return { ...groupView(group), GroupPolicyList: documents, AttachedManagedPolicies: attachments };
}

function roleDetail(context: ActionContext, role: RoleRecord): ValueOf<typeof RoleDetail> {
  const { documents, attachments } = held(context, { kind: "role", ...role });
  return { ...roleView(context, role), RolePolicyList: documents, AttachedManagedPolicies: attachments };
}

function policyDetail(context: ActionContext, policy: PolicyView): ValueOf<typeof ManagedPolicyDetail> {
  const versions = policy.versions.map((version) => versionView(version, policy.defaultVersion, true));
  return {
    ...listedPolicy(context, policy),
    Description: policy.description ?? undefined,
    PolicyVersionList: versions,
  };
}

/** Kinds of entities in the order of the answer, each with its pages. */
const sections = {
  User: (context: ActionContext, page: PageRequest): Page<UserRecord> =>
    context.directory.users(context.accountId, "/", page),
  Group: (context: ActionContext, page: PageRequest): Page<GroupRecord> =>
    context.directory.groups(context.accountId, "/", page),
  Role: (context: ActionContext, page: PageRequest): Page<RoleRecord> =>
    context.directory.roles(context.accountId, "/", page),
  LocalManagedPolicy: (context: ActionContext, page: PageRequest): Page<PolicyView> =>
    context.policies.policies(context.accountId, { scope: "Local", pathPrefix: "/", onlyAttached: false }, page),
  AWSManagedPolicy: (context: ActionContext, page: PageRequest): Page<PolicyView> =>
    context.policies.policies(context.accountId, { scope: "AWS", pathPrefix: "/", onlyAttached: true }, page),
} as const;
type Section = keyof typeof sections;
const sectionNames = Object.keys(sections) as readonly Section[];

interface Found {
  readonly users: readonly UserRecord[];
  readonly groups: readonly GroupRecord[];
  readonly roles: readonly RoleRecord[];
  readonly policies: readonly PolicyView[];
}

const places = { User: "users", Group: "groups", Role: "roles" } as const;

/** One page over all sections: the place is `<section>:<place in it>`. */
function pageOfSections(context: ActionContext, wanted: readonly Section[], page: PageRequest): Page<never> & Found {
  const [first = "", after = ""] = page.after === "" ? [] : splitOnce(page.after);
  const from = page.after === "" ? 0 : wanted.indexOf(first as Section);
  if (from < 0) throw new QueryError("ValidationError", "The Marker is not valid: it is of another request.");
  const found: Record<string, unknown[]> = { users: [], groups: [], roles: [], policies: [] };
  let room = Math.min(page.limit, limits.authorizationDetailsMax);
  let next: string | null = null;
  for (const [index, section] of wanted.slice(from).entries()) {
    if (room === 0) {
      next = `${section}:`;
      break;
    }
    const part: Page<unknown> = sections[section](context, { after: index === 0 ? after : "", limit: room });
    found[section in places ? places[section as keyof typeof places] : "policies"]?.push(...part.items);
    room -= part.items.length;
    if (part.next !== null) {
      next = `${section}:${part.next}`;
      break;
    }
  }
  return { ...(found as unknown as Found), items: [], next };
}

function splitOnce(place: string): [section: string, after: string] {
  const colon = place.indexOf(":");
  return [place.slice(0, colon), place.slice(colon + 1)];
}

export const GetAccountAuthorizationDetails = declareQueryAction({
  name: "GetAccountAuthorizationDetails",
  service: "iam",
  action: "iam:GetAccountAuthorizationDetails",
  resource: () => "*",
  input: {
    Filter: optional(list(enumeration("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"))),
    ...paging,
  },
  output: {
    UserDetailList: optional(list(UserDetail)),
    GroupDetailList: optional(list(GroupDetail)),
    RoleDetailList: optional(list(RoleDetail)),
    Policies: optional(list(ManagedPolicyDetail)),
    ...paged,
  },
  errors: [],
}).handledBy(({ Filter = [], ...page }, context) => {
  const wanted = sectionNames.filter((name) => Filter.length === 0 || Filter.includes(name));
  const found = pageOfSections(context, wanted, pageRequest(page));
  return {
    UserDetailList: found.users.filter(({ role }) => role !== "root").map((user) => userDetail(context, user)),
    GroupDetailList: found.groups.map((group) => groupDetail(context, group)),
    RoleDetailList: found.roles.map((role) => roleDetail(context, role)),
    Policies: found.policies.map((policy) => policyDetail(context, policy)),
    ...pageOutput(found),
  };
});
