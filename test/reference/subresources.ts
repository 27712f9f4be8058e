/** Tags, locks and ACLs of versions, and the lock of a bucket. Source: their pages of the AWS API reference. */

import { judgeAcl, judgeRetentionChange } from "./attributes.ts";
import { shownTags, tagSets } from "./canned.ts";
import { keptAcl, shownObjectAcl } from "./owners.ts";
import { findVersion } from "./reads.ts";
import {
  type Answer,
  type Expected,
  historyOf,
  type ObjectVersion,
  Refusal,
  type Request,
  type Result,
  type Retention,
  type State,
  type Turn,
  versionHeader,
  withHistory,
} from "./state.ts";
import type { ErrorCode } from "./vocabulary.ts";

const answered = (body: Expected | null, headers: Answer["headers"] = {}, status = 200): Answer => ({
  status,
  code: null,
  headers,
  body,
});

/** @throws Refusal NoSuchKey, NoSuchVersion, InvalidArgument; MethodNotAllowed for a delete marker */
function target(state: State, { key, query }: Request, isChange: boolean): ObjectVersion {
  const version = findVersion(state, key, query["versionId"]);
  if (!version.isMarker) return version;
  const headers = { ...versionHeader(state, version.id), "x-amz-delete-marker": "true" };
  const isNamed = query["versionId"] !== undefined;
  if (!isChange && !isNamed) throw new Refusal("NoSuchKey", headers);
  throw new Refusal("MethodNotAllowed", { ...headers, "last-modified": version.written });
}

const changed = (state: State, key: string, before: ObjectVersion, change: Partial<ObjectVersion>): State =>
  withHistory(
    state,
    key,
    historyOf(state, key).map((version) => (version === before ? { ...before, ...change } : version)),
  );

export function putTagging(state: State, request: Request): Result {
  const tags = tagSets[request.choice ?? ""] ?? [];
  if (typeof tags === "string") throw new Refusal(tags);
  const object = target(state, request, true);
  const metadata = { ...object.metadata, tags };
  return {
    state: changed(state, request.key, object, { metadata }),
    answer: answered(null, versionHeader(state, object.id)),
  };
}

export function getTagging(state: State, request: Request): Result {
  const object = target(state, request, false);
  return { state, answer: answered(shownTags(object.metadata.tags), versionHeader(state, object.id)) };
}

export function deleteTagging(state: State, request: Request): Result {
  const object = target(state, request, true);
  const metadata = { ...object.metadata, tags: [] };
  return {
    state: changed(state, request.key, object, { metadata }),
    answer: answered(null, versionHeader(state, object.id), 204),
  };
}

/** Default retentions of a bucket, by name. */
export const lockDocuments: Readonly<
  Record<string, { readonly rule: string; readonly lock: State["lock"] | ErrorCode }>
> = {
  plain: { rule: "", lock: { mode: null, days: 0 } },
  "30 days": {
    rule: "<Mode>GOVERNANCE</Mode><Days>30</Days>",
    lock: { mode: "GOVERNANCE", days: 30 },
  },
  "9 days": { rule: "<Mode>COMPLIANCE</Mode><Days>9</Days>", lock: { mode: "COMPLIANCE", days: 9 } },
  "no days": { rule: "<Mode>GOVERNANCE</Mode>", lock: "MalformedXML" },
  "both units": { rule: "<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", lock: "MalformedXML" },
  "0 days": { rule: "<Mode>GOVERNANCE</Mode><Days>0</Days>", lock: "InvalidArgument" },
};

export function lockDocument(choice: string): string {
  const rule = lockDocuments[choice]?.rule ?? "";
  const retention = rule === "" ? "" : `<Rule><DefaultRetention>${rule}</DefaultRetention></Rule>`;
  return `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${retention}</ObjectLockConfiguration>`;
}

