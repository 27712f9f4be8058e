/**
 * Refusals of policies as rows of the audit log, whatever was asked for: who looks for what may be done is worth knowing. Of one
 * identity and action at most one a `limits.iamDenialNoteMs`, so that a program that tries again and again fills nothing.
 */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Actor } from "../control/identity-records.ts";
import { RecentMap } from "../control/recent-map.ts";
import type { AskControl } from "./ports.ts";

export interface Denial {
  readonly by: Actor;
  /** Name of the action: `CreateUser`. */
  readonly action: string;
  /** The permission that was missing and the resource that it was asked on; null: another rule refused. */
  readonly missing: { readonly permission: string; readonly resource: string } | null;
}

export class Denials {
  readonly #askControl: AskControl;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Monotonic ms of the last row. */
  readonly #noted = new RecentMap<string, number>(limits.iamDenialsKeptMax);

  constructor({ askControl, clock, log }: { askControl: AskControl; clock: Clock; log: Log }) {
    this.#askControl = askControl;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes no time of the answer: what is written later, or not at all, is no less refused. */
  note({ by, action, missing }: Denial): void {
    const nowMs = this.#clock.monotonicMs();
    const key = `${by.accountId} ${by.kind} ${by.name} ${action}`;
    const last = this.#noted.get(key);
    if (last !== undefined && nowMs - last < limits.iamDenialNoteMs) return;
    this.#noted.set(key, nowMs);
    const detail: Record<string, string> = missing === null ? {} : { permission: missing.permission };
    const target = missing?.resource ?? "";
    void this.#askControl("audit.write", {
      by,
      action,
      outcome: "denied",
      accountId: by.accountId,
      target,
      detail,
    }).then((outcome) => {
      if (!outcome.ok)
        this.#log.error({ action, code: outcome.code }, "a refusal could not be written to the audit log");
    });
  }
}
