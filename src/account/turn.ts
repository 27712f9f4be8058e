/**
 * One change of identities: who asks is read again and judged, every record that was read is compared, and the change is
 * committed with its row of the audit log. A turn that met another change begins anew.
 */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import {
  type AccountRecord,
  type Actor,
  identityKeys,
  type RoleRecord,
  rootUserName,
  type UserRecord,
} from "../control/identity-records.ts";
import { type ControlOperation, isControlKey } from "../control/store.ts";
import { getTyped, putTyped, type Versioned } from "../control/typed-records.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { type Asking, type IdentityMessage, mayDo, mayReach, type Place, type Whom } from "./authority.ts";
import type { IdentityPorts } from "./ports.ts";
import { Refusal } from "./refusal.ts";

/** Another change has got in between; the turn is to begin anew. */
export class Conflict extends Error {
  override readonly name = "Conflict";
}

export class Turn {
  readonly ports: IdentityPorts;
  readonly message: IdentityMessage;
  readonly by: Actor;
  readonly #trail: AuditTrail;
  readonly #reads = new Map<string, Versioned<unknown>>();
  /** null = removed. */
  readonly #writes = new Map<string, object | null>();
  #asking: Asking | null = null;

  constructor(ports: IdentityPorts, trail: AuditTrail, message: IdentityMessage, by: Actor) {
    this.ports = ports;
    this.#trail = trail;
    this.message = message;
    this.by = by;
  }

  get nowMs(): number {
    return this.ports.clock.nowMs();
  }

  /** The record at `key` as this turn will leave it; what was read is compared at the commit. */
  async read<T extends object>(key: string): Promise<T | undefined> {
    const written = this.#writes.get(key);
    if (written !== undefined) return (written ?? undefined) as T | undefined;
    if (!isControlKey(key)) return undefined;
    let found = this.#reads.get(key);
    if (found === undefined) {
      found = await getTyped<T>(this.ports.store, key);
      this.#reads.set(key, found);
    }
    return found.value as T | undefined;
  }

  /** Names that follow `prefix`, in order, at most `limit`; not compared: turns of one account do not overlap. */
  async names(prefix: string, limit: number, after = ""): Promise<string[]> {
    const page = await this.ports.store.list(prefix, after === "" ? "" : prefix + after, limit);
    return page.map(({ key }) => key.slice(prefix.length));
  }

  put(key: string, record: object): void {
    if (!isControlKey(key)) throw new Refusal("InvalidInput", "The names are too long together.");
    this.#writes.set(key, record);
  }

  remove(key: string): void {
    if (isControlKey(key)) this.#writes.set(key, null);
  }

  /** Records that will be written, without those of the audit log. */
  get size(): number {
    return this.#writes.size;
  }

  /** Who asks, read again: a demotion, a suspension, a deletion hold at once. @throws Refusal AccessDenied */
  async asking(): Promise<Asking> {
    this.#asking ??= await this.#readAsking();
    return this.#asking;
  }

  /** Refuses those who may do nothing of the kind in `accountId`, before they learn who there is. @throws Refusal AccessDenied */
  async enter(accountId: string): Promise<void> {
    const asking = await this.asking();
    const place = asking.rank === "system" ? "own" : await this.#placeOf(accountId);
    if (!mayReach(this.message, asking, place)) throw denied(`${this.by.name} may not do this.`);
  }

  /** Refuses what the one who asks may not do to `whom` in `accountId`. @throws Refusal AccessDenied */
  async judge(accountId: string, whom: Whom): Promise<void> {
    const asking = await this.asking();
    const place = asking.rank === "system" ? "own" : await this.#placeOf(accountId);
    if (!mayDo(this.message, asking, place, whom)) throw denied(`${this.by.name} may not do this.`);
  }

  /** The account that a change happens in; one that is being deleted takes none. @throws Refusal */
  async account(accountId: string): Promise<AccountRecord> {
    const account = await this.read<AccountRecord>(identityKeys.account(accountId));
    if (account === undefined) throw new Refusal("NoSuchEntity", `There is no account ${accountId}.`);
    if (account.status === "deleting") throw new Refusal("DeleteConflict", "The account is being deleted.");
    return account;
  }

