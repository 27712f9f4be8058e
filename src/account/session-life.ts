/** The life of a console session: its stages, what leads from one to the next, and when it ends. Pure. */

import { limits } from "../base/limits.ts";
import type { SessionRecord } from "../control/identity-records.ts";

/**
 * password: the second factor is due. complete: the user as itself. acting: the user as the Root of an account below.
 * A session that has ended has no record.
 */
export type SessionStage = "password" | "complete" | "acting";

/** `use` is every request that is none of the others. */
export type SessionEvent = "secondFactor" | "actAs" | "leave" | "use";

type Transitions = Readonly<Record<SessionStage, Readonly<Record<SessionEvent, SessionStage | null>>>>;

/** Total; null = refused, and the session stays as it is. Every step but `use` gives the session a new token. */
export const sessionTransitions: Transitions = {
  password: { secondFactor: "complete", actAs: null, leave: null, use: null },
  complete: { secondFactor: null, actAs: "acting", leave: null, use: "complete" },
  acting: { secondFactor: null, actAs: "acting", leave: "complete", use: "acting" },
};

export function stageOf(session: Pick<SessionRecord, "stage" | "actingAs">): SessionStage {
  if (session.stage === "password") return "password";
  return session.actingAs === null ? "complete" : "acting";
}

/** True when the session may do `event` now. */
export function allows(session: SessionRecord, event: SessionEvent, nowMs: number): boolean {
  return isLive(session, nowMs) && sessionTransitions[stageOf(session)][event] !== null;
}

/**
 * True until `limits.sessionIdleMs` after it was last seen and `limits.sessionLifeMs` after the password step; while the
 * second factor is due, until `limits.halfSessionMs` after it. A clock set back lets nothing live longer than that from now.
 */
export function isLive(session: SessionRecord, nowMs: number): boolean {
  const ageMs = Math.abs(nowMs - session.createdMs);
  if (session.stage === "password") return ageMs < limits.halfSessionMs;
  return ageMs < limits.sessionLifeMs && nowMs - session.seenMs < limits.sessionIdleMs;
}

/** True when `session.seen` would write: at most once a minute, and never for a session that has ended. */
export function isSeenDue(session: SessionRecord, nowMs: number): boolean {
  return allows(session, "use", nowMs) && nowMs - session.seenMs >= limits.sessionSeenMs;
}
