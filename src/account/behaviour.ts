/** The control actor's handlers of identities: the directory's, and those of signing in. */

import type { IdentityBehaviour } from "../control/messages.ts";
import { resumeDeletions } from "./account-deletion.ts";
import { directoryBehaviour } from "./directory-behaviour.ts";
import { IdentityTurns } from "./identity-turns.ts";
import type { IdentityPorts } from "./ports.ts";
import { signInBehaviour } from "./sign-in.ts";

export function identityBehaviour(ports: IdentityPorts): IdentityBehaviour {
  return behaviourOf(new IdentityTurns(ports));
}

/** Run at a node's start, before anything is served. @returns the handlers, after interrupted deletions have been finished */
export async function openIdentities(ports: IdentityPorts): Promise<IdentityBehaviour> {
  const turns = new IdentityTurns(ports);
  await resumeDeletions(turns);
  return behaviourOf(turns);
}

/** One trail for both: its rows are in the order of their ids. */
function behaviourOf(turns: IdentityTurns): IdentityBehaviour {
  return { ...directoryBehaviour(turns), ...signInBehaviour({ ...turns.ports, trail: turns.trail }) };
}
