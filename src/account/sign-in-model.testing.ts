/** A model of one user's sign-in, and the events that it and the product go through side by side. For the property test. */

import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import { hashToken } from "./secret-token.ts";
import { accountIds, actor, password as firstPassword, product, type Stand, totpCode } from "./sign-in.testing.ts";

const { operator, reseller } = accountIds;
const own = { by: actor(operator), accountId: operator, userName: "root" };

/** What happens; a random number chooses among what there is. */
export const events = [
  "begin",
  "beginWrong",
  "totp",
  "replay",
  "recovery",
  "spentRecovery",
  "wrongCode",
  "setUp",
  "confirm",
  "disable",
  "newCodes",
  "lost",
  "change",
  "request",
  "redeem",
  "act",
  "leave",
  "end",
  "revokeOthers",
  "seen",
  "disableUser",
  "suspend",
  "restore",
] as const;
export type EventName = (typeof events)[number];

interface ModelSession {
  token: string;
  stage: "password" | "complete";
  acting: boolean;
  createdMs: number;
  seenMs: number;
  ended: boolean;
}

/** A user and its sessions, as simply as can be said. */
export class Model {
  password = firstPassword;
  isActive = true;
  isSuspended = false;
  secret: string | null = null;
  isConfirmed = false;
  lastStep = -1;
  usedCode: string | null = null;
  recovery: string[] = [];
  spent: string[] = [];
  resets: { token: string; untilMs: number; isGood: boolean }[] = [];
  sentMs = Number.NEGATIVE_INFINITY;
  readonly sessions: ModelSession[] = [];

  mayUse(): boolean {
    return this.isActive && !this.isSuspended;
  }

  isLive(session: ModelSession, nowMs: number): boolean {
    if (session.ended) return false;
    const ageMs = nowMs - session.createdMs;
    if (session.stage === "password") return ageMs < 5 * 60_000;
    return ageMs < 12 * 3_600_000 && nowMs - session.seenMs < 30 * 60_000;
  }

  /** For one more session of either stage. */
  hasRoom(nowMs: number): boolean {
    const live = this.sessions.filter((session) => this.isLive(session, nowMs));
    const half = live.filter(({ stage }) => stage === "password").length;
    return half < limits.halfSessionsPerUserMax && live.length < limits.sessionsPerUserMax;
  }

  isSeen(session: ModelSession, nowMs: number): boolean {
    return this.mayUse() && session.stage === "complete" && this.isLive(session, nowMs);
  }

  endAll(except: ModelSession | undefined = undefined): void {
    for (const session of this.sessions) if (session !== except) session.ended = true;
  }
}

export interface Run {
  readonly stand: Stand;
  readonly model: Model;
  readonly pick: number;
  readonly nowMs: number;
  readonly address: string;
}

/** What the product answers, what the model says, and what the model does when both agree on "yes". */
export interface Step {
  readonly outcome: Outcome<unknown>;
  readonly expected: boolean;
  readonly apply?: () => void;
}

function picked<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

/** Mostly one that `isLikely`, so that more than refusals happens. */
function pickedSession({ model, pick }: Run, isLikely: (session: ModelSession) => boolean): ModelSession | undefined {
  const likely = model.sessions.filter(isLikely);
  return picked(pick % 4 === 0 || likely.length === 0 ? model.sessions : likely, pick);
}

async function begin({ stand, model, nowMs, address }: Run, given: string): Promise<Step> {
  const outcome = await stand.begin(operator, { password: given, address });
  const expected = given === model.password && model.mayUse();
  return {
    outcome,
    expected,
    apply: () => {
      if (!outcome.ok) return;
      const { token, stage } = outcome.value;
      if (stage !== (model.isConfirmed ? "password" : "complete")) throw new Error(`stage ${stage}`);
      model.sessions.push({ token, stage, acting: false, createdMs: nowMs, seenMs: nowMs, ended: false });
    },
  };
}

async function secondFactor(run: Run, code: string, isRight: boolean, use: () => void): Promise<Step | null> {
  const { stand, model, nowMs, address } = run;
  const session = pickedSession(run, (one) => one.stage === "password" && model.isLive(one, nowMs));
  if (session === undefined) return null;
  const outcome = await stand.handle["session.mfa"]({ sessionHash: hashToken(session.token), code, address });
  const isDue = session.stage === "password" && model.isLive(session, nowMs);
  return {
    outcome,
    expected: isRight && isDue && model.isConfirmed && model.mayUse(),
    apply: () => {
      if (!outcome.ok) return;
      session.ended = true;
      model.sessions.push({ ...session, token: outcome.value.token, stage: "complete", seenMs: nowMs, ended: false });
      use();
    },
  };
}

