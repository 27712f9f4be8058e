/** Finds out who calls the admin API: the console's session, an API token, a signature, or the node's own socket. */

import { authenticate as authenticateSignature } from "../auth/sigv4.ts";
import type { AccountRecord, Actor, ApiTokenRecord, Role, UserRecord } from "../control/identity-records.ts";
import { rootUserName } from "../control/identity-records.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { Caller, CallerSession } from "./caller.ts";
import { sessionTokenOf } from "./cookie.ts";
import type { AdminReader, ProofReader } from "./ports.ts";
import { AdminError } from "./problem.ts";

/** Names the account on the node's own socket; 12 digits. Elsewhere it is not looked at. */
export const accountHeader = "x-troupe-account";

export interface Arrival {
  readonly request: HttpRequest;
  readonly requestId: string;
  readonly isSecure: boolean;
  /** It came by the socket on the node's own machine. */
  readonly isLocal: boolean;
  readonly nowMs: number;
}

export interface Authenticated {
  /** null: the request proves nothing. */
  readonly caller: Caller | null;
  /** Hex sha256 that the body must have, when it is signed. */
  readonly bodySha256: string | null;
}

const nobody: Authenticated = { caller: null, bodySha256: null };

/**
 * @param reader refreshed by the caller, right before
 * @throws AdminError NotSignedIn for a proof that does not hold, AccessDenied
 */
export function authenticateAdmin(arrival: Arrival, reader: AdminReader, proofs: ProofReader): Authenticated {
  const { request, isSecure, isLocal } = arrival;
  if (isLocal) return { caller: localCaller(arrival, reader), bodySha256: null };
  const authorization = request.headers.get("authorization");
  if (authorization !== undefined) {
    return authorization.startsWith("Bearer ")
      ? { caller: tokenCaller(arrival, authorization.slice(7), reader, proofs), bodySha256: null }
      : signedCaller(arrival, reader, proofs);
  }
  const token = sessionTokenOf(request.headers, isSecure);
  const session = token === null ? null : proofs.session(token, arrival.nowMs);
  return session === null ? nobody : { caller: sessionCaller(arrival, session, reader, proofs), bodySha256: null };
}

interface Identity {
  readonly account: AccountRecord;
  readonly user: UserRecord;
}

/** An identity that may sign in and sign: its account, and those above it, are active, and it comes from where it may. */
function identityOf(
  accountId: string,
  userName: string,
  { request }: Arrival,
  reader: AdminReader,
  proofs: ProofReader,
): Identity | null {
  const account = reader.account(accountId);
  const user = reader.user(accountId, userName);
  if (account === undefined || user === undefined || user.status !== "active") return null;
  return proofs.mayUse(account, request.remoteAddress) ? { account, user } : null;
}

function actorOf(user: UserRecord, via: Actor["via"], { request, requestId }: Arrival): Actor {
  return {
    accountId: user.accountId,
    name: user.name,
    kind: "user",
    via,
    original: null,
    address: request.remoteAddress,
    requestId,
  };
}

function sessionCaller(
  arrival: Arrival,
  session: CallerSession,
  reader: AdminReader,
  proofs: ProofReader,
): Caller | null {
  const { record } = session;
  const identity = identityOf(record.accountId, record.userName, arrival, reader, proofs);
  if (identity === null) return null;
  const own = actorOf(identity.user, "session", arrival);
  const common = { user: identity.user, session, token: null, accessKeyId: null };
  if (record.stage !== "complete" || record.actingAs === null) {
    const proof = record.stage === "complete" ? "session" : "half";
    const { account, user } = identity;
    return { ...common, proof, account, role: user.role, isActing: false, actor: own };
  }
  const target = reader.account(record.actingAs);
  // Judged anew with each request: a demotion or a move in the tree ends it at once, and the person has to sign in again.
  const still = identity.user.role === "root" && reader.isBelow(record.actingAs, identity.account.accountId);
  if (target === undefined || !still) return null;
  const original = { accountId: own.accountId, name: own.name };
  const actor = { ...own, accountId: target.accountId, name: rootUserName, original };
  return { ...common, proof: "session", account: target, role: "root", isActing: true, actor };
}

function tokenCaller(arrival: Arrival, text: string, reader: AdminReader, proofs: ProofReader): Caller {
  const token: ApiTokenRecord | null = proofs.apiToken(text, arrival.nowMs);
  const identity = token === null ? null : identityOf(token.accountId, token.userName, arrival, reader, proofs);
  if (token === null || identity === null) throw notSignedIn("The API token is not valid.");
  const { account, user } = identity;
  const actor = actorOf(user, "token", arrival);
  return {
    proof: "token",
    account,
    role: user.role,
    user,
    session: null,
    token,
    accessKeyId: null,
    isActing: false,
    actor,
  };
}

/** Version 4 in the Authorization header over the whole body, service "s3": what AWS's signers make for a custom endpoint. */
function signedCaller(arrival: Arrival, reader: AdminReader, proofs: ProofReader): Authenticated {
  let holder: { readonly accountId: string; readonly userName: string } | undefined;
  const lookup = (accessKeyId: string) => {
    const credential = proofs.credential(accessKeyId);
    holder = credential;
    return credential;
  };
  try {
    const place = { hostedBucket: null, takesVersion2: false };
    const { accessKeyId, payload } = authenticateSignature(arrival.request, lookup, arrival.nowMs, place);
    const identity =
      holder === undefined ? null : identityOf(holder.accountId, holder.userName, arrival, reader, proofs);
    if (identity === null) throw notSignedIn("The access key is not valid.");
    if (payload.sha256 === null || payload.framing.kind !== "plain")
      throw notSignedIn("Sign the body: its sha256 is needed.");
    const { account, user } = identity;
    const actor = actorOf(user, "key", arrival);
    const role: Role = user.role;
    const caller = {
      proof: "sigv4",
      account,
      role,
      user,
      session: null,
      token: null,
      accessKeyId,
      isActing: false,
      actor,
    } as const;
    return { caller, bodySha256: payload.sha256 };
  } catch (error) {
    if (error instanceof S3Error) throw notSignedIn(error.message, error);
    throw error;
  }
}

function localCaller({ request, requestId }: Arrival, reader: AdminReader): Caller {
  const accountId = request.headers.get(accountHeader) ?? reader.operatorId();
  const account = accountId === null ? undefined : reader.account(accountId);
  if (account === undefined) throw new AdminError("NoSuchEntity", `There is no account ${JSON.stringify(accountId)}.`);
  const actor: Actor = {
    accountId: account.accountId,
    name: rootUserName,
    kind: "system",
    via: "system",
    original: null,
    address: null,
    requestId,
  };
  return {
    proof: "local",
    account,
    role: "root",
    user: null,
    session: null,
    token: null,
    accessKeyId: null,
    isActing: false,
    actor,
  };
}

function notSignedIn(detail: string, cause?: unknown): AdminError {
  return new AdminError("NotSignedIn", detail, { headers: [["www-authenticate", "Bearer"]], cause });
}
