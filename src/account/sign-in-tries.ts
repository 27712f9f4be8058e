/**
 * Which count a try to sign in belongs to. A count is forgotten only by the one user that it can be about, and only after the
 * second factor: otherwise who has one account could clear the way for guessing at another.
 */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { RecentMap } from "../control/recent-map.ts";
import type { ControlStore } from "../control/store.ts";
import type { FoundUser } from "./identity-provider.ts";
import { networkOf, SignInThrottle } from "./throttle.ts";
import { isKnownNetwork } from "./user-sessions.ts";

/** A try that was admitted. */
export interface SignInTry {
  readonly subject: string;
  readonly address: string;
  /** One user has the address that was typed, or none: success may forget the failures. */
  readonly isAlone: boolean;
}

export type Tried = { readonly admitted: SignInTry } | { readonly retryAfterMs: number };

export class SignInTries {
  readonly #ports: { readonly store: ControlStore; readonly clock: Clock };
  readonly #throttle: SignInThrottle;
  /** By the hash of a session whose second factor is due. */
  readonly #pending = new RecentMap<string, SignInTry>(limits.throttleEntriesMax);

  constructor(ports: { readonly store: ControlStore; readonly clock: Clock }) {
    this.#ports = ports;
    this.#throttle = new SignInThrottle(ports.clock);
  }

  /**
   * Counts a try, as failed for the time being. Tries from a network where the owner of the address has signed in to the end
   * before are counted apart, so that strangers who guess do not delay the owner at home.
   * @param owners the users that the address may mean
   */
  async begin(email: string, accountId: string | null, owners: readonly FoundUser[], address: string): Promise<Tried> {
    const network = networkOf(address);
    const owner = owners.length === 1 ? owners[0]?.user : undefined;
    const isHome = owner !== undefined && (await isKnownNetwork(this.#ports, owner, network));
    const subject = `${isHome ? network : ""}\n${accountId ?? ""}\n${email}`;
    return this.#enter({ subject, address, isAlone: owners.length <= 1 });
  }

  /** Counts a try of a user who is signed in, at the place where the user is. @param user key of one user in the installation */
  confirm(user: string, address: string): Tried {
    return this.#enter({ subject: `${networkOf(address)}\n${user}`, address, isAlone: true });
  }

  /** The password was right; the try stays counted until `passed`. */
  hold(sessionHash: string, held: SignInTry): void {
    this.#pending.set(sessionHash, held);
  }

  /** The second factor was right too. Without effect when the try is not known, as after a restart: then it has no count either. */
  passed(sessionHash: string): void {
    const held = this.#pending.get(sessionHash);
    if (held === undefined) return;
    this.#pending.delete(sessionHash);
    this.succeeded(held);
  }

  succeeded({ subject, address, isAlone }: SignInTry): void {
    if (isAlone) this.#throttle.succeeded(subject, address);
  }

  #enter(entered: SignInTry): Tried {
    const admission = this.#throttle.begin(entered.subject, entered.address);
    return admission.admitted ? { admitted: entered } : { retryAfterMs: admission.retryAfterMs };
  }
}