function freshCode({ model, nowMs }: Run): { code: string; isFresh: boolean; use: () => void } {
  const step = Math.floor(nowMs / 30_000);
  const code = model.secret === null ? "123456" : totpCode(model.secret, nowMs);
  const use = () => {
    model.lastStep = step;
    model.usedCode = code;
  };
  return { code, isFresh: model.secret !== null && step > model.lastStep, use };
}

export const steps: Readonly<Record<EventName, (run: Run) => Promise<Step | null>>> = {
  begin: (run) => begin(run, run.model.password),
  beginWrong: (run) => begin(run, "never a password"),
  totp: (run) => {
    const { code, isFresh, use } = freshCode(run);
    return secondFactor(run, code, isFresh, use);
  },
  replay: async (run) => (run.model.usedCode === null ? null : secondFactor(run, run.model.usedCode, false, () => {})),
  recovery: async (run) => {
    const code = picked(run.model.recovery, run.pick);
    if (code === undefined) return null;
    return secondFactor(run, code, true, () => {
      run.model.recovery = run.model.recovery.filter((other) => other !== code);
      run.model.spent.push(code);
    });
  },
  spentRecovery: async (run) => {
    const code = picked(run.model.spent, run.pick);
    return code === undefined ? null : secondFactor(run, code, false, () => {});
  },
  wrongCode: (run) => secondFactor(run, "AAAA-AAAA-AAAA-AAAA", false, () => {}),
  setUp: async ({ stand, model }) => {
    const outcome = await stand.handle["mfa.begin"]({ ...own, password: model.password });
    return {
      outcome,
      expected: model.mayUse() && !model.isConfirmed,
      apply: () => {
        if (outcome.ok) Object.assign(model, { secret: outcome.value.secret, lastStep: -1, usedCode: null });
      },
    };
  },
  confirm: async (run) => {
    const { stand, model, pick } = run;
    const { code, isFresh, use } = freshCode(run);
    const mine = picked(model.sessions, pick);
    const exceptHash = mine === undefined ? null : hashToken(mine.token);
    const outcome = await stand.handle["mfa.confirm"]({ ...own, code, exceptHash });
    return {
      outcome,
      expected: model.mayUse() && isFresh && !model.isConfirmed,
      apply: () => {
        if (!outcome.ok) return;
        use();
        model.spent.push(...model.recovery);
        Object.assign(model, { isConfirmed: true, recovery: [...outcome.value.recoveryCodes] });
        model.endAll(mine);
      },
    };
  },
  disable: async (run) => {
    const { stand, model } = run;
    const { code, isFresh } = freshCode(run);
    const outcome = await stand.handle["mfa.disable"]({ ...own, password: model.password, code });
    return {
      outcome,
      expected: model.mayUse() && model.isConfirmed && isFresh,
      apply: () => {
        model.spent.push(...model.recovery);
        Object.assign(model, { secret: null, isConfirmed: false, recovery: [], usedCode: null });
      },
    };
  },
  newCodes: async (run) => {
    const { stand, model } = run;
    const { code, isFresh, use } = freshCode(run);
    const outcome = await stand.handle["mfa.newRecoveryCodes"]({ ...own, code });
    return {
      outcome,
      expected: model.mayUse() && model.isConfirmed && isFresh,
      apply: () => {
        if (!outcome.ok) return;
        use();
        model.spent.push(...model.recovery);
        model.recovery = [...outcome.value.recoveryCodes];
      },
    };
  },
  lost: async ({ stand, model }) => ({
    outcome: await stand.handle["mfa.reset"]({ by: product, accountId: operator, userName: "root" }),
    expected: true,
    apply: () => {
      model.spent.push(...model.recovery);
      Object.assign(model, { secret: null, isConfirmed: false, recovery: [], usedCode: null });
      model.endAll();
    },
  }),
  change: async ({ stand, model, pick }) => {
    const mine = picked(model.sessions, pick);
    const newPassword = `password number ${pick}`;
    const exceptHash = mine === undefined ? null : hashToken(mine.token);
    const request = { ...own, oldPassword: model.password, newPassword, exceptHash };
    return {
      outcome: await stand.handle["password.change"](request),
      expected: model.mayUse(),
      apply: () => {
        model.password = newPassword;
        model.endAll(mine);
      },
    };
  },
  request: async ({ stand, model, nowMs, address }) => {
    const email = stand.email(operator);
    const outcome = await stand.handle["password.requestReset"]({ email, accountId: null, address });
    const token = outcome.ok ? outcome.value.sent[0]?.token : undefined;
    const isDue = model.mayUse() && nowMs - model.sentMs >= 60_000;
    if ((token !== undefined) !== isDue) throw new Error(`a mail ${token === undefined ? "is missing" : "too many"}`);
    return {
      outcome,
      expected: true,
      apply: () => {
        if (token === undefined) return;
        model.sentMs = nowMs;
        for (const reset of model.resets) reset.isGood = false;
        model.resets.push({ token, untilMs: nowMs + 3_600_000, isGood: true });
      },
    };
  },
  redeem: async ({ stand, model, pick, nowMs, address }) => {
    const reset = pick % 2 === 0 ? model.resets.at(-1) : picked(model.resets, pick);
    if (reset === undefined) return null;
    const newPassword = `redeemed password ${pick}`;
    return {
      outcome: await stand.handle["password.redeem"]({ token: reset.token, newPassword, address }),
      expected: reset.isGood && nowMs < reset.untilMs && model.mayUse(),
      apply: () => {
        reset.isGood = false;
        model.password = newPassword;
        model.endAll();
      },
    };
  },
  act: (run) => changeRole(run, reseller),
  leave: (run) => changeRole(run, null),
  end: async ({ stand, model, pick }) => {
    const session = picked(model.sessions, pick);
    if (session === undefined) return null;
    const outcome = await stand.handle["session.end"]({ sessionHash: hashToken(session.token) });
    const apply = () => {
      session.ended = true;
    };
    return { outcome, expected: true, apply };
  },
  revokeOthers: async ({ stand, model, pick }) => {
    const mine = picked(model.sessions, pick);
    const exceptHash = mine === undefined ? null : hashToken(mine.token);
    const outcome = await stand.handle["session.revoke"]({ ...own, sessionId: null, exceptHash });
    return { outcome, expected: model.mayUse(), apply: () => model.endAll(mine) };
  },
  seen: async ({ stand, model, pick, nowMs }) => {
    const session = picked(model.sessions, pick);
    if (session === undefined) return null;
    const outcome = await stand.handle["session.seen"]({ sessionHash: hashToken(session.token), seenMs: nowMs });
    const isWritten = session.stage === "complete" && model.isLive(session, nowMs) && nowMs - session.seenMs >= 60_000;
    const apply = () => {
      if (isWritten) session.seenMs = nowMs;
      if (!model.isLive(session, nowMs)) session.ended = true;
    };
    return { outcome, expected: true, apply };
  },
  disableUser: async ({ stand, model }) => {
    await stand.changeUser(operator, "root", { status: "disabled" });
    model.isActive = false;
    return null;
  },
  suspend: async ({ stand, model }) => {
    await stand.changeAccount(operator, { status: "suspended" });
    model.isSuspended = true;
    return null;
  },
  restore: async ({ stand, model }) => {
    await stand.changeUser(operator, "root", { status: "active" });
    await stand.changeAccount(operator, { status: "active" });
    Object.assign(model, { isActive: true, isSuspended: false });
    return null;
  },
};

async function changeRole(run: Run, accountId: string | null): Promise<Step | null> {
  const { stand, model, nowMs } = run;
  const session = pickedSession(run, (one) => model.isSeen(one, nowMs) && (accountId !== null || one.acting));
  if (session === undefined) return null;
  const original = { accountId: operator, name: "root" };
  const by = session.acting ? actor(reseller, "root", { original }) : actor(operator);
  const outcome = await stand.handle["session.actAs"]({ by, sessionHash: hashToken(session.token), accountId });
  return {
    outcome,
    expected: model.isSeen(session, nowMs) && (accountId !== null || session.acting),
    apply: () => {
      if (!outcome.ok) return;
      session.ended = true;
      const acting = accountId !== null;
      model.sessions.push({ ...session, token: outcome.value.token, acting, seenMs: nowMs, ended: false });
    },
  };
}
