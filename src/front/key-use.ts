/**
 * When access keys were last used: handed to the control actor once a minute, each key at most every quarter of an hour. Each
 * hand-over changes control records, after which every front looks at what it keeps of them anew.
 */

import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { ControlRequest } from "../control/messages.ts";
import { RecentMap } from "../control/recent-map.ts";

type Used = ControlRequest<"key.used">["used"][number];

/** Of one front. What is noted between two hand-overs is lost with a crash: it says "lately", not "exactly then". */
export class KeyUse {
  readonly #send: (used: readonly Used[]) => void;
  readonly #timer: Timer;
  /** Keys noted since the last hand-over. */
  readonly #noted = new Map<string, Used>();
  /** When a key was noted last; what is forgotten is noted once more. */
  readonly #recent = new RecentMap<string, number>(limits.controlCachedMax);

  /** @param send never throws; takes at most `limits.keysUsedPerMessageMax` */
  constructor(clock: Clock, send: (used: readonly Used[]) => void) {
    this.#send = send;
    this.#timer = clock.every(limits.keyUsedEveryMs, () => this.flush());
  }

  /** A request with a good signature. Temporary keys have no record: they are passed over by the actor. */
  note(accessKeyId: string, usedMs: number, service: string, region: string): void {
    const lastMs = this.#recent.get(accessKeyId);
    if (lastMs !== undefined && usedMs - lastMs < limits.keyUsedAgainMs) return;
    this.#recent.set(accessKeyId, usedMs);
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
