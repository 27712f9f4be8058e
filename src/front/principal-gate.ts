/** Which credentials count at which host, and from which addresses: the same for S3 and for the control APIs. */

import type { Credential, Principals } from "../account/principals.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest } from "../model/http.ts";
import { AddressRanges } from "./client-address.ts";
import { belongsTo, type TenantHost, type TenantHosts } from "./tenant-host.ts";

/** By the list itself: a record that has changed has another. */
const rangesOf = new WeakMap<readonly string[], AddressRanges>();

/** Whether an allow list has this address; without a list there is no bound. */
function admits(list: readonly string[] | undefined, clientAddress: string): boolean {
  if (list === undefined || list.length === 0) return true;
  const known = rangesOf.get(list);
  const ranges = known ?? new AddressRanges(list);
  if (known === undefined) rangesOf.set(list, ranges);
  return ranges.has(clientAddress);
}

export const isWelcome = (account: AccountRecord, clientAddress: string): boolean =>
  admits(account.addressRanges, clientAddress);

export const isWelcomeAt = (bucket: BucketRecord, clientAddress: string): boolean =>
  admits(bucket.allowedAddresses, clientAddress);

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
