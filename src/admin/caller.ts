/** Who calls the admin API, as proven, and as which account's identity the call is judged. */

import type {
  AccountRecord,
  Actor,
  ApiTokenRecord,
  Role,
  SessionRecord,
  UserRecord,
} from "../control/identity-records.ts";
import type { Proof } from "./declaration.ts";

/** A session as its cookie proves it. */
export interface CallerSession {
  /** Names the session in messages; the cookie's token is its pre-image. */
  readonly hash: string;
  readonly record: SessionRecord;
}

export interface Caller {
  readonly proof: Exclude<Proof, "none">;
  /** The account that the call is about: of an acting session, the one it acts in. */
  readonly account: AccountRecord;
  /** What it may do there: of an acting session, root. */
  readonly role: Role;
  /** The identity itself, also of an acting session; null on the local socket. */
  readonly user: UserRecord | null;
  readonly session: CallerSession | null;
  readonly token: ApiTokenRecord | null;
  readonly isActing: boolean;
  /** Stands in messages to the control actor and in the audit log. */
  readonly actor: Actor;
}

/** The names of one caller: for what is remembered of it between requests. */
export function callerName({ actor }: Caller): string {
  const { original } = actor;
  const own = `${actor.accountId}/${actor.kind}/${actor.name}`;
  return original === null ? own : `${own}|${original.accountId}/${original.name}`;
}
