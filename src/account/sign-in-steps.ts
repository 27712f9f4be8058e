/** The steps of signing in: the password step and the second factor. Each makes a session token that did not exist before. */

import { limits } from "../base/limits.ts";
import type { SessionReply } from "../control/identity-messages.ts";
import { type Actor, identityKeys, type SessionRecord, type UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import type { AuditEvent } from "./audit-trail.ts";
import {
  type FoundUser,
  maySignIn,
  normalEmail,
  type ProvenIdentity,
  passwordIssuer,
  readUser,
  userCompare,
  userOfIdentity,
  usersOfEmail,
} from "./identity-provider.ts";
import { takeCode } from "./second-factor.ts";
import { hashToken } from "./secret-token.ts";
import { allows } from "./session-life.ts";
import {
  type Answer,
  commit,
  isRefusal,
  type Request,
  type SignInPorts,
  throttled,
  userKey,
  writeAudit,
} from "./sign-in-ports.ts";
import { networkOf } from "./throttle.ts";
import { newSessionSecrets, renewSession, type SessionSecrets, startSession } from "./user-sessions.ts";

/** How often a password is judged again because its user's record changed meanwhile: hashing is what costs. */
const judgementsMax = 3;

/** `session.begin`. A failed try is counted before anything is looked at, and stays counted until the second factor is passed. */
export async function beginSession(ports: SignInPorts, request: Request<"session.begin">): Answer<"session.begin"> {
  const { accountId, address } = request;
  // One longer than any address is nobody's, however it goes on.
  const email = normalEmail(request.email).slice(0, limits.emailBytesMax + 1);
  const owners = await usersOfEmail(ports.store, email, accountId);
  const tried = await ports.tries.begin(email, accountId, owners, address);
  if ("retryAfterMs" in tried) return throttled(tried.retryAfterMs);
  for (let judgement = 0; judgement < judgementsMax; judgement++) {
    const identity = await ports.provider.authenticate({ email, accountId, proof: request.password });
    const outcome = identity === null ? refused("SignInFailed") : await startFor(ports, request, identity);
    if (outcome.ok) {
      const { stage, token } = outcome.value;
      if (stage === "complete") ports.tries.succeeded(tried.admitted);
      else ports.tries.hold(hashToken(token), tried.admitted);
      return outcome;
    }
    if (isRefusal(outcome, "ConcurrentModification")) continue;
    await recordFailure(ports, request, owners);
    return outcome;
  }
  return throttled(limits.signInFirstDelayMs);
}

/** Refuses with ConcurrentModification when the proof was judged by a record that is no longer the user's. */
async function startFor(
  ports: SignInPorts,
  request: Request<"session.begin">,
  identity: ProvenIdentity,
): Answer<"session.begin"> {
  const rehashed = await rehash(ports, request, identity);
  return commit<SessionReply>(ports, async () => {
    const found = await userOfIdentity(ports.store, identity, request.accountId);
    if (found === null || !isOf(found.user, request.accountId)) return refused("SignInFailed");
    if (identity.judgedRevision !== null && identity.judgedRevision !== found.revision) {
      return refused("ConcurrentModification");
    }
    if (!(await maySignIn(ports.store, found.user))) return refused("SignInFailed");
    const secrets = newSessionSecrets(ports.random);
    const session = newSession(ports, found.user, request, secrets);
    const started = await startSession(ports, found.user, session, secrets.tokenHash, networkOf(request.address));
    const detail = { stage: session.stage, provider: ports.provider.name, session: session.sessionId };
    const event: AuditEvent = {
      action: "session.begin",
      outcome: "done",
      accountId: found.user.accountId,
      target: `user/${found.user.name}`,
      by: signedInActor(found.user, request.address),
      detail,
    };
    return accepted({
      compare: [userCompare(found), ...started.compare],
      operations: [...started.operations, ...rehashPut(found, rehashed)],
      audit: [event],
      reply: replyOf(secrets, session, null),
    });
  });
}

function isOf(user: UserRecord, accountId: string | null): boolean {
  return accountId === null || user.accountId === accountId;
}

/** A hash by today's method for a password that has just matched one of an earlier release; null = not needed. */
async function rehash(
  ports: SignInPorts,
  request: Request<"session.begin">,
  identity: ProvenIdentity,
): Promise<string | null> {
  if (identity.issuer !== passwordIssuer) return null;
  const found = await userOfIdentity(ports.store, identity, request.accountId);
  const stored = found?.user.passwordHash ?? null;
  return stored !== null && ports.passwords.needsRehash(stored) ? ports.passwords.hash(request.password) : null;
}

function rehashPut({ user }: FoundUser, passwordHash: string | null) {
  if (passwordHash === null) return [];
  const record: UserRecord = { ...user, passwordHash };
  return [putTyped(identityKeys.user(user.accountId, user.name), record)];
}

function newSession(
  ports: SignInPorts,
  user: UserRecord,
  request: Request<"session.begin">,
  secrets: SessionSecrets,
): SessionRecord {
  const nowMs = ports.clock.nowMs();
  return {
    sessionId: ports.random.bytes(8).toString("hex"),
    accountId: user.accountId,
    userName: user.name,
    stage: user.mfa?.confirmed === true ? "password" : "complete",
    actingAs: null,
    csrfHash: secrets.csrfHash,
    address: request.address,
    userAgent: request.userAgent.slice(0, limits.userAgentCharsMax),
    createdMs: nowMs,
    seenMs: nowMs,
  };
}

export function replyOf(
  secrets: SessionSecrets,
  session: SessionRecord,
  recovery: SessionReply["recovery"],
): SessionReply {
  return { token: secrets.token, csrf: secrets.csrf, stage: session.stage, recovery };
}

/** One transaction, whether the address has users or none. What was typed is not kept: people type passwords there too. */
async function recordFailure(
  ports: SignInPorts,
  request: Request<"session.begin">,
  owners: readonly FoundUser[],
): Promise<void> {
  const tried = owners.slice(0, limits.signInCandidatesMax).map(({ user }) => user);
  const unknown = { accountId: request.accountId ?? "", name: "" };
  await writeAudit(
    ports,
    (tried.length === 0 ? [unknown] : tried).map((user) => ({
      action: "session.begin",
      outcome: "failed" as const,
      accountId: user.accountId,
      target: `user/${user.name}`,
      // Whose password it was not is in the target; who tried is not known.
      by: signedInActor({ accountId: user.accountId, name: "" }, request.address),
      detail: { provider: ports.provider.name },
    })),
  );
}

/** `session.mfa`. TOTP codes and recovery codes share one count of tries. */
export async function passSecondFactor(ports: SignInPorts, request: Request<"session.mfa">): Answer<"session.mfa"> {
  const due = await dueSession(ports, request.sessionHash);
  if (due === null) return refused("InvalidToken");
  const { accountId, userName } = due.value;
  const admission = ports.secondFactor.begin(userKey({ accountId, name: userName }));
  if (!admission.admitted) return throttled(admission.retryAfterMs);
  const outcome = await commit<SessionReply>(ports, () => completed(ports, request));
  if (outcome.ok) {
    ports.secondFactor.succeeded(userKey({ accountId, name: userName }));
    ports.tries.passed(request.sessionHash);
    return outcome;
  }
  await writeAudit(ports, [
    {
      action: "session.mfa",
      outcome: "failed",
      accountId,
      target: `user/${userName}`,
      by: signedInActor({ accountId, name: userName }, request.address),
      detail: { session: due.value.sessionId },
    },
  ]);
  return outcome;
}

async function completed(ports: SignInPorts, request: Request<"session.mfa">) {
  const due = await dueSession(ports, request.sessionHash);
  const found = due === null ? null : await readUser(ports.store, due.value.accountId, due.value.userName);
  if (due === null || found === null || !(await maySignIn(ports.store, found.user))) return refused("InvalidToken");
  if (found.user.mfa?.confirmed !== true) return refused("InvalidToken");
  const taken = await takeCode(ports, found.user, request.code);
  if (taken === null) return refused("SignInFailed");
  const { user } = found;
  const secrets = newSessionSecrets(ports.random);
  const session: SessionRecord = {
    ...due.value,
    stage: "complete",
    csrfHash: secrets.csrfHash,
    seenMs: ports.clock.nowMs(),
  };
  const before = { hash: request.sessionHash, revision: due.revision };
  const renewed = await renewSession(ports, user, before, session, secrets.tokenHash, networkOf(session.address));
  const used: UserRecord = { ...user, mfa: taken.mfa };
  const left = taken.mfa.recoveryHashes.length;
  const event: AuditEvent = {
    action: "session.mfa",
    outcome: "done",
    accountId: user.accountId,
    target: `user/${user.name}`,
    by: signedInActor(user, request.address),
    detail: { method: taken.method, recoveryCodesLeft: String(left), session: session.sessionId },
  };
  return accepted({
    compare: [userCompare(found), ...renewed.compare],
    operations: [...renewed.operations, putTyped(identityKeys.user(user.accountId, user.name), used)],
    audit: [event],
    reply: replyOf(secrets, session, taken.method === "recovery" ? { left, email: user.email } : null),
  });
}

/** The session of this hash, if its second factor is due. */
async function dueSession(ports: SignInPorts, hash: string) {
  const { value, revision } = await getTyped<SessionRecord>(ports.store, identityKeys.session(hash));
  if (value === undefined || !allows(value, "secondFactor", ports.clock.nowMs())) return null;
  return { value, revision };
}

/** How the audit log names a user who signs in; name and account are empty where nobody is known. */
export function signedInActor(user: Pick<UserRecord, "accountId" | "name">, address: string): Actor {
  return {
    accountId: user.accountId,
    name: user.name,
    kind: "user",
    via: "session",
    original: null,
    address,
    requestId: null,
  };
}