export function putLock(state: State, { choice = "" }: Request): Result {
  const lock = lockDocuments[choice]?.lock ?? null;
  if (typeof lock === "string") throw new Refusal(lock);
  if (state.versioning !== "Enabled") throw new Refusal("InvalidBucketState");
  return { state: { ...state, lock }, answer: answered(null) };
}

export function getLock(state: State): Result {
  if (state.lock === null) throw new Refusal("ObjectLockConfigurationNotFoundError");
  const { mode, days } = state.lock;
  const rule = mode === null ? {} : { Rule: { DefaultRetention: { Mode: mode, Days: String(days) } } };
  return { state, answer: answered({ ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...rule } }) };
}

/** What PutObjectRetention can say, by name. */
export const retentions: Readonly<Record<string, Retention | null | ErrorCode>> = {
  "GOVERNANCE 2040": retention("GOVERNANCE", "2040-01-01T00:00:00Z"),
  "GOVERNANCE 2050": retention("GOVERNANCE", "2050-01-01T00:00:00Z"),
  "COMPLIANCE 2040": retention("COMPLIANCE", "2040-01-01T00:00:00Z"),
  "COMPLIANCE 2050": retention("COMPLIANCE", "2050-01-01T00:00:00Z"),
  nothing: null,
  past: "InvalidArgument",
  "no date": "MalformedXML",
};

function retention(mode: Retention["mode"], date: string): Retention {
  const ms = Date.parse(date);
  return { mode, until: { from: ms, to: ms } };
}

export function retentionDocument(choice: string): string {
  const [mode = "", year] = choice.split(" ");
  switch (choice) {
    case "nothing":
      return "<Retention/>";
    case "past":
      return "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2001-01-01T00:00:00Z</RetainUntilDate></Retention>";
    case "no date":
      return "<Retention><Mode>GOVERNANCE</Mode></Retention>";
    default:
      return `<Retention><Mode>${mode}</Mode><RetainUntilDate>${year}-01-01T00:00:00Z</RetainUntilDate></Retention>`;
  }
}

/** @throws Refusal InvalidRequest */
function requireLock({ lock }: State): void {
  if (lock === null) throw new Refusal("InvalidRequest");
}

export function putRetention(state: State, request: Request, turn: Turn): Result {
  const asked = retentions[request.choice ?? ""] ?? null;
  if (typeof asked === "string") throw new Refusal(asked);
  requireLock(state);
  const object = target(state, request, true);
  judgeRetentionChange(object.retention, asked, request, turn);
  return { state: changed(state, request.key, object, { retention: asked }), answer: answered(null) };
}

export function getRetention(state: State, request: Request): Result {
  requireLock(state);
  const { retention: found } = target(state, request, false);
  if (found === null) throw new Refusal("NoSuchObjectLockConfiguration");
  return { state, answer: answered({ Retention: { Mode: found.mode, RetainUntilDate: found.until } }) };
}

export function putHold(state: State, request: Request): Result {
  requireLock(state);
  const object = target(state, request, true);
  const legalHold = request.choice === "ON";
  return { state: changed(state, request.key, object, { legalHold }), answer: answered(null) };
}

export function getHold(state: State, request: Request): Result {
  requireLock(state);
  const { legalHold } = target(state, request, false);
  if (legalHold === null) throw new Refusal("NoSuchObjectLockConfiguration");
  return { state, answer: answered({ LegalHold: { Status: legalHold ? "ON" : "OFF" } }) };
}

const isDisabled = ({ settings }: State): boolean => settings.get("ownershipControls") === "BucketOwnerEnforced";

export function putObjectAcl(state: State, request: Request): Result {
  const asked = request.headers["x-amz-acl"] ?? "private";
  const object = target(state, request, false);
  judgeAcl(asked, state);
  const acl = keptAcl(asked, object.owner);
  // Disabled ACLs keep what they were.
  const next = isDisabled(state) ? state : changed(state, request.key, object, { acl });
  return { state: next, answer: answered(null) };
}

export function getObjectAcl(state: State, request: Request): Result {
  return { state, answer: answered(shownObjectAcl(state, target(state, request, false))) };
}
