/** From an access key to its principal, which is kept while the records it was made from stand. Synchronous; for one thread. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { RecentMap } from "../control/recent-map.ts";
import type { Principal } from "./principal.ts";
import { type Credential, type Known, Making, type PrincipalSources } from "./principal-making.ts";

export type { Credential } from "./principal-making.ts";

export interface PrincipalsOptions extends PrincipalSources {
  readonly clock: Clock;
  /** Most that may be kept, estimated; default `limits.identityCacheBytesMax`. */
  readonly keptBytesMax?: number;
}

export class Principals {
  readonly #options: PrincipalsOptions;
  readonly #known: RecentMap<string, Known>;

  constructor(options: PrincipalsOptions) {
    this.#options = options;
    this.#known = new RecentMap(options.keptBytesMax ?? limits.identityCacheBytesMax, ({ sizeBytes }) => sizeBytes);
  }

  /**
   * The records have been refreshed. Undefined: there is no such key, it is not active, or whom it belongs to is gone,
   * disabled or suspended.
   * @param sessionToken as sent; null without one
   * @throws TemporaryCredentialsError when the token is not ours, not this key's, or expired
   */
  credential(accessKeyId: string, sessionToken: string | null): Credential | undefined {
    const { records, clock } = this.#options;
    const name = sessionToken === null ? accessKeyId : `${accessKeyId} ${sessionToken}`;
    const known = this.#known.get(name);
    if (known !== undefined && known.knownAt === records.moment && known.expiresMs === Number.POSITIVE_INFINITY) {
      return known.credential;
    }
    if (known !== undefined && clock.nowMs() < known.expiresMs && this.#holds(known)) return known.credential;
    const making = new Making(this.#options, true);
    const found = sessionToken === null ? making.longLived(accessKeyId) : making.temporary(accessKeyId, sessionToken);
    if (found === undefined) {
      this.#known.delete(name);
      return undefined;
    }
    // The record's own text, when it is the name: the one asked for may be part of a whole header, which would be kept with it.
    const own = found.credential.principal.accessKeyId;
    this.#known.set(own === name ? own : name, found);
    return found.credential;
  }

  /** A user as it acts without an access key: signed in, or by an API token. Undefined as for `credential`. Not kept. */
  user(accountId: string, name: string): Principal | undefined {
    return new Making(this.#options, false).user(accountId, name);
  }

  /** A role as a session of it would act. */
  role(accountId: string, name: string): Principal | undefined {
    return new Making(this.#options, false).role(accountId, name);
  }

  #holds(known: Known): boolean {
    const { records } = this.#options;
    if (known.knownAt === records.moment) return true;
    for (const stamp of known.stamps) if (!records.stands(stamp)) return false;
    known.knownAt = records.moment;
    return true;
  }
}
