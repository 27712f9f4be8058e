/** One evaluation: a request, its policies, and what has been found so far. */

import { type CompiledPolicy, type CompiledStatement, resourceTruth, statementsFor } from "./compile.ts";
import { conditionTruth } from "./condition.ts";
import type { Part, Rule } from "./decision.ts";
import { isSpared, type Naming, namingOf } from "./principals.ts";
import { type AccessRequest, type AclSide, noAcl, type PolicySets } from "./request.ts";
import { RequestContext } from "./request-context.ts";
import { and, no, or, type Truth, unknown, yes } from "./truth.ts";

/** Actions that a bucket policy cannot take from the root of the bucket's account, so that nobody locks himself out. */
const rootKeeps: ReadonlySet<string> = new Set(["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]);

/** What an answer that is not known yet depends on: statements of which one must apply. */
export type Open = Map<Part | "denied", CompiledStatement[]>;

export class Inquiry {
  readonly request: AccessRequest;
  readonly sets: PolicySets;
  readonly acl: AclSide;
  readonly context: RequestContext;
  readonly rule: Rule;
  /** Statements whose application is not known yet. */
  open: Open | null = null;
  #resource: { itself: Truth; role: Truth; account: Truth } | null = null;

  constructor(request: AccessRequest, sets: PolicySets, acl: AclSide = noAcl) {
    this.request = request;
    this.sets = sets;
    this.acl = acl;
    this.context = new RequestContext(request.context);
    this.rule = ruleOf(request, sets);
  }

  /** Whether a Deny of any policy applies. */
  denied(): Truth {
    const { identity, boundary, session, resource } = this.sets;
    let truth: Truth = no;
    for (const policy of identity) {
      truth = or(truth, this.#denies(policy));
      if (truth === yes) return yes;
    }
    if (boundary !== null) truth = or(truth, this.#denies(boundary));
    if (session !== null) for (const policy of session) truth = or(truth, this.#denies(policy));
    if (resource !== null && truth !== yes && !this.isAboveResourcePolicy()) {
      for (const statement of statementsFor(resource, this.request.action).denies) {
        if (this.isNamed(statement)) truth = or(truth, this.#applies(statement, "denied"));
        if (truth === yes) return yes;
      }
    }
    return truth;
  }

  /** Whether one kind of policy allows. */
  readonly part = (name: Part): Truth => {
    const { identity, boundary, session } = this.sets;
    const { kind } = this.request.principal;
    switch (name) {
      case "identity":
        return kind === "root" ? yes : kind === "anonymous" ? no : this.#anyAllows(identity, "identity");
      case "boundary":
        return boundary === null || kind === "root" ? yes : this.#allows(boundary, "boundary");
      case "session":
        return session === null ? yes : this.#anyAllows(session, "session");
      default:
        this.#resource ??= this.#resourceAllows();
        return this.#resource[name];
    }
  };

  /** True when the resource policy's denials do not count. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
  isAboveResourcePolicy(): boolean {
    const { principal, action } = this.request;
    return (
      principal.kind === "root" &&
      principal.accountId === this.sets.resourceAccountId &&
      rootKeeps.has(action.toLowerCase())
    );
  }

  /** Whether a statement of the resource policy speaks of who asks. */
  isNamed({ principals }: CompiledStatement): boolean {
    if (principals === null) return false;
    if (principals.negated) return !isSpared(principals, this.request.principal, this.sets.boundary !== null);
    return namingOf(principals, this.request.principal, this.sets.session !== null) !== "none";
  }

  /** Whether a statement applies, its action and principal aside. */
  statementTruth(statement: CompiledStatement): Truth {
    let truth = resourceTruth(statement.resources, this.request.resource, this.context);
    for (const condition of statement.conditions) {
      if (truth === no) return no;
      truth = and(truth, conditionTruth(condition, this.context));
    }
    return truth;
  }

  #applies(statement: CompiledStatement, part: Part | "denied"): Truth {
    const truth = this.statementTruth(statement);
    if (truth === unknown) {
      this.open ??= new Map();
      const statements = this.open.get(part);
      if (statements === undefined) this.open.set(part, [statement]);
      else if (!statements.includes(statement)) statements.push(statement);
    }
    return truth;
  }

  #denies(policy: CompiledPolicy): Truth {
    let truth: Truth = no;
    for (const statement of statementsFor(policy, this.request.action).denies) {
      truth = or(truth, this.#applies(statement, "denied"));
      if (truth === yes) return yes;
    }
    return truth;
  }

  #allows(policy: CompiledPolicy, part: Part): Truth {
    let truth: Truth = no;
    for (const statement of statementsFor(policy, this.request.action).allows) {
      truth = or(truth, this.#applies(statement, part));
      if (truth === yes) return yes;
    }
    return truth;
  }

  #anyAllows(policies: readonly CompiledPolicy[], part: Part): Truth {
    let truth: Truth = no;
    for (const policy of policies) {
      truth = or(truth, this.#allows(policy, part));
      if (truth === yes) return yes;
    }
    return truth;
  }

  #resourceAllows(): { itself: Truth; role: Truth; account: Truth } {
    const { everybody, account } = this.acl;
    const found = { itself: everybody, role: no as Truth, account };
    const { resource, session } = this.sets;
    if (resource === null) return found;
    for (const statement of statementsFor(resource, this.request.action).allows) {
      const naming: Naming =
        statement.principals === null
          ? "none"
          : namingOf(statement.principals, this.request.principal, session !== null);
      if (naming !== "none" && found[naming] !== yes)
        found[naming] = or(found[naming], this.#applies(statement, naming));
    }
    return found;
  }
}

function ruleOf({ principal }: AccessRequest, { resource, resourceAccountId }: PolicySets): Rule {
  if (principal.kind === "anonymous") return "anonymous";
  if (principal.accountId !== resourceAccountId) return "other";
  return resource?.isTrust === true ? "trust" : "same";
}
