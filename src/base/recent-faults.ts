/** The last warnings and errors of a log, kept in memory for whoever asks what went wrong. Bounded, and without secrets. */

import type { Clock } from "./clock.ts";
import { limits } from "./limits.ts";
import { type Log, withoutSecrets } from "./log.ts";

export interface Fault {
  /** Unix ms. */
  readonly atMs: number;
  readonly level: "warn" | "error" | "fatal";
  readonly message: string;
  /** Its fields as JSON without stacks, at most `limits.faultDetailCharsMax` characters. */
  readonly detail: string;
}

export class RecentFaults {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #kept: Fault[] = [];

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** At most `limits.faultsKeptMax`, the oldest first. */
  list(): readonly Fault[] {
    return [...this.#kept];
  }

  /** A log that writes where `log` does, and whose warnings and errors are kept. */
  watch(log: Log, context: object = {}): Log {
    const at = (level: Fault["level"]) => (fields: object, message: string) => {
      this.#keep(level, { ...context, ...fields }, message);
      log[level](fields, message);
    };
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: (fields, message) => log.info(fields, message),
      warn: at("warn"),
      error: at("error"),
      fatal: at("fatal"),
      child: (fields) => this.watch(log.child(fields), { ...context, ...fields }),
    };
  }

  #keep(level: Fault["level"], fields: object, message: string): void {
    const text = JSON.stringify(withoutSecrets(fields), (name, value: unknown) =>
      name === "stack" ? undefined : value,
    );
    this.#kept.push({ atMs: this.#clock.nowMs(), level, message, detail: text.slice(0, limits.faultDetailCharsMax) });
    if (this.#kept.length > limits.faultsKeptMax) this.#kept.shift();
  }
}
