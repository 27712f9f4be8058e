/**
 * Who may do what: an explicit deny ends it; then the bucket's own account may, and others may by policy or ACL, unless a
 * public access block takes it back. Preflights are decided here too: they ask nobody's permission but the CORS rules'.
 * Sources: AWS S3 User Guide "How Amazon S3 authorizes a request", "Blocking public access", "Using CORS".
 */

import { isPublic } from "./attributes.ts";
import { groupGrants } from "./canned.ts";
import { type CorsRule, corsRules, isPublicPolicy, limitedDenials, policies } from "./document-forms.ts";
import { routes } from "./routes.ts";
import {
  type Answer,
  currentObject,
  type Expected,
  Refusal,
  type Request,
  type Result,
  type State,
  type Turn,
} from "./state.ts";
import { judgedOperations, type Operation, type Requester } from "./vocabulary.ts";

/** The actions of a request that some policy of the suite speaks of. */
function actionsOf(operation: Operation, isVersion: boolean): readonly string[] {
  const suffix = isVersion ? "Version" : "";
  switch (operation) {
    case "GetObject":
    case "HeadObject":
      return [`s3:GetObject${suffix}`];
    // It tells what reading would: it takes the permission to read too.
    case "GetObjectAttributes":
      return [`s3:GetObject${suffix}`, `s3:GetObject${suffix}Attributes`];
    case "DeleteObject":
      return [`s3:DeleteObject${suffix}`];
    case "PutObject":
      return ["s3:PutObject"];
    case "ListObjects":
    case "ListObjectsV2":
    case "HeadBucket":
      return ["s3:ListBucket"];
    default:
      return [];
  }
}

/** Of an ACL: the bucket's decides on listing and writing, an object's on reading it. */
function grants(acl: string, who: Requester, permission: "READ" | "WRITE"): boolean {
  return (groupGrants[acl] ?? []).some(
    ([group, granted]) => granted === permission && (group === "global/AllUsers" || who !== "anonymous"),
  );
}

const isOfAccount = (who: Requester): boolean => who === "owner" || who === "limited";

/** Whether a policy of the bucket says so. */
function says(state: State, effect: "Allow" | "Deny", who: Requester, action: string): boolean {
  const policy = state.settings.get("policy") ?? "";
  const block = state.settings.get("publicAccessBlock");
  const isRestricted = (block === "all" || block === "restrict") && isPublicPolicy(policy) && !isOfAccount(who);
  if (effect === "Allow" && isRestricted) return false;
  const on = action === "s3:ListBucket" ? "bucket" : "objects";
  return (policies[policy] ?? []).some(
    (statement) =>
      statement.effect === effect &&
      statement.on === on &&
      (statement.principal === "*" || statement.principal === who) &&
      statement.actions.includes(action),
  );
}

export function isAllowed(state: State, who: Requester, action: string, key: string): boolean {
  if (says(state, "Deny", who, action)) return false;
  if (isOfAccount(who)) return who === "owner" || !limitedDenials.includes(action);
  return says(state, "Allow", who, action) || aclAllows(state, who, action, key);
}

function aclAllows({ settings, ...state }: State, who: Requester, action: string, key: string): boolean {
  if (settings.get("ownershipControls") === "BucketOwnerEnforced") return false;
  const isRead = action === "s3:GetObject";
  const acl = isRead
    ? (currentObject({ settings, ...state }, key)?.acl ?? "private")
    : (settings.get("acl") ?? "private");
  const block = settings.get("publicAccessBlock");
  if ((block === "all" || block === "ignore") && isPublic(acl)) return false;
  if (/(Version|Attributes)$/.test(action)) return false;
  return grants(acl, who, isRead || action === "s3:ListBucket" ? "READ" : "WRITE");
}

/** Whether an object could be there that the requester might read. */
function mayBeTold(state: State, who: Requester, action: string): boolean {
  if (state.settings.get("ownershipControls") === "BucketOwnerEnforced") return isAllowed(state, who, action, "");
  return !says(state, "Deny", who, action);
}

/** @throws Refusal AccessDenied */
export function judgeAccess(state: State, request: Request, turn: Turn): void {
  const { operation, key, query, who = "owner" } = request;
  const isVersion = query["versionId"] !== undefined;
  const actions = actionsOf(operation, isVersion);
  const isRead = operation === "GetObject" || operation === "HeadObject";
  const isMissing = isRead && currentObject(state, key) === null;
  const judged = judgedOperations.find((name) => name === operation);
  // The ACL of what is not there cannot decide: who may list is told that, and nobody else.
  const mayAll =
    isMissing && !isOfAccount(who)
      ? actions.every((action) => mayBeTold(state, who, action)) && isAllowed(state, who, "s3:ListBucket", "")
      : actions.every((action) => isAllowed(state, who, action, key));
  if (judged !== undefined) turn.reach(`decision ${who} ${judged} ${mayAll ? "allowed" : "refused"}`);
  if (!mayAll) throw new Refusal("AccessDenied");
}

const meets = (pattern: string, text: string): boolean => {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return text === pattern;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
};

/** The first rule that meets a request. @param names of its headers; of an actual request, none */
function ruleFor(
  state: State,
  origin: string,
  method: string,
  names: readonly string[],
): { readonly rule: CorsRule; readonly granted: Record<string, Expected> } | null {
  const rules = state.exists ? (corsRules[state.settings.get("cors") ?? ""] ?? []) : [];
  const rule = rules.find(
    (one) =>
      one.methods.includes(method) &&
      meets(one.origin, origin) &&
      names.every((name) => one.headers !== null && meets(one.headers, name)),
  );
  if (rule === undefined) return null;
  const granted: Record<string, Expected> = {
    "access-control-allow-origin": rule.origin === "*" ? "*" : origin,
    "access-control-allow-methods": rule.methods.join(", "),
    ...(rule.origin === "*" ? {} : { "access-control-allow-credentials": "true" }),
    ...(rule.exposed === null ? {} : { "access-control-expose-headers": rule.exposed }),
    ...(rule.maxAge === null ? {} : { "access-control-max-age": String(rule.maxAge) }),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
  return { rule, granted };
}

/** A preflight. Nobody's credentials may go with answers that are for everybody. @throws Refusal AccessForbidden */
export function preflight(state: State, { headers }: Request): Result {
  const asked = headers["access-control-request-headers"];
  const names = asked === undefined ? [] : asked.toLowerCase().split(",");
  const met = ruleFor(state, headers["origin"] ?? "", headers["access-control-request-method"] ?? "", names);
  if (met === null) throw new Refusal("AccessForbidden");
  const granted = {
    ...met.granted,
    ...(asked === undefined ? {} : { "access-control-allow-headers": names.join(", ") }),
  };
  return { state, answer: { status: 200, code: null, headers: granted, body: null } };
}

/** The answer to a request that a script of another origin sent, errors too. @param state before the request */
export function crossOrigin(state: State, { operation, headers }: Request, answer: Answer, turn: Turn): Answer {
  const { origin } = headers;
  if (origin === undefined || operation === "Preflight") return answer;
  const met = ruleFor(state, origin, routes[operation][0], []);
  if (met === null) {
    turn.reach("origin refused");
    return answer;
  }
  const whom = met.rule.origin === "*" ? "everybody" : "one";
  turn.reach(answer.status < 400 ? `origin granted to ${whom}` : `origin granted to ${whom}, an error`);
  return { ...answer, headers: { ...answer.headers, ...met.granted } };
}
