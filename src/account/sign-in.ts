/** Sessions, second factors, passwords and API tokens. Not served yet: every message is refused. */

import type { SignInMessages } from "../control/identity-messages.ts";
import { type Handlers, refused } from "../control/messages.ts";
import type { IdentityPorts } from "./ports.ts";

export function signInBehaviour(_ports: IdentityPorts): Handlers<keyof SignInMessages> {
  const refuse = async () => refused("AccessDenied", { Message: "signing in is not served" });
  return {
    "session.begin": refuse,
    "session.mfa": refuse,
    "session.end": refuse,
    "session.seen": refuse,
    "session.revoke": refuse,
    "session.actAs": refuse,
    "mfa.begin": refuse,
    "mfa.confirm": refuse,
    "mfa.disable": refuse,
    "mfa.reset": refuse,
    "mfa.newRecoveryCodes": refuse,
    "password.change": refuse,
    "password.requestReset": refuse,
    "password.redeem": refuse,
    "token.create": refuse,
    "token.delete": refuse,
  };
}
