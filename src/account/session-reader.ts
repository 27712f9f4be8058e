/**
 * Who a request of the admin API comes from: judged anew each time, from a snapshot, so that a demotion, a suspension or a
 * revocation holds from the next request on. Never writes: `isSeenDue` says when `session.seen` is to be sent.
 */

import { timingSafeEqual } from "node:crypto";
import type { AccountRecord, ApiTokenRecord, Role, SessionRecord, UserRecord } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import { isBelow, isInForce, lineage } from "./lineage.ts";
import { hashToken, tokenKind } from "./secret-token.ts";
import { allows } from "./session-life.ts";

type Reader = Pick<ControlReader, "session" | "apiToken" | "user" | "account">;

/** A user in force. */
export interface SignedInUser {
  readonly user: UserRecord;
  readonly account: AccountRecord;
}

export interface SignedInSession extends SignedInUser {
  readonly session: SessionRecord;
  /** Names the session in messages. */
  readonly sessionHash: string;
  /** The account whose Root's role is taken on; null = the user as itself. */
  readonly actingAs: AccountRecord | null;
  /** "root" while acting. */
  readonly role: Role;
}

export interface SignedInToken extends SignedInUser {
  readonly token: ApiTokenRecord;
  readonly role: Role;
}

/**
 * The session of a cookie; null when it is none, has ended, was idle too long, its second factor is due, or its user, the
 * account or one above it is not in force. While acting also when the user is no Root any more, or the other account is not in
 * force or no longer below. Call `refresh` of the reader first.
 * @param token any text
 */
export function sessionOf(reader: Reader, token: string, nowMs: number): SignedInSession | null {
  if (tokenKind(token) !== "session") return null;
  const sessionHash = hashToken(token);
  const session = reader.session(sessionHash);
  if (session === undefined || !allows(session, "use", nowMs)) return null;
  const owner = userInForce(reader, session);
  if (owner === null) return null;
  const { user, account } = owner;
  if (session.actingAs === null) return { user, account, session, sessionHash, actingAs: null, role: user.role };
  const actingAs = user.role === "root" ? accountBelow(reader, session.actingAs, user.accountId) : null;
  return actingAs === null ? null : { user, account, session, sessionHash, actingAs, role: "root" };
}

/** The holder of an API token; null when it is none, has expired, or its user or accounts are not in force. */
export function apiTokenOf(reader: Reader, token: string, nowMs: number): SignedInToken | null {
  if (tokenKind(token) !== "api") return null;
  const record = reader.apiToken(hashToken(token));
  if (record === undefined || (record.expiresMs !== null && nowMs >= record.expiresMs)) return null;
  const owner = userInForce(reader, record);
  return owner === null ? null : { user: owner.user, account: owner.account, token: record, role: owner.user.role };
}

/** True for the CSRF token that was given out with the session's present token. Constant time. */
export function isCsrfOf(session: SessionRecord, csrf: string): boolean {
  const given = Buffer.from(hashToken(csrf));
  const wanted = Buffer.from(session.csrfHash);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Null also for what belonged to a user of the same name who is gone. */
function userInForce(reader: Reader, of: SessionRecord | ApiTokenRecord): SignedInUser | null {
  const user = reader.user(of.accountId, of.userName);
  if (user?.status !== "active" || user.createdMs > of.createdMs) return null;
  const accounts = lineage((id) => reader.account(id), of.accountId);
  const account = isInForce(accounts) ? accounts[0] : undefined;
  return account === undefined ? null : { user, account };
}

function accountBelow(reader: Reader, accountId: string, above: string): AccountRecord | null {
  const accounts = lineage((id) => reader.account(id), accountId);
  return isInForce(accounts) && isBelow(accounts, above) ? (accounts[0] ?? null) : null;
}
