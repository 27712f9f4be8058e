/** Users: made, changed, tagged, bounded, invited. Deletion is user-deletion.ts. */

import { limits } from "../base/limits.ts";
import { newIdentityId } from "../control/identity-ids.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import { identityKeys, type MailTokenRecord, newUser, type UserRecord } from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import { checkAttachable, checkCount, readUser, takeName, whomOfUser } from "./entities.ts";
import { checkEmail, checkPath, checkTags, invalid, withoutTags, withTags } from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { Refusal } from "./refusal.ts";
import { newToken } from "./secret-token.ts";
import { denied, type Turn } from "./turn.ts";
import { renameUser } from "./user-rename.ts";
import { endSessions } from "./user-traces.ts";

type UserMessage = "user.create" | "user.update" | "user.tag" | "user.untag" | "user.setBoundary" | "user.invite";
type Request<T extends UserMessage> = DirectoryMessages[T][0];

export function userChanges(turns: IdentityTurns): Handlers<UserMessage> {
  const run = <T extends UserMessage, R>(message: T, request: Request<T>, work: (turn: Turn) => Promise<R>) => {
    const { by, accountId, userName } = request;
    return turns.run({ message, by, accountId, target: `user/${userName}` }, work);
  };
  return {
    "user.create": (request) => run("user.create", request, (turn) => create(turn, request)),
    "user.update": (request) => run("user.update", request, (turn) => update(turn, request)),
    "user.tag": (request) =>
      run("user.tag", request, (turn) =>
        replace(turn, request, (user) => ({ ...user, tags: withTags(user.tags, request.tags) })),
      ),
    "user.untag": (request) =>
      run("user.untag", request, (turn) =>
        replace(turn, request, (user) => ({ ...user, tags: withoutTags(user.tags, request.keys) })),
      ),
    "user.setBoundary": (request) => run("user.setBoundary", request, (turn) => setBoundary(turn, request)),
    "user.invite": (request) => run("user.invite", request, (turn) => invite(turn, request)),
  };
}

async function create(turn: Turn, request: Request<"user.create">): Promise<DirectoryMessages["user.create"][1]> {
  const { accountId, userName, path, role, tags, boundary } = request;
  const email = request.email === null ? null : checkEmail(request.email);
  checkRole(role);
  await turn.judge(accountId, role);
  checkPath(path);
  checkTags(tags);
  if (request.invite && email === null) throw invalid("An invite needs an e-mail address.");
  await turn.account(accountId);
  await takeName(turn, "user", accountId, userName);
  await checkCount(turn, "user", accountId);
  if (email !== null) await takeEmail(turn, email, accountId, userName);
  if (boundary !== null) await bound(turn, "user", { accountId, name: userName, boundary: null }, boundary);
  const user: UserRecord = {
    ...newUser({
      accountId,
      name: userName,
      userId: newIdentityId("TRPU", turn.ports.random),
      email,
      role,
      status: request.invite ? "invited" : "active",
      createdMs: turn.nowMs,
    }),
    path,
    tags,
    boundary,
  };
  turn.put(identityKeys.user(accountId, userName), user);
  const token = request.invite ? await putInvite(turn, user) : null;
  await turn.commit(accountId, `user/${userName}`, { role, ...(email === null ? {} : { email }) });
  return { user, token };
}

async function update(turn: Turn, request: Request<"user.update">): Promise<DirectoryMessages["user.update"][1]> {
  const { accountId, userName, changes } = request;
  const user = await readUser(turn, accountId, userName);
  const whom = whomOfUser(turn, user);
  await turn.judge(accountId, whom);
  const { name, path, role, status, external } = changes;
  if (user.role === "root" && (name ?? path ?? role ?? status) !== undefined) {
    throw denied("Root keeps its name, path, role and status.");
  }
  if (role !== undefined) {
    checkRole(role);
    // Whoever may not change an admin makes none.
    if (whom !== "self") await turn.judge(accountId, role);
  }
  if (status !== undefined && status !== "active" && status !== "disabled") throw invalid("The status is not one.");
  if (status === "disabled" && whom === "self") throw denied("Nobody disables itself.");
  if (path !== undefined) checkPath(path);
  checkExternal(external);
  await turn.account(accountId);
  const email = changes.email === undefined || changes.email === null ? changes.email : checkEmail(changes.email);
  if (email === null && user.role === "root") throw invalid("Root has an e-mail address.");
  const changed: UserRecord = {
    ...user,
    path: path ?? user.path,
    role: role ?? user.role,
    status: status ?? user.status,
    email: email === undefined ? user.email : email,
    external: external === undefined ? user.external : external,
  };
  if (changed.email !== user.email) {
    if (user.email !== null) turn.remove(identityKeys.email(user.email, accountId, userName));
    if (changed.email !== null) await takeEmail(turn, changed.email, accountId, userName);
  }
  if (status === "disabled") await endSessions(turn, accountId, userName);
  turn.put(identityKeys.user(accountId, userName), changed);
  const renamed = name === undefined || name === userName ? changed : await renameUser(turn, changed, name);
  const detail = Object.fromEntries(Object.entries(changes).map(([member, value]) => [member, JSON.stringify(value)]));
  await turn.commit(accountId, `user/${userName}`, detail);
  return { user: renamed };
}

