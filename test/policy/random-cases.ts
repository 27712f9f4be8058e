/**
 * Random policies and requests, biased: most cases are meant to end in one of the three outcomes, and most statements
 * miss by one condition, so that each condition has something to decide.
 */

import fc from "fast-check";
import { alice, anonymous, away, bob, callerContext, home, roleSession, rootOf, user } from "./case-rows.ts";
import { Digits } from "./digits.ts";
import { conditionKeys } from "./keys.ts";
import { actionClause, type Naming, principalClause, resourceClause } from "./random-clauses.ts";
import {
  conditionElement,
  type GrowingRequest,
  holds,
  type RandomCondition,
  randomCondition,
} from "./random-conditions.ts";
import type { PlainPrincipal, PlainRequest, PlainSets, RawPolicy, RawStatement } from "./raw.ts";

export interface PolicyCase {
  readonly request: PlainRequest;
  readonly sets: PlainSets;
  /** Keys, in lower case, that the engine is told only when it settles. */
  readonly deferred: readonly string[];
}

interface StatementChoices {
  readonly shape: number;
  readonly conditions: readonly number[];
}

interface Choices {
  readonly setting: number;
  readonly places: number;
  readonly statements: readonly StatementChoices[];
  readonly grants: readonly number[];
}

const number = fc.noBias(fc.maxSafeNat());

export const randomCases: fc.Arbitrary<PolicyCase> = fc
  .record({
    setting: number,
    places: number,
    statements: fc.noBias(
      fc.array(
        fc.record({ shape: number, conditions: fc.array(number, { minLength: 2, maxLength: 3, size: "max" }) }),
        {
          minLength: 1,
          maxLength: 5,
          size: "max",
        },
      ),
    ),
    grants: fc.array(number, { maxLength: 2 }),
  })
  .map(buildCase);

const callers: readonly PlainPrincipal[] = [
  alice,
  user("alice", home, "/sales/"),
  bob,
  roleSession("app", "one"),
  roleSession("app", "one", away),
  anonymous,
  rootOf(home),
  rootOf(away),
];
const actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:ListBucket", "s3:PutBucketPolicy"];
const keys = ["home/alice/report.txt", "a*b?.txt", "logs/2024/06/app.log", "Ünï/😀.jpg", "$money/{x}", "a:b/", "key"];

type Place = "identity" | "boundary" | "session" | "resource";
type Goal = "Allow" | "ImplicitDeny" | "ExplicitDeny" | "any";

/** What is chosen once for a case. */
interface Setting {
  readonly caller: PlainPrincipal;
  readonly goal: Goal;
  /** Places that are there. */
  readonly present: readonly Place[];
  /** Places that have to allow for an Allow; in each of them one grant is enough. */
  readonly needed: readonly Place[];
  /** How the bucket policy has to name the caller. */
  readonly form: Naming;
}

function chooseSetting(digits: Digits): Setting {
  const caller = digits.of(callers);
  const share = digits.below(100);
  const goal: Goal = share < 33 ? "Allow" : share < 63 ? "ImplicitDeny" : share < 93 ? "ExplicitDeny" : "any";
  const isEntity = caller.kind === "user" || caller.kind === "role-session";
  const limits: Place[] = [];
  if (isEntity && digits.isOneIn(4)) limits.push("boundary");
  if (caller.kind === "role-session" ? digits.isOneIn(3) : caller.kind !== "anonymous" && digits.isOneIn(12))
    limits.push("session");
  const present: Place[] = ["resource", ...(isEntity ? (["identity"] as const) : []), ...limits];
  if (caller.kind === "anonymous") return { caller, goal, present, needed: ["resource"], form: "everyone" };

  const form = digits.of<Naming>(["everyone", "itself", "role", "account"]);
  const own = limits.filter((place) => place === "session" || isEntity);
  if (caller.accountId !== home) {
    return { caller, goal, present, needed: ["resource", ...(isEntity ? (["identity"] as const) : []), ...own], form };
  }
  if (!isEntity) return { caller, goal, present, needed: own, form };
  const isByBucket = digits.isOneIn(2) && form !== "account";
  const isDirect = form === "everyone" || form === "itself";
  if (!isByBucket) return { caller, goal, present, needed: ["identity", ...own], form };
  return { caller, goal, present, needed: isDirect ? ["resource"] : ["resource", ...own], form };
}

/** Statements by place, and the version of each place's policy. */
class Drafts {
  readonly #versions: Readonly<Record<Place, string | undefined>>;
  readonly #statements: Record<Place, RawStatement[]> = { identity: [], boundary: [], session: [], resource: [] };

  constructor(digits: Digits) {
    const choose = (): string | undefined =>
      digits.of(["2012-10-17", "2012-10-17", "2012-10-17", "2012-10-17", "2019-10-17", "2008-10-17", undefined]);
    this.#versions = { identity: choose(), boundary: choose(), session: choose(), resource: choose() };
  }

  version(place: Place): string {
    return this.#versions[place] ?? "2008-10-17";
  }

  add(place: Place, statement: RawStatement): void {
    this.#statements[place].push(statement);
  }

  /** @returns null when the place has no statement */
  policy(place: Place, digits: Digits): RawPolicy | null {
    const Version = this.#versions[place];
    const statements = this.#statements[place];
    const [first] = statements;
    if (first === undefined) return null;
    const Statement = statements.length === 1 && digits.isOneIn(2) ? first : statements;
    return Version === undefined ? { Statement } : { Version, Statement };
  }
}

