/**
 * The second factor of a user: set up, confirmed, taken away. By the user itself, never by somebody in its role; an
 * administrator may take away that of a user below, who has lost everything.
 */

import type { Outcome } from "../base/outcome.ts";
import { identityKeys, type MfaState, type UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { secretPlaces } from "../control/secret-box.ts";
import { putTyped } from "../control/typed-records.ts";
import { type JudgedUser, judgeUser } from "./judged-user.ts";
import { newRecoveryCodes } from "./recovery-codes.ts";
import { type TakenCode, takeCode, takeTotp } from "./second-factor.ts";
import {
  type Answer,
  auditRefusal,
  type Change,
  commit,
  confirmPassword,
  type Nothing,
  type Request,
  type SignInPorts,
  throttled,
  userKey,
} from "./sign-in-ports.ts";
import { newTotpSecret } from "./totp.ts";
import { endAllSessions, type RecordChange } from "./user-sessions.ts";

type MfaMessage = "mfa.begin" | "mfa.confirm" | "mfa.disable" | "mfa.reset" | "mfa.newRecoveryCodes" | "mfa.take";
type OfUser = Pick<Request<"mfa.reset">, "by" | "accountId" | "userName">;
type Codes = { readonly recoveryCodes: readonly string[] };

/** One message, as the steps below pass it on. */
interface Step {
  readonly ports: SignInPorts;
  readonly action: MfaMessage;
  readonly request: OfUser;
}

/** `mfa.begin`. A secret that was never confirmed is replaced. EntityAlreadyExists when one is in force. */
export function beginMfa(ports: SignInPorts, request: Request<"mfa.begin">): Answer<"mfa.begin"> {
  const step: Step = { ports, action: "mfa.begin", request };
  return audited(step, () =>
    withPassword(step, request.password, () =>
      changeFactor(step, async ({ user }) => {
        if (user.mfa?.confirmed === true) return refused("EntityAlreadyExists");
        const secret = newTotpSecret(ports.random);
        const sealedSecret = ports.secrets.seal(secret, secretPlaces.mfa(user.userId));
        return accepted({
          mfa: { sealedSecret, confirmed: false, lastStep: -1, recoveryHashes: [] },
          reply: { secret },
        });
      }),
    ),
  );
}

/** `mfa.confirm`. InvalidInput when nothing was begun; SignInFailed for a wrong code. */
export async function confirmMfa(ports: SignInPorts, request: Request<"mfa.confirm">): Answer<"mfa.confirm"> {
  const step: Step = { ports, action: "mfa.confirm", request };
  return audited(step, () =>
    withCode(step, () =>
      changeFactor<Codes>(step, async ({ user }) => {
        if (user.mfa === null || user.mfa.confirmed) return notNow("no second factor waits to be confirmed");
        const taken = takeTotp(ports, user, request.code);
        if (taken === null) return refused("SignInFailed");
        const fresh = await newRecoveryCodes(ports.random);
        return accepted({
          mfa: { ...taken.mfa, confirmed: true, recoveryHashes: fresh.hashes },
          reply: { recoveryCodes: fresh.codes },
          ended: await endAllSessions(ports, user, request.exceptHash),
        });
      }),
    ),
  );
}

/** `mfa.disable`: password, and a TOTP code or a recovery code. InvalidInput when there is none in force. */
export function disableMfa(ports: SignInPorts, request: Request<"mfa.disable">): Answer<"mfa.disable"> {
  const step: Step = { ports, action: "mfa.disable", request };
  return audited(step, () =>
    withPassword(step, request.password, () =>
      withCode(step, () =>
        changeFactor<Nothing>(step, async ({ user }) => {
          if (user.mfa?.confirmed !== true) return notNow("no second factor is in force");
          const taken = await takeCode(ports, user, request.code);
          if (taken === null) return refused("SignInFailed");
          return accepted({ mfa: null, reply: {}, method: taken.method });
        }),
      ),
    ),
  );
}

/** `mfa.newRecoveryCodes`: takes a TOTP code only; the codes there were end. InvalidInput when there is no factor in force. */
export function renewRecoveryCodes(
  ports: SignInPorts,
  request: Request<"mfa.newRecoveryCodes">,
): Answer<"mfa.newRecoveryCodes"> {
  const step: Step = { ports, action: "mfa.newRecoveryCodes", request };
  return audited(step, () =>
    withCode(step, () =>
      changeFactor<Codes>(step, async ({ user }) => {
        if (user.mfa?.confirmed !== true) return notNow("no second factor is in force");
        const taken = takeTotp(ports, user, request.code);
        if (taken === null) return refused("SignInFailed");
        const fresh = await newRecoveryCodes(ports.random);
        return accepted({
          mfa: { ...taken.mfa, recoveryHashes: fresh.hashes },
          reply: { recoveryCodes: fresh.codes },
          method: taken.method,
        });
      }),
    ),
  );
}

/** `mfa.take`: a code that is used up by it. InvalidInput when there is no factor in force. */
export function takeFactor(ports: SignInPorts, request: Request<"mfa.take">): Answer<"mfa.take"> {
  const step: Step = { ports, action: "mfa.take", request };
  return audited(step, () =>
    withCode(step, () =>
      changeFactor<Nothing>(step, async ({ user }) => {
        if (user.mfa?.confirmed !== true) return notNow("no second factor is in force");
        const taken = takeTotp(ports, user, request.code);
        if (taken === null) return refused("SignInFailed");
        return accepted({ mfa: taken.mfa, reply: {}, method: taken.method });
      }),
    ),
  );
}

/** `mfa.reset`: ends the user's sessions too, and those whose second factor is due. */
export function resetMfa(ports: SignInPorts, request: Request<"mfa.reset">): Answer<"mfa.reset"> {
  const step: Step = { ports, action: "mfa.reset", request };
  return audited(step, () =>
    changeFactor<Nothing>(step, async ({ user }) =>
      accepted({ mfa: null, reply: {}, ended: await endAllSessions(ports, user, null) }),
    ),
  );
}

/** The state that a user's factor gets. */
interface NewState<R> {
  readonly mfa: MfaState | null;
  readonly reply: R;
  /** Of the code that was taken for it. */
  readonly method?: TakenCode["method"];
  /** Sessions that end with it. */
  readonly ended?: RecordChange;
}

/** Judges who asks, and changes the factor in the transaction that compares all that was read. */
function changeFactor<R>(
  { ports, action, request }: Step,
  make: (judged: JudgedUser) => Promise<Outcome<NewState<R>>>,
): Promise<Outcome<R>> {
  return commit<R>(ports, async () => {
    const judged = await judgeUser(ports.store, action, request);
    if (!judged.ok) return judged;
    const next = await make(judged.value);
    if (!next.ok) return next;
    return accepted(factorChange({ action, request }, judged.value, next.value));
  });
}

function factorChange<R>(
  { action, request }: Pick<Step, "action" | "request">,
  { user, compare }: JudgedUser,
  next: NewState<R>,
): Change<R> {
  const record: UserRecord = { ...user, mfa: next.mfa };
  const detail: Record<string, string> = next.method === undefined ? {} : { method: next.method };
  return {
    compare: [...compare, ...(next.ended?.compare ?? [])],
    operations: [putTyped(identityKeys.user(user.accountId, user.name), record), ...(next.ended?.operations ?? [])],
    audit: [{ ...eventOf(action, request), outcome: "done", detail }],
    reply: next.reply,
  };
}

function eventOf(action: MfaMessage, { by, accountId, userName }: OfUser) {
  return { action, accountId, target: `user/${userName}`, by };
}

async function audited<R>({ ports, action, request }: Step, run: () => Promise<Outcome<R>>): Promise<Outcome<R>> {
  return auditRefusal(ports, await run(), eventOf(action, request));
}

function notNow(Message: string): Outcome<never> {
  return refused("InvalidInput", { Message });
}

/** Goes on when who asks may, and the password is right. */
async function withPassword<R>(
  { ports, action, request }: Step,
  password: string,
  next: () => Promise<Outcome<R>>,
): Promise<Outcome<R>> {
  const judged = await judgeUser(ports.store, action, request);
  if (!judged.ok) return judged;
  const confirmed = await confirmPassword(ports, judged.value.user, password, request.by.address);
  return confirmed.ok ? next() : confirmed;
}

/** Counts a try of a code: `limits.secondFactorTriesMax` with those of the sign-in. */
async function withCode<R>({ ports, action, request }: Step, next: () => Promise<Outcome<R>>): Promise<Outcome<R>> {
  const judged = await judgeUser(ports.store, action, request);
  if (!judged.ok) return judged;
  const key = userKey(judged.value.user);
  const admission = ports.secondFactor.begin(key);
  if (!admission.admitted) return throttled(admission.retryAfterMs);
  const outcome = await next();
  if (outcome.ok) ports.secondFactor.succeeded(key);
  return outcome;
}
