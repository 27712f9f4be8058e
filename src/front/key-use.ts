/**
 * When access keys were last used: handed to the control actor once a minute, each key at most every quarter of an hour. Each
 * hand-over changes control records, after which every front looks at what it keeps of them anew.
 */

import type { Principal } from "../account/principal.ts";
import type { Credential } from "../account/principals.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { ControlRequest } from "../control/messages.ts";

type Used = ControlRequest<"key.used">["used"][number];
/** Of a credential what is needed here. */
type Noted = Pick<Credential, "notedMs"> & { readonly principal: Pick<Principal, "accessKeyId"> };

/** Of one front. What is noted between two hand-overs is lost with a crash: it says "lately", not "exactly then". */
export class KeyUse {
  readonly #send: (used: readonly Used[]) => void;
  readonly #timer: Timer;
  /** Keys noted since the last hand-over. */
  readonly #noted = new Map<string, Used>();

  /** @param send never throws; takes at most `limits.keysUsedPerMessageMax` */
  constructor(clock: Clock, send: (used: readonly Used[]) => void) {
    this.#send = send;
    this.#timer = clock.every(limits.keyUsedEveryMs, () => this.flush());
  }

  /**
   * A request with a good signature. Temporary keys have no record: they are passed over by the actor.
   * @param credential says when it was noted last; what is forgotten, or made anew, is noted once more
   */
  note(credential: Noted, usedMs: number, service: string, region: string): void {
    if (usedMs - credential.notedMs < limits.keyUsedAgainMs) return;
    credential.notedMs = usedMs;
    const { accessKeyId } = credential.principal;
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
