/** Control records as a front reads them: synchronously, from a snapshot, with decoded records kept while their revision stands. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { ChangeMark } from "../storage/change-marks.ts";
import { currentRevision, readChanges } from "./change-log.ts";
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

/** That there was a record of one revision at a key, or none. What was made from it holds while this stands. */
export interface Stamp {
  readonly key: string;
  /** The record's own; 0n: there was none. */
  readonly revision: bigint;
  /** The moment at which this was last seen to stand. */
  knownAt: number;
}

/** A record as it was read. */
export interface Stamped<T> {
  readonly value: T | undefined;
  readonly stamp: Stamp;
}

/**
 * Call `refresh` right before a request's first read and again after any await; then every method sees the newest commit.
 * What is returned is shared: treat it as frozen. Not for use by two threads.
 */
export class ControlReader {
  readonly #snapshot: ControlSnapshot;
  readonly #mark: Pick<ChangeMark, "standing"> | null;
  /** Of the mark, when the revision was read. */
  #standing: number | null = null;
  readonly #records = new RecentMap<string, Stamped<unknown>>(limits.controlCachedMax);
  #revision = -1n;
  #moment = 0;
  /** Keys that changed after the moment `#changedSince`, with the moment of the refresh that found it. */
  readonly #changed = new Map<string, number>();
  #changedSince = 0;

  /**
   * Takes the snapshot over: `close` closes it.
   * @param mark of changes to the control records; null: each refresh reads the revision
   */
  constructor(snapshot: ControlSnapshot, mark: Pick<ChangeMark, "standing"> | null = null) {
    this.#snapshot = snapshot;
    this.#mark = mark;
  }

  refresh(): void {
    const standing = this.#mark?.standing ?? null;
    if (standing !== null && standing === this.#standing) return;
    this.#standing = standing;
    this.#snapshot.refresh();
    const revision = currentRevision(this.#snapshot.trees.meta);
    if (revision === this.#revision) return;
    this.#moment += 1;
    this.#noteChanges(this.#revision, revision);
    this.#revision = revision;
  }

  /** So that a change costs a look at what has changed, and none at all that is kept. */
  #noteChanges(before: bigint, now: bigint): void {
    const page = readChanges(this.#snapshot.trees, before + 1n);
    const isWhole = before >= 0n && page.kind === "events" && page.next === now + 1n;
    if (isWhole && this.#changed.size + page.events.length <= limits.controlChangesKept) {
      for (const { key } of page.events) this.#changed.set(key, this.#moment);
      return;
    }
    this.#changed.clear();
    this.#changedSince = this.#moment;
  }

  /** Another number after a refresh that found a change: what was made from records of one moment holds while it lasts. */
  get moment(): number {
    return this.#moment;
  }

  /** The record at `key`, of the type that the key says; the same object while it does not change. */
  record<T>(key: string): T | undefined {
    return this.#read<T>(key);
  }

  /** As `record`, for those who keep what they make of it. */
  shared<T>(key: string): Stamped<T> {
    return this.#kept<T>(key) ?? this.#absent<T>(key);
  }

  /** A record that one reader alone looks at, and then keeps what it makes of it: read anew, not kept here. */
  once<T>(key: string): Stamped<T> {
    assert(this.#revision >= 0n, "refresh comes before the first read");
    const record = isControlKey(key) ? readRecord(this.#snapshot.trees, key) : undefined;
    if (record === undefined) return this.#absent<T>(key);
    return { value: decodeRecord<T>(record.value), stamp: { key, revision: record.revision, knownAt: this.#moment } };
  }

  /** Whether there is still the record that there was, or still none. Costs a read of its head when the key may have changed. */
  stands(stamp: Stamp): boolean {
    if (stamp.knownAt === this.#moment) return true;
    if (this.#isUntouched(stamp)) {
      stamp.knownAt = this.#moment;
      return true;
    }
    // What once had a revision has a key that is one; no other is asked of the trees.
    const isKey = stamp.revision !== 0n || isControlKey(stamp.key);
    if (isKey && readStamps(this.#snapshot.trees.records, stamp.key).revision !== stamp.revision) return false;
    stamp.knownAt = this.#moment;
    return true;
  }

  #isUntouched({ key, knownAt }: Stamp): boolean {
    return knownAt >= this.#changedSince && (this.#changed.get(key) ?? 0) <= knownAt;
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

  #read<T>(key: string): T | undefined {
    return this.#kept<T>(key)?.value;
  }

  /** Names of what is not there are not kept: strangers could fill the memory with them. */
  #kept<T>(key: string): Stamped<T> | undefined {
    assert(this.#revision >= 0n, "refresh comes before the first read");
    const kept = this.#records.get(key);
    if (kept !== undefined && this.stands(kept.stamp)) return kept as Stamped<T>;
    const read = this.once<T>(key);
    if (read.value === undefined) {
      this.#records.delete(key);
      return undefined;
    }
    this.#records.set(key, read);
    return read;
  }

  #absent<T>(key: string): Stamped<T> {
    return { value: undefined, stamp: { key, revision: 0n, knownAt: this.#moment } };
  }
}
