/** What the handlers of sign-in share: their ports, the one way to write, the refusals of guessing. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";
import type { IdentityErrorCode, IdentityMessages } from "../control/identity-messages.ts";
import type { UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import type { SecretBox } from "../control/secret-box.ts";
import type { ControlCompare, ControlOperation, ControlStore } from "../control/store.ts";
import type { AuditEvent, AuditTrail } from "./audit-trail.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import type { PasswordHasher } from "./password.ts";
import type { SignInTries } from "./sign-in-tries.ts";
import type { SecondFactorThrottle, SignInThrottle } from "./throttle.ts";
import type { RecordChange } from "./user-sessions.ts";

export interface SignInPorts {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: PasswordHasher;
  readonly secrets: SecretBox;
  readonly trail: AuditTrail;
  /** Asked by every sign-in. */
  readonly provider: IdentityProvider;
  readonly tries: SignInTries;
  /** Requests for reset mails, by address. */
  readonly resets: SignInThrottle;
  readonly secondFactor: SecondFactorThrottle;
}

type Message = keyof IdentityMessages;
export type Nothing = Record<string, never>;
export type Request<T extends Message> = IdentityMessages[T][0];
export type Answer<T extends Message> = Promise<Outcome<IdentityMessages[T][1]>>;

/** A change of records, what the audit log tells of it, and what is answered once it is made. */
export interface Change<R> extends RecordChange {
  readonly audit: readonly AuditEvent[];
  readonly reply: R;
}

/**
 * Makes the change that `make` describes; when a record that it compares has changed meanwhile, `make` describes it anew, from
 * what there is then. Refuses with ConcurrentModification after `limits.controlRetriesMax` times.
 */
export async function commit<R>(
  ports: Pick<SignInPorts, "store" | "trail">,
  make: () => Promise<Outcome<Change<R>>>,
): Promise<Outcome<R>> {
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const made = await make();
    if (!made.ok) return made;
    const { compare, operations, audit, reply } = made.value;
    if (operations.length + audit.length === 0 || (await write(ports, compare, operations, audit)))
      return accepted(reply);
  }
  return refused("ConcurrentModification");
}

async function write(
  { store, trail }: Pick<SignInPorts, "store" | "trail">,
  compare: readonly ControlCompare[],
  operations: readonly ControlOperation[],
  audit: readonly AuditEvent[],
): Promise<boolean> {
  const rows = audit.map((event) => trail.row(event));
  const isDone = await store.txn(
    [...compare, ...rows.map(({ key }) => ({ key, revision: 0n }))],
    [...operations, ...rows.flatMap((row) => row.operations)],
  );
  if (isDone) for (const _ of rows) await trail.written();
  return isDone;
}

/** Tells the audit log of what changes nothing, in one transaction. */
export async function writeAudit(
  ports: Pick<SignInPorts, "store" | "trail">,
  events: readonly AuditEvent[],
): Promise<void> {
  await commit<null>(ports, async () => accepted({ compare: [], operations: [], audit: events, reply: null }));
}

export function throttled(retryAfterMs: number): Outcome<never> {
  return refused("Throttled", { RetryAfterMs: String(retryAfterMs) });
}

/** Names one user in the throttles. */
export function userKey({ accountId, name }: Pick<UserRecord, "accountId" | "name">): string {
  return `${accountId}/${name}`;
}

/**
 * Checks the password of a user who is signed in: a session that was stolen must not be enough. Guessing is braked as at the
 * sign-in, by the address and by the user there. Refuses with SignInFailed, Throttled.
 */
export async function confirmPassword(
  ports: SignInPorts,
  user: UserRecord,
  password: string,
  address: string | null,
): Promise<Outcome<null>> {
  const tried = ports.tries.confirm(userKey(user), address ?? "");
  if ("retryAfterMs" in tried) return throttled(tried.retryAfterMs);
  if (user.passwordHash === null) await ports.passwords.burn(password);
  else if (await ports.passwords.matches(password, user.passwordHash)) {
    ports.tries.succeeded(tried.admitted);
    return accepted(null);
  }
  return refused("SignInFailed");
}

/**
 * Records a refusal for want of rights, and a wrong password or code of a user who is signed in; passes the outcome on. What was
 * denied is told where who asked belongs: strangers do not fill the log of others.
 */
export async function auditRefusal<R>(
  ports: SignInPorts,
  outcome: Outcome<R>,
  event: Omit<AuditEvent, "outcome" | "detail">,
): Promise<Outcome<R>> {
  if (isRefusal(outcome, "AccessDenied")) {
    const { accountId } = event.by;
    const target = accountId === event.accountId ? event.target : `account/${event.accountId}/${event.target}`;
    await writeAudit(ports, [{ ...event, accountId, target, outcome: "denied", detail: {} }]);
  }
  if (isRefusal(outcome, "SignInFailed")) await writeAudit(ports, [{ ...event, outcome: "failed", detail: {} }]);
  return outcome;
}

/** True when this outcome is a refusal with `code`. */
export function isRefusal(outcome: Outcome<unknown>, code: IdentityErrorCode): boolean {
  return !outcome.ok && outcome.code === code;
}
