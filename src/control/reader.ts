/** Control records as a front reads them: synchronously, from a snapshot, with decoded records kept while their revision stands. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { currentRevision } from "./change-log.ts";
import {
  type AccountRecord,
  type ApiTokenRecord,
  identityKeys,
  rootUserName,
  type SessionRecord,
  type UserRecord,
} from "./identity-records.ts";
import { RecentMap } from "./recent-map.ts";
import { type ControlSnapshot, readKeys, readKeysDown, readRecord, readStamps } from "./record-rows.ts";
import { type BucketRecord, controlKeys } from "./records.ts";
import { isControlKey } from "./store.ts";
import { decodeRecord } from "./typed-records.ts";

interface Kept {
  readonly value: unknown;
  /** The record's own revision. */
  readonly revision: bigint;
  /** The store's revision at which this was last known to be current. */
  knownAt: bigint;
}

/**
 * Call `refresh` right before a request's first read and again after any await; then every method sees the newest commit.
 * What is returned is shared: treat it as frozen. Not for use by two threads.
 */
export class ControlReader {
  readonly #snapshot: ControlSnapshot;
  readonly #records = new RecentMap<string, Kept>(limits.controlCachedMax);
  #revision = -1n;

  /** Takes the snapshot over: `close` closes it. */
  constructor(snapshot: ControlSnapshot) {
    this.#snapshot = snapshot;
  }

  refresh(): void {
    this.#snapshot.refresh();
    this.#revision = currentRevision(this.#snapshot.trees.meta);
  }

  /** The store's revision that is read: what was made from records of one revision holds while it stands. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The record at `key`, of the type that the key says; the same object while it does not change. */
  record<T>(key: string): T | undefined {
    return this.#read<T>(key);
  }

  /**
   * Keys that begin with `prefix` and are greater than `after` ("" = from the first), in key order; down, those that are less
   * than `after` ("" = from the last), in reverse order.
   * @param limit at least 1, at most `limits.controlListMax` and one more, which tells that there is a next page
   */
  keys(prefix: string, after: string, limit: number, order: "up" | "down" = "up"): string[] {
    assert(this.#revision >= 0n, "refresh comes before the first read");
    assert(limit >= 1 && limit <= limits.controlListMax + 1, "a page has a bounded size");
    if (!isControlKey(prefix) || (after !== "" && !isControlKey(after))) return [];
    const { records } = this.#snapshot.trees;
    return order === "up"
      ? readKeys(records, { prefix, after, limit })
      : readKeysDown(records, { prefix, before: after, limit });
  }

  bucket(name: string): BucketRecord | undefined {
    return this.#read<BucketRecord>(controlKeys.bucket(name));
  }

  /**
   * Buckets of an account in name order, those being deleted included.
   * @param prefix names begin with it; "" = all
   * @param after exclusive; "" = from the first
   * @param limit at least 1, at most `limits.bucketsPerAccountMax` and one more, which tells that there is a next page
   */
  bucketsOf(accountId: string, prefix: string, after: string, limit: number): BucketRecord[] {
    assert(limit >= 1 && limit <= limits.bucketsPerAccountMax + 1, "a page of buckets has a bounded size");
    const start = controlKeys.ownedBucket(accountId, "");
    const range = { prefix: start + prefix, after: after === "" ? "" : start + after, limit };
    if (!isControlKey(range.prefix) || (range.after !== "" && !isControlKey(range.after))) return [];
    return readKeys(this.#snapshot.trees.records, range).flatMap((key) => {
      const record = this.bucket(key.slice(start.length));
      return record === undefined ? [] : [record];
    });
  }

  /** Buckets of all accounts in name order, those being deleted included. `after` and `limit` as in `bucketsOf`. */
  buckets(after: string, limit: number): BucketRecord[] {
    assert(limit >= 1 && limit <= limits.controlListMax, "a page of buckets has a bounded size");
    const start = controlKeys.bucket("");
    const range = { prefix: start, after: after === "" ? "" : start + after, limit };
    return readKeys(this.#snapshot.trees.records, range).flatMap((key) => {
      const record = this.bucket(key.slice(start.length));
      return record === undefined ? [] : [record];
    });
  }

  account(accountId: string): AccountRecord | undefined {
    return this.#read<AccountRecord>(identityKeys.account(accountId));
  }

  user(accountId: string, name: string): UserRecord | undefined {
    return this.#read<UserRecord>(identityKeys.user(accountId, name));
  }

  /** A console session, by the hash of its token. */
  session(hash: string): SessionRecord | undefined {
    return this.#read<SessionRecord>(identityKeys.session(hash));
  }

  /** By the hash of the token. */
  apiToken(hash: string): ApiTokenRecord | undefined {
    return this.#read<ApiTokenRecord>(identityKeys.token(hash));
  }

  /** The account with this canonical id. */
  accountOfCanonicalId(canonicalId: string): AccountRecord | undefined {
    const found = this.#read<{ accountId: string }>(identityKeys.canonical(canonicalId));
    return found === undefined ? undefined : this.account(found.accountId);
  }

  /** The accounts whose Root has this e-mail address, in any case. Looks at `limits.controlListMax` users of the address at most. */
  accountsOfRootEmail(email: string): AccountRecord[] {
    const address = email.trim().toLowerCase();
    if (address === "" || address.includes("/") || Buffer.byteLength(address) > limits.emailBytesMax) return [];
    const start = identityKeys.email(address, "", "").slice(0, -1);
    return this.keys(start, "", limits.controlListMax).flatMap((key) => {
      const [accountId = "", name] = key.slice(start.length).split("/");
      if (name !== rootUserName || this.user(accountId, rootUserName)?.email?.toLowerCase() !== address) return [];
      const account = this.account(accountId);
      return account === undefined ? [] : [account];
    });
  }

  /** Whether an account and every one above it is active: else none of their credentials works. */
  isAccountInForce(account: AccountRecord): boolean {
    let at: AccountRecord | undefined = account;
    for (let depth = 0; depth < limits.accountDepthMax; depth++) {
      if (at?.status !== "active") return false;
      if (at.parent === null) return true;
      at = this.account(at.parent);
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }

  /** Names of what is not there are not kept: strangers could fill the memory with them. */
  #read<T>(key: string): T | undefined {
    assert(this.#revision >= 0n, "refresh comes before the first read");
    const kept = this.#records.get(key);
    if (kept !== undefined && kept.knownAt === this.#revision) return kept.value as T;
    if (!isControlKey(key)) return undefined;
    const { trees } = this.#snapshot;
    if (kept !== undefined && readStamps(trees.records, key).revision === kept.revision) {
      kept.knownAt = this.#revision;
      return kept.value as T;
    }
    const record = readRecord(trees, key);
    if (record === undefined) {
      this.#records.delete(key);
      return undefined;
    }
    const value = decodeRecord<T>(record.value);
    this.#records.set(key, { value, revision: record.revision, knownAt: this.#revision });
    return value;
  }
}
