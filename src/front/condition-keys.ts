/**
 * The values of condition keys for one request, looked up when a policy asks for them.
 * Sources: IAM user guide "AWS global condition context keys"; service authorization reference "Condition keys for Amazon S3".
 */

import type { Principal } from "../account/principal.ts";
import { parseBasicTime } from "../auth/request-time.ts";
import type { Headers } from "../model/http.ts";
import { parseCopySource } from "../s3/copy-source.ts";
import { S3Error } from "../s3/errors.ts";
import { storedTags } from "../s3/tag-set.ts";
import type { BucketAsked } from "./bucket-asked.ts";
import type { ClientPlace } from "./client-address.ts";

export interface RequestFacts {
  readonly principal: Principal | null;
  readonly place: ClientPlace;
  readonly headers: Headers;
  readonly query: ReadonlyMap<string, string>;
  readonly nowMs: number;
  /** Owner of the resource; null when the action has none. */
  readonly resourceAccountId: string | null;
  /** Null: not signed; as the version. */
  readonly authType: "REST-HEADER" | "REST-QUERY-STRING" | "POST" | null;
  readonly signatureVersion: "AWS4-HMAC-SHA256" | "AWS" | null;
  /** YYYYMMDDTHHMMSSZ of the signature; "" when it does not say. */
  readonly timestamp: string;
  /** Of CreateBucket's body; null when it has none, and of other operations. */
  readonly asked: BucketAsked | null;
  /** Whether the object's own state is known only in the turn. */
  readonly defersObjectState: boolean;
  /** What the request's body brings, by the name of the header that brings it elsewhere. */
  readonly brought: ReadonlyMap<string, string> | null;
  /**
   * What a part's upload was begun with, by the name of the header that asked for it; null: the request adds to no upload. The
   * answer null: it was begun without; undefined: this is nothing that an upload is begun with, or there is no upload.
   */
  readonly begun: ((header: string) => readonly string[] | null | undefined) | null;
}

export type ConditionValues = readonly string[] | undefined | "deferred";

const one = (value: string | null | undefined): readonly string[] | undefined =>
  value === null || value === undefined ? undefined : [value];

const flag = (value: boolean): readonly string[] => [String(value)];

/** Keys that stand for a header of the same name behind `s3:`. */
const headerKeys: ReadonlySet<string> = new Set([
  "s3:x-amz-acl",
  "s3:x-amz-content-sha256",
  "s3:x-amz-grant-full-control",
  "s3:x-amz-grant-read",
  "s3:x-amz-grant-read-acp",
  "s3:x-amz-grant-write",
  "s3:x-amz-grant-write-acp",
  "s3:x-amz-metadata-directive",
  "s3:x-amz-object-ownership",
  "s3:x-amz-server-side-encryption",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
  "s3:x-amz-server-side-encryption-customer-algorithm",
  "s3:x-amz-storage-class",
  "s3:x-amz-website-redirect-location",
  "s3:if-match",
  "s3:if-none-match",
]);

/**
 * `bucket/key` as it will be read, however it was written: with a slash in front, an escape or a version, the same source must
 * meet the same policy.
 */
function copySource(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    const { bucket, key } = parseCopySource(header);
    return `${bucket}/${key}`;
  } catch (error) {
    // What names no source is refused by the operation.
    if (error instanceof S3Error) return header;
    throw error;
  }
}

/** Keys that stand for a query word. */
const queryKeys: ReadonlyMap<string, string> = new Map([
  ["s3:prefix", "prefix"],
  ["s3:delimiter", "delimiter"],
  ["s3:max-keys", "max-keys"],
  ["s3:versionid", "versionId"],
]);

const lockHeaders: ReadonlyMap<string, string> = new Map([
  ["s3:object-lock-mode", "x-amz-object-lock-mode"],
  ["s3:object-lock-retain-until-date", "x-amz-object-lock-retain-until-date"],
  ["s3:object-lock-legal-hold", "x-amz-object-lock-legal-hold"],
]);

function headerValues({ headers, begun }: RequestFacts, name: string): readonly string[] | undefined {
  // A part may carry any header: what becomes of the upload was said when it was begun.
  const values = begun?.(name);
  return values === undefined ? one(headers.get(name)) : (values ?? undefined);
}

function carried({ brought, headers }: RequestFacts, name: string): string | undefined {
  return brought?.get(name) ?? headers.get(name);
}

/** Whole days until the retention ends that the request asks for; a day begun counts. */
function remainingDays(facts: RequestFacts): readonly string[] | undefined {
  const until = carried(facts, "x-amz-object-lock-retain-until-date");
  const untilMs = until === undefined ? Number.NaN : Date.parse(until);
  return Number.isNaN(untilMs) ? undefined : [String(Math.ceil((untilMs - facts.nowMs) / 86_400_000))];
}