/** A statement that says nothing of the request, for a place that has to be there. */
const idle: RawStatement = { Effect: "Allow", Action: "s3:AbortMultipartUpload", Resource: "arn:aws:s3:::idle/*" };

function buildCase({ setting: one, places, statements, grants }: Choices): PolicyCase {
  const digits = new Digits(one);
  const setting = chooseSetting(digits);
  const action = digits.of(actions);
  const key = digits.of(keys);
  const resource = action.includes("Bucket") ? "arn:aws:s3:::bucket" : `arn:aws:s3:::bucket/${key}`;
  const context = callerContext(setting.caller);
  const team = digits.of([undefined, "alpha", "*"]);
  if (team !== undefined) context["aws:principaltag/team"] = [team];
  const mentioned = new Set([...Object.keys(context), "aws:principaltag/team"]);
  if (digits.isOneIn(2)) mentioned.delete("aws:principaltag/team");
  const request: GrowingRequest = { action, resource, principal: setting.caller, context, mentioned };

  const placeDigits = new Digits(places);
  const drafts = new Drafts(placeDigits);
  const lacking = setting.goal === "ImplicitDeny" && setting.needed.length > 0 ? placeDigits.of(setting.needed) : null;
  const write = (
    place: Place,
    effect: "Allow" | "Deny",
    miss: Miss,
    shape: number,
    conditions: readonly number[],
  ): void => {
    const candidates = conditions.map((item) => randomCondition(item, request));
    drafts.add(place, draftStatement(place, effect, miss, new Digits(shape), candidates, { setting, drafts, request }));
  };

  for (const place of setting.needed) {
    if (place !== lacking && setting.goal !== "any") write(place, "Allow", "none", placeDigits.below(2 ** 16), grants);
  }
  for (const [index, { shape, conditions }] of statements.entries()) {
    const shapeDigits = new Digits(shape);
    const anyPlace = shapeDigits.of(setting.present);
    const rest = shapeDigits.below(2 ** 40);
    const isOther = shapeDigits.isOneIn(6);
    if (setting.goal === "any") write(anyPlace, isOther ? "Deny" : "Allow", "any", rest, conditions);
    else if (setting.goal === "ExplicitDeny" && index === 0) write(anyPlace, "Deny", "none", rest, conditions);
    else if (lacking !== null && !isOther) write(lacking, "Allow", "one", rest, conditions);
    else write(anyPlace, "Deny", "one", rest, conditions);
  }

  const present = (place: Place): RawPolicy | null => {
    const isWanted = setting.present.includes(place) && place !== "identity" && place !== "resource";
    return drafts.policy(place, placeDigits) ?? (isWanted ? { Statement: idle } : null);
  };
  const identity = present("identity");
  const session = present("session");
  return {
    request: { action, resource, principal: setting.caller, context },
    sets: {
      identity: identity === null ? [] : split(identity, placeDigits),
      boundary: present("boundary"),
      session: session === null ? null : [session],
      resource: present("resource"),
      resourceAccountId: home,
    },
    deferred: chooseDeferred([...mentioned], digits),
  };
}

/** Two policies of one, now and then: it comes to the same. */
function split(policy: RawPolicy, digits: Digits): readonly RawPolicy[] {
  const { Statement } = policy;
  if (!Array.isArray(Statement) || Statement.length < 2 || digits.isOneIn(2)) return [policy];
  return [
    { ...policy, Statement: Statement.slice(0, 1) },
    { ...policy, Statement: Statement.slice(1) },
  ];
}

/** Whether a statement is to meet the request, to miss it by one condition if it can, or neither. */
type Miss = "none" | "one" | "any";

interface Surroundings {
  readonly setting: Setting;
  readonly drafts: Drafts;
  readonly request: GrowingRequest;
}

function draftStatement(
  place: Place,
  effect: "Allow" | "Deny",
  miss: Miss,
  digits: Digits,
  candidates: readonly RandomCondition[],
  { setting, drafts, request }: Surroundings,
): RawStatement {
  const version = drafts.version(place);
  const right = candidates.filter((condition) => holds(condition, version, request));
  const wrong = candidates.filter((condition) => !right.includes(condition));
  const chosen = miss === "none" ? right : miss === "one" ? [...right, ...wrong.slice(0, 1)] : candidates;
  // Without a condition to miss by, one of the other elements has to.
  const missing = miss === "one" && wrong.length === 0 ? digits.below(place === "resource" ? 3 : 2) : -1;
  const isLoose = miss === "any";
  const isMet = (element: number): boolean => (isLoose ? digits.below(3) > 0 : missing !== element);
  const element = conditionElement(chosen);
  return {
    ...(digits.isOneIn(6) ? { Sid: "" } : {}),
    Effect: effect,
    ...(place === "resource" ? principalClause(setting.caller, effect, setting.form, isMet(2), digits) : {}),
    ...actionClause(request.action, isMet(0), digits),
    ...resourceClause(request, version, place, isMet(1), digits),
    ...(element === undefined ? {} : { Condition: element }),
  };
}

const ofCaller = new Set(conditionKeys.filter(({ isOfCaller }) => isOfCaller).map(({ name }) => name.toLowerCase()));
const ofObject = /^s3:(existingobjecttag|object-lock|versionid|bucketTag)/;

/** Half the time nothing, else what belongs to the object, else every other key. */
function chooseDeferred(mentioned: readonly string[], digits: Digits): readonly string[] {
  const kind = digits.below(4);
  const possible = mentioned.filter((key) => !ofCaller.has(key));
  if (kind < 2) return [];
  return kind === 2 ? possible.filter((key) => ofObject.test(key)) : possible.filter(() => digits.below(2) === 0);
}