  /** The account and those above it, as far as there are any. */
  async lineage(accountId: string): Promise<AccountRecord[]> {
    const found: AccountRecord[] = [];
    for (let id: string | null = accountId; id !== null && found.length < limits.accountDepthMax; ) {
      const account: AccountRecord | undefined = await this.read<AccountRecord>(identityKeys.account(id));
      if (account === undefined) return found;
      found.push(account);
      id = account.parent;
    }
    return found;
  }

  /**
   * Commits what has been written so far, with a row of the audit log when `target` is given, and goes on with fresh reads.
   * @throws Conflict
   */
  async commit(accountId: string, target: string | null, detail: Readonly<Record<string, string>> = {}): Promise<void> {
    const row =
      target === null
        ? { key: null, operations: [] }
        : this.#trail.row({ action: this.message, outcome: "done", accountId, target, by: this.by, detail });
    const operations: ControlOperation[] = [...this.#operations(), ...row.operations];
    const compare = [...this.#reads].map(([key, { revision }]) => ({ key, revision }));
    if (row.key !== null) compare.push({ key: row.key, revision: 0n });
    if (operations.length > limits.controlOperationsMax || compare.length > limits.controlOperationsMax) {
      throw new Refusal("LimitExceeded", "There is too much to be changed at once.", { Quota: "RecordsPerChange" });
    }
    if (operations.length > 0 && !(await this.ports.store.txn(compare, operations))) throw new Conflict();
    this.#reads.clear();
    this.#writes.clear();
    this.#asking = null;
    if (row.key !== null) await this.#trail.written();
  }

  #operations(): ControlOperation[] {
    return [...this.#writes].map(([key, record]) =>
      record === null ? { kind: "remove", key } : putTyped(key, record),
    );
  }

  async #placeOf(accountId: string): Promise<Place> {
    if (accountId === this.by.accountId) return "own";
    const above = (await this.lineage(accountId)).slice(1);
    return above.some((account) => account.accountId === this.by.accountId) ? "below" : "elsewhere";
  }

  async #readAsking(): Promise<Asking> {
    const { accountId, name, kind, via, original } = this.by;
    if (kind === "system") {
      if (via !== "system") throw denied("Only the product itself asks as the system.");
      return { rank: "system", isActing: false };
    }
    const accounts = await this.lineage(accountId);
    const [account] = accounts;
    if (
      account === undefined ||
      accounts.at(-1)?.parent !== null ||
      !accounts.every(({ status }) => status === "active")
    )
      throw denied("The account is not active.");
    if (via === "key" && account.kind === "reseller") throw denied("Accounts of resellers use no keys.");
    if (original !== null) await this.#checkOriginal(original, accounts);
    if (kind === "role") {
      const role = await this.read<RoleRecord>(identityKeys.role(accountId, name));
      if (role === undefined) throw denied("The role is gone.");
      return { rank: "role", isActing: original !== null };
    }
    const user = await this.read<UserRecord>(identityKeys.user(accountId, name));
    if (user === undefined || user.status === "disabled") throw denied("The user is gone or disabled.");
    return { rank: user.role, isActing: original !== null };
  }

  /** Only Root of an account above acts as the Root of this one. */
  async #checkOriginal(original: NonNullable<Actor["original"]>, accounts: readonly AccountRecord[]): Promise<void> {
    const isAbove = accounts.slice(1).some(({ accountId }) => accountId === original.accountId);
    const actsAsRoot = this.by.kind === "user" && this.by.name === rootUserName;
    if (!isAbove || !actsAsRoot || original.name !== rootUserName)
      throw denied("Only Root of an account above may act.");
    const user = await this.read<UserRecord>(identityKeys.user(original.accountId, original.name));
    if (user?.role !== "root" || user.status === "disabled")
      throw denied("The identity that acts is gone or disabled.");
  }
}

export function denied(message: string): Refusal {
  return new Refusal("AccessDenied", message);
}
assert(limits.controlOperationsMax > limits.accountDepthMax * 2 + 8, "a turn has room for its reads");
