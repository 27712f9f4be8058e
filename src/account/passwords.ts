/** Passwords changed by their user, and set by who holds a link from a mail. Whatever is set ends the sessions there were. */

import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import {
  identityKeys,
  type MailTokenRecord,
  type ResetSentRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import type { ControlOperation } from "../control/store.ts";
import { getTyped, putTyped, type Versioned } from "../control/typed-records.ts";
import type { AuditEvent } from "./audit-trail.ts";
import { type FoundUser, normalEmail, readUser, userCompare, usersOfEmail } from "./identity-provider.ts";
import { judgeUser } from "./judged-user.ts";
import { isInForce, lineageInStore } from "./lineage.ts";
import { hashToken, newToken, tokenKind } from "./secret-token.ts";
import {
  type Answer,
  auditRefusal,
  commit,
  confirmPassword,
  type Nothing,
  type Request,
  type SignInPorts,
} from "./sign-in-ports.ts";
import { signedInActor } from "./sign-in-steps.ts";
import { networkOf } from "./throttle.ts";
import { endAllSessions } from "./user-sessions.ts";

/** Null when `password` may be set, else InvalidInput with the reason. Length is all that is asked: NIST SP 800-63B, 5.1.1.2. */
export function refusePassword(password: string): Outcome<never> | null {
  const refuse = (Message: string) => refused("InvalidInput", { Message });
  if ([...password].length < limits.passwordCharsMin) {
    return refuse(`a password has at least ${limits.passwordCharsMin} characters`);
  }
  if (Buffer.byteLength(password) > limits.passwordBytesMax) {
    return refuse(`a password has at most ${limits.passwordBytesMax} bytes`);
  }
  return null;
}

/** `password.change`. SignInFailed when the old one is wrong; InvalidInput when the new one is too short or too long. */
export async function changePassword(
  ports: SignInPorts,
  request: Request<"password.change">,
): Answer<"password.change"> {
  const { by, accountId, userName } = request;
  const event = { action: "password.change", accountId, target: `user/${userName}`, by };
  return auditRefusal(ports, await changed(ports, request, event), event);
}

async function changed(
  ports: SignInPorts,
  request: Request<"password.change">,
  event: Omit<AuditEvent, "outcome" | "detail">,
): Promise<Outcome<Nothing>> {
  const judged = await judgeUser(ports.store, "password.change", request);
  if (!judged.ok) return judged;
  const refusal = refusePassword(request.newPassword);
  if (refusal !== null) return refusal;
  const before = judged.value.user;
  const confirmed = await confirmPassword(ports, before, request.oldPassword, request.by.address);
  if (!confirmed.ok) return confirmed;
  const passwordHash = await ports.passwords.hash(request.newPassword);
  return commit<Nothing>(ports, async () => {
    const own = await judgeUser(ports.store, "password.change", request);
    if (!own.ok) return own;
    // Another change came first: the old password was right, and is no longer.
    if (own.value.user.passwordHash !== before.passwordHash) return refused("SignInFailed");
    const { user } = own.value;
    const ended = await endAllSessions(ports, user, request.exceptHash);
    return accepted({
      compare: [...own.value.compare, ...ended.compare],
      operations: [passwordPut(ports, user, passwordHash), ...ended.operations],
      audit: [{ ...event, outcome: "done", detail: {} }],
      reply: {},
    });
  });
}

/** `password.confirm`. A wrong one is a row of the audit log; a right one leads to a row of what it was asked for. */
export async function provePassword(
  ports: SignInPorts,
  request: Request<"password.confirm">,
): Answer<"password.confirm"> {
  const { by, accountId, userName, password } = request;
  const judged = await judgeUser(ports.store, "password.confirm", request);
  const confirmed = judged.ok ? await confirmPassword(ports, judged.value.user, password, by.address) : judged;
  const event = { action: "password.confirm", accountId, target: `user/${userName}`, by };
  return auditRefusal(ports, confirmed.ok ? accepted({}) : confirmed, event);
}

function passwordPut(ports: SignInPorts, user: UserRecord, passwordHash: string): ControlOperation {
  const passwordChangedMs = ports.clock.nowMs();
  const record: UserRecord = { ...user, passwordHash, passwordChangedMs, status: "active" };
  return putTyped(identityKeys.user(user.accountId, user.name), record);
}

/**
 * `password.requestReset`. Never refuses; one transaction, whether the address has users or none. A user gets one mail in
 * `limits.resetIntervalMs`, and its link ends that of the mail before. A network that asks too often is answered alike, and
 * nothing happens. The caller answers before it sends.
 */
export async function requestReset(
  ports: SignInPorts,
  request: Request<"password.requestReset">,
): Answer<"password.requestReset"> {
  const email = normalEmail(request.email).slice(0, limits.emailBytesMax + 1);
  const network = networkOf(request.address);
  if (!ports.resets.begin(`${network}\n${email}`, request.address).admitted) return accepted({ sent: [] });
  return commit(ports, async () => {
    const owners = await usersOfEmail(ports.store, email, request.accountId);
    const mails: ResetMail[] = [];
    for (const { user } of owners.slice(0, limits.signInCandidatesMax)) {
      const mail = await resetMail(ports, user);
      if (mail !== null) mails.push(mail);
    }
    const event = (user: { accountId: string; name: string }, isSent: boolean): AuditEvent => ({
      action: "password.requestReset",
      outcome: "done",
      accountId: user.accountId,
      target: `user/${user.name}`,
      by: signedInActor({ accountId: user.accountId, name: "" }, request.address),
      detail: { sent: String(isSent) },
    });
    const unknown = event({ accountId: request.accountId ?? "", name: "" }, false);
    return accepted({
      compare: mails.map(({ user, sent }) => ({
        key: identityKeys.resetSent(user.accountId, user.name),
        revision: sent.revision,
      })),
      operations: [...mails.flatMap((mail) => mailOperations(ports, mail))],
      audit: mails.length === 0 ? [unknown] : mails.map(({ user }) => event(user, true)),
      reply: { sent: mails.map(({ token, displayName }) => ({ email, token, displayName })) },
    });
  });
}

interface ResetMail {
  readonly user: UserRecord;
  readonly sent: Versioned<ResetSentRecord>;
  readonly token: string;
  /** The user's name; Root is known by its account's. */
  readonly displayName: string;
}

/** Null for who may not sign in, and for who has had a mail just now. */
async function resetMail(ports: SignInPorts, user: UserRecord): Promise<ResetMail | null> {
  const { token } = newToken("reset", ports.random);
  const accounts = await lineageInStore(ports.store, user.accountId);
  const account = isInForce(accounts) ? accounts[0] : undefined;
  if (user.status !== "active" || account === undefined) return null;
  const sent = await getTyped<ResetSentRecord>(ports.store, identityKeys.resetSent(user.accountId, user.name));
  const sinceMs = sent.value === undefined ? Number.POSITIVE_INFINITY : ports.clock.nowMs() - sent.value.atMs;
  // A clock that was set back must not keep a user waiting.
  return sinceMs >= 0 && sinceMs < limits.resetIntervalMs
    ? null
    : { user, sent, token, displayName: user.role === "root" ? account.displayName : user.name };
}

function mailOperations(ports: SignInPorts, { user, sent, token }: ResetMail): ControlOperation[] {
  const { accountId, name } = user;
  const nowMs = ports.clock.nowMs();
  const hash = hashToken(token);
  const record: MailTokenRecord = {
    purpose: "reset",
    accountId,
    userName: name,
    expiresMs: nowMs + limits.resetTokenMs,
  };
  const sentNow: ResetSentRecord = { atMs: nowMs, hash };
  const before = sent.value?.hash;
  return [
    putTyped(identityKeys.mailToken(hash), record),
    putTyped(identityKeys.resetSent(accountId, name), sentNow),
    ...(before === undefined ? [] : [{ kind: "remove" as const, key: identityKeys.mailToken(before) }]),
  ];
}

/**
 * `password.redeem`: sets the password that a link from an invite or a reset stands for, once, and ends every session of the
 * user. The second factor stays. InvalidToken for a link that is unknown, used, replaced or expired, and for a user who may
 * not have it; InvalidInput, and the link stays good, for a password that is too short or too long.
 */
export async function redeem(ports: SignInPorts, request: Request<"password.redeem">): Answer<"password.redeem"> {
  const { token, newPassword, address } = request;
  const refusal = refusePassword(newPassword);
  if (refusal !== null) return refusal;
  const hash = hashToken(token);
  const kind = tokenKind(token);
  if ((kind !== "invite" && kind !== "reset") || (await redeemable(ports, hash)) === null) {
    return refused("InvalidToken");
  }
  const passwordHash = await ports.passwords.hash(newPassword);
  return commit(ports, async () => {
    const link = await redeemable(ports, hash);
    if (link === null) return refused("InvalidToken");
    const { user } = link.found;
    const ended = await endAllSessions(ports, user, null, networkOf(address));
    const event: AuditEvent = {
      action: "password.redeem",
      outcome: "done",
      accountId: user.accountId,
      target: `user/${user.name}`,
      by: signedInActor(user, address),
      detail: { purpose: link.purpose },
    };
    return accepted({
      compare: [
        { key: identityKeys.mailToken(hash), revision: link.revision },
        userCompare(link.found),
        ...ended.compare,
      ],
      operations: [
        { kind: "remove" as const, key: identityKeys.mailToken(hash) },
        ...(link.purpose === "invite"
          ? [{ kind: "remove" as const, key: identityKeys.invite(user.accountId, user.name) }]
          : []),
        passwordPut(ports, user, passwordHash),
        ...ended.operations,
      ],
      audit: [event],
      reply: { accountId: user.accountId, userName: user.name },
    });
  });
}

/** What the link of this hash stands for, and its user; null when it is good for nothing. */
async function redeemable(
  ports: SignInPorts,
  hash: string,
): Promise<{
  readonly purpose: MailTokenRecord["purpose"];
  readonly revision: bigint;
  readonly found: FoundUser;
} | null> {
  const { value, revision } = await getTyped<MailTokenRecord>(ports.store, identityKeys.mailToken(hash));
  if (value === undefined || ports.clock.nowMs() >= value.expiresMs) return null;
  const found = await readUser(ports.store, value.accountId, value.userName);
  if (found?.user.status !== (value.purpose === "invite" ? "invited" : "active")) return null;
  if (!isInForce(await lineageInStore(ports.store, value.accountId))) return null;
  return { purpose: value.purpose, revision, found };
}
