/**
 * What versions have beside bytes and metadata: locks, ACLs, encryption. Sources: AWS S3 User Guide "Locking objects with
 * Object Lock", "Access control list (ACL) overview", "Protecting data with encryption".
 */

import { createHash } from "node:crypto";
import { md5 } from "./digests.ts";
import { keptAcl, newOwner } from "./owners.ts";
import {
  type Attributes,
  type Encryption,
  type Expected,
  type ObjectVersion,
  Refusal,
  type Request,
  type Retention,
  type State,
  type Turn,
} from "./state.ts";
import { algorithms, type EncryptionKind, type Protection } from "./vocabulary.ts";

const dayMs = 86_400_000;
const lockHeader = "x-amz-object-lock-";
const encryptionHeader = "x-amz-server-side-encryption";
const unencrypted: Encryption = { kind: "unencrypted", key: "", isBucketKey: false };

/** The customer's keys are made of one letter. */
export function customerKeyHeaders(letter: string, prefix = "x-amz-"): Record<string, string> {
  const key = Buffer.alloc(32, letter);
  const start = `${prefix}server-side-encryption-customer-`;
  return {
    [`${start}algorithm`]: "AES256",
    [`${start}key`]: key.toString("base64"),
    [`${start}key-md5`]: createHash("md5").update(key).digest("base64"),
  };
}

const letterOf = (headers: Request["headers"], prefix = "x-amz-"): string | null => {
  const sent = headers[`${prefix}server-side-encryption-customer-key`];
  return sent === undefined ? null : (Buffer.from(sent, "base64").toString()[0] ?? "");
};

/** The bucket's default, where the request says nothing. */
function encryptionOf({ headers }: Request, state: State): Encryption {
  const letter = letterOf(headers);
  if (letter !== null) return { kind: "SSE-C", key: letter, isBucketKey: false };
  const asked = headers[encryptionHeader];
  const isBucketKey = headers[`${encryptionHeader}-bucket-key-enabled`] === "true";
  if (asked === "AES256") return { kind: "SSE-S3", key: "", isBucketKey: false };
  if (asked === "aws:kms") {
    return { kind: "SSE-KMS", key: headers[`${encryptionHeader}-aws-kms-key-id`] ?? "first", isBucketKey };
  }
  switch (state.settings.get("encryption")) {
    case "SSE-S3":
      return { kind: "SSE-S3", key: "", isBucketKey: false };
    case "SSE-KMS":
      return { kind: "SSE-KMS", key: "second", isBucketKey: true };
    default:
      return unencrypted;
  }
}

/** As reads and writes answer it. */
export function encryptionHeaders({ kind, isBucketKey, key }: Encryption): Record<string, Expected> {
  switch (kind) {
    case "unencrypted":
      return {};
    case "SSE-S3":
      return { [encryptionHeader]: "AES256" };
    case "SSE-KMS":
      return {
        [encryptionHeader]: "aws:kms",
        [`${encryptionHeader}-aws-kms-key-id`]: `arn:aws:kms:us-east-1:100000000000:key/${key}`,
        ...(isBucketKey ? { [`${encryptionHeader}-bucket-key-enabled`]: "true" } : {}),
      };
    case "SSE-C": {
      const sent = customerKeyHeaders(key);
      const names = ["algorithm", "key-md5"].map((name) => `${encryptionHeader}-customer-${name}`);
      return Object.fromEntries(names.map((name) => [name, sent[name] ?? ""]));
    }
  }
}

/** MD5 of the bytes, but not under SSE-KMS and SSE-C. Source: AWS API_Object, ETag. */
export const etagOf = (kind: EncryptionKind, bytes: Buffer, state: State): string =>
  kind === "SSE-KMS" || kind === "SSE-C" ? `?${state.nextId}e` : md5(bytes);

/**
 * A read of what a customer's key encrypts brings that key; of anything else, none.
 * @throws Refusal InvalidRequest, AccessDenied
 */
export function judgeKey(
  { encryption }: ObjectVersion,
  { headers }: Request,
  turn: Turn,
  prefix: "x-amz-" | "x-amz-copy-source-" = "x-amz-",
): void {
  const letter = letterOf(headers, prefix);
  const isCustomers = encryption.kind === "SSE-C";
  const fit = letter === null ? "no key" : isCustomers && letter !== encryption.key ? "wrong key" : "right key";
  if (prefix === "x-amz-") turn.reach(`read ${encryption.kind} ${fit}`);
  if (isCustomers ? letter === null : letter !== null) throw new Refusal("InvalidRequest");
  if (fit === "wrong key") throw new Refusal("AccessDenied");
}

export const hasCustomerKey = ({ headers }: Request): boolean => letterOf(headers) !== null;

/** Parts bring the key that their upload was begun with. @throws Refusal InvalidRequest */
export function judgeUploadKey({ kind, key }: Encryption, { headers }: Request, turn: Turn): void {
  const letter = letterOf(headers);
  const fit = letter === null ? "no key" : kind === "SSE-C" && letter === key ? "right key" : "wrong key";
  turn.reach(`part of ${kind} ${fit}`);
  if (fit !== (kind === "SSE-C" ? "right key" : "no key")) throw new Refusal("InvalidRequest");
}

const exactly = (ms: number): Retention["until"] => ({ from: ms, to: ms });

/** The bucket's default, from the moment of the write. */
function defaultRetention({ lock }: State, { now }: Turn): Retention | null {
  if (lock === null || lock.mode === null) return null;
  const after = lock.days * dayMs;
  return { mode: lock.mode, until: { from: now.from + after, to: now.to + after } };
}

