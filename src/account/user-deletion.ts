/** Users deleted: as IAM does, only without anything left; or in cascade, with everything that is theirs. */

import type { DirectoryMessages } from "../control/identity-messages.ts";
import { identityKeys, type UserRecord } from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import { readUser, releaseName, whomOfUser } from "./entities.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { Refusal } from "./refusal.ts";
import type { Turn } from "./turn.ts";
import { endSessions, removeMailTokens, removeTraces } from "./user-traces.ts";

type Request = DirectoryMessages["user.delete"][0];

export function userDeletion(turns: IdentityTurns): Handlers<"user.delete"> {
  return {
    "user.delete": (request) => {
      const { by, accountId, userName } = request;
      const asked = { message: "user.delete", by, accountId, target: `user/${userName}` } as const;
      return turns.run(asked, (turn) => remove(turn, request));
    },
  };
}

async function remove(turn: Turn, { accountId, userName, cascade }: Request): Promise<Record<string, never>> {
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  if (!cascade) await checkNothingLeft(turn, user);
  else await strip(turn, user);
  const left = await readUser(turn, accountId, userName);
  // Who asks may have changed since the first of several commits.
  await turn.judge(accountId, whomOfUser(turn, left));
  removeUser(turn, left);
  await endSessions(turn, accountId, userName);
  await removeMailTokens(turn, accountId, userName);
  await turn.commit(accountId, `user/${userName}`, { cascade: String(cascade) });
  return {};
}

/** @throws Refusal DeleteConflict */
async function checkNothingLeft(turn: Turn, user: UserRecord): Promise<void> {
  const { accountId, name } = user;
  const conflict = (what: string) => new Refusal("DeleteConflict", `Cannot delete entity, must ${what} first.`);
  if ((await turn.names(identityKeys.userKey(accountId, name, ""), 1)).length > 0) throw conflict("delete access keys");
  if ((await turn.names(identityKeys.userToken(accountId, name, ""), 1)).length > 0)
    throw conflict("delete API tokens");
  if (user.attached.length > 0) throw conflict("detach all policies");
  if (user.inline.length > 0) throw conflict("delete policies");
  if (user.groups.length > 0) throw conflict("remove users from group");
}

/** Disables the user and takes everything away from it, in several commits. */
export async function strip(turn: Turn, user: UserRecord): Promise<void> {
  const { accountId, name } = user;
  turn.put(identityKeys.user(accountId, name), { ...user, status: "disabled" });
  await turn.commit(accountId, null);
  await removeTraces(turn, user);
  await turn.commit(accountId, null);
  // An old user may have more policies than fit one turn.
  for (let left = user; left.inline.length > 0; ) {
    const gone = left.inline.slice(0, inlinePerTurn);
    for (const policy of gone) turn.remove(identityKeys.inline("user", accountId, name, policy));
    const now = await readUser(turn, accountId, name);
    left = { ...now, inline: now.inline.filter((policy) => !gone.includes(policy)) };
    turn.put(identityKeys.user(accountId, name), left);
    await turn.commit(accountId, null);
  }
}

const inlinePerTurn = 32;

/** The user itself, and the index rows of what fits its record. */
export function removeUser(turn: Turn, user: UserRecord): void {
  const { accountId, name } = user;
  turn.remove(identityKeys.user(accountId, name));
  turn.remove(identityKeys.renamed(user.userId));
  releaseName(turn, "user", accountId, name);
  if (user.email !== null) turn.remove(identityKeys.email(user.email, accountId, name));
  for (const group of user.groups) turn.remove(identityKeys.member(accountId, group, name));
  for (const arn of user.attached) turn.remove(identityKeys.attachment(arn, "user", accountId, name));
  if (user.boundary !== null) {
    turn.remove(identityKeys.attachment(user.boundary, "boundary", accountId, `user.${name}`));
  }
}
