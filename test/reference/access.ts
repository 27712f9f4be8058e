/**
 * Who may do what: an explicit deny ends it; then the bucket's own account may, and others may by policy or ACL, unless a
 * public access block takes it back. Preflights are decided here too: they ask nobody's permission but the CORS rules'.
 * Sources: AWS S3 User Guide "How Amazon S3 authorizes a request", "Blocking public access", "Using CORS".
 */

import { type CorsRule, corsRules, isPublicPolicy, limitedDenials, policies } from "./document-forms.ts";
import { type AclPermission, accountOf, countsAcls, groupMay, objectAclGrants, ownerOf } from "./owners.ts";
import { routes } from "./routes.ts";
import {
  type Answer,
  type Expected,
  historyOf,
  type ObjectVersion,
  Refusal,
  type Request,
  type Result,
  type State,
  type Turn,
} from "./state.ts";
import { aclOperations, judgedOperations, type Requester } from "./vocabulary.ts";

/** An action, and the permission of an ACL that allows it: the object's, or the bucket's. */
interface Action {
  readonly name: string;
  readonly byAcl: { readonly of: "bucket" | "object"; readonly permission: AclPermission } | null;
}

const ofObject = (name: string, permission: AclPermission): Action => ({ name, byAcl: { of: "object", permission } });
const ofBucket = (name: string, permission: AclPermission): Action => ({ name, byAcl: { of: "bucket", permission } });

export const readAction = (isVersion: boolean): Action => ofObject(`s3:GetObject${isVersion ? "Version" : ""}`, "READ");
const deleteAction = (isVersion: boolean): Action =>
  isVersion ? { name: "s3:DeleteObjectVersion", byAcl: null } : ofBucket("s3:DeleteObject", "WRITE");

/** An ETag tells what an object holds, `*` does not. Source: AWS "How to perform conditional deletes". */
export const deleteActions = (isVersion: boolean, etag: string | undefined): readonly Action[] =>
  etag === undefined || etag === "*" ? [deleteAction(isVersion)] : [deleteAction(isVersion), readAction(false)];

const listAction = ofBucket("s3:ListBucket", "READ");
const putAction = ofBucket("s3:PutObject", "WRITE");

/** The actions of a request that some policy or ACL of the suite speaks of. */
function actionsOf({ operation, query, headers }: Request): readonly Action[] {
  const isVersion = query["versionId"] !== undefined;
  const suffix = isVersion ? "Version" : "";
  switch (operation) {
    case "GetObject":
    case "HeadObject":
      return [readAction(isVersion)];
    // It tells what reading would: it takes the permission to read too.
    case "GetObjectAttributes":
      return [readAction(isVersion), { name: `s3:GetObject${suffix}Attributes`, byAcl: null }];
    case "GetObjectAcl":
      return [ofObject(`s3:GetObject${suffix}Acl`, "READ_ACP")];
    case "PutObjectAcl":
      return [ofObject(`s3:PutObject${suffix}Acl`, "WRITE_ACP")];
    case "DeleteObject":
      return deleteActions(isVersion, headers["if-match"]);
    case "PutObject":
    case "PostObject":
    case "CopyObject":
    case "CreateMultipartUpload":
      return headers["x-amz-acl"] === undefined ? [putAction] : [putAction, ofBucket("s3:PutObjectAcl", "WRITE")];
    case "ListObjects":
    case "ListObjectsV2":
    case "HeadBucket":
      return [listAction];
    default:
      return [];
  }
}

const isOfAccount = (who: Requester): boolean => accountOf(who) === "owner";

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

/**
 * What the bucket's policy allows and its account may do stops at objects of others: those answer to their owners and ACLs.
 * @param object what is acted on, if it is there
 */
export function isAllowed(state: State, who: Requester, action: Action, object: ObjectVersion | null): boolean {
  if (says(state, "Deny", who, action.name)) return false;
  if (who === "limited" && limitedDenials.includes(action.name)) return false;
  if (aclAllows(state, who, action, object)) return true;
  if (action.byAcl?.of === "object" && object !== null && ownerOf(state, object) !== "owner") return false;
  return isOfAccount(who) || says(state, "Allow", who, action.name);
}

function aclAllows(state: State, who: Requester, { byAcl }: Action, object: ObjectVersion | null): boolean {
  if (!countsAcls(state) || byAcl === null) return false;
  const block = state.settings.get("publicAccessBlock");
  const ignoresPublic = block === "all" || block === "ignore";
  if (byAcl.of === "object") return object !== null && objectAclGrants(object, who, byAcl.permission, ignoresPublic);
  return !ignoresPublic && groupMay(state.settings.get("acl") ?? "private", who, byAcl.permission);
}

/** Whether a PutObject is allowed. */
export const mayWrite = (state: State, request: Request): boolean =>
  actionsOf(request).every((action) => isAllowed(state, request.who ?? "owner", action, null));

/** Whether an object could be there that the requester might read. */
function mayBeTold(state: State, who: Requester, action: Action): boolean {
  return countsAcls(state) ? !says(state, "Deny", who, action.name) : isAllowed(state, who, action, null);
}

/** @throws Refusal AccessDenied */
export function judgeAccess(state: State, request: Request, turn: Turn): void {
  const { operation, key, query, who = "owner" } = request;
  const { versionId } = query;
  const actions = actionsOf(request);
  const found = historyOf(state, key).find(({ id }) => versionId === undefined || id === versionId);
  const object = found === undefined || found.isMarker ? null : found;
  const isByObject = actions.length > 0 && actions.every(({ byAcl }) => byAcl?.of === "object");
  const judged = judgedOperations.find((name) => name === operation);
  // The ACL of what is not there cannot decide: who may list is told that, and nobody else.
  const mayAll =
    isByObject && object === null && !isOfAccount(who)
      ? actions.every((action) => mayBeTold(state, who, action)) && isAllowed(state, who, listAction, null)
      : actions.every((action) => isAllowed(state, who, action, object));
  const verdict = mayAll ? "allowed" : "refused";
  if (judged !== undefined) turn.reach(`decision ${who} ${judged} ${verdict}`);
  const byAcl = aclOperations.find((name) => name === (operation === "HeadObject" ? "GetObject" : operation));
  if (byAcl !== undefined && object !== null && who !== "limited" && countsAcls(state)) {
    turn.reach(`object of ${object.owner}, ${who}'s ${byAcl} ${verdict}`);
  }
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
