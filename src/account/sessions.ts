/** Sessions after the sign-in: seen, ended, revoked. */

import { identityKeys, type SessionRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import type { AuditEvent } from "./audit-trail.ts";
import { judgeUser } from "./judged-user.ts";
import { isLive, isSeenDue } from "./session-life.ts";
import {
  type Answer,
  auditRefusal,
  type Change,
  commit,
  type Nothing,
  type Request,
  type SignInPorts,
} from "./sign-in-ports.ts";
import { signedInActor } from "./sign-in-steps.ts";
import { endAllSessions, endSession, hashOfSession } from "./user-sessions.ts";

const nothing: Change<Nothing> = { compare: [], operations: [], audit: [], reply: {} };

async function sessionAt(ports: SignInPorts, hash: string) {
  return getTyped<SessionRecord>(ports.store, identityKeys.session(hash));
}

/** `session.end`: also while the second factor is due; of a session that is gone without effect. */
export function endOwnSession(ports: SignInPorts, request: Request<"session.end">): Answer<"session.end"> {
  return commit<Nothing>(ports, async () => {
    const { value, revision } = await sessionAt(ports, request.sessionHash);
    if (value === undefined) return accepted(nothing);
    const event: AuditEvent = {
      action: "session.end",
      outcome: "done",
      accountId: value.accountId,
      target: `user/${value.userName}`,
      by: signedInActor({ accountId: value.accountId, name: value.userName }, value.address),
      detail: { session: value.sessionId },
    };
    return accepted({
      compare: [{ key: identityKeys.session(request.sessionHash), revision }],
      operations: endSession(value, request.sessionHash),
      audit: [event],
      reply: {},
    });
  });
}

/** `session.seen`: removes a session that has ended, and never brings one back. */
export function seeSession(ports: SignInPorts, request: Request<"session.seen">): Answer<"session.seen"> {
  return commit<Nothing>(ports, async () => {
    const key = identityKeys.session(request.sessionHash);
    const { value, revision } = await sessionAt(ports, request.sessionHash);
    if (value === undefined) return accepted(nothing);
    const nowMs = ports.clock.nowMs();
    const compare = [{ key, revision }];
    if (!isLive(value, nowMs)) {
      return accepted({ compare, operations: endSession(value, request.sessionHash), audit: [], reply: {} });
    }
    const seenMs = Math.min(request.seenMs, nowMs);
    if (!isSeenDue(value, seenMs)) return accepted(nothing);
    const seen: SessionRecord = { ...value, seenMs };
    return accepted({ compare, operations: [putTyped(key, seen)], audit: [], reply: {} });
  });
}

/** `session.revoke`: a user's own, or those of a user below. NoSuchEntity for a session that is not the user's. */
export async function revokeSessions(ports: SignInPorts, request: Request<"session.revoke">): Answer<"session.revoke"> {
  const { by, accountId, userName, sessionId, exceptHash } = request;
  const event = { action: "session.revoke", accountId, target: `user/${userName}`, by };
  const outcome = await commit<Nothing>(ports, async () => {
    const judged = await judgeUser(ports.store, "session.revoke", request);
    if (!judged.ok) return judged;
    const { user } = judged.value;
    const audit: AuditEvent[] = [{ ...event, outcome: "done", detail: { session: sessionId ?? "all" } }];
    if (sessionId === null) {
      const ended = await endAllSessions(ports, user, exceptHash);
      return accepted({
        compare: [...judged.value.compare, ...ended.compare],
        operations: ended.operations,
        audit,
        reply: {},
      });
    }
    const hash = await hashOfSession(ports.store, user, sessionId);
    const session = hash === undefined ? undefined : await sessionAt(ports, hash);
    if (hash === undefined || session?.value === undefined) return refused("NoSuchEntity");
    return accepted({
      compare: [...judged.value.compare, { key: identityKeys.session(hash), revision: session.revision }],
      operations: endSession(session.value, hash),
      audit,
      reply: {},
    });
  });
  return auditRefusal(ports, outcome, event);
}
