/** Whether a request's principal may do an action: policies evaluated, refusals worded, what needs an object's state kept for its read. */

import type { Principal } from "../account/principal.ts";
import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import type { ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { DeleteMarkerView, ObjectView } from "../bucket/read.ts";
import type { BucketRecord } from "../control/records.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { type Decision, evaluate, type Residual, type SettledAcl, settle } from "../policy/evaluate.ts";
import { type AclSide, noAcl } from "../policy/request.ts";
import { no, unknown, yes } from "../policy/truth.ts";
import { type AccessControlList, type ActionGrant, aclPermission } from "../s3/acl.ts";
import { S3Error } from "../s3/errors.ts";
import { countsAcls } from "../s3/object-ownership.ts";
import { storedTags } from "../s3/tag-set.ts";
import { grantsTo } from "./acl-grants.ts";
import { type BucketRules, bucketPolicyOf } from "./bucket-rules.ts";
import { conditionValues, type RequestFacts } from "./condition-keys.ts";

/** What is acted on. */
export interface Resource {
  /** `arn:aws:s3:::bucket`, `arn:aws:s3:::bucket/key`, or "*". */
  readonly arn: string;
  readonly ownerAccountId: string;
  /** Null when no bucket that exists is concerned. */
  readonly bucket: BucketRecord | null;
  /** Of an object: what `placeOf` says; null otherwise. */
  readonly place: string | null;
  /** An object that the request itself writes: what stands at its key now has no say. */
  readonly isNew: boolean;
}

export const everything = (accountId: string): Resource => ({
  arn: "*",
  ownerAccountId: accountId,
  bucket: null,
  place: null,
  isNew: false,
});

/** A bucket that the account is about to make. */
export const newBucketResource = (name: string, accountId: string): Resource => ({
  arn: `arn:aws:s3:::${name}`,
  ownerAccountId: accountId,
  bucket: null,
  place: null,
  isNew: true,
});

export const bucketResource = (bucket: BucketRecord): Resource => ({
  arn: `arn:aws:s3:::${bucket.name}`,
  ownerAccountId: bucket.accountId,
  bucket,
  place: null,
  isNew: false,
});

export const objectResource = (bucket: BucketRecord, key: string, isNew = false): Resource => ({
  arn: `arn:aws:s3:::${bucket.name}/${key}`,
  ownerAccountId: bucket.accountId,
  bucket,
  place: placeOf(bucket.id, key),
  isNew,
});

export const placeOf = (bucket: BucketId, key: string): string => `${bucket}/${key}`;

/** Facts of the request that are the same for every action it is judged for. */
export type SharedFacts = Omit<RequestFacts, "principal" | "resourceAccountId" | "defersObjectState" | "brought">;

/**
 * Actions that a policy may allow by the object's tags (s3:ExistingObjectTag). Where they read, their handlers read the object
 * through `Services.objects`, where the tags are known and judged; where they write, the pipeline reads it before.
 * Source: service authorization reference, "Actions defined by Amazon S3".
 */
const actionsOnTags: ReadonlySet<string> = new Set([
  "s3:DeleteObjectTagging",
  "s3:DeleteObjectVersionTagging",
  "s3:GetObject",
  "s3:GetObjectAcl",
  "s3:GetObjectAttributes",
  "s3:GetObjectTagging",
  "s3:GetObjectVersion",
  "s3:GetObjectVersionAcl",
  "s3:GetObjectVersionAttributes",
  "s3:GetObjectVersionTagging",
  "s3:PutObjectAcl",
  "s3:PutObjectTagging",
  "s3:PutObjectVersionAcl",
  "s3:PutObjectVersionTagging",
]);

/** What waits for an object to be at hand. */
interface Open {
  readonly place: string;
  readonly residual: Residual;
  readonly refusal: S3Error;
  readonly bucket: BucketRecord;
  /** What an ACL must grant; null: ACLs have no say. */
  readonly permission: ActionGrant["permission"] | null;
  readonly ignoresPublicAcls: boolean;
  isSettled: boolean;
}

const allow: Decision = Object.freeze({ effect: "Allow" });
const objectAclOpen: AclSide = Object.freeze({ everybody: unknown, account: unknown, isOwnerOpen: false });
const objectOwnerOpen: AclSide = Object.freeze({ everybody: unknown, account: unknown, isOwnerOpen: true });

/** Of one request. */
export class Judge {
  readonly #principal: Principal;
  readonly #facts: SharedFacts;
  readonly #rules: BucketRules;
  #brought: ReadonlyMap<string, string> | null = null;
  #open: Open[] | null = null;
  #configured: { readonly bucket: BucketId; readonly configured: ConfiguredBucket } | null = null;

  constructor(principal: Principal, facts: SharedFacts, rules: BucketRules) {
    this.#principal = principal;
    this.#facts = facts;
    this.#rules = rules;
  }

  /** As events name who asked. */
  get principalId(): string {
    const { identity } = this.#principal;
    return identity.kind === "anonymous" ? "ANONYMOUS" : `AWS:${identity.userId}`;
  }

  get isForm(): boolean {
    return this.#facts.authType === "POST";
  }

  get clientAddress(): string {
    return this.#facts.place.address;
  }

  /** Read once: a request is judged by one configuration of its bucket. @throws CorruptRecordError */
  configurationOf(bucket: BucketRecord): ConfiguredBucket {
    if (this.#configured?.bucket === bucket.id) return this.#configured.configured;
    const configured = this.#rules.configurationOf(bucket);
    this.#configured = { bucket: bucket.id, configured };
    return configured;
  }

  /** Whether something was left for `settle`. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Allowed, or allowed as far as is known before the object is read. @throws S3Error AccessDenied */
  require(action: string, resource: Resource): void {
    const decision = this.#decide(action, resource);
    if (decision.effect === "Allow") return;
    if (decision.effect !== "Deferred") throw this.#refusal(action, resource, decision.effect);
    const { place, bucket } = resource;
    assert(place !== null && bucket !== null, "only what is asked of an object can wait for it");
    this.#open ??= [];
    this.#open.push({
      place,
      residual: decision.residual,
      refusal: this.#refusal(action, resource, "ImplicitDeny"),
      bucket,
      permission: this.#objectPermission(action, resource),
      ignoresPublicAcls: this.#ignoresPublicAcls(bucket),
      isSettled: false,
    });
  }

  /** What the body brings holds for conditions from now on, under the names of headers in lower case. */
  bring(brought: ReadonlyMap<string, string>): void {
    this.#brought = brought;
  }

  /** Whether the action is allowed for certain. */
  allows(action: string, resource: Resource): boolean {
    return this.#decide(action, resource).effect === "Allow";
  }

  /**
   * Settles what `require` has left open, once the object is at hand. What is not there has no tags and grants nothing.
   * @throws S3Error AccessDenied
   */
  settle(place: string, found: ObjectView | DeleteMarkerView | null): void {
    const opens = (this.#open ?? []).filter((open) => open.place === place);
    // Told by now, all of them: what is refused of one object of a list is no refusal of the list.
    for (const open of opens) open.isSettled = true;
    for (const open of opens) {
      const object = found === null || found.isDeleteMarker ? null : found;
      const tags = existingTags(object?.metadata.tagging ?? "");
      const effect = settle(open.residual, (key) => tags.get(key), this.#settledAcl(open, object?.metadata.acl));
      if (effect !== "Allow" && !this.#mayKnowAbsence(open, effect, object)) throw open.refusal;
    }
  }

  /** What was left open must have been settled by now. @throws S3Error AccessDenied */
  requireSettled(): void {
    for (const open of this.#open ?? []) if (!open.isSettled) throw open.refusal;
  }

  /** The object's ACL would have decided, and there is none: who may list the bucket may know. */
  #mayKnowAbsence({ bucket, permission }: Open, effect: string, object: ObjectView | null): boolean {
    if (object !== null || permission === null || effect === "ExplicitDeny") return false;
    return this.allows("s3:ListBucket", bucketResource(bucket));
  }

  #decide(action: string, resource: Resource): Decision {
    const { account, isUnbounded } = this.#principal;
    const { bucket, ownerAccountId } = resource;
    const isOwn = account.accountId === ownerAccountId;
    if (bucket === null) {
      return isUnbounded && isOwn ? allow : this.#evaluate(action, resource, null, noAcl);
    }
    const configured = this.configurationOf(bucket);
    // Nothing was ever said of the bucket: nobody else has written into it, and nothing denies.
    if (isUnbounded && isOwn && configured.row.configuredSeq === 0) return allow;
    const policy = bucketPolicyOf(configured);
    const restricts =
      policy?.isPublic === true &&
      !isOwn &&
      this.#rules.publicAccessBlock(configured, ownerAccountId).restrictPublicBuckets;
    const compiled = policy === null ? null : restricts ? policy.denials : policy.whole;
    return this.#evaluate(action, resource, compiled, this.#aclSide(action, resource, configured));
  }

  #evaluate(action: string, resource: Resource, policy: CompiledPolicy | null, acl: AclSide): Decision {
    const { identity, policies, boundary, sessionPolicies } = this.#principal;
    const { place, headers, query, nowMs, authType, signatureVersion, timestamp, asked, begun } = this.#facts;
    const facts: RequestFacts = {
      principal: identity.kind === "anonymous" ? null : this.#principal,
      place,
      headers,
      query,
      nowMs,
      resourceAccountId: resource.ownerAccountId,
      authType,
      signatureVersion,
      timestamp,
      asked,
      defersObjectState: !resource.isNew && actionsOnTags.has(action),
      brought: this.#brought,
      begun,
    };
    return evaluate(
      { action, resource: resource.arn, principal: identity, context: (key) => conditionValues(facts, key) },
      {
        identity: policies,
        boundary,
        session: sessionPolicies,
        resource: policy,
        resourceAccountId: resource.ownerAccountId,
      },
      acl,
    );
  }

  /** What ACLs say before the object is read. */
  #aclSide(action: string, resource: Resource, configured: ConfiguredBucket): AclSide {
    if (this.#objectPermission(action, resource, configured) !== null) {
      return configured.row.configuredSeq === 0 ? objectAclOpen : objectOwnerOpen;
    }
    const acl = countsAcls(configured.get("ownershipControls")) ? configured.get("acl") : null;
    const grant = aclPermission(action);
    if (acl === null || grant === null) return noAcl;
    // Who may write an object by the bucket's ACL owns it, and says who may read it.
    const permission = grant.on === "bucket" ? grant.permission : "WRITE";
    const ignoresPublic = this.#rules.publicAccessBlock(configured, resource.ownerAccountId).ignorePublicAcls;
    const { everybody, account } = grantsTo(this.#principal.identity, acl, permission, ignoresPublic);
    return { everybody: everybody ? yes : no, account: account ? yes : no, isOwnerOpen: false };
  }

  /** What the ACL of an object must grant for the action; null when it has no say. */
  #objectPermission(action: string, { bucket, isNew }: Resource, known: ConfiguredBucket | null = null) {
    if (bucket === null || isNew) return null;
    const grant = aclPermission(action);
    if (grant === null || grant.on === "bucket") return null;
    const configured = known ?? this.configurationOf(bucket);
    return countsAcls(configured.get("ownershipControls")) ? grant.permission : null;
  }

  #ignoresPublicAcls(bucket: BucketRecord): boolean {
    return this.#rules.publicAccessBlock(this.configurationOf(bucket), bucket.accountId).ignorePublicAcls;
  }

  #settledAcl(open: Open, acl: AccessControlList | undefined): SettledAcl | undefined {
    if (open.permission === null || acl === undefined) return undefined;
    const { identity } = this.#principal;
    const { everybody, account } = grantsTo(identity, acl, open.permission, open.ignoresPublicAcls);
    return { everybody, account, owner: this.#ownerOf(acl, open.bucket) };
  }

  #ownerOf({ ownerId }: AccessControlList, { accountId }: BucketRecord): SettledAcl["owner"] {
    const { identity } = this.#principal;
    if (this.#rules.account(accountId)?.canonicalId === ownerId) return "resource";
    return identity.kind !== "anonymous" && identity.canonicalId === ownerId ? "requester" : "other";
  }

  /** Says what was missing to one's own account only: to others it would tell what policies there are. */
  #refusal(action: string, resource: Resource, effect: "ExplicitDeny" | "ImplicitDeny"): S3Error {
    const { account, identity } = this.#principal;
    if (identity.kind === "anonymous" || account.accountId !== resource.ownerAccountId)
      return new S3Error("AccessDenied");
    const why =
      effect === "ExplicitDeny" ? "with an explicit deny in a policy" : `because no policy allows the ${action} action`;
    const on = resource.arn === "*" ? "" : ` on resource: "${resource.arn}"`;
    return new S3Error("AccessDenied", {
      Message: `User: ${identity.arn} is not authorized to perform: ${action}${on} ${why}`,
    });
  }
}

/** Tags of an object as the values of the condition keys that ask for them. */
const existingTags = (tagging: string): ReadonlyMap<string, readonly string[]> =>
  new Map(storedTags(tagging).map(([name, value]) => [`s3:existingobjecttag/${name.toLowerCase()}`, [value]]));
