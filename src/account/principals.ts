/** From an access key to its principal: records read from a snapshot, policies compiled once. Synchronous; for one thread. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import {
  type AccessKeyRecord,
  type AccountRecord,
  type GroupRecord,
  type HolderKind,
  type InlinePolicyRecord,
  identityKeys,
  type ManagedPolicyRecord,
  type PolicyHolder,
  type RoleRecord,
  rootUserName,
  type SessionRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { RecentMap } from "../control/recent-map.ts";
import { type SecretBox, secretPlaces } from "../control/secret-box.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import { type PolicyDocument, parsePolicy } from "../policy/document.ts";
import { managedPolicies } from "../policy/managed.ts";
import { PolicyError } from "../policy/policy-error.ts";
import type { RequestPrincipal } from "../policy/request.ts";
import { managedPolicyKey } from "./arn.ts";
import type { Principal } from "./principal.ts";
import type { IssuedClaims, TemporaryCredentials } from "./temporary-credentials.ts";

/** Control records at one moment; the same object is returned while a record does not change. */
export interface Records {
  /** Of the moment. */
  readonly revision: bigint;
  record<T>(key: string): T | undefined;
}

/** Who holds an access key, and what it signs with. */
export interface Credential {
  readonly principal: Principal;
  readonly secretAccessKey: string;
}

export interface PrincipalsOptions {
  readonly records: Records;
  readonly secrets: Pick<SecretBox, "open">;
  readonly temporary: Pick<TemporaryCredentials, "read">;
  readonly clock: Clock;
}

/** A credential and the records it was made from: it holds while each of them is the same. */
interface Known {
  readonly credential: Credential;
  readonly uses: readonly (readonly [key: string, value: unknown])[];
  /** Unix ms; Infinity for long-lived keys. */
  readonly expiresMs: number;
  knownAt: bigint;
}

const administratorArn = "arn:aws:iam::aws:policy/AdministratorAccess";

export class Principals {
  readonly #options: PrincipalsOptions;
  readonly #known = new RecentMap<string, Known>(limits.controlCachedMax);

  constructor(options: PrincipalsOptions) {
    this.#options = options;
  }

  /**
   * The records have been refreshed. Undefined: there is no such key, it is not active, or whom it belongs to is gone,
   * disabled or suspended.
   * @param sessionToken as sent; null without one
   * @throws TemporaryCredentialsError when the token is not ours, not this key's, or expired
   */
  credential(accessKeyId: string, sessionToken: string | null): Credential | undefined {
    const { records, clock } = this.#options;
    const name = sessionToken === null ? accessKeyId : `${accessKeyId} ${sessionToken}`;
    const known = this.#known.get(name);
    if (known !== undefined && known.knownAt === records.revision && known.expiresMs === Number.POSITIVE_INFINITY) {
      return known.credential;
    }
    if (known !== undefined && clock.nowMs() < known.expiresMs && this.#holds(known)) return known.credential;
    const uses: [string, unknown][] = [];
    const making = new Making(this.#options, uses);
    const found = sessionToken === null ? making.longLived(accessKeyId) : making.temporary(accessKeyId, sessionToken);
    if (found === undefined) {
      this.#known.delete(name);
      return undefined;
    }
    const { credential, expiresMs } = found;
    this.#known.set(name, { credential, uses, expiresMs, knownAt: records.revision });
    return credential;
  }

  /** A user as it acts without an access key: signed in, or by an API token. Undefined as for `credential`. Not kept. */
  user(accountId: string, name: string): Principal | undefined {
    return new Making(this.#options, []).user(accountId, name);
  }

  /** A role as a session of it would act. */
  role(accountId: string, name: string): Principal | undefined {
    return new Making(this.#options, []).role(accountId, name);
  }

  #holds(known: Known): boolean {
    const { records } = this.#options;
    if (known.knownAt === records.revision) return true;
    for (const [key, value] of known.uses) if (records.record(key) !== value) return false;
    known.knownAt = records.revision;
    return true;
  }
}

interface Found {
  readonly credential: Credential;
  readonly expiresMs: number;
}

/** One making of a principal; notes every record it looks at. */
class Making {
  readonly #options: PrincipalsOptions;
  readonly #uses: [string, unknown][];

  constructor(options: PrincipalsOptions, uses: [string, unknown][]) {
    this.#options = options;
    this.#uses = uses;
  }

  longLived(accessKeyId: string): Found | undefined {
    const key = this.#activeKey(accessKeyId);
    if (key === undefined) return undefined;
    const account = this.#activeAccount(key.accountId);
    const user = this.#activeUser(key.accountId, key.userName);
    if (account === undefined || user === undefined) return undefined;
    const secretAccessKey = this.#options.secrets.open(key.sealedSecret, secretPlaces.accessKey(accessKeyId));
    const principal = this.#userPrincipal({ account, user, accessKeyId, sessionPolicies: null, temporary: null });
    return { credential: { principal, secretAccessKey }, expiresMs: Number.POSITIVE_INFINITY };
  }

  user(accountId: string, name: string): Principal | undefined {
    const account = this.#activeAccount(accountId);
    const user = this.#activeUser(accountId, name);
    if (account === undefined || user === undefined) return undefined;
    return this.#userPrincipal({ account, user, accessKeyId: "", sessionPolicies: null, temporary: null });
  }

  role(accountId: string, name: string): Principal | undefined {
    const account = this.#activeAccount(accountId);
    const role = this.#use<RoleRecord>(identityKeys.role(accountId, name));
    if (account === undefined || role === undefined) return undefined;
    return this.#rolePrincipal(account, role, "session", { accessKeyId: "", sessionPolicies: null, temporary: null });
  }

  temporary(accessKeyId: string, sessionToken: string): Found | undefined {
    const { claims, secretAccessKey } = this.#options.temporary.read(sessionToken, accessKeyId);
    const account = this.#activeAccount(claims.principal.accountId);
    if (account === undefined || !this.#isSourceAlive(claims)) return undefined;
    const principal =
      claims.principal.kind === "user"
        ? this.#sessionOfUser(account, accessKeyId, claims)
        : this.#sessionOfRole(account, accessKeyId, claims);
    if (principal === undefined) return undefined;
    return { credential: { principal, secretAccessKey }, expiresMs: claims.expiresMs };
  }

  #use<T>(key: string): T | undefined {
    const value = this.#options.records.record<T>(key);
    this.#uses.push([key, value]);
    return value;
  }

  #activeKey(accessKeyId: string): AccessKeyRecord | undefined {
    const key = this.#use<AccessKeyRecord>(identityKeys.accessKey(accessKeyId));
    return key?.status === "Active" ? key : undefined;
  }

  /** An account whose own status and that of every account above it is active. */
  #activeAccount(accountId: string): AccountRecord | undefined {
    const account = this.#use<AccountRecord>(identityKeys.account(accountId));
    for (let above = account, depth = 0; above !== undefined; depth++) {
      if (above.status !== "active" || depth > limits.accountDepthMax) return undefined;
      if (above.parent === null) return account;
      above = this.#use<AccountRecord>(identityKeys.account(above.parent));
    }
    return undefined;
  }

  #activeUser(accountId: string, name: string): UserRecord | undefined {
    const user = this.#use<UserRecord>(identityKeys.user(accountId, name));
    return user === undefined || user.status === "disabled" ? undefined : user;
  }

