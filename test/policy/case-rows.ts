/** How a row of the tables is written: the caller, what is asked for, the policies, and the page that says so. */

import type { Outcome, PlainPrincipal, RawPolicy, RawStatement, RawValue } from "./raw.ts";

export interface CaseRow {
  readonly name: string;
  readonly identity: readonly RawPolicy[];
  readonly boundary: RawPolicy | null;
  readonly session: readonly RawPolicy[] | null;
  readonly resource: RawPolicy | null;
  readonly owner: string;
  readonly as: PlainPrincipal;
  readonly action: string;
  readonly on: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly expected: Outcome;
  readonly cites: string;
}

const guide = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";
/** The pages that the rows cite. */
export const pages = {
  logic: `${guide}reference_policies_evaluation-logic_policy-eval-denyallow.html`,
  denies: `${guide}reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html`,
  sameAccount: `${guide}reference_policies_evaluation-logic_policy-eval-basics.html`,
  crossAccount: `${guide}reference_policies_evaluation-logic-cross-account.html`,
  action: `${guide}reference_policies_elements_action.html`,
  notAction: `${guide}reference_policies_elements_notaction.html`,
  resource: `${guide}reference_policies_elements_resource.html`,
  notResource: `${guide}reference_policies_elements_notresource.html`,
  principal: `${guide}reference_policies_elements_principal.html`,
  notPrincipal: `${guide}reference_policies_elements_notprincipal.html`,
  effect: `${guide}reference_policies_elements_effect.html`,
  condition: `${guide}reference_policies_elements_condition.html`,
  operators: `${guide}reference_policies_elements_condition_operators.html`,
  manyValues: `${guide}reference_policies_condition-logic-multiple-context-keys-or-values.html`,
  sets: `${guide}reference_policies_condition-single-vs-multi-valued-context-keys.html`,
  keys: `${guide}reference_policies_condition-keys.html`,
  variables: `${guide}reference_policies_variables.html`,
  version: `${guide}reference_policies_elements_version.html`,
  sid: `${guide}reference_policies_elements_sid.html`,
  id: `${guide}reference_policies_elements_id.html`,
  statement: `${guide}reference_policies_elements_statement.html`,
  grammar: `${guide}reference_policies_grammar.html`,
  boundaries: `${guide}access_policies_boundaries.html`,
  policies: `${guide}access_policies.html`,
  quotas: `${guide}reference_iam-quotas.html`,
  arns: `${guide}reference-arns.html`,
  s3Keys: "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
  s3Examples: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html",
  s3Principals:
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html",
  s3Arns: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-arn-format.html",
  s3BucketPolicies: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html",
  putBucketPolicy: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
} as const;

export const home = "111122223333";
export const away = "444455556666";
export const homeCanonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
export const awayCanonical = "b5ee2b4a0f8f4a7e6b6a9e5b4f3c2d1e0f9a8b7c6d5e4f30210fedcba9876543";

const named = (
  accountId: string,
  kind: "root" | "user" | "role-session",
  arn: string,
  roleArn: string | null,
  userId: string,
) =>
  ({
    kind,
    accountId,
    canonicalId: accountId === home ? homeCanonical : awayCanonical,
    arn,
    roleArn,
    roleId: null,
    userId,
  }) as const;

export const rootOf = (account: string): PlainPrincipal =>
  named(account, "root", `arn:aws:iam::${account}:root`, null, account);
export const user = (name: string, account: string = home, path = "/"): PlainPrincipal =>
  named(account, "user", `arn:aws:iam::${account}:user${path}${name}`, null, `AIDA${name.toUpperCase()}`);
export const roleArn = (role: string, account: string = home): string => `arn:aws:iam::${account}:role/${role}`;
export const sessionArn = (role: string, session: string, account: string = home): string =>
  `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
export const roleSession = (role: string, session: string, account: string = home): PlainPrincipal =>
  named(
    account,
    "role-session",
    sessionArn(role, session, account),
    roleArn(role, account),
    `AROA${role.toUpperCase()}:${session}`,
  );
export const anonymous: PlainPrincipal = { kind: "anonymous" };

export const alice = user("alice");
export const bob = user("bob", away);

/** The keys that every request of a caller has: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
export function callerContext(caller: PlainPrincipal): Record<string, readonly string[]> {
  if (caller.kind === "anonymous") return { "aws:principaltype": ["Anonymous"] };
  const type = { root: "Account", user: "User", "role-session": "AssumedRole" }[caller.kind];
  return {
    "aws:principaltype": [type],
    "aws:principalaccount": [caller.accountId],
    "aws:principalarn": [caller.roleArn ?? caller.arn],
    "aws:userid": [caller.userId],
    ...(caller.kind === "user" ? { "aws:username": [caller.arn.split("/").at(-1) ?? ""] } : {}),
  };
}

export const version = "2012-10-17";
export const policy = (...Statement: readonly RawStatement[]): RawPolicy => ({ Version: version, Statement });
export const bucketArn = "arn:aws:s3:::bucket";
export const objectArn = (key: string): string => `${bucketArn}/${key}`;

type Parts = Omit<RawStatement, "Effect">;
/** A statement about every object and the bucket, unless the parts say otherwise. */
const statement = (Effect: "Allow" | "Deny", parts: Parts): RawStatement => ({
  Effect,
  ...(parts.NotAction === undefined ? { Action: "s3:*" } : {}),
  ...(parts.NotResource === undefined ? { Resource: [bucketArn, `${bucketArn}/*`] } : {}),
  ...parts,
});
export const allow = (parts: Parts = {}): RawStatement => statement("Allow", parts);
export const deny = (parts: Parts = {}): RawStatement => statement("Deny", parts);

/** What a row says beyond the usual request: alice of the bucket's account gets the object "key" with no policy. */
export type RowParts = Partial<Omit<CaseRow, "name" | "expected" | "cites" | "context">> & {
  readonly with?: Readonly<Record<string, string | readonly string[]>>;
};

export function row(name: string, cites: string, expected: Outcome, parts: RowParts): CaseRow {
  const { with: given = {}, as = alice, ...rest } = parts;
  const context = { ...callerContext(as) };
  for (const [key, value] of Object.entries(given))
    context[key.toLowerCase()] = typeof value === "string" ? [value] : value;
  return {
    name,
    cites,
    expected,
    identity: [],
    boundary: null,
    session: null,
    resource: null,
    owner: home,
    action: "s3:GetObject",
    on: objectArn("key"),
    ...rest,
    as,
    context,
  };
}

/** One operator against one key: what the policy has, what the request has, and whether the condition holds. */
export type OperatorRow = readonly [
  operator: string,
  wanted: RawValue | readonly RawValue[],
  actual: string | readonly string[] | undefined,
  holds: boolean,
];

/** Rows of an Allow with one condition. */
export const operatorRows = (
  key: string,
  cites: string,
  rows: readonly OperatorRow[],
  of: string = version,
): CaseRow[] =>
  rows.map(([operator, wanted, actual, holds]) => {
    const has = actual === undefined ? "no value" : JSON.stringify(actual);
    return row(
      `${operator} ${key} ${JSON.stringify(wanted)} for ${has}${of === version ? "" : ` in ${of}`}`,
      cites,
      holds ? "Allow" : "ImplicitDeny",
      {
        identity: [{ Version: of, Statement: allow({ Condition: { [operator]: { [key]: wanted } } }) }],
        ...(actual === undefined ? {} : { with: { [key]: actual } }),
      },
    );
  });
