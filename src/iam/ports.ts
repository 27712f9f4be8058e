/** What the actions need from outside their folder, beside the control records. */

import type { IssuedCredentials, TemporaryClaims } from "../account/temporary-credentials.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ControlMessageType, ControlReply, ControlRequest } from "../control/messages.ts";

/** Asks the control actor, wherever it lives. Never rejects. */
export type AskControl = <T extends ControlMessageType>(
  type: T,
  message: ControlRequest<T>,
) => Promise<Outcome<ControlReply<T>>>;

/** Makes temporary credentials. @throws TemporaryCredentialsError PackedPolicyTooLarge */
export interface IssueCredentials {
  issue(claims: TemporaryClaims): IssuedCredentials;
}

/** Checks the codes of second factors. */
export interface SecondFactor {
  /**
   * Takes a code once.
   * @param code six digits
   * @returns false when the user has no second factor in force, or the code is wrong or was taken before
   */
  verify(accountId: string, userName: string, code: string): Promise<boolean>;
}