  /** What temporary credentials hang on: the key that asked for them, or the console session. */
  #isSourceAlive({ parentAccessKeyId, sessionId }: IssuedClaims): boolean {
    if (parentAccessKeyId !== null && this.#activeKey(parentAccessKeyId) === undefined) return false;
    if (sessionId === null) return true;
    return this.#use<SessionRecord>(identityKeys.session(sessionId))?.stage === "complete";
  }

  #sessionOfUser(account: AccountRecord, accessKeyId: string, claims: IssuedClaims): Principal | undefined {
    const user = this.#activeUser(account.accountId, claims.principal.name);
    if (user === undefined || user.userId !== claims.principal.id) return undefined;
    const sessionPolicies = this.#sessionPolicies(claims);
    return this.#userPrincipal({ account, user, accessKeyId, sessionPolicies, temporary: temporaryOf(claims) });
  }

  #sessionOfRole(account: AccountRecord, accessKeyId: string, claims: IssuedClaims): Principal | undefined {
    const { name, sessionName } = claims.principal;
    const role = this.#use<RoleRecord>(identityKeys.role(account.accountId, name));
    if (role === undefined || role.roleId !== claims.principal.id) return undefined;
    const sessionPolicies = this.#sessionPolicies(claims);
    return this.#rolePrincipal(account, role, String(sessionName), {
      accessKeyId,
      sessionPolicies,
      temporary: temporaryOf(claims),
    });
  }

  #rolePrincipal(
    account: AccountRecord,
    role: RoleRecord,
    sessionName: string,
    parts: Pick<Principal, "accessKeyId" | "sessionPolicies" | "temporary">,
  ): Principal {
    const { accountId, canonicalId } = account;
    const { name } = role;
    const identity: RequestPrincipal = {
      kind: "role-session",
      accountId,
      canonicalId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${sessionName}`,
      roleArn: `arn:aws:iam::${accountId}:role${role.path}${name}`,
      userId: `${role.roleId}:${sessionName}`,
    };
    return {
      account,
      name,
      role: "session",
      accessKeyId: parts.accessKeyId,
      identity,
      userName: null,
      tags: role.tags,
      policies: this.#policiesOf("role", accountId, name, role),
      boundary: this.#boundary(role.boundary),
      sessionPolicies: parts.sessionPolicies,
      isUnbounded: false,
      temporary: parts.temporary,
    };
  }

  #userPrincipal(
    parts: Pick<Principal, "account" | "accessKeyId" | "sessionPolicies" | "temporary"> & { user: UserRecord },
  ) {
    const { account, user, accessKeyId, sessionPolicies, temporary } = parts;
    const { accountId, canonicalId } = account;
    const isRoot = user.role === "root";
    const boundary = isRoot ? null : this.#boundary(user.boundary);
    const identity: RequestPrincipal = {
      kind: isRoot ? "root" : "user",
      accountId,
      canonicalId,
      arn: isRoot ? `arn:aws:iam::${accountId}:root` : `arn:aws:iam::${accountId}:user${user.path}${user.name}`,
      roleArn: null,
      userId: isRoot ? accountId : user.userId,
    };
    const policies = isRoot ? [] : this.#userPolicies(user);
    const isUnbounded = (isRoot || (user.role === "admin" && policies.length === 1)) && boundary === null;
    const principal: Principal = {
      account,
      name: user.name,
      role: user.role,
      accessKeyId,
      identity,
      userName: isRoot || user.name === rootUserName ? null : user.name,
      tags: user.tags,
      policies,
      boundary,
      sessionPolicies,
      isUnbounded: isUnbounded && sessionPolicies === null,
      temporary,
    };
    return principal;
  }

  #userPolicies(user: UserRecord): CompiledPolicy[] {
    const { accountId, name, role } = user;
    const policies = role === "admin" ? [awsManaged(administratorArn)] : [];
    policies.push(...this.#policiesOf("user", accountId, name, user));
    for (const group of user.groups) {
      const record = this.#use<GroupRecord>(identityKeys.group(accountId, group));
      if (record !== undefined) policies.push(...this.#policiesOf("group", accountId, group, record));
    }
    return policies;
  }

  #policiesOf(kind: HolderKind, accountId: string, name: string, holder: PolicyHolder): CompiledPolicy[] {
    const attached = holder.attached.map((arn) => this.#managed(arn));
    const inline = holder.inline.map((policy) => {
      const record = this.#use<InlinePolicyRecord>(identityKeys.inline(kind, accountId, name, policy));
      return record === undefined
        ? denyAll
        : compiledOf(record, record.document, `inline policy ${policy} of ${kind} ${name}`);
    });
    return [...attached, ...inline];
  }

  #managed(arn: string): CompiledPolicy {
    if (managedPolicies.has(arn)) return awsManaged(arn);
    const key = managedPolicyKey(arn);
    const record = key === null ? undefined : this.#use<ManagedPolicyRecord>(key);
    const version = record?.versions.find(({ id }) => id === record.defaultVersion);
    // A Deny that cannot be read must not be lost: what names it has no rights until it is repaired.
    return record === undefined || version === undefined
      ? denyAll
      : compiledOf(record, version.document, `policy ${arn}`);
  }

  #boundary(arn: string | null): CompiledPolicy | null {
    return arn === null ? null : this.#managed(arn);
  }

  #sessionPolicies({ sessionPolicy, sessionPolicyArns }: IssuedClaims): CompiledPolicy[] | null {
    if (sessionPolicy === null && sessionPolicyArns.length === 0) return null;
    const managed = sessionPolicyArns.map((arn) => this.#managed(arn));
    return sessionPolicy === null ? managed : [compileText(sessionPolicy, "session policy"), ...managed];
  }
}

function temporaryOf({ issuedMs, mfa, parentAccessKeyId, sessionId }: IssuedClaims): Principal["temporary"] {
  return { issuedMs, mfa, parentAccessKeyId, sessionId };
}

const compiled = new WeakMap<object, CompiledPolicy>();

/** A record object stands for one content: its policy is compiled once for all who hold it. */
function compiledOf(record: object, text: string, source: string): CompiledPolicy {
  const known = compiled.get(record);
  if (known !== undefined) return known;
  const policy = compileText(text, source);
  compiled.set(record, policy);
  return policy;
}

function compileText(text: string, source: string): CompiledPolicy {
  try {
    return compilePolicy(parsePolicy(text, "identity"), source);
  } catch (error) {
    if (error instanceof PolicyError) return denyAll;
    throw error;
  }
}

const everything: PolicyDocument = parsePolicy(
  { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] },
  "identity",
);
const denyAll = compilePolicy(everything, "a policy that cannot be read");

const builtIn = new Map<string, CompiledPolicy>();

function awsManaged(arn: string): CompiledPolicy {
  const known = builtIn.get(arn);
  if (known !== undefined) return known;
  const policy = managedPolicies.get(arn);
  const made = policy === undefined ? denyAll : compilePolicy(policy.document, `policy ${arn}`);
  builtIn.set(arn, made);
  return made;
}
