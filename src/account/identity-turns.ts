/** Runs the turns of identities: one at a time for an account, anew after a conflict, refusals as outcomes and in the audit log. */

import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Actor } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { AuditTrail } from "./audit-trail.ts";
import type { IdentityMessage } from "./authority.ts";
import type { IdentityPorts } from "./ports.ts";
import { Refusal } from "./refusal.ts";
import { Conflict, Turn } from "./turn.ts";

/** What a turn is about. */
export interface Asked {
  readonly message: IdentityMessage;
  readonly by: Actor;
  /** The account whose records it changes; turns of one account do not overlap. */
  readonly accountId: string;
  /** For the audit log: "user/ann". */
  readonly target: string;
}

interface Waiting {
  tail: Promise<unknown>;
  count: number;
}

export class IdentityTurns {
  readonly ports: IdentityPorts;
  readonly trail: AuditTrail;
  readonly #waiting = new Map<string, Waiting>();

  constructor(ports: IdentityPorts, trail = new AuditTrail(ports)) {
    this.ports = ports;
    this.trail = trail;
  }

  /**
   * Runs `work` until it has committed without a conflict. `work` may run several times; it commits by `turn.commit`.
   * Refusals are answered; a denied one leaves a row in the audit log. ConcurrentModification after too many conflicts,
   * ServiceUnavailable when too many wait for the account.
   */
  async run<R>(asked: Asked, work: (turn: Turn) => Promise<R>): Promise<Outcome<R>> {
    const waiting = this.#waiting.get(asked.accountId) ?? { tail: Promise.resolve(), count: 0 };
    if (waiting.count >= limits.identityTurnsWaitingMax) return refused("ServiceUnavailable");
    this.#waiting.set(asked.accountId, waiting);
    waiting.count += 1;
    const turn = waiting.tail.then(() => this.#attempt(asked, work));
    waiting.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting.count -= 1;
      if (waiting.count === 0) this.#waiting.delete(asked.accountId);
    }
  }

  async #attempt<R>(asked: Asked, work: (turn: Turn) => Promise<R>): Promise<Outcome<R>> {
    const { message, by, accountId, target } = asked;
    try {
      for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
        try {
          const turn = new Turn(this.ports, this.trail, message, by);
          await turn.enter(accountId);
          return accepted(await work(turn));
        } catch (error) {
          if (!(error instanceof Conflict)) throw error;
        }
      }
      return refused("ConcurrentModification");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, detail } = error;
      if (code === "AccessDenied") {
        // In the log of the one who asked: strangers do not fill that of others.
        const named = accountId === by.accountId ? target : `account/${accountId}/${target}`;
        await this.trail.write({
          action: message,
          outcome: "denied",
          accountId: by.accountId,
          target: named,
          by,
          detail,
        });
      }
      return refused(code, detail);
    }
  }
}
