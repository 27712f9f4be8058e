/** One principal, made of the records that it takes: whom a key, a user's name or a role's stands for. Synchronous. */

import type { SigningKey } from "../auth/signing-key.ts";
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
  type Tag,
  type UserRecord,
} from "../control/identity-records.ts";
import type { Stamp, Stamped } from "../control/reader.ts";
import { type SecretBox, secretPlaces } from "../control/secret-box.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import { type PolicyDocument, parsePolicy } from "../policy/document.ts";
import { managedPolicies } from "../policy/managed.ts";
import { PolicyError } from "../policy/policy-error.ts";
import type { RequestPrincipal } from "../policy/request.ts";
import { managedPolicyKey } from "./arn.ts";
import type { Principal } from "./principal.ts";
import type { IssuedClaims, TemporaryCredentials } from "./temporary-credentials.ts";

/** Control records at one moment, as `ControlReader` gives them. */
export interface Records {
  /** Changes when any record does. */
  readonly moment: number;
  /** The same value while the record does not change. */
  shared<T>(key: string): Stamped<T>;
  /** Read anew. */
  once<T>(key: string): Stamped<T>;
  stands(stamp: Stamp): boolean;
}

/**
 * Who holds an access key, and what it signs with. One object while no record of it changes: what else is known of the key
 * stands in it, so that it takes no look-up of its own and is forgotten with it.
 */
export interface Credential {
  readonly principal: Principal;
  readonly secretAccessKey: string;
  /** Derived from the secret; the last that has verified a signature. Null before. */
  proven: SigningKey | null;
  /** When its use was last noted, Unix ms; -Infinity: not yet. */
  notedMs: number;
}

/** What principals are made from. */
export interface PrincipalSources {
  readonly records: Records;
  readonly secrets: Pick<SecretBox, "open">;
  readonly temporary: Pick<TemporaryCredentials, "read">;
}

/** A credential and the records it was made from: it holds while each of them stands. */
export interface Known {
  readonly credential: Credential;
  readonly stamps: readonly Stamp[];
  /** Unix ms; Infinity for long-lived keys. */
  readonly expiresMs: number;
  /** What it takes, estimated. */
  readonly sizeBytes: number;
  knownAt: number;
}

// What is kept of a user with one attached policy was measured by the heap's growth: 1,490 bytes, with its signing key, its
// names and the stamps of four records.
const knownBytes = 1000;
const stampBytes = 128;
const tagBytes = 120;
/** A compiled policy was measured to take 7 to 14 bytes for each character of its text. */
const compiledBytesPerChar = 16;

/** One for all who have none. */
const none: readonly Tag[] = [];

const administratorArn = "arn:aws:iam::aws:policy/AdministratorAccess";

/** One making of a principal; notes every record it looks at. */
export class Making {
  readonly #sources: PrincipalSources;
  readonly #isKept: boolean;
  readonly #stamps: Stamp[] = [];
  #sizeBytes = knownBytes;

  /** @param isKept whether what is made is kept: then the records of this principal alone need not be */
  constructor(sources: PrincipalSources, isKept: boolean) {
    this.#sources = sources;
    this.#isKept = isKept;
  }