async function replace(
  turn: Turn,
  request: Request<"user.tag" | "user.untag">,
  change: (user: UserRecord) => UserRecord,
): Promise<Record<string, never>> {
  const { accountId, userName } = request;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  turn.put(identityKeys.user(accountId, userName), change(user));
  await turn.commit(accountId, `user/${userName}`);
  return {};
}

async function setBoundary(turn: Turn, request: Request<"user.setBoundary">): Promise<Record<string, never>> {
  const { accountId, userName, policyArn } = request;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  if (policyArn === null && user.boundary === null) {
    throw new Refusal("NoSuchEntity", `The user ${userName} has no permissions boundary.`);
  }
  await bound(turn, "user", user, policyArn);
  turn.put(identityKeys.user(accountId, userName), { ...user, boundary: policyArn });
  await turn.commit(accountId, `user/${userName}`, { boundary: policyArn ?? "" });
  return {};
}

async function invite(turn: Turn, request: Request<"user.invite">): Promise<DirectoryMessages["user.invite"][1]> {
  const { accountId, userName } = request;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  if (user.status !== "invited" || user.email === null) throw invalid("The user is not waiting for an invite.");
  const token = await putInvite(turn, user);
  await turn.commit(accountId, `user/${userName}`, { email: user.email });
  return { token };
}

/** A new token, and the end of the one before. */
export async function putInvite(turn: Turn, { accountId, name }: UserRecord): Promise<string> {
  const { token, hash } = newToken("invite", turn.ports.random);
  const key = identityKeys.invite(accountId, name);
  const before = await turn.read<{ hash: string }>(key);
  if (before !== undefined) turn.remove(identityKeys.mailToken(before.hash));
  const expiresMs = turn.nowMs + limits.inviteMs;
  const record: MailTokenRecord = { purpose: "invite", accountId, userName: name, expiresMs };
  turn.put(identityKeys.mailToken(hash), record);
  turn.put(key, { hash });
  return token;
}

/** Changes the index of a boundary; the holder's record is the caller's. @throws Refusal NoSuchEntity, InvalidInput */
export async function bound(
  turn: Turn,
  kind: "user" | "role",
  holder: { readonly accountId: string; readonly name: string; readonly boundary: string | null },
  policyArn: string | null,
): Promise<void> {
  const { accountId } = holder;
  const name = `${kind}.${holder.name}`;
  if (policyArn !== null) await checkAttachable(turn, policyArn, accountId);
  if (holder.boundary !== null) turn.remove(identityKeys.attachment(holder.boundary, "boundary", accountId, name));
  if (policyArn !== null) turn.put(identityKeys.attachment(policyArn, "boundary", accountId, name), {});
}

/** @throws Refusal EntityAlreadyExists when another user of the account has it */
async function takeEmail(turn: Turn, email: string, accountId: string, userName: string): Promise<void> {
  const [taken] = await turn.names(identityKeys.email(email, accountId, ""), 1);
  if (taken !== undefined && taken !== userName) {
    throw new Refusal("EntityAlreadyExists", "Another user of the account has this e-mail address.");
  }
  turn.put(identityKeys.email(email, accountId, userName), {});
}

/** A caller may send what its type does not say: an account never gets a second Root. */
function checkRole(role: string): asserts role is "admin" | "user" {
  if (role !== "admin" && role !== "user") throw invalid("The role must be admin or user.");
}

function checkExternal(external: UserRecord["external"] | undefined): void {
  if (external === undefined || external === null) return;
  for (const text of [external.issuer, external.subject]) {
    if (text === "" || text.length > limits.accountNameCharsMax)
      throw invalid("Issuer and subject must be 1 to 256 characters.");
  }
}
