/** Host names that choose a tenant: `s3.<label>.<domain>`, and buckets to the left of it. */

import { type AccountRecord, identityKeys } from "../control/identity-records.ts";
import { hostName } from "../s3/address.ts";

export interface TenantHost {
  /** The endpoint's host name, lower case. */
  readonly endpoints: readonly [string];
  readonly accountId: string;
}

interface Records {
  record<T>(key: string): T | undefined;
}

interface Named {
  readonly label: string;
  readonly endpoints: readonly [string];
}

export class TenantHosts {
  readonly #domains: readonly string[];
  #lastHost = "";
  /** What the last host names: most requests come to one. */
  #lastNamed: Named | null = null;

  /** @param domains of the configuration, lower case */
  constructor(domains: readonly string[]) {
    this.#domains = domains;
  }

  /** The tenant of a Host header; null when it names none that exists. The records have been refreshed. */
  find(header: string, records: Records): TenantHost | null {
    if (header !== this.#lastHost) {
      this.#lastNamed = this.#parse(hostName(header));
      this.#lastHost = header;
    }
    const named = this.#lastNamed;
    if (named === null) return null;
    const found = records.record<{ accountId: string }>(identityKeys.label(named.label));
    return found === undefined ? null : { endpoints: named.endpoints, accountId: found.accountId };
  }

  #parse(host: string): Named | null {
    for (const domain of this.#domains) {
      if (!host.endsWith(`.${domain}`)) continue;
      const labels = host.slice(0, -domain.length - 1).split(".");
      const label = labels.at(-1);
      if (label !== undefined && labels.at(-2) === "s3") return { label, endpoints: [`s3.${label}.${domain}`] };
    }
    return null;
  }
}

/** True when the account is the tenant's or stands below it. */
export function belongsTo(account: AccountRecord, tenantId: string, records: Records): boolean {
  for (let above: AccountRecord | undefined = account; above !== undefined; ) {
    if (above.accountId === tenantId) return true;
    if (above.parent === null) return false;
    above = records.record<AccountRecord>(identityKeys.account(above.parent));
  }
  return false;
}
