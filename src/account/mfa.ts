/**
 * The second factor of a user: set up, confirmed, taken away. Only by the user itself, never by somebody in its role; an
 * administrator may take away that of a user below, who has lost everything.
 */

import type { Outcome } from "../base/outcome.ts";
import { identityKeys, type MfaState, type UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { secretPlaces } from "../control/secret-box.ts";
import { putTyped } from "../control/typed-records.ts";
import { auditRows } from "./audit-rows.ts";
import type { FoundUser } from "./identity-provider.ts";
import { newRecoveryCodes } from "./recovery-codes.ts";
import { type TakenCode, takeCode, takeTotp } from "./second-factor.ts";
import {
  type Answer,
  auditAttempt,
  auditDenial,
  type Change,
  commit,
  confirmPassword,
  type Nothing,
  ownUser,
  type Request,
  type SignInPorts,
  throttled,
  userCompare,
  userKey,
} from "./sign-in-ports.ts";
import { newTotpSecret } from "./totp.ts";
import { judgeHelp } from "./user-help.ts";
import { endAllSessions, type RecordChange } from "./user-sessions.ts";

type MfaMessage = "mfa.begin" | "mfa.confirm" | "mfa.disable" | "mfa.reset" | "mfa.newRecoveryCodes";
type Codes = { readonly recoveryCodes: readonly string[] };

/** `mfa.begin`. A secret that was never confirmed is replaced. EntityAlreadyExists when one is in force. */
export async function beginMfa(ports: SignInPorts, request: Request<"mfa.begin">): Answer<"mfa.begin"> {
  const outcome = await withPassword(ports, request, () =>
    commit(ports.store, async () => {
      const own = await ownUser(ports, request);
      if (!own.ok) return own;
      const { user } = own.value;
      if (user.mfa?.confirmed === true) return refused("EntityAlreadyExists");
      const secret = newTotpSecret(ports.random);
      const sealedSecret = ports.secrets.seal(secret, secretPlaces.mfa(user.userId));
      const mfa: MfaState = { sealedSecret, confirmed: false, lastStep: -1, recoveryHashes: [] };
      return accepted(mfaChange(ports, request, own.value, { action: "mfa.begin", mfa, reply: { secret } }));
    }),
  );
  return auditAttempt(ports, outcome, eventOf("mfa.begin", request));
}

/** `mfa.confirm`. InvalidInput when nothing was begun; SignInFailed for a wrong code. */
export async function confirmMfa(ports: SignInPorts, request: Request<"mfa.confirm">): Answer<"mfa.confirm"> {
  const fresh = await newRecoveryCodes(ports.random);
  const outcome = await withCode(ports, request, () =>
    commit<Codes>(ports.store, async () => {
      const own = await ownUser(ports, request);
      if (!own.ok) return own;
      const { user } = own.value;
      if (user.mfa === null || user.mfa.confirmed) {
        return refused("InvalidInput", { Message: "no second factor is waiting to be confirmed" });
      }
      const taken = takeTotp(ports, user, request.code);
      if (taken === null) return refused("SignInFailed");
      const mfa: MfaState = { ...taken.mfa, confirmed: true, recoveryHashes: fresh.hashes };
      const ended = await endAllSessions(ports, user, request.exceptHash);
      const reply = { recoveryCodes: fresh.codes };
      return accepted(mfaChange(ports, request, own.value, { action: "mfa.confirm", mfa, reply }, ended));
    }),
  );
  return auditAttempt(ports, outcome, eventOf("mfa.confirm", request));
}

/** `mfa.disable`: password, and a TOTP code or a recovery code. InvalidInput when there is none in force. */
export async function disableMfa(ports: SignInPorts, request: Request<"mfa.disable">): Answer<"mfa.disable"> {
  const outcome = await withPassword(ports, request, () =>
    withCode(ports, request, () =>
      takenChange<Nothing>(ports, request, async (found) => {
        const taken = await takeCode(ports, found.user, request.code);
        return taken === null ? null : { action: "mfa.disable", mfa: null, reply: {}, method: taken.method };
      }),
    ),
  );
  return auditAttempt(ports, outcome, eventOf("mfa.disable", request));
}

/** `mfa.newRecoveryCodes`: takes a TOTP code only; the codes there were end. InvalidInput when there is no factor in force. */
export async function renewRecoveryCodes(
  ports: SignInPorts,
  request: Request<"mfa.newRecoveryCodes">,
): Answer<"mfa.newRecoveryCodes"> {
  const fresh = await newRecoveryCodes(ports.random);
  const outcome = await withCode(ports, request, () =>
    takenChange<Codes>(ports, request, async (found) => {
      const taken = takeTotp(ports, found.user, request.code);
      if (taken === null) return null;
      const mfa: MfaState = { ...taken.mfa, recoveryHashes: fresh.hashes };
      return { action: "mfa.newRecoveryCodes", mfa, reply: { recoveryCodes: fresh.codes }, method: taken.method };
    }),
  );
  return auditAttempt(ports, outcome, eventOf("mfa.newRecoveryCodes", request));
}

/** `mfa.reset`: ends the user's sessions too, and those whose second factor is due. Not while acting as another. */
export async function resetMfa(ports: SignInPorts, request: Request<"mfa.reset">): Answer<"mfa.reset"> {
  const outcome = await commit<Nothing>(ports.store, async () => {
    const judged = await judgeHelp(ports, request, { self: false, acting: false });
    if (!judged.ok) return judged;
    const ended = await endAllSessions(ports, judged.value.user, null);
    return accepted(mfaChange(ports, request, judged.value, { action: "mfa.reset", mfa: null, reply: {} }, ended));
  });
  return auditDenial(ports, outcome, eventOf("mfa.reset", request));
}

interface NewState<R> {
  readonly action: MfaMessage;
  readonly mfa: MfaState | null;
  readonly reply: R;
  readonly method?: TakenCode["method"];
}

/** Changes a factor in force by a code that is taken in the same transaction. */
function takenChange<R>(
  ports: SignInPorts,
  request: OfUser,
  make: (found: FoundUser) => Promise<NewState<R> | null>,
): Promise<Outcome<R>> {
  return commit<R>(ports.store, async () => {
    const own = await ownUser(ports, request);
    if (!own.ok) return own;
    if (own.value.user.mfa?.confirmed !== true) {
      return refused("InvalidInput", { Message: "no second factor is in force" });
    }
    const next = await make(own.value);
    return next === null ? refused("SignInFailed") : accepted(mfaChange(ports, request, own.value, next));
  });
}

type OfUser = Pick<Request<"mfa.reset">, "by" | "accountId" | "userName">;

function eventOf(action: MfaMessage, { by, accountId, userName }: OfUser) {
  return { action, accountId, target: `user/${userName}`, by };
}

function mfaChange<R>(
  ports: SignInPorts,
  request: OfUser,
  found: FoundUser,
  next: NewState<R>,
  more: RecordChange = { compare: [], operations: [] },
): Change<R> {
  const { user } = found;
  const record: UserRecord = { ...user, mfa: next.mfa };
  const detail: Record<string, string> = next.method === undefined ? {} : { method: next.method };
  const audit = auditRows(ports, { ...eventOf(next.action, request), outcome: "done", detail });
  return {
    compare: [userCompare(found), ...more.compare],
    operations: [putTyped(identityKeys.user(user.accountId, user.name), record), ...more.operations, ...audit],
    reply: next.reply,
  };
}

/** Goes on when the user is the one who asks, and the password is right. */
async function withPassword<R>(
  ports: SignInPorts,
  request: OfUser & { readonly password: string },
  next: () => Promise<Outcome<R>>,
): Promise<Outcome<R>> {
  const own = await ownUser(ports, request);
  if (!own.ok) return own;
  const confirmed = await confirmPassword(ports, own.value.user, request.password, request.by.address);
  return confirmed.ok ? next() : confirmed;
}

/** Counts a try of a code: `limits.secondFactorTriesMax` with those of the sign-in. */
async function withCode<R>(ports: SignInPorts, request: OfUser, next: () => Promise<Outcome<R>>): Promise<Outcome<R>> {
  const own = await ownUser(ports, request);
  if (!own.ok) return own;
  const admission = ports.secondFactor.begin(userKey(own.value.user));
  if (!admission.admitted) return throttled(admission.retryAfterMs);
  const outcome = await next();
  if (outcome.ok) ports.secondFactor.succeeded(userKey(own.value.user));
  return outcome;
}
