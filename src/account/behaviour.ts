/** The control actor's handlers of identities: the directory's, and those of signing in. */

import type { IdentityBehaviour } from "../control/messages.ts";
import { directoryBehaviour } from "./directory-behaviour.ts";
import type { IdentityPorts } from "./ports.ts";
import { signInBehaviour } from "./sign-in.ts";

export function identityBehaviour(ports: IdentityPorts): IdentityBehaviour {
  return { ...directoryBehaviour(ports), ...signInBehaviour(ports) };
}
