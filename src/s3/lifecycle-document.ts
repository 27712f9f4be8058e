/**
 * Lifecycle documents to what is kept of them, and back: all that AWS documents of their validation. Pure.
 * Source: AWS PutBucketLifecycleConfiguration; "Lifecycle configuration elements"; "Error responses" (InvalidArgument,
 * InvalidRequest, MalformedXML).
 */

import { createHash } from "node:crypto";
import { limits } from "../base/limits.ts";
import { S3Error, type S3ErrorCode } from "./errors.ts";
import {
  asksForContent,
  type LifecycleExpiration,
  type LifecycleFilter,
  type LifecycleRule,
  type LifecycleTransition,
  type NoncurrentTransition,
} from "./lifecycle.ts";
import type { RuleDocument } from "./lifecycle-shapes.ts";
import { checkTag } from "./tag-set.ts";

const msPerDay = 24 * 60 * 60 * 1000;
/** Days that an object stays in a class before these. Source: AWS "Transitioning objects using Amazon S3 Lifecycle". */
const daysBeforeInfrequentAccess = 30;
const infrequentAccess: readonly string[] = ["STANDARD_IA", "ONEZONE_IA"];

const refuse = (code: S3ErrorCode, Message: string): never => {
  throw new S3Error(code, { Message });
};
const malformed = (): never => {
  throw new S3Error("MalformedXML");
};

/**
 * Judges the rules of a document; rules without an id get one.
 * @throws S3Error MalformedXML (no rule, too many, elements that are missing or exclude each other), InvalidArgument and
 * InvalidRequest (values), InvalidTag
 */
export function parseRules(documents: readonly RuleDocument[]): LifecycleRule[] {
  if (documents.length === 0 || documents.length > limits.lifecycleRulesMax) malformed();
  const rules = documents.map(parseRule);
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) refuse("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule");
    ids.add(id);
  }
  return rules;
}

function parseRule(document: RuleDocument, index: number): LifecycleRule {
  const filter = parseFilter(document);
  const rule: LifecycleRule = {
    id: parseId(document, index),
    isEnabled: document.Status === "Enabled",
    filter,
    expiration: parseExpiration(document),
    noncurrentExpiration: parseNoncurrentExpiration(document),
    abortDays: parseAbort(document),
    transitions: parseTransitions(document),
    noncurrentTransitions: parseNoncurrentTransitions(document),
  };
  judgeActions(rule);
  return rule;
}

function parseId(document: RuleDocument, index: number): string {
  const { ID: id } = document;
  if (id === undefined || id === "") {
    // The same document gets the same ids.
    const text = JSON.stringify([index, document]);
    return createHash("sha256").update(text).digest("base64url");
  }
  if (id.length > limits.lifecycleRuleIdCharsMax) {
    refuse("InvalidArgument", `ID length should not exceed allowed limit of ${limits.lifecycleRuleIdCharsMax}`);
  }
  return id;
}

function parseFilter({ Filter, Prefix }: RuleDocument): LifecycleFilter {
  if (Filter === undefined) {
    if (Prefix === undefined) return malformed();
    return { form: "rule", prefix: checkPrefix(Prefix), tags: [], sizeAbove: null, sizeBelow: null };
  }
  if (Prefix !== undefined) malformed();
  const { And, Tag, ...one } = Filter;
  const count = Object.values(Filter).filter((element) => element !== undefined).length;
  if (count > 1) malformed();
  if (And === undefined) {
    return filterOf(count === 0 ? "empty" : "one", { ...one, Tags: Tag === undefined ? [] : [Tag] });
  }
  const { Tags = [], ...others } = And;
  const predicates = Tags.length + Object.values(others).filter((element) => element !== undefined).length;
  if (predicates < 2) malformed();
  if (new Set(Tags.map(({ Key }) => Key)).size < Tags.length) {
    refuse("InvalidRequest", "Duplicate Tag Keys are not allowed.");
  }
  return filterOf("and", { ...others, Tags });
}

interface Predicates {
  readonly Prefix?: string | undefined;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly ObjectSizeGreaterThan?: number | undefined;
  readonly ObjectSizeLessThan?: number | undefined;
}

