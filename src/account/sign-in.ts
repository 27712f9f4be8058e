/** Sessions, second factors, passwords and API tokens: the control actor's handlers of signing in. */

import type { Outcome } from "../base/outcome.ts";
import type { SignInMessages } from "../control/identity-messages.ts";
import type { Handlers } from "../control/messages.ts";
import { actAs } from "./acting.ts";
import { createToken, deleteToken } from "./api-tokens.ts";
import { AuditTrail } from "./audit-trail.ts";
import { HashesBusyError } from "./hash-turns.ts";
import { type IdentityProvider, passwordProvider } from "./identity-provider.ts";
import { beginMfa, confirmMfa, disableMfa, renewRecoveryCodes, resetMfa, takeFactor } from "./mfa.ts";
import type { PasswordHasher } from "./password.ts";
import { changePassword, provePassword, redeem, requestReset } from "./passwords.ts";
import type { IdentityPorts } from "./ports.ts";
import { endOwnSession, revokeSessions, seeSession } from "./sessions.ts";
import { type SignInPorts, throttled } from "./sign-in-ports.ts";
import { beginSession, passSecondFactor } from "./sign-in-steps.ts";
import { SignInTries } from "./sign-in-tries.ts";
import { SecondFactorThrottle, SignInThrottle } from "./throttle.ts";

export interface SignInOptions extends IdentityPorts {
  readonly passwords: PasswordHasher;
  /** The one audit log; default: its own, when no other part writes it. */
  readonly trail?: AuditTrail;
  /** Who says who somebody is; default: by password. */
  readonly provider?: IdentityProvider;
}

/** When too many passwords are being checked already. */
const busyRetryMs = 1000;

/** One set of handlers counts the tries of the whole installation: the control actor's leader has it. */
export function signInBehaviour(options: SignInOptions): Handlers<keyof SignInMessages> {
  const { store, clock, random, passwords, secrets } = options;
  const ports: SignInPorts = {
    store,
    clock,
    random,
    passwords,
    secrets,
    trail: options.trail ?? new AuditTrail(options),
    provider: options.provider ?? passwordProvider(store, passwords),
    tries: new SignInTries({ store, clock }),
    resets: new SignInThrottle(clock),
    secondFactor: new SecondFactorThrottle(clock),
  };
  const by =
    <Q, R>(handler: (ports: SignInPorts, request: Q) => Promise<Outcome<R>>) =>
    (request: Q) =>
      orBusy(() => handler(ports, request));
  return {
    "session.begin": by(beginSession),
    "session.mfa": by(passSecondFactor),
    "session.end": by(endOwnSession),
    "session.seen": by(seeSession),
    "session.revoke": by(revokeSessions),
    "session.actAs": by(actAs),
    "mfa.begin": by(beginMfa),
    "mfa.confirm": by(confirmMfa),
    "mfa.disable": by(disableMfa),
    "mfa.reset": by(resetMfa),
    "mfa.take": by(takeFactor),
    "mfa.newRecoveryCodes": by(renewRecoveryCodes),
    "password.change": by(changePassword),
    "password.confirm": by(provePassword),
    "password.requestReset": by(requestReset),
    "password.redeem": by(redeem),
    "token.create": by(createToken),
    "token.delete": by(deleteToken),
  };
}

async function orBusy<R>(handle: () => Promise<Outcome<R>>): Promise<Outcome<R>> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof HashesBusyError)) throw error;
    return throttled(busyRetryMs);
  }
}
