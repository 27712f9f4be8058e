/**
 * Brakes against guessing. A try counts as failed from its beginning, so that many at once get no further than one after the
 * other. Delays, never locks: nobody can shut out another for longer than the longest delay. Pure, but for the clock.
 */

import { isIPv4, isIPv6 } from "node:net";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { RecentMap } from "../control/recent-map.ts";

/** Whether something may be tried now; when not, how long to wait, in ms, at least 1. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAfterMs: number };

const admitted: Admission = { admitted: true };

interface Failures {
  count: number;
  /** Monotonic ms of the latest one. */
  latestMs: number;
}

interface DelayRule {
  /** Failures without any delay. */
  readonly free: number;
  readonly firstMs: number;
  readonly delayMsMax: number;
}

/** Failures by key: the delay doubles with each one beyond the free ones, and all is forgotten some time after the last. */
class DelayTable {
  readonly #rule: DelayRule;
  readonly #entries = new RecentMap<string, Failures>(limits.throttleEntriesMax);

  constructor(rule: DelayRule) {
    this.#rule = rule;
  }

  /** ms until a next try, 0 = now. */
  waitMs(key: string, nowMs: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || isForgotten(entry, nowMs)) return 0;
    return Math.max(0, Math.ceil(entry.latestMs + this.#delayMs(entry.count) - nowMs));
  }

  count(key: string, nowMs: number): void {
    const entry = this.#entries.get(key);
    const count = entry === undefined || isForgotten(entry, nowMs) ? 0 : entry.count;
    this.#entries.set(key, { count: count + 1, latestMs: nowMs });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Takes one failure back, and leaves the others. */
  takeBack(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.count > 0) entry.count -= 1;
  }

  #delayMs(count: number): number {
    const beyond = count - this.#rule.free;
    return beyond < 0 ? 0 : Math.min(this.#rule.delayMsMax, this.#rule.firstMs * 2 ** Math.min(beyond, 30));
  }
}

function isForgotten({ latestMs }: Failures, nowMs: number): boolean {
  return nowMs - latestMs >= limits.signInForgetMs;
}

/**
 * Password sign-in: by account and by address of the peer. An address from which the account's user has signed in before has a
 * count of its own there, so that strangers who guess at an account do not delay its owner.
 * Each table has at most `limits.throttleEntriesMax` entries; what was not touched for longest goes first.
 */
export class SignInThrottle {
  readonly #clock: Clock;
  readonly #accounts = new DelayTable({
    free: limits.accountFreeFailures,
    firstMs: limits.signInFirstDelayMs,
    delayMsMax: limits.accountDelayMsMax,
  });
  readonly #addresses = new DelayTable({
    free: limits.addressFreeFailures,
    firstMs: limits.signInFirstDelayMs,
    delayMsMax: limits.addressDelayMsMax,
  });
  readonly #known = new RecentMap<string, true>(limits.throttleEntriesMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Called before a password is looked at, whether the account exists or not; an admitted try counts as failed until
   * `succeeded`. A refused one counts nothing, so that repeating it does not prolong the wait.
   * @param account what was typed, in the form in which accounts are looked up
   * @param address of the peer; an IPv6 address stands for its /64, which one customer has whole
   */
  begin(account: string, address: string): Admission {
    const nowMs = this.#clock.monotonicMs();
    const network = networkOf(address);
    const subject = this.#subject(account, network);
    // The address first: one that is delayed does not even enter the other table.
    const waitMs = Math.max(this.#addresses.waitMs(network, nowMs), this.#accounts.waitMs(subject, nowMs));
    if (waitMs > 0) return { admitted: false, retryAfterMs: waitMs };
    this.#addresses.count(network, nowMs);
    this.#accounts.count(subject, nowMs);
    return admitted;
  }

  /**
   * The whole sign-in has succeeded, the second factor too. The address keeps its other failures: who has one account must not
   * clear the way for guessing at others.
   */
  succeeded(account: string, address: string): void {
    const network = networkOf(address);
    this.#accounts.forget(this.#subject(account, network));
    this.#addresses.takeBack(network);
    this.#known.set(pair(account, network), true);
  }

  #subject(account: string, network: string): string {
    const own = pair(account, network);
    return this.#known.get(own) === true ? own : account;
  }
}

/** TOTP and recovery codes of one user: `limits.secondFactorTriesMax` tries in `limits.secondFactorWindowMs`, counted together. */
export class SecondFactorThrottle {
  readonly #clock: Clock;
  readonly #tries = new RecentMap<string, readonly number[]>(limits.throttleEntriesMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called before a code is looked at; an admitted try counts. @param user key of one user in the installation */
  begin(user: string): Admission {
    const nowMs = this.#clock.monotonicMs();
    const recent = (this.#tries.get(user) ?? []).filter((triedMs) => nowMs - triedMs < limits.secondFactorWindowMs);
    const oldestMs = recent[0];
    if (oldestMs !== undefined && recent.length >= limits.secondFactorTriesMax) {
      return { admitted: false, retryAfterMs: Math.max(1, Math.ceil(oldestMs + limits.secondFactorWindowMs - nowMs)) };
    }
    this.#tries.set(user, [...recent, nowMs]);
    return admitted;
  }

  /** A code was right: its tries are forgotten. */
  succeeded(user: string): void {
    this.#tries.delete(user);
  }
}

/** Neither part has a line feed: one is an address. */
function pair(account: string, network: string): string {
  return `${network}\n${account}`;
}

/** IPv4 as it is, also when written as IPv6; of IPv6 the first 64 bits; anything else as it is. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    // A dotted IPv4 tail stands for two groups.
    const afterCount = after.length + (tail.includes(".") ? 1 : 0);
    while (groups.length + afterCount < 8) groups.push("0");
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
