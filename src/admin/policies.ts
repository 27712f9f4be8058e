/** What policies say of callers of the admin API, and of others for the simulator. */

import type { Principal } from "../account/principal.ts";
import type { Principals } from "../account/principals.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { evaluate } from "../policy/evaluate.ts";
import { type Explanation, explain, type StatementExplanation } from "../policy/explain.ts";
import { managedPolicies } from "../policy/managed.ts";
import type { AccessRequest, PolicySets } from "../policy/request.ts";
import type { Caller } from "./caller.ts";
import type { Conditions } from "./declaration.ts";

/** What conditions of policies may ask of a request. */
export interface JudgedRequest {
  readonly address: string;
  readonly userAgent: string;
  readonly isSecure: boolean;
  readonly nowMs: number;
  /** What this action brings beside. */
  readonly conditions: Conditions;
}

/** A request that is not made, only judged. */
export interface SimulatedRequest {
  readonly kind: "user" | "role";
  readonly accountId: string;
  readonly name: string;
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys; names in lower case. */
  readonly context: ReadonlyMap<string, readonly string[]>;
}

export interface Explained {
  readonly effect: Explanation["effect"];
  /** A sentence for people. */
  readonly reason: string;
  readonly statements: {
    readonly source: string;
    readonly index: number;
    readonly sid: string | null;
    readonly effect: "Allow" | "Deny";
    readonly outcome: "applies" | "open" | "does not apply";
    /** What of the statement the request does not meet. */
    readonly why: string | null;
  }[];
}

export interface BuiltInPolicy {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
  /** JSON text. */
  readonly document: string;
}

type Facts = ReadonlyMap<string, readonly string[]>;

export class AdminPolicies {
  readonly #principals: Pick<Principals, "user" | "role">;

  /** @param principals read the same records as the requests do */
  constructor(principals: Pick<Principals, "user" | "role">) {
    this.#principals = principals;
  }

  /** Root has the whole of its account, Admin too but for what is denied to it. @param resource an ARN, or "*" */
  allows(caller: Caller, action: string, resource: string, request: JudgedRequest): boolean {
    if (caller.role === "root") return true;
    const { user } = caller;
    const principal = user === null ? undefined : this.#principals.user(user.accountId, user.name);
    if (principal === undefined) return false;
    if (principal.isUnbounded) return true;
    const facts = factsOf(principal, caller, request);
    return evaluate(accessRequest(principal, action, resource, facts), setsOf(principal)).effect === "Allow";
  }

  /** Whether a bucket's policy denies what the caller's own policies allow. The node itself is nobody's user. */
  isDeniedBy(
    policy: CompiledPolicy,
    caller: Caller,
    { action, resource }: { readonly action: string; readonly resource: string },
    request: JudgedRequest,
  ): boolean {
    const { user } = caller;
    if (user === null) return false;
    const principal = this.#principals.user(user.accountId, user.name);
    if (principal === undefined) return true;
    const sets = { ...setsOf(principal), resource: policy };
    const facts = factsOf(principal, caller, request);
    return evaluate(accessRequest(principal, action, resource, facts), sets).effect === "ExplicitDeny";
  }

  /** What a user's policies allow, wherever it comes from and whenever; one that is disabled may nothing. */
  judgeOf(accountId: string, name: string): (action: string, resource: string) => boolean {
    const principal = this.#principals.user(accountId, name);
    if (principal === undefined) return () => false;
    if (principal.isUnbounded) return () => true;
    const facts = new Map(identityFacts(principal));
    const sets = setsOf(principal);
    return (action, resource) => evaluate(accessRequest(principal, action, resource, facts), sets).effect === "Allow";
  }

  /** Null: a user that is disabled, or whose account is not in force, may nothing. */
  explain({ kind, accountId, name, action, resource, context }: SimulatedRequest): Explained | null {
    const principal = this.#principals[kind](accountId, name);
    if (principal === undefined) return null;
    const facts = new Map([...identityFacts(principal), ...context]);
    const explanation = explain(accessRequest(principal, action, resource, facts), setsOf(principal));
    return {
      effect: explanation.effect,
      reason: reasonOf(explanation, principal),
      statements: explanation.statements.map(showStatement),
    };
  }

  builtIn(): BuiltInPolicy[] {
    return [...managedPolicies].map(([arn, { name, description, text }]) => ({
      arn,
      name,
      description,
      document: text,
    }));
  }
}

function accessRequest(principal: Principal, action: string, resource: string, facts: Facts): AccessRequest {
  const tagPrefix = "aws:principaltag/";
  const context = (key: string): readonly string[] | undefined => {
    if (!key.startsWith(tagPrefix)) return facts.get(key);
    const name = key.slice(tagPrefix.length);
    const tag = principal.tags.find((one) => one.key.toLowerCase() === name);
    return tag === undefined ? facts.get(key) : [tag.value];
  };
  return { action, resource, principal: principal.identity, context };
}

const setsOf = ({ policies, boundary, sessionPolicies, account }: Principal): PolicySets => ({
  identity: policies,
  boundary,
  session: sessionPolicies,
  resource: null,
  resourceAccountId: account.accountId,
});

/** Source: IAM user guide, "AWS global condition context keys". */
function identityFacts({ identity, userName, account }: Principal): [string, readonly string[]][] {
  if (identity.kind === "anonymous") return [];
  const type = identity.kind === "root" ? "Account" : identity.kind === "user" ? "User" : "AssumedRole";
  return [
    ["aws:principalaccount", [account.accountId]],
    ["aws:principalarn", [identity.roleArn ?? identity.arn]],
    ["aws:principaltype", [type]],
    ["aws:resourceaccount", [account.accountId]],
    ["aws:userid", [identity.userId]],
    ...(userName === null ? [] : [["aws:username", [userName]] as [string, readonly string[]]]),
  ];
}

function factsOf(principal: Principal, caller: Caller, request: JudgedRequest): Facts {
  const { address, userAgent, isSecure, nowMs, conditions } = request;
  return new Map<string, readonly string[]>([
    ...identityFacts(principal),
    ...Object.entries(conditions),
    ["aws:currenttime", [new Date(nowMs).toISOString()]],
    ["aws:epochtime", [String(Math.floor(nowMs / 1000))]],
    ["aws:securetransport", [String(isSecure)]],
    ["aws:sourceip", [address]],
    ["aws:useragent", [userAgent]],
    // As AWS has it: absent with long-lived keys.
    ...(caller.session === null
      ? []
      : [["aws:multifactorauthpresent", [String(caller.user?.mfa?.confirmed ?? false)]] as [string, string[]]]),
  ]);
}

function reasonOf({ effect, decidedBy, notAllowedBy }: Explanation, { identity }: Principal): string {
  const [first] = decidedBy;
  const statement = first === undefined ? null : `statement ${first.sid || first.index + 1} of ${first.source}`;
  if (effect === "ExplicitDeny") return `Denied by ${statement}.`;
  if (effect === "Deferred") return `It depends on the object: ${statement}.`;
  if (effect === "ImplicitDeny")
    return `Nothing allows it: there is no Allow in the ${notAllowedBy.join(" and ")} policies.`;
  return identity.kind === "root" ? "Root may do everything in its account." : `Allowed by ${statement}.`;
}

function showStatement(statement: StatementExplanation): Explained["statements"][number] {
  const { source, index, sid, effect, outcome, mismatch } = statement;
  const why =
    mismatch === null
      ? null
      : mismatch.reason === "condition"
        ? `condition ${mismatch.operator} on ${mismatch.key}`
        : mismatch.reason;
  return { source, index, sid, effect, outcome, why };
}
