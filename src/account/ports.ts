/** What the handlers of identities are given. */

import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Passwords } from "../control/messages.ts";
import type { SecretBox } from "../control/secret-box.ts";
import type { ControlStore } from "../control/store.ts";

export interface IdentityPorts {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: Passwords;
  readonly secrets: SecretBox;
}
