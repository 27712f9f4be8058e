/** When access keys were last used: noted with each request, handed to the control actor once a minute and key at most. */

import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { ControlRequest } from "../control/messages.ts";

type Used = ControlRequest<"key.used">["used"][number];

/** Of one front. What is noted between two hand-overs is lost with a crash: it says "lately", not "exactly then". */
export class KeyUse {
  readonly #send: (used: readonly Used[]) => void;
  readonly #timer: Timer;
  /** Keys noted since the last hand-over; a key's first use in it is what counts. */
  readonly #noted = new Map<string, Used>();

  /** @param send never throws; takes at most `limits.keysUsedPerMessageMax` */
  constructor(clock: Clock, send: (used: readonly Used[]) => void) {
    this.#send = send;
    this.#timer = clock.every(limits.keyUsedEveryMs, () => this.flush());
  }

  /** A request with a good signature. Temporary keys have no record: they are passed over by the actor. */
  note(accessKeyId: string, usedMs: number, service: string, region: string): void {
    if (this.#noted.has(accessKeyId)) return;
    this.#noted.set(accessKeyId, { accessKeyId, usedMs, service, region });
    if (this.#noted.size >= limits.keysUsedPerMessageMax) this.flush();
  }

  flush(): void {
    if (this.#noted.size === 0) return;
    const used = [...this.#noted.values()];
    this.#noted.clear();
    this.#send(used);
  }

  close(): void {
    this.#timer.cancel();
    this.flush();
  }
}
