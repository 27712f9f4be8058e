/** Whether a request's principal may do an action: policies evaluated, refusals worded, what needs an object's state kept for its read. */

import type { Principal } from "../account/principal.ts";
import type { BucketId } from "../base/ids.ts";
import type { DeleteMarkerView, ObjectView } from "../bucket/read.ts";
import type { BucketRecord } from "../control/records.ts";
import { evaluate, type Residual, settle } from "../policy/evaluate.ts";
import { S3Error } from "../s3/errors.ts";
import { storedTags } from "../s3/tag-set.ts";
import { conditionValues, type RequestFacts } from "./condition-keys.ts";

/** What is acted on. */
export interface Resource {
  /** `arn:aws:s3:::bucket`, `arn:aws:s3:::bucket/key`, or "*". */
  readonly arn: string;
  readonly ownerAccountId: string;
  /** Of an object: what `placeOf` says; null otherwise. */
  readonly place: string | null;
}

export const everything = (accountId: string): Resource => ({ arn: "*", ownerAccountId: accountId, place: null });

export const bucketResource = ({ name, accountId }: BucketRecord): Resource => ({
  arn: `arn:aws:s3:::${name}`,
  ownerAccountId: accountId,
  place: null,
});

export const objectResource = ({ id, name, accountId }: BucketRecord, key: string): Resource => ({
  arn: `arn:aws:s3:::${name}/${key}`,
  ownerAccountId: accountId,
  place: placeOf(id, key),
});

export const placeOf = (bucket: BucketId, key: string): string => `${bucket}/${key}`;

/** Facts of the request that are the same for every action it is judged for. */
export type SharedFacts = Omit<RequestFacts, "principal" | "resourceAccountId" | "defersObjectState" | "brought">;

/**
 * Actions that a policy may allow by the object's tags (s3:ExistingObjectTag); each reads the object through
 * `Services.objects`, where the tags are known and judged.
 * Source: service authorization reference, "Actions defined by Amazon S3".
 */
const actionsOnTags: ReadonlySet<string> = new Set([
  "s3:DeleteObjectTagging",
  "s3:DeleteObjectVersionTagging",
  "s3:GetObject",
  "s3:GetObjectAcl",
  "s3:GetObjectTagging",
  "s3:GetObjectVersion",
  "s3:GetObjectVersionAcl",
  "s3:GetObjectVersionTagging",
  "s3:PutObjectTagging",
  "s3:PutObjectVersionTagging",
]);

/** Of one request. */
export class Judge {
  readonly #principal: Principal;
  readonly #facts: SharedFacts;
  #brought: ReadonlyMap<string, string> | null = null;
  #residuals: Map<string, { readonly residual: Residual; readonly refusal: S3Error }> | null = null;

  constructor(principal: Principal, facts: SharedFacts) {
    this.#principal = principal;
    this.#facts = facts;
  }

  get clientAddress(): string {
    return this.#facts.place.address;
  }

  /** Whether something waits for `settle`. */
  get isOpen(): boolean {
    return this.#residuals !== null;
  }

  /** Allowed, or allowed as far as is known before the object is read. @throws S3Error AccessDenied */
  require(action: string, resource: Resource): void {
    const { account, isUnbounded } = this.#principal;
    if (isUnbounded && account.accountId === resource.ownerAccountId) return;
    const decision = this.#decide(action, resource);
    if (decision.effect === "Allow") return;
    if (decision.effect !== "Deferred") throw this.#refusal(action, resource, decision.effect);
    this.#residuals ??= new Map();
    const refusal = this.#refusal(action, resource, "ImplicitDeny");
    this.#residuals.set(resource.place ?? "", { residual: decision.residual, refusal });
  }

  /** What the body brings holds for conditions from now on, under the names of headers in lower case. */
  bring(brought: ReadonlyMap<string, string>): void {
    this.#brought = brought;
  }

  /** As `require`, for an action that comes with another one, which reads no object. @throws S3Error AccessDenied */
  requireNow(action: string, resource: Resource): void {
    if (this.allows(action, resource)) return;
    const { effect } = this.#decide(action, resource);
    throw this.#refusal(action, resource, effect === "ExplicitDeny" ? "ExplicitDeny" : "ImplicitDeny");
  }

  /** Whether the action is allowed for certain. */
  allows(action: string, resource: Resource): boolean {
    const { account, isUnbounded } = this.#principal;
    if (isUnbounded && account.accountId === resource.ownerAccountId) return true;
    return this.#decide(action, resource).effect === "Allow";
  }

  /**
   * Settles what `require` has left open, once the object is at hand. What is not there has no tags.
   * @throws S3Error AccessDenied
   */
  settle(place: string, found: ObjectView | DeleteMarkerView | null): void {
    const open = this.#residuals?.get(place);
    if (open === undefined) return;
    const tagging = found === null || found.isDeleteMarker ? "" : (found.metadata.tagging ?? "");
    const tags = new Map(
      storedTags(tagging).map(([name, value]) => [`s3:existingobjecttag/${name.toLowerCase()}`, value]),
    );
    const effect = settle(open.residual, (key) => {
      const value = tags.get(key);
      return value === undefined ? undefined : [value];
    });
    if (effect !== "Allow") throw open.refusal;
  }

  #decide(action: string, resource: Resource) {
    const { identity, policies, boundary, sessionPolicies } = this.#principal;
    const { ownerAccountId } = resource;
    const facts: RequestFacts = {
      ...this.#facts,
      principal: this.#principal,
      resourceAccountId: ownerAccountId,
      defersObjectState: actionsOnTags.has(action),
      brought: this.#brought,
    };
    return evaluate(
      { action, resource: resource.arn, principal: identity, context: (key) => conditionValues(facts, key) },
      {
        identity: policies,
        boundary,
        session: sessionPolicies,
        resource: null,
        resourceAccountId: ownerAccountId,
      },
    );
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
