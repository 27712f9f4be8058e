/** Acting as the Root of an account below. The session stays its user's; every audit row has both. */

import type { SessionReply } from "../control/identity-messages.ts";
import {
  type Actor,
  identityKeys,
  rootUserName,
  type SessionRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import type { ControlStore } from "../control/store.ts";
import { getTyped } from "../control/typed-records.ts";
import type { AuditEvent } from "./audit-trail.ts";
import { mayDo } from "./authority.ts";
import { maySignIn, readUser, userCompare } from "./identity-provider.ts";
import { isBelow, isInForce, lineageInStore } from "./lineage.ts";
import { allows } from "./session-life.ts";
import { type Answer, auditRefusal, commit, type Request, type SignInPorts } from "./sign-in-ports.ts";
import { replyOf } from "./sign-in-steps.ts";
import { newSessionSecrets, renewSession } from "./user-sessions.ts";

type Original = NonNullable<Actor["original"]>;

/**
 * `session.actAs`: only of a Root, only onto an account below its own, at any depth; from one to another without leaving the
 * first. The user itself is judged, whoever it acts as. InvalidToken when the session does not stand; AccessDenied, also for
 * an account that does not exist; InvalidInput when there is nothing to leave.
 */
export async function actAs(ports: SignInPorts, request: Request<"session.actAs">): Answer<"session.actAs"> {
  const { by, accountId } = request;
  const own = by.original ?? { accountId: by.accountId, name: by.name };
  const outcome = await commit<SessionReply>(ports, () => changed(ports, request, own));
  const target = `account/${accountId ?? by.accountId}`;
  return auditRefusal(ports, outcome, { action: "session.actAs", accountId: own.accountId, target, by });
}

async function changed(ports: SignInPorts, request: Request<"session.actAs">, own: Original) {
  const { by, sessionHash, accountId } = request;
  const { value: session, revision } = await getTyped<SessionRecord>(ports.store, identityKeys.session(sessionHash));
  const nowMs = ports.clock.nowMs();
  if (session === undefined || !allows(session, "use", nowMs)) return refused("InvalidToken");
  if (by.kind !== "user" || session.accountId !== own.accountId || session.userName !== own.name) {
    return refused("AccessDenied");
  }
  const found = await readUser(ports.store, own.accountId, own.name);
  if (found === null || !(await maySignIn(ports.store, found.user))) return refused("InvalidToken");
  if (accountId !== null && !(await mayActAs(ports.store, found.user, accountId))) return refused("AccessDenied");
  if (!allows(session, accountId === null ? "leave" : "actAs", nowMs)) {
    return refused("InvalidInput", { Message: "the session does not act as another" });
  }
  const secrets = newSessionSecrets(ports.random);
  const next: SessionRecord = { ...session, actingAs: accountId, csrfHash: secrets.csrfHash, seenMs: nowMs };
  const before = { hash: sessionHash, revision };
  const renewed = await renewSession(ports, found.user, before, next, secrets.tokenHash, null);
  const entered = accountId ?? session.actingAs ?? own.accountId;
  const event: AuditEvent = {
    action: "session.actAs",
    outcome: "done",
    accountId: entered,
    target: `account/${entered}`,
    by: { ...by, accountId: entered, name: rootUserName, original: own },
    detail: { event: accountId === null ? "leave" : "enter", session: session.sessionId },
  };
  return accepted({
    compare: [userCompare(found), ...renewed.compare],
    operations: renewed.operations,
    audit: [event],
    reply: replyOf(secrets, next, null),
  });
}

/** Down only: of a Root, onto an account below its own that is in force, as every account between them is. */
async function mayActAs(store: ControlStore, user: UserRecord, accountId: string): Promise<boolean> {
  if (!mayDo("session.actAs", { rank: user.role, isActing: false }, "below", "entity")) return false;
  const accounts = await lineageInStore(store, accountId);
  return isInForce(accounts) && isBelow(accounts, user.accountId);
}
