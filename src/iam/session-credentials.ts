/** What the actions that make temporary credentials share. */

import {
  type IssuedCredentials,
  type TemporaryClaims,
  TemporaryCredentialsError,
} from "../account/temporary-credentials.ts";
import { assert } from "../base/assert.ts";
import type { RequestPrincipal } from "../policy/request.ts";
import type { ActionContext } from "./action.ts";
import { QueryError } from "./errors.ts";

/** The caller as policies see it; whoever calls an action has signed. */
export function callerIdentity({
  caller,
}: Pick<ActionContext, "caller">): Exclude<RequestPrincipal, { kind: "anonymous" }> {
  const { identity } = caller.principal;
  assert(identity.kind !== "anonymous", "a caller has signed");
  return identity;
}

/** Unix ms at which credentials of so many seconds end. */
export function lifeOf({ clock }: Pick<ActionContext, "clock">, seconds: number): number {
  return clock.nowMs() + seconds * 1000;
}

/** @throws QueryError PackedPolicyTooLarge */
export function issueCredentials({ credentials }: Pick<ActionContext, "credentials">, claims: TemporaryClaims) {
  let issued: IssuedCredentials;
  try {
    issued = credentials.issue(claims);
  } catch (error) {
    if (!(error instanceof TemporaryCredentialsError)) throw error;
    throw new QueryError("PackedPolicyTooLarge", error.message, { cause: error });
  }
  return {
    credentials: {
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      SessionToken: issued.sessionToken,
      Expiration: claims.expiresMs,
    },
    packedPolicyPercent: issued.packedPolicyPercent,
  };
}

interface SecondFactorInput {
  readonly SerialNumber: string | undefined;
  readonly TokenCode: string | undefined;
}

/**
 * @returns false when no code was given
 * @throws QueryError ValidationError for one of the two without the other; AccessDenied for a code that is not taken
 */
export async function verifySecondFactor(
  { SerialNumber, TokenCode }: SecondFactorInput,
  context: ActionContext,
): Promise<boolean> {
  if (SerialNumber === undefined && TokenCode === undefined) return false;
  if (SerialNumber === undefined || TokenCode === undefined) {
    throw new QueryError("ValidationError", "SerialNumber and TokenCode must be given together.");
  }
  const { accountId, caller, secondFactor } = context;
  const { name, role } = caller.principal;
  const isOwn = SerialNumber === deviceArn(accountId, name, role === "root");
  const isTaken = role !== "session" && isOwn && (await secondFactor.verify(accountId, name, TokenCode));
  context.refresh();
  if (isTaken) return true;
  throw new QueryError("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.");
}

/** A second factor's serial number, which AWS makes of the user's name. */
export function deviceArn(accountId: string, userName: string, isRoot: boolean): string {
  return `arn:aws:iam::${accountId}:mfa/${isRoot ? "root-account-mfa-device" : userName}`;
}