/** @throws Refusal InvalidRequest (no object lock), InvalidArgument (one of mode and date, a date that has passed) */
function askedLock({ headers }: Request, state: State, turn: Turn): Pick<Attributes, "retention" | "legalHold"> {
  const mode = headers[`${lockHeader}mode`];
  const until = headers[`${lockHeader}retain-until-date`];
  const hold = headers[`${lockHeader}legal-hold`];
  if (state.lock === null && (mode ?? until ?? hold) !== undefined) throw new Refusal("InvalidRequest");
  if ((mode === undefined) !== (until === undefined)) throw new Refusal("InvalidArgument");
  if (until !== undefined && Date.parse(until) <= turn.now.from) throw new Refusal("InvalidArgument");
  const asked = until === undefined ? null : { mode: mode as Retention["mode"], until: exactly(Date.parse(until)) };
  return { retention: asked ?? defaultRetention(state, turn), legalHold: hold === undefined ? null : hold === "ON" };
}

export const isPublic = (acl: string): boolean => acl.startsWith("public-") || acl === "authenticated-read";

/**
 * @param acl undefined: none is asked for
 * @throws Refusal AccessControlListNotSupported (ACLs are disabled), AccessDenied (public ACLs are blocked)
 */
export function judgeAcl(acl: string | undefined, { settings }: State): void {
  if (acl === undefined) return;
  const isDisabled = settings.get("ownershipControls") === "BucketOwnerEnforced";
  if (isDisabled && acl !== "bucket-owner-full-control") throw new Refusal("AccessControlListNotSupported");
  if (settings.get("publicAccessBlock") === "all" && isPublic(acl)) throw new Refusal("AccessDenied");
}

/** What a new version gets by the request's headers and the bucket's defaults. @throws Refusal as the functions above */
export function attributesOf(request: Request, state: State, turn: Turn): Attributes {
  const asked = request.headers["x-amz-acl"];
  judgeAcl(asked, state);
  const acl = asked ?? "private";
  const lock = askedLock(request, state, turn);
  const owner = newOwner(state, request.who ?? "owner", acl);
  return { ...lock, owner, acl: keptAcl(acl, owner), encryption: encryptionOf(request, state) };
}

/** What an upload keeps for its version: a default retention is not its own. @throws Refusal as `attributesOf` */
export function uploadAttributesOf(request: Request, state: State, turn: Turn): Attributes {
  const attributes = attributesOf(request, state, turn);
  return request.headers[`${lockHeader}mode`] === undefined ? { ...attributes, retention: null } : attributes;
}

/** A default retention counts from the version's own moment. */
export const completedAttributes = (made: Attributes, state: State, turn: Turn): Attributes => ({
  ...made,
  retention: made.retention ?? defaultRetention(state, turn),
});

/** "Content-MD5 … required for any request to upload an object with a retention period". @throws Refusal InvalidRequest */
export function judgeDigestOfLocked({ headers }: Request, state: State): void {
  const isLocked = state.lock?.mode != null || Object.keys(headers).some((name) => name.startsWith(lockHeader));
  const hasDigest =
    headers["content-md5"] !== undefined ||
    algorithms.some((name) => headers[`x-amz-checksum-${name.toLowerCase()}`] !== undefined);
  if (isLocked && !hasDigest) throw new Refusal("InvalidRequest");
}

/** As GetObject and HeadObject show it. */
export const lockHeaders = ({ retention, legalHold }: Attributes): Record<string, Expected> => ({
  ...(retention === null
    ? {}
    : { [`${lockHeader}mode`]: retention.mode, [`${lockHeader}retain-until-date`]: retention.until }),
  ...(legalHold === null ? {} : { [`${lockHeader}legal-hold`]: legalHold ? "ON" : "OFF" }),
});

const isOver = ({ until }: Retention, turn: Turn): boolean => until.to < turn.now.from;

/** What protects a version from removal. A legal hold binds everybody, whatever the retention. */
function protectionOf({ retention, legalHold }: Attributes, turn: Turn): Protection {
  if (legalHold === true) return "legal hold";
  return retention === null || isOver(retention, turn) ? "unprotected" : retention.mode;
}

type Asking = Pick<Request, "headers" | "who">;

const asksBypass = ({ headers }: Asking): boolean => headers["x-amz-bypass-governance-retention"] === "true";

const mayBypass = (request: Asking): boolean => asksBypass(request) && request.who !== "limited";

/** @throws Refusal AccessDenied */
export function judgeRemoval(version: ObjectVersion, request: Asking, turn: Turn): void {
  const protection = protectionOf(version, turn);
  const bypasses = mayBypass(request);
  const asked = asksBypass(request) ? (bypasses ? "with bypass" : "may not bypass") : "without bypass";
  turn.reach(`removal ${protection} ${asked}`);
  if (protection === "unprotected" || (protection === "GOVERNANCE" && bypasses)) return;
  throw new Refusal("AccessDenied");
}

/**
 * A retention may always be made longer in its mode; anything else takes a bypass in governance mode and is refused in
 * compliance mode. @throws Refusal AccessDenied
 */
export function judgeRetentionChange(
  before: Retention | null,
  after: Retention | null,
  request: Request,
  turn: Turn,
): void {
  if (before === null || isOver(before, turn)) return;
  if (after !== null && after.mode === before.mode && after.until.from >= before.until.to) return;
  if (before.mode === "GOVERNANCE" && mayBypass(request)) return;
  throw new Refusal("AccessDenied");
}
