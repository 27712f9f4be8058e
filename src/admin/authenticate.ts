/** Finds out who calls the admin API: the console's session, an API token, a signature, or the node's own socket. */

import { authenticate as authenticateSignature } from "../auth/sigv4.ts";
import { type Actor, rootUserName, type UserRecord } from "../control/identity-records.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { Caller } from "./caller.ts";
import { sessionTokenOf } from "./cookie.ts";
import { AdminError } from "./problem.ts";
import type { Proofs, ProvenKey, ProvenSession } from "./proofs.ts";
import type { AdminRecords } from "./records.ts";

/** Names the account on the node's own socket, 12 digits; default: the operator's. Elsewhere it is not looked at. */
export const accountHeader = "x-troupe-account";

export interface Arrival {
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Of the client, behind trusted proxies. */
  readonly address: string;
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

/**
 * @param records refreshed by the caller, right before
 * @throws AdminError NotSignedIn for a token or signature that does not hold. A cookie that does not hold proves nothing.
 */
export function authenticateAdmin(arrival: Arrival, records: AdminRecords, proofs: Proofs): Authenticated {
  const { request, isSecure, isLocal, address, nowMs } = arrival;
  if (isLocal) return { caller: localCaller(arrival, records), bodySha256: null };
  const authorization = request.headers.get("authorization");
  if (authorization !== undefined) {
    return authorization.startsWith("Bearer ")
      ? { caller: tokenCaller(arrival, authorization.slice("Bearer ".length), proofs), bodySha256: null }
      : signedCaller(arrival, proofs);
  }
  const token = sessionTokenOf(request.headers, isSecure);
  const session = token === null ? null : proofs.session(token, nowMs);
  const holds = session !== null && proofs.mayUse(session.account, address);
  return { caller: holds ? sessionCaller(arrival, session) : null, bodySha256: null };
}

function actorOf(user: UserRecord, via: Actor["via"], { address, requestId }: Arrival): Actor {
  return { accountId: user.accountId, name: user.name, kind: "user", via, original: null, address, requestId };
}

function sessionCaller(arrival: Arrival, { account, user, session, actingAs }: ProvenSession): Caller {
  const own = actorOf(user, "session", arrival);
  const isActing = actingAs !== null;
  const original = { accountId: own.accountId, name: own.name };
  return {
    proof: session.record.stage === "complete" ? "session" : "half",
    account: actingAs ?? account,
    role: isActing ? "root" : user.role,
    user,
    session,
    token: null,
    isActing,
    actor: isActing ? { ...own, accountId: actingAs.accountId, name: rootUserName, original } : own,
  };
}

function tokenCaller(arrival: Arrival, text: string, proofs: Proofs): Caller {
  const found = proofs.apiToken(text, arrival.nowMs);
  if (found === null || !proofs.mayUse(found.account, arrival.address)) {
    throw notSignedIn("The API token is not valid.");
  }
  const { account, user, token } = found;
  const actor = actorOf(user, "token", arrival);
  return { proof: "token", account, role: user.role, user, session: null, token, isActing: false, actor };
}

/** Version 4 in the Authorization header over the whole body, service "s3": what AWS's signers make for a custom endpoint. */
function signedCaller(arrival: Arrival, proofs: Proofs): Authenticated {
  let found: ProvenKey | undefined;
  const lookup = (accessKeyId: string, sessionToken: string | null): ProvenKey | undefined => {
    found = proofs.accessKey(accessKeyId, sessionToken);
    return found;
  };
  const place = { hostedBucket: null, takesVersion2: false };
  const { payload } = orNotSignedIn(() => authenticateSignature(arrival.request, lookup, arrival.nowMs, place));
  if (payload.sha256 === null || payload.framing.kind !== "plain") {
    throw notSignedIn("The body has to be signed: x-amz-content-sha256 must be its sha256.");
  }
  if (found === undefined || !proofs.mayUse(found.account, arrival.address)) {
    throw notSignedIn("The access key is not valid.");
  }
  const { account, user } = found;
  const actor = actorOf(user, "key", arrival);
  const caller: Caller = {
    proof: "sigv4",
    account,
    role: user.role,
    user,
    session: null,
    token: null,
    isActing: false,
    actor,
  };
  return { caller, bodySha256: payload.sha256 };
}

function orNotSignedIn<T>(authenticate: () => T): T {
  try {
    return authenticate();
  } catch (error) {
    if (error instanceof S3Error) throw notSignedIn(error.message, error);
    throw error;
  }
}

function localCaller({ request, requestId }: Arrival, records: AdminRecords): Caller {
  const accountId = request.headers.get(accountHeader) ?? records.operatorId();
  const account = accountId === null ? undefined : records.account(accountId);
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
  return { proof: "local", account, role: "root", user: null, session: null, token: null, isActing: false, actor };
}

function notSignedIn(detail: string, cause?: unknown): AdminError {
  return new AdminError("NotSignedIn", detail, { headers: [["www-authenticate", "Bearer"]], cause });
}
