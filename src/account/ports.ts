/** What the handlers of identities are given. */

import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

import type { SecretBox } from "../control/secret-box.ts";
import type { ControlStore } from "../control/store.ts";
import type { PasswordHasher } from "./password.ts";

export interface IdentityPorts {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: PasswordHasher;
  readonly secrets: SecretBox;
}
