/** Managed policies as the control APIs list them: those of an account and the product's own, and who has them. Synchronous reads. */

import { limits } from "../base/limits.ts";
import { type HolderKind, identityKeys, type ManagedPolicyRecord, type Tag } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import { managedPolicies } from "../policy/managed.ts";
import { entityArn, parsePolicyArn } from "./arn.ts";
import type { Page, PageRequest } from "./directory.ts";

/** A managed policy, of an account or of the product. */
export interface PolicyView {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly policyId: string;
  readonly description: string | null;
  readonly tags: readonly Tag[];
  readonly isBuiltIn: boolean;
  readonly defaultVersion: string;
  /** Newest last. */
  readonly versions: readonly { readonly id: string; readonly document: string; readonly createdMs: number }[];
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** Who has a policy: attached, or as boundary. */
export interface PolicyEntity {
  readonly kind: HolderKind;
  readonly name: string;
  readonly as: "policy" | "boundary";
}

export type PolicyScope = "All" | "AWS" | "Local";

type Reads = Pick<ControlReader, "record" | "keys">;

export class PolicyDirectory {
  readonly #reader: Reads;

  constructor(reader: Reads) {
    this.#reader = reader;
  }

  /** The policy as it may be attached in `accountId`: the account's own, or the product's. */
  policy(arn: string, accountId: string): PolicyView | undefined {
    const builtIn = managedPolicies.get(arn);
    if (builtIn !== undefined) return viewOfBuiltIn(arn, builtIn);
    const parts = parsePolicyArn(arn);
    if (parts === null || parts.accountId !== accountId) return undefined;
    const record = this.#reader.record<ManagedPolicyRecord>(identityKeys.policy(accountId, parts.name));
    return record === undefined || record.path !== parts.path ? undefined : viewOf(record);
  }

  /** The default version's document of a policy, as text. */
  document(arn: string, accountId: string): string | undefined {
    const policy = this.policy(arn, accountId);
    return policy?.versions.find(({ id }) => id === policy.defaultVersion)?.document;
  }

  /** The product's policies first, then the account's, each by name. */
  policies(
    accountId: string,
    filter: { readonly scope: PolicyScope; readonly pathPrefix: string; readonly onlyAttached: boolean },
    page: PageRequest,
  ): Page<PolicyView> {
    const wants = (view: PolicyView): boolean =>
      view.path.startsWith(filter.pathPrefix) &&
      (!filter.onlyAttached || this.attachmentCount(view.arn, accountId, "policy") > 0);
    const found: { readonly place: string; readonly view: PolicyView | undefined }[] = [];
    if (filter.scope !== "Local") {
      for (const [arn, policy] of managedPolicies) {
        found.push({ place: builtInPlace + policy.name, view: viewOfBuiltIn(arn, policy) });
      }
    }
    if (filter.scope !== "AWS") {
      const prefix = identityKeys.policy(accountId, "");
      const after = page.after.startsWith(localPlace) ? prefix + page.after.slice(localPlace.length) : "";
      for (const key of this.#reader.keys(prefix, after, limits.directoryPageMax + 1)) {
        const record = this.#reader.record<ManagedPolicyRecord>(key);
        found.push({ place: localPlace + key.slice(prefix.length), view: record && viewOf(record) });
      }
    }
    return firstPage(
      found.filter(({ place }) => place > page.after),
      page.limit,
      (view) => (wants(view) ? view : undefined),
    );
  }

  /** How many users, groups and roles of `accountId` have the policy; at most `limits.directoryPageMax` are counted. */
  attachmentCount(arn: string, accountId: string, as: PolicyEntity["as"]): number {
    const kinds = as === "policy" ? (["user", "group", "role"] as const) : (["boundary"] as const);
    return kinds.reduce((sum, kind) => {
      const prefix = identityKeys.attachment(arn, kind, accountId, "");
      return sum + this.#reader.keys(prefix, "", limits.directoryPageMax).length;
    }, 0);
  }

  /** Who in `accountId` has the policy, by kind and name. Boundaries are shown with the kind of their holder. */
  entities(
    arn: string,
    accountId: string,
    filter: { readonly kinds: readonly HolderKind[]; readonly as: PolicyEntity["as"] | null },
    page: PageRequest,
  ): Page<PolicyEntity> {
    const found: { readonly place: string; readonly view: PolicyEntity | undefined }[] = [];
    for (const kind of ["boundary", "group", "role", "user"] as const) {
      const prefix = identityKeys.attachment(arn, kind, accountId, "");
      const start = `${kind}/`;
      if (page.after > `${start}\uffff`) continue;
      const after = page.after.startsWith(start) ? prefix + page.after.slice(start.length) : "";
      for (const key of this.#reader.keys(prefix, after, limits.directoryPageMax + 1)) {
        const name = key.slice(prefix.length);
        found.push({ place: start + name, view: entityOf(kind, name) });
      }
    }
    return firstPage(found, page.limit, (view) =>
      filter.kinds.includes(view.kind) && (filter.as === null || filter.as === view.as) ? view : undefined,
    );
  }
}

/** Places in the list of policies: the product's stand before the account's. */
const builtInPlace = "0/";
const localPlace = "1/";

function firstPage<T>(
  found: readonly { readonly place: string; readonly view: T | undefined }[],
  limit: number,
  wanted: (view: T) => T | undefined,
): Page<T> {
  const items: T[] = [];
  for (const [index, { view }] of found.entries()) {
    if (items.length === limit || index === limits.directoryPageMax) {
      return { items, next: found[index - 1]?.place ?? null };
    }
    const item = view === undefined ? undefined : wanted(view);
    if (item !== undefined) items.push(item);
  }
  return { items, next: null };
}

/** A boundary's holder stands as `user.<name>` or `role.<name>`. */
function entityOf(kind: HolderKind | "boundary", name: string): PolicyEntity | undefined {
  if (kind !== "boundary") return { kind, name, as: "policy" };
  const [holder = "", ...rest] = name.split(".");
  return holder === "user" || holder === "role" ? { kind: holder, name: rest.join("."), as: "boundary" } : undefined;
}

function viewOf(record: ManagedPolicyRecord): PolicyView {
  return {
    arn: entityArn("policy", record.accountId, record.path, record.name),
    name: record.name,
    path: record.path,
    policyId: record.policyId,
    description: record.description,
    tags: record.tags,
    isBuiltIn: false,
    defaultVersion: record.defaultVersion,
    versions: record.versions,
    createdMs: record.createdMs,
    updatedMs: record.updatedMs,
  };
}

function viewOfBuiltIn(arn: string, policy: { name: string; description: string; text: string }): PolicyView {
  return {
    arn,
    name: policy.name,
    path: "/",
    policyId: `TRPP${policy.name.toUpperCase()}`,
    description: policy.description,
    tags: [],
    isBuiltIn: true,
    defaultVersion: "v1",
    versions: [{ id: "v1", document: policy.text, createdMs: 0 }],
    createdMs: 0,
    updatedMs: 0,
  };
}
