/** The second factor of a user: a code of its authenticator app, or one of its recovery codes. Each counts once. */

import type { Clock } from "../base/clock.ts";
import type { MfaState, UserRecord } from "../control/identity-records.ts";
import { type SecretBox, secretPlaces } from "../control/secret-box.ts";
import { findRecoveryCode } from "./recovery-codes.ts";
import { verifyTotp } from "./totp.ts";

export interface TakenCode {
  /** The state in which the code is used up: the caller stores it before it answers. */
  readonly mfa: MfaState;
  readonly method: "totp" | "recovery";
}

interface FactorPorts {
  readonly clock: Clock;
  readonly secrets: SecretBox;
}

/** A six-digit code of the user's TOTP secret, confirmed or not; null when it is wrong, too old or was taken already. */
export function takeTotp(ports: FactorPorts, user: UserRecord, code: string): TakenCode | null {
  const { mfa } = user;
  if (mfa === null) return null;
  const secret = ports.secrets.open(mfa.sealedSecret, secretPlaces.mfa(user.userId));
  const verified = verifyTotp(secret, code, ports.clock.nowMs(), mfa.lastStep);
  return verified === null ? null : { mfa: { ...mfa, lastStep: verified.step }, method: "totp" };
}

/** As `takeTotp`, or one of the recovery codes that are left. */
export async function takeCode(ports: FactorPorts, user: UserRecord, code: string): Promise<TakenCode | null> {
  const totp = takeTotp(ports, user, code);
  if (totp !== null || user.mfa === null) return totp;
  const index = await findRecoveryCode(code, user.mfa.recoveryHashes);
  if (index === null) return null;
  const recoveryHashes = user.mfa.recoveryHashes.filter((_, other) => other !== index);
  return { mfa: { ...user.mfa, recoveryHashes }, method: "recovery" };
}