  longLived(accessKeyId: string): Known | undefined {
    const key = this.#activeKey(accessKeyId);
    if (key === undefined) return undefined;
    const account = this.#activeAccount(key.accountId);
    const user = this.#activeUser(key.accountId, key.userName);
    if (account === undefined || user === undefined) return undefined;
    const secretAccessKey = this.#sources.secrets.open(key.sealedSecret, secretPlaces.accessKey(accessKeyId));
    const principal = this.#userPrincipal({
      account,
      user,
      accessKeyId: key.accessKeyId,
      sessionPolicies: null,
      temporary: null,
    });
    return this.#known(principal, secretAccessKey, Number.POSITIVE_INFINITY);
  }

  user(accountId: string, name: string): Principal | undefined {
    const account = this.#activeAccount(accountId);
    const user = this.#activeUser(accountId, name);
    if (account === undefined || user === undefined) return undefined;
    return this.#userPrincipal({ account, user, accessKeyId: "", sessionPolicies: null, temporary: null });
  }

  role(accountId: string, name: string): Principal | undefined {
    const account = this.#activeAccount(accountId);
    const role = this.#shared<RoleRecord>(identityKeys.role(accountId, name));
    if (account === undefined || role === undefined) return undefined;
    return this.#rolePrincipal(account, role, "session", { accessKeyId: "", sessionPolicies: null, temporary: null });
  }

  temporary(accessKeyId: string, sessionToken: string): Known | undefined {
    const { claims, secretAccessKey } = this.#sources.temporary.read(sessionToken, accessKeyId);
    const account = this.#activeAccount(claims.principal.accountId);
    if (account === undefined || !this.#isSourceAlive(claims)) return undefined;
    const principal =
      claims.principal.kind === "user"
        ? this.#sessionOfUser(account, accessKeyId, claims)
        : this.#sessionOfRole(account, accessKeyId, claims);
    if (principal === undefined) return undefined;
    this.#sizeBytes += 2 * sessionToken.length;
    return this.#known(principal, secretAccessKey, claims.expiresMs);
  }

  #known(principal: Principal, secretAccessKey: string, expiresMs: number): Known {
    for (const { key, value } of principal.tags) this.#sizeBytes += tagBytes + 2 * (key.length + value.length);
    return {
      credential: { principal, secretAccessKey, proven: null, notedMs: Number.NEGATIVE_INFINITY },
      // A copy has no room for more.
      stamps: this.#stamps.slice(),
      expiresMs,
      sizeBytes: this.#sizeBytes + this.#stamps.length * stampBytes,
      knownAt: this.#sources.records.moment,
    };
  }

  /** Of many principals: kept by the reader. */
  #shared<T>(key: string): T | undefined {
    return this.#noted(this.#sources.records.shared<T>(key));
  }

  /** Of one principal. */
  #own<T>(key: string): T | undefined {
    return this.#isKept ? this.#noted(this.#sources.records.once<T>(key)) : this.#shared<T>(key);
  }

  #noted<T>({ value, stamp }: Stamped<T>): T | undefined {
    this.#stamps.push(stamp);
    return value;
  }

  #activeKey(accessKeyId: string): AccessKeyRecord | undefined {
    const key = this.#own<AccessKeyRecord>(identityKeys.accessKey(accessKeyId));
    return key?.status === "Active" ? key : undefined;
  }

  /** An account whose own status and that of every account above it is active. */
  #activeAccount(accountId: string): AccountRecord | undefined {
    const account = this.#shared<AccountRecord>(identityKeys.account(accountId));
    for (let above = account, depth = 0; above !== undefined; depth++) {
      if (above.status !== "active" || depth > limits.accountDepthMax) return undefined;
      if (above.parent === null) return account;
      above = this.#shared<AccountRecord>(identityKeys.account(above.parent));
    }
    return undefined;
  }

  #activeUser(accountId: string, name: string): UserRecord | undefined {
    const user = this.#own<UserRecord>(identityKeys.user(accountId, name));
    return user === undefined || user.status === "disabled" ? undefined : user;
  }

  /** What temporary credentials hang on: the key that asked for them, or the console session. */
  #isSourceAlive({ parentAccessKeyId, sessionId }: IssuedClaims): boolean {
    if (parentAccessKeyId !== null && this.#activeKey(parentAccessKeyId) === undefined) return false;
    if (sessionId === null) return true;
    return this.#own<SessionRecord>(identityKeys.session(sessionId))?.stage === "complete";
  }

  #sessionOfUser(account: AccountRecord, accessKeyId: string, claims: IssuedClaims): Principal | undefined {
    const user = this.#activeUser(account.accountId, claims.principal.name);
    if (user === undefined || user.userId !== claims.principal.id) return undefined;
    const sessionPolicies = this.#sessionPolicies(claims);
    return this.#userPrincipal({ account, user, accessKeyId, sessionPolicies, temporary: temporaryOf(claims) });
  }

  #sessionOfRole(account: AccountRecord, accessKeyId: string, claims: IssuedClaims): Principal | undefined {
    const { name, sessionName } = claims.principal;
    const role = this.#shared<RoleRecord>(identityKeys.role(account.accountId, name));
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
      roleId: role.roleId,
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
      roleId: null,
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
      tags: user.tags.length === 0 ? none : user.tags,
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
    const implied = role === "admin" ? [awsManaged(administratorArn)] : [];
    const own = this.#policiesOf("user", accountId, name, user);
    const groups = user.groups.map((group) => {
      const record = this.#shared<GroupRecord>(identityKeys.group(accountId, group));
      return record === undefined ? [] : this.#policiesOf("group", accountId, group, record);
    });
    return implied.concat(own, ...groups);
  }

  #policiesOf(kind: HolderKind, accountId: string, name: string, holder: PolicyHolder): CompiledPolicy[] {
    const attached = holder.attached.map((arn) => this.#managed(arn));
    const inline = holder.inline.map((policy) => {
      const key = identityKeys.inline(kind, accountId, name, policy);
      const record = kind === "user" ? this.#own<InlinePolicyRecord>(key) : this.#shared<InlinePolicyRecord>(key);
      return record === undefined
        ? denyAll
        : this.#compiledOf(record, record.document, `inline policy ${policy} of ${kind} ${name}`);
    });
    return attached.concat(inline);
  }

  #managed(arn: string): CompiledPolicy {
    if (managedPolicies.has(arn)) return awsManaged(arn);
    const key = managedPolicyKey(arn);
    const record = key === null ? undefined : this.#shared<ManagedPolicyRecord>(key);
    const version = record?.versions.find(({ id }) => id === record.defaultVersion);
    // A Deny that cannot be read must not be lost: what names it has no rights until it is repaired.
    return record === undefined || version === undefined
      ? denyAll
      : this.#compiledOf(record, version.document, `policy ${arn}`);
  }

  #boundary(arn: string | null): CompiledPolicy | null {
    return arn === null ? null : this.#managed(arn);
  }

  #sessionPolicies({ sessionPolicy, sessionPolicyArns }: IssuedClaims): CompiledPolicy[] | null {
    if (sessionPolicy === null && sessionPolicyArns.length === 0) return null;
    const managed = sessionPolicyArns.map((arn) => this.#managed(arn));
    return sessionPolicy === null ? managed : [this.#compile(sessionPolicy, "session policy"), ...managed];
  }

  /** A record object stands for one content: its policy is compiled once for all who hold it, and weighs with the first. */
  #compiledOf(record: object, text: string, source: string): CompiledPolicy {
    const known = compiled.get(record);
    if (known !== undefined) return known;
    const policy = this.#compile(text, source);
    compiled.set(record, policy);
    return policy;
  }

  #compile(text: string, source: string): CompiledPolicy {
    this.#sizeBytes += compiledBytesPerChar * text.length;
    return compileText(text, source);
  }
}

function temporaryOf({ issuedMs, mfa, parentAccessKeyId, sessionId }: IssuedClaims): Principal["temporary"] {
  return { issuedMs, mfa, parentAccessKeyId, sessionId };
}

const compiled = new WeakMap<object, CompiledPolicy>();

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
