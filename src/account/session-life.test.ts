import test from "ava";
import { limits } from "../base/limits.ts";
import type { SessionRecord } from "../control/identity-records.ts";
import {
  allows,
  isLive,
  isSeenDue,
  type SessionEvent,
  type SessionStage,
  sessionTransitions,
  stageOf,
} from "./session-life.ts";

const startMs = 1_000_000_000;

function session(changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sessionId: "s",
    accountId: "1",
    userName: "u",
    stage: "complete",
    actingAs: null,
    csrfHash: "",
    address: "",
    userAgent: "",
    createdMs: startMs,
    seenMs: startMs,
    ...changes,
  };
}

const sessions: Readonly<Record<SessionStage, SessionRecord>> = {
  password: session({ stage: "password" }),
  complete: session(),
  acting: session({ actingAs: "2" }),
};

const expected: Readonly<Record<SessionStage, Readonly<Record<SessionEvent, string>>>> = {
  password: { secondFactor: "complete", actAs: "refused", leave: "refused", use: "refused" },
  complete: { secondFactor: "refused", actAs: "acting", leave: "refused", use: "complete" },
  acting: { secondFactor: "refused", actAs: "acting", leave: "complete", use: "acting" },
};

for (const [stage, row] of Object.entries(expected)) {
  for (const [event, result] of Object.entries(row)) {
    test(`${stage}, ${event}: ${result}`, (t) => {
      const at = sessions[stage as SessionStage];
      t.is(stageOf(at), stage as SessionStage);
      t.is(allows(at, event as SessionEvent, startMs), result !== "refused");
      t.is(sessionTransitions[stage as SessionStage][event as SessionEvent] ?? "refused", result);
      t.false(allows(at, event as SessionEvent, startMs + limits.sessionLifeMs), "not when it has ended");
    });
  }
}

test("an idle session ends after half an hour, a used one after twelve, a half one after five minutes", (t) => {
  t.true(isLive(session(), startMs + limits.sessionIdleMs - 1));
  t.false(isLive(session(), startMs + limits.sessionIdleMs));
  const lastMs = startMs + limits.sessionLifeMs - 1;
  t.true(isLive(session({ seenMs: lastMs }), lastMs));
  t.false(isLive(session({ seenMs: lastMs }), lastMs + 1));
  t.true(isLive(sessions.password, startMs + limits.halfSessionMs - 1));
  t.false(isLive(sessions.password, startMs + limits.halfSessionMs));
});

test("a clock set back by more than a session's life ends it", (t) => {
  t.true(isLive(session(), startMs - 1000));
  t.false(isLive(session(), startMs - limits.sessionLifeMs));
  t.false(isLive(sessions.password, startMs - limits.halfSessionMs));
});

test("that a session was seen is due once a minute, while it lives and may be used", (t) => {
  const at = startMs + limits.sessionSeenMs;
  t.false(isSeenDue(session(), at - 1));
  t.true(isSeenDue(session(), at));
  t.false(isSeenDue(sessions.password, at));
  t.false(isSeenDue(session(), startMs + limits.sessionIdleMs));
});
