/**
 * Quotas of accounts, judged at the front before a write is sent on. What an account holds is summed over its buckets from
 * the snapshots, at most every `limits.quotaRefreshMs` and only of accounts that have a quota; in between, what this front
 * has let through is added. So an account can go beyond its quota by what the fronts let through between two sums and by
 * what was under way then, and no further. What a write makes way for is known in its turn only: an account that is full
 * deletes before it overwrites. The quotas of buckets are exact: their turns judge them (`quota.ts`).
 */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { exceedsQuota, type Held } from "../bucket/quota.ts";
import type { UsageReader } from "../bucket/usage-reader.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketQuota } from "../storage/bucket-row.ts";

export interface QuotaBookParts {
  readonly control: Pick<ControlReader, "refresh" | "bucketsOf">;
  readonly reader: Pick<UsageReader, "held">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly yieldTurn: () => Promise<void>;
}

/** What an account holds over all its buckets on this node. */
export interface AccountHeld extends Held {
  readonly buckets: number;
}

interface Account {
  /** The last sum, and when it was begun. */
  held: AccountHeld;
  summedMs: number;
  /** Let through since the last sum was begun, and, while another is being made, since that was begun. */
  added: Held;
  addedMeanwhile: Held;
  summing: Promise<void> | null;
}

const nothing: Held = { storedBytes: 0, openUploadBytes: 0, objects: 0 };

export class QuotaBook {
  readonly #parts: QuotaBookParts;
  /** In the order of their last sum, the oldest first. */
  readonly #accounts = new Map<string, Account>();

  constructor(parts: QuotaBookParts) {
    this.#parts = parts;
  }

  /** What the account holds now, summed afresh; for showing. O(buckets), in slices. @throws CorruptRecordError */
  async held(accountId: string): Promise<AccountHeld> {
    let sum: AccountHeld = { ...nothing, buckets: 0 };
    for (let after = ""; ; ) {
      this.#parts.control.refresh();
      const page = this.#parts.control.bucketsOf(accountId, "", after, limits.usageBucketsPerTurn);
      for (const { id, partition } of page) sum = plusBucket(sum, this.#parts.reader.held({ bucket: id, partition }));
      const last = page.at(-1);
      if (last === undefined || page.length < limits.usageBucketsPerTurn) return sum;
      after = last.name;
      await this.#parts.yieldTurn();
    }
  }

  /**
   * Whether the account may write this much more; if so it is counted. Waits for a sum only when there is none yet, or the
   * last one is old.
   * @param quota of the account's record; without bounds the answer is true at once
   * @param addedBytes what the write may add at most; it is not known yet what it makes way for
   * @throws CorruptRecordError
   */
  async admits(accountId: string, quota: BucketQuota, addedBytes: number, addedObjects: number): Promise<boolean> {
    if (quota.bytes === null && quota.objects === null) return true;
    const account = await this.#fresh(accountId);
    const { held, added } = account;
    if (exceedsQuota(quota, plus(held, added), addedBytes, addedObjects)) return false;
    const more = { storedBytes: addedBytes, openUploadBytes: 0, objects: addedObjects };
    account.added = plus(added, more);
    if (account.summing !== null) account.addedMeanwhile = plus(account.addedMeanwhile, more);
    return true;
  }

  async #fresh(accountId: string): Promise<Account> {
    const known = this.#accounts.get(accountId);
    const nowMs = this.#parts.clock.monotonicMs();
    if (known !== undefined && nowMs - known.summedMs < limits.quotaRefreshMs) return known;
    const account = known ?? this.#newAccount(accountId);
    account.summing ??= this.#sum(accountId, account).finally(() => {
      account.summing = null;
    });
    await account.summing;
    return account;
  }

  #newAccount(accountId: string): Account {
    const oldest = this.#accounts.keys().next();
    if (this.#accounts.size >= limits.quotaAccountsMax && oldest.done !== true) this.#accounts.delete(oldest.value);
    const held = { ...nothing, buckets: 0 };
    const account = {
      held,
      summedMs: Number.NEGATIVE_INFINITY,
      added: nothing,
      addedMeanwhile: nothing,
      summing: null,
    };
    this.#accounts.set(accountId, account);
    return account;
  }

  async #sum(accountId: string, account: Account): Promise<void> {
    const beganMs = this.#parts.clock.monotonicMs();
    account.addedMeanwhile = nothing;
    const held = await this.held(accountId);
    account.held = held;
    account.summedMs = beganMs;
    account.added = account.addedMeanwhile;
    this.#accounts.delete(accountId);
    this.#accounts.set(accountId, account);
  }
}

function plusBucket(sum: AccountHeld, held: Held | null): AccountHeld {
  return { ...plus(sum, held ?? nothing), buckets: sum.buckets + 1 };
}

function plus(one: Held, other: Held): Held {
  return {
    storedBytes: one.storedBytes + other.storedBytes,
    openUploadBytes: one.openUploadBytes + other.openUploadBytes,
    objects: one.objects + other.objects,
  };
}
