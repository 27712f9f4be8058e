/** What proves who calls the admin API: tokens of sessions and programs, access keys. Reads what the records' last refresh has seen. */

import { mayUseKeys } from "../account/principal.ts";
import type { Principals } from "../account/principals.ts";
import { hashToken, tokenKind } from "../account/secret-token.ts";
import { allows } from "../account/session-life.ts";
import { apiTokenOf, type SignedInToken, sessionOf } from "../account/session-reader.ts";
import type { AccountRecord, UserRecord } from "../control/identity-records.ts";
import type { CallerSession } from "./caller.ts";
import type { AdminRecords } from "./records.ts";

/** A user and its account, in force. */
export interface Identity {
  readonly account: AccountRecord;
  readonly user: UserRecord;
}

export interface ProvenSession extends Identity {
  readonly session: CallerSession;
  /** The account whose Root's role is taken on; null = the user as itself. */
  readonly actingAs: AccountRecord | null;
}

export interface ProvenKey extends Identity {
  readonly secretAccessKey: string;
}

export class Proofs {
  readonly #records: AdminRecords;
  readonly #principals: Pick<Principals, "credential">;

  constructor(records: AdminRecords, principals: Pick<Principals, "credential">) {
    this.#records = records;
    this.#principals = principals;
  }

  /** The session of a cookie's token, also while its second factor is due; null when it has ended or idled out. */
  session(token: string, nowMs: number): ProvenSession | null {
    if (tokenKind(token) !== "session") return null;
    const hash = hashToken(token);
    const record = this.#records.control.session(hash);
    if (record === undefined) return null;
    if (record.stage === "complete") {
      const found = sessionOf(this.#records.control, token, nowMs);
      return found === null
        ? null
        : { account: found.account, user: found.user, session: { hash, record }, actingAs: found.actingAs };
    }
    if (!allows(record, "secondFactor", nowMs)) return null;
    const account = this.#records.account(record.accountId);
    const user = this.#records.user(record.accountId, record.userName);
    if (account === undefined || user?.status !== "active") return null;
    return { account, user, session: { hash, record }, actingAs: null };
  }

  apiToken(token: string, nowMs: number): SignedInToken | null {
    return apiTokenOf(this.#records.control, token, nowMs);
  }

  /** An active access key; none of a reseller works, and no temporary ones are taken here. */
  accessKey(accessKeyId: string, sessionToken: string | null): ProvenKey | undefined {
    const credential = sessionToken === null ? this.#principals.credential(accessKeyId, null) : undefined;
    if (credential === undefined || !mayUseKeys(credential.principal.account)) return undefined;
    const { account, name } = credential.principal;
    const user = this.#records.user(account.accountId, name);
    return user === undefined ? undefined : { account, user, secretAccessKey: credential.secretAccessKey };
  }

  /** Whether credentials of the account work from this address. */
  mayUse(account: AccountRecord, address: string): boolean {
    return this.#records.mayUse(account, address);
  }
}
