/**
 * Accounts and their identities as the control APIs list them: synchronous reads in one snapshot, page by page. Never changes
 * anything, and never opens a secret. Call `refresh` of the reader before a request's first read and after any await.
 */

import { limits } from "../base/limits.ts";
import {
  type AccessKeyRecord,
  type AccountRecord,
  type ApiTokenRecord,
  type AuditRecord,
  type GroupRecord,
  type HolderKind,
  type InlinePolicyRecord,
  identityKeys,
  type KeyUsedRecord,
  type PolicyHolder,
  type RoleRecord,
  rootUserName,
  type SessionRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import { shownPolicy } from "./policy-principals.ts";

/** Where a page begins, and how long it is. */
export interface PageRequest {
  /** `next` of the page before; "" = the first. */
  readonly after: string;
  /** 1 to `limits.directoryPageMax`. */
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** null: there is nothing more. Else more may follow, also behind a page with few items or none. */
  readonly next: string | null;
}

export interface KeyOfUser {
  readonly key: AccessKeyRecord;
  readonly lastUsed: KeyUsedRecord | null;
}

type Reads = Pick<ControlReader, "record" | "keys" | "account" | "user">;

export class Directory {
  readonly #reader: Reads;

  constructor(reader: Reads) {
    this.#reader = reader;
  }

  account(accountId: string): AccountRecord | undefined {
    return this.#reader.account(accountId);
  }

  /** The account that a DNS label of a host name selects. */
  accountOfLabel(label: string): AccountRecord | undefined {
    const found = this.#reader.record<{ accountId: string }>(identityKeys.label(label));
    return found === undefined ? undefined : this.account(found.accountId);
  }

  /** The accounts right below one, by account id. */
  accountsBelow(accountId: string, page: PageRequest): Page<AccountRecord> {
    return this.#page(identityKeys.child(accountId, ""), page, (id) => this.account(id));
  }

  /** Every account, by account id. */
  accounts(page: PageRequest): Page<AccountRecord> {
    return this.#page(identityKeys.account(""), page, (id) => this.account(id));
  }

  /** The accounts above one, the nearest first; without itself. At most `limits.accountDepthMax`. */
  accountsAbove(accountId: string): AccountRecord[] {
    const above: AccountRecord[] = [];
    for (let at = this.account(accountId); at?.parent != null && above.length < limits.accountDepthMax; ) {
      at = this.account(at.parent);
      if (at !== undefined) above.push(at);
    }
    return above;
  }

  /** True when `accountId` is `ancestor` or stands below it, at any depth. */
  isWithin(accountId: string, ancestor: string): boolean {
    return accountId === ancestor || this.accountsAbove(accountId).some((above) => above.accountId === ancestor);
  }

  user(accountId: string, name: string): UserRecord | undefined {
    return this.#reader.user(accountId, name);
  }

  root(accountId: string): UserRecord | undefined {
    return this.user(accountId, rootUserName);
  }

  /** Users by name, Root among them, whose path begins with `pathPrefix`. */
  users(accountId: string, pathPrefix: string, page: PageRequest): Page<UserRecord> {
    return this.#page(identityKeys.user(accountId, ""), page, (name) =>
      withPath(this.user(accountId, name), pathPrefix),
    );
  }

  /** The users with an e-mail address, of one account or (null) of all. At most `limits.directoryPageMax`. */
  usersWithEmail(email: string, accountId: string | null): UserRecord[] {
    const address = email.toLowerCase();
    const start = `emails/${address}/${accountId === null ? "" : `${accountId}/`}`;
    return this.#reader.keys(start, "", limits.directoryPageMax).flatMap((key) => {
      const [account = "", ...name] = key.slice(`emails/${address}/`.length).split("/");
      const user = this.user(account, name.join("/"));
      return user?.email === address ? [user] : [];
    });
  }

  group(accountId: string, name: string): GroupRecord | undefined {
    return this.#reader.record<GroupRecord>(identityKeys.group(accountId, name));
  }

  groups(accountId: string, pathPrefix: string, page: PageRequest): Page<GroupRecord> {
    return this.#page(identityKeys.group(accountId, ""), page, (name) =>
      withPath(this.group(accountId, name), pathPrefix),
    );
  }

  /** By name; at most `limits.groupsPerUserMax`. */
  groupsOf(user: UserRecord): GroupRecord[] {
    return [...user.groups].sort().flatMap((name) => this.group(user.accountId, name) ?? []);
  }

  members(accountId: string, group: string, page: PageRequest): Page<UserRecord> {
    return this.#page(identityKeys.member(accountId, group, ""), page, (name) => this.user(accountId, name));
  }

  role(accountId: string, name: string): RoleRecord | undefined {
    return this.#reader.record<RoleRecord>(identityKeys.role(accountId, name));
  }

  /** The text of a role's trust policy, with its principals' ARNs of today. */
  trustPolicy({ trustPolicy }: RoleRecord): string {
    return shownPolicy(trustPolicy, (key) => this.#reader.record(key));
  }

  /** Fewer than asked for at a time: each role shows its trust policy, with everybody who is named in it. */
  roles(accountId: string, pathPrefix: string, asked: PageRequest): Page<RoleRecord> {
    const page = { ...asked, limit: Math.min(asked.limit, limits.rolesPerPageMax) };
    return this.#page(identityKeys.role(accountId, ""), page, (name) =>
      withPath(this.role(accountId, name), pathPrefix),
    );
  }

  /** Whose policies they are: a user, group or role. */
  holder(kind: HolderKind, accountId: string, name: string): (PolicyHolder & { readonly path: string }) | undefined {
    if (kind === "user") return this.user(accountId, name);
    return kind === "group" ? this.group(accountId, name) : this.role(accountId, name);
  }

  /** The document of an inline policy, as it was given. */
  inlinePolicy(kind: HolderKind, accountId: string, holder: string, name: string): string | undefined {
    return this.#reader.record<InlinePolicyRecord>(identityKeys.inline(kind, accountId, holder, name))?.document;
  }

  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#reader.record<AccessKeyRecord>(identityKeys.accessKey(accessKeyId));
  }

  keyUsed(accessKeyId: string): KeyUsedRecord | null {
    return this.#reader.record<KeyUsedRecord>(identityKeys.keyUsed(accessKeyId)) ?? null;
  }

  keysOf(accountId: string, userName: string, page: PageRequest): Page<KeyOfUser> {
    return this.#page(identityKeys.userKey(accountId, userName, ""), page, (id) => {
      const key = this.accessKey(id);
      return key === undefined ? undefined : { key, lastUsed: this.keyUsed(id) };
    });
  }

  sessionsOf(accountId: string, userName: string, page: PageRequest): Page<SessionRecord> {
    const prefix = identityKeys.userSession(accountId, userName, "");
    return this.#page(prefix, page, (id) => {
      const found = this.#reader.record<{ hash: string }>(prefix + id);
      return found === undefined ? undefined : this.#reader.record<SessionRecord>(identityKeys.session(found.hash));
    });
  }

  tokensOf(accountId: string, userName: string, page: PageRequest): Page<ApiTokenRecord> {
    const prefix = identityKeys.userToken(accountId, userName, "");
    return this.#page(prefix, page, (id) => {
      const found = this.#reader.record<{ hash: string }>(prefix + id);
      return found === undefined ? undefined : this.#reader.record<ApiTokenRecord>(identityKeys.token(found.hash));
    });
  }

  /**
   * Rows of the audit log, of one account or (null) of all. `after` may be a time: see `auditAfter`.
   * @param order up: from the oldest on; down: from the newest back, and `after` is the row before which the page begins
   */
  audit(accountId: string | null, page: PageRequest, order: "up" | "down" = "up"): Page<AuditRecord> {
    const prefix = accountId === null ? identityKeys.audit("") : identityKeys.accountAudit(accountId, "");
    return this.#page(prefix, page, (id) => this.#reader.record<AuditRecord>(identityKeys.audit(id)), order);
  }

  /**
   * What follows `prefix` in the keys of a page, each as `read` sees it; those that it does not want are left out.
   * At most `limits.directoryPageMax` keys are looked at, so that a page may be short and still have a next one.
   */
  #page<T>(
    prefix: string,
    { after, limit }: PageRequest,
    read: (name: string) => T | undefined,
    order: "up" | "down" = "up",
  ): Page<T> {
    const start = after === "" ? "" : prefix + after;
    const keys = this.#reader.keys(prefix, start, limits.directoryPageMax + 1, order);
    const items: T[] = [];
    for (const [index, key] of keys.entries()) {
      const item = index < limits.directoryPageMax && items.length < limit ? read(key.slice(prefix.length)) : undefined;
      if (index === limits.directoryPageMax || items.length === limit) {
        return { items, next: keys[index - 1]?.slice(prefix.length) ?? null };
      }
      if (item !== undefined) items.push(item);
    }
    return { items, next: null };
  }
}

/** The place in the audit log right before a time, for `PageRequest.after`. @param ms Unix ms */
export function auditAfter(ms: number): string {
  return String(Math.max(0, ms)).padStart(14, "0");
}

function withPath<T extends { readonly path: string }>(record: T | undefined, prefix: string): T | undefined {
  return record?.path.startsWith(prefix) === true ? record : undefined;
}