/** Tags that the request brings in x-amz-tagging, or its body, or for a new bucket. @throws S3Error InvalidArgument for what is no tag set */
function requestTags(facts: RequestFacts): readonly (readonly [string, string])[] | undefined {
  if (facts.asked !== null && facts.asked.tags.length > 0) return facts.asked.tags;
  const begun = facts.begun?.("x-amz-tagging");
  const tagging = begun === undefined ? carried(facts, "x-amz-tagging") : begun?.[0];
  return tagging === undefined ? undefined : storedTags(tagging);
}

function signatureAge({ timestamp, nowMs }: RequestFacts): readonly string[] | undefined {
  const signedMs = parseBasicTime(timestamp);
  return signedMs === null ? undefined : [String(Math.max(0, nowMs - signedMs))];
}

type Reader = (facts: RequestFacts) => readonly string[] | undefined;

const globalKeys: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["aws:currenttime", ({ nowMs }) => [new Date(nowMs).toISOString()]],
  ["aws:epochtime", ({ nowMs }) => [String(Math.floor(nowMs / 1000))]],
  ["aws:securetransport", ({ place }) => flag(place.secure)],
  ["aws:sourceip", ({ place }) => [place.address]],
  ["aws:useragent", ({ headers }) => one(headers.get("user-agent"))],
  ["aws:referer", ({ headers }) => one(headers.get("referer"))],
  ["aws:resourceaccount", ({ resourceAccountId }) => one(resourceAccountId)],
  ["s3:resourceaccount", ({ resourceAccountId }) => one(resourceAccountId)],
  ["aws:username", ({ principal }) => one(principal?.userName)],
  [
    "aws:userid",
    ({ principal }) => [
      principal?.identity.kind === undefined || principal.identity.kind === "anonymous"
        ? "anonymous"
        : principal.identity.userId,
    ],
  ],
  ["aws:principalaccount", ({ principal }) => one(principal?.account.accountId)],
  ["aws:principalarn", ({ principal }) => one(principalArn(principal))],
  ["aws:principaltype", ({ principal }) => [principalType(principal)]],
  ["aws:principalisawsservice", ({ principal }) => (principal === null ? undefined : flag(false))],
  // As AWS has it: absent with long-lived keys, so that a condition on it needs IfExists to allow them.
  ["aws:multifactorauthpresent", ({ principal }) => (principal?.temporary ? flag(principal.temporary.mfa) : undefined)],
  [
    "aws:tokenissuetime",
    ({ principal }) => (principal?.temporary ? [new Date(principal.temporary.issuedMs).toISOString()] : undefined),
  ],
  ["s3:authtype", ({ authType }) => one(authType)],
  ["s3:signatureversion", ({ signatureVersion }) => one(signatureVersion)],
  ["s3:signatureage", signatureAge],
  ["s3:locationconstraint", ({ asked }) => one(asked?.location)],
  ["s3:requestobjecttagkeys", (facts) => requestTags(facts)?.map(([name]) => name)],
  ["aws:tagkeys", (facts) => requestTags(facts)?.map(([name]) => name)],
  ["s3:object-lock-remaining-retention-days", remainingDays],
]);

const requestTagPrefixes = ["s3:requestobjecttag/", "aws:requesttag/"];
const principalTagPrefix = "aws:principaltag/";
const existingTagPrefix = "s3:existingobjecttag/";

/** @param key lower case, as the policy engine asks; tag names in it keep their meaning without regard to case, as at AWS */
export function conditionValues(facts: RequestFacts, key: string): ConditionValues {
  const reader = globalKeys.get(key);
  if (reader !== undefined) return reader(facts);
  if (key === "s3:x-amz-copy-source") return one(copySource(facts.headers.get("x-amz-copy-source")));
  if (headerKeys.has(key)) return headerValues(facts, key.slice("s3:".length));
  const word = queryKeys.get(key);
  if (word !== undefined) return one(facts.query.get(word));
  const lock = lockHeaders.get(key);
  if (lock !== undefined) return one(carried(facts, lock));
  if (key.startsWith(existingTagPrefix)) return facts.defersObjectState ? "deferred" : undefined;
  if (key.startsWith(principalTagPrefix)) {
    return one(
      tagOf(
        facts.principal?.tags.map((tag) => [tag.key, tag.value] as const),
        key.slice(principalTagPrefix.length),
      ),
    );
  }
  for (const prefix of requestTagPrefixes) {
    if (key.startsWith(prefix)) return one(tagOf(requestTags(facts), key.slice(prefix.length)));
  }
  return undefined;
}

function tagOf(tags: Iterable<readonly [string, string]> | undefined, lowerName: string): string | undefined {
  for (const [name, value] of tags ?? []) if (name.toLowerCase() === lowerName) return value;
  return undefined;
}

/** Of a role session the role's, as AWS says of aws:PrincipalArn. */
function principalArn(principal: Principal | null): string | null {
  if (principal === null || principal.identity.kind === "anonymous") return null;
  return principal.identity.roleArn ?? principal.identity.arn;
}

function principalType(principal: Principal | null): string {
  if (principal === null) return "Anonymous";
  if (principal.identity.kind === "root") return "Account";
  return principal.identity.kind === "user" ? "User" : "AssumedRole";
}
