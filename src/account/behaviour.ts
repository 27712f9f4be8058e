/** The control actor's handlers of identities: the directory's, and those of signing in. */

import type { IdentityBehaviour } from "../control/messages.ts";
import { resumeDeletions } from "./account-deletion.ts";
import { directoryBehaviour } from "./directory-behaviour.ts";
import { IdentityTurns } from "./identity-turns.ts";
import { type SignInOptions, signInBehaviour } from "./sign-in.ts";

export function identityBehaviour(ports: SignInOptions): IdentityBehaviour {
  const turns = new IdentityTurns(ports);
  return { ...directoryBehaviour(turns), ...signInBehaviour({ ...ports, trail: turns.trail }) };
}

/** Run at a node's start, before anything is served. @returns the handlers, after interrupted deletions have been finished */
export async function openIdentities(ports: SignInOptions): Promise<IdentityBehaviour> {
  await resumeDeletions(new IdentityTurns(ports));
  return identityBehaviour(ports);
}
