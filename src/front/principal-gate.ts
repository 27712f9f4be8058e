/** Which credentials count at which host, and from which addresses: the same for S3 and for the control APIs. */

import type { Credential, Principals } from "../account/principals.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { HttpRequest } from "../model/http.ts";
import { AddressRanges } from "./client-address.ts";
import { belongsTo, type TenantHost, type TenantHosts } from "./tenant-host.ts";

const rangesOf = new WeakMap<AccountRecord, AddressRanges>();

/** Whether an account's allow list of addresses has this one; an account without a list has no bound. */
export function isWelcome(account: AccountRecord, clientAddress: string): boolean {
  if (account.addressRanges.length === 0) return true;
  const known = rangesOf.get(account);
  const ranges = known ?? new AddressRanges(account.addressRanges);
  if (known === undefined) rangesOf.set(account, ranges);
  return ranges.has(clientAddress);
}

export class PrincipalGate {
  readonly #principals: Principals;
  readonly #tenants: TenantHosts;
  readonly #reader: ControlReader;

  constructor(principals: Principals, tenants: TenantHosts, reader: ControlReader) {
    this.#principals = principals;
    this.#tenants = tenants;
    this.#reader = reader;
  }

  /** The tenant that the request's host names; null when it names none. The records have been refreshed. */
  tenantOf(request: HttpRequest): TenantHost | null {
    return this.#tenants.find(request.headers.get("host") ?? "", this.#reader);
  }

  /** @throws TemporaryCredentialsError */
  credentialAt(tenant: TenantHost | null, accessKeyId: string, sessionToken: string | null): Credential | undefined {
    const credential = this.#principals.credential(accessKeyId, sessionToken);
    if (credential === undefined || tenant === null) return credential;
    return belongsTo(credential.principal.account, tenant.accountId, this.#reader) ? credential : undefined;
  }

  /** With the newest records, at the request's host. @throws TemporaryCredentialsError */
  credential(request: HttpRequest, accessKeyId: string, sessionToken: string | null): Credential | undefined {
    this.#reader.refresh();
    return this.credentialAt(this.tenantOf(request), accessKeyId, sessionToken);
  }

  isWelcome(account: AccountRecord, clientAddress: string): boolean {
    return isWelcome(account, clientAddress);
  }
}