function filterOf(form: LifecycleFilter["form"], predicates: Predicates): LifecycleFilter {
  const { Prefix, Tags, ObjectSizeGreaterThan: above, ObjectSizeLessThan: below } = predicates;
  for (const { Key, Value } of Tags) checkTag(Key, Value);
  checkSize("ObjectSizeGreaterThan", above, 0);
  checkSize("ObjectSizeLessThan", below, 1);
  // A size between the two must be left.
  if (above !== undefined && below !== undefined && below <= above) {
    refuse("InvalidRequest", "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
  return {
    form,
    prefix: Prefix === undefined ? null : checkPrefix(Prefix),
    tags: Tags.map(({ Key: key, Value: value }) => ({ key, value })),
    sizeAbove: above ?? null,
    sizeBelow: below ?? null,
  };
}

function checkSize(name: string, bytes: number | undefined, bytesMin: number): void {
  if (bytes === undefined || (bytes >= bytesMin && bytes <= limits.lifecycleSizeBytesMax)) return;
  refuse("InvalidRequest", `'${name}' should be between ${bytesMin} and ${limits.lifecycleSizeBytesMax} bytes.`);
}

function checkPrefix(prefix: string): string {
  if (Buffer.byteLength(prefix) > limits.keyBytesMax) {
    refuse("InvalidRequest", `The maximum size of a prefix is ${limits.keyBytesMax}.`);
  }
  return prefix;
}

function parseExpiration({ Expiration }: RuleDocument): LifecycleExpiration | null {
  if (Expiration === undefined) return null;
  const { Date: atMs, Days: days, ExpiredObjectDeleteMarker: isExpired } = Expiration;
  if (Object.values(Expiration).filter((element) => element !== undefined).length !== 1) malformed();
  if (days !== undefined) return { kind: "days", days: positive(days, "'Days' for Expiration action") };
  if (atMs !== undefined) return { kind: "date", atMs: midnight(atMs) };
  return { kind: "markers", isExpired: isExpired === true };
}

function parseNoncurrentExpiration({ NoncurrentVersionExpiration }: RuleDocument) {
  if (NoncurrentVersionExpiration === undefined) return null;
  const { NoncurrentDays, NewerNoncurrentVersions } = NoncurrentVersionExpiration;
  if (NoncurrentDays === undefined) return malformed();
  return {
    days: positive(NoncurrentDays, "'NoncurrentDays' for NoncurrentVersionExpiration action"),
    newerVersions: newerVersions(NewerNoncurrentVersions, "NoncurrentVersionExpiration"),
  };
}

function parseAbort({ AbortIncompleteMultipartUpload }: RuleDocument): number | null {
  if (AbortIncompleteMultipartUpload === undefined) return null;
  const { DaysAfterInitiation } = AbortIncompleteMultipartUpload;
  if (DaysAfterInitiation === undefined) return malformed();
  return positive(DaysAfterInitiation, "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action");
}

function parseTransitions({ Transitions = [] }: RuleDocument): LifecycleTransition[] {
  return Transitions.map(({ Date: atMs, Days: days, StorageClass: storageClass }) => {
    if (storageClass === undefined || (atMs === undefined) === (days === undefined)) return malformed();
    if (days !== undefined && days < 0) refuse("InvalidArgument", "'Days' in Transition action must be nonnegative");
    if (days !== undefined) checkClassDays("'Days' in Transition action", days, storageClass);
    return { days: days ?? null, atMs: atMs === undefined ? null : midnight(atMs), storageClass };
  });
}

function parseNoncurrentTransitions({ NoncurrentVersionTransitions = [] }: RuleDocument): NoncurrentTransition[] {
  return NoncurrentVersionTransitions.map(({ NoncurrentDays: days, StorageClass: storageClass, ...rest }) => {
    if (storageClass === undefined || days === undefined) return malformed();
    const what = "'NoncurrentDays' in NoncurrentVersionTransition action";
    if (days < 0) refuse("InvalidArgument", `${what} must be nonnegative`);
    checkClassDays(what, days, storageClass);
    return {
      days,
      newerVersions: newerVersions(rest.NewerNoncurrentVersions, "NoncurrentVersionTransition"),
      storageClass,
    };
  });
}

/** What the actions of a rule must be to each other, and to its filter. */
function judgeActions(rule: LifecycleRule): void {
  const { filter, expiration, noncurrentExpiration, abortDays, transitions, noncurrentTransitions } = rule;
  const isIdle = expiration === null && noncurrentExpiration === null && abortDays === null;
  if (isIdle && transitions.length === 0 && noncurrentTransitions.length === 0) {
    refuse("InvalidRequest", "At least one action needs to be specified in a rule");
  }
  if (abortDays !== null && asksForContent(filter)) {
    const what = filter.tags.length > 0 ? "Tags" : "Object Size";
    refuse("InvalidRequest", `AbortIncompleteMultipartUpload cannot be specified with ${what}.`);
  }
  if (expiration?.kind === "markers" && filter.tags.length > 0) {
    refuse("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.");
  }
  const keeps = [noncurrentExpiration, ...noncurrentTransitions].some((each) => (each?.newerVersions ?? null) !== null);
  if (keeps && filter.form === "rule") {
    refuse("InvalidRequest", "NewerNoncurrentVersions requires a Filter element.");
  }
  const days = expiration?.kind === "days" ? expiration.days : null;
  const atMs = expiration?.kind === "date" ? expiration.atMs : null;
  const isByDays = days !== null || transitions.some((each) => each.days !== null);
  const isByDate = atMs !== null || transitions.some((each) => each.atMs !== null);
  const where = `for prefix '${filter.prefix ?? ""}'`;
  if (isByDays && isByDate) {
    refuse(
      "InvalidRequest",
      `Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule ${where}`,
    );
  }
  for (const each of transitions) {
    const isLate = isNotAfter(days, each.days) || isNotAfter(atMs, each.atMs);
    if (isLate) refuse("InvalidArgument", `Expiration ${where} must be later than every Transition`);
  }
  for (const each of noncurrentTransitions) {
    if (isNotAfter(noncurrentExpiration?.days ?? null, each.days)) {
      refuse("InvalidArgument", `NoncurrentVersionExpiration ${where} must be later than every transition`);
    }
  }
  judgeClasses(transitions, "Transition", where);
  judgeClasses(noncurrentTransitions, "NoncurrentVersionTransition", where);
}

function isNotAfter(expiration: number | null, transition: number | null): boolean {
  return expiration !== null && transition !== null && expiration <= transition;
}

/** A class once, and what follows infrequent access 30 days after it. */
function judgeClasses(
  transitions: readonly { readonly days: number | null; readonly storageClass: string }[],
  action: string,
  where: string,
): void {
  const classes = new Set(transitions.map(({ storageClass }) => storageClass));
  if (classes.size < transitions.length) {
    refuse("InvalidRequest", `'StorageClass' must be different for '${action}' actions in same 'Rule' ${where}`);
  }
  for (const first of transitions) {
    if (!infrequentAccess.includes(first.storageClass)) continue;
    for (const later of transitions) {
      const isArchive = !infrequentAccess.includes(later.storageClass) && later.storageClass !== "INTELLIGENT_TIERING";
      if (!isArchive || first.days === null || later.days === null) continue;
      if (later.days >= first.days + daysBeforeInfrequentAccess) continue;
      refuse(
        "InvalidArgument",
        `The '${action}' to '${later.storageClass}' ${where} must be ${daysBeforeInfrequentAccess} days more than that to '${first.storageClass}'`,
      );
    }
  }
}

function checkClassDays(what: string, days: number, storageClass: string): void {
  if (!infrequentAccess.includes(storageClass) || days >= daysBeforeInfrequentAccess) return;
  refuse(
    "InvalidArgument",
    `${what} must be greater than or equal to ${daysBeforeInfrequentAccess} for storageClass '${storageClass}'`,
  );
}

function positive(value: number, what: string): number {
  if (value < 1) refuse("InvalidArgument", `${what} must be a positive integer`);
  return value;
}

function newerVersions(value: number | undefined, action: string): number | null {
  if (value === undefined) return null;
  if (value < 1 || value > limits.lifecycleNewerVersionsMax) {
    refuse(
      "InvalidArgument",
      `'NewerNoncurrentVersions' for ${action} action must be between 1 and ${limits.lifecycleNewerVersionsMax}`,
    );
  }
  return value;
}

function midnight(atMs: number): number {
  if (atMs % msPerDay !== 0) refuse("InvalidArgument", "'Date' must be at midnight GMT");
  return atMs;
}
