/**
 * Temporary credentials that are stored nowhere: the session token carries what they stand for, sealed by the key ring, and
 * the secret is derived from the access key's id. Says who they are, never what they may do: callers look up the identity,
 * the session and the key they die with at each use.
 */

import { deflateRawSync, inflateRawSync } from "node:zlib";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { pack, unpack } from "../base/msgpack.ts";
import type { Random } from "../base/random.ts";
import { type KeyRing, KeyringError, sealOverheadBytes } from "../keyring/key-ring.ts";
import { capitalsAndDigits, randomText, temporaryKeyPrefix } from "./key-pair.ts";

/** Who temporary credentials act as. */
export interface TemporaryPrincipal {
  readonly accountId: string;
  /** user: of GetSessionToken and of console sessions. role: of AssumeRole. */
  readonly kind: "user" | "role";
  /** User or role name. */
  readonly name: string;
  /** The user's or role's own id, never used again: a later one of the same name is another. */
  readonly id: string;
  /** RoleSessionName; null of a user. */
  readonly sessionName: string | null;
  /** Who took on this identity, where it is another; null = itself. */
  readonly source: TemporarySource | null;
}

export interface TemporarySource {
  readonly accountId: string;
  readonly kind: "user" | "role";
  readonly name: string;
}

export interface TemporaryClaims {
  readonly principal: TemporaryPrincipal;
  /** JSON text, at most `limits.sessionPolicyCharsMax` characters; null = none was given. */
  readonly sessionPolicy: string | null;
  /** Managed policies as session policies, at most `limits.sessionPolicyArnsMax`; read at use. */
  readonly sessionPolicyArns: readonly string[];
  /** Unix ms; from this on they are expired. */
  readonly expiresMs: number;
  /** Console session they die with. */
  readonly sessionId: string | null;
  /** Access key they die with. */
  readonly parentAccessKeyId: string | null;
  /** Whether a second factor was given (aws:MultiFactorAuthPresent). */
  readonly mfa: boolean;
}

/** What a session token says. */
export interface IssuedClaims extends TemporaryClaims {
  /** Unix ms (aws:TokenIssueTime). */
  readonly issuedMs: number;
}

export interface IssuedCredentials {
  /** `TRPT` and 16 capitals and digits. */
  readonly accessKeyId: string;
  /** 40 of A-Z a-z 0-9 + /, beginning with a letter or digit. */
  readonly secretAccessKey: string;
  /** At most `limits.sessionTokenCharsMax` of A-Z a-z 0-9 - _: it needs no escaping in a URL. */
  readonly sessionToken: string;
  /** PackedPolicySize of STS: percent of the room for session policies that is used. */
  readonly packedPolicyPercent: number;
}

export interface ReadCredentials {
  readonly claims: IssuedClaims;
  readonly secretAccessKey: string;
}

export type TemporaryCredentialsRefusal = "InvalidToken" | "ExpiredToken" | "PackedPolicyTooLarge";

/** Refused temporary credentials; `code` is the name that S3 and STS give it. */
export class TemporaryCredentialsError extends Error {
  override readonly name = "TemporaryCredentialsError";
  readonly code: TemporaryCredentialsRefusal;

  constructor(code: TemporaryCredentialsRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface TemporaryCredentialsOptions {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
}

/** Sources: AWS STS API reference (AssumeRole, GetSessionToken: Policy, PackedPolicySize); S3 error list (InvalidToken, ExpiredToken). */
export class TemporaryCredentials {
  readonly #keyRing: KeyRing;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ keyRing, clock, random }: TemporaryCredentialsOptions) {
    this.#keyRing = keyRing;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Makes credentials. Names are at most as long as IAM allows (64 characters; source and session ids likewise).
   * @throws TemporaryCredentialsError PackedPolicyTooLarge when the session policies do not fit the token
   */
  issue(claims: TemporaryClaims): IssuedCredentials {
    const issuedMs = this.#clock.nowMs();
    assert(claims.expiresMs > issuedMs, "temporary credentials expire after they are issued");
    const accessKeyId = temporaryKeyPrefix + randomText(this.#random, 16, capitalsAndDigits);
    const policies = packPolicies(claims);
    const body = pack(rowOf(claims, issuedMs, policies));
    if (sealedChars(body.length) > limits.sessionTokenCharsMax) {
      throw new TemporaryCredentialsError(
        "PackedPolicyTooLarge",
        "The session's names and policies do not fit a session token.",
      );
    }
    // The id is not in the token: it is the place that the token is sealed for.
    const sealed = this.#keyRing.seal("temporary", body, accessKeyId);
    return {
      accessKeyId,
      secretAccessKey: secretOf(this.#keyRing, this.#keyRing.keyIdOf(sealed), accessKeyId),
      sessionToken: sealed.toString("base64url"),
      packedPolicyPercent: Math.ceil(((policies?.length ?? 0) * 100) / limits.packedPolicyBytesMax),
    };
  }

  /**
   * What the token stands for, and the secret to check the request's signature with.
   * @param accessKeyId the one that signed: a token is good with its own only
   * @throws TemporaryCredentialsError InvalidToken; ExpiredToken (of a token that is authentic)
   */
  read(sessionToken: string, accessKeyId: string): ReadCredentials {
    const sealed = sealedBytes(sessionToken);
    const claims = claimsOf(this.#open(sealed, accessKeyId));
    if (this.#clock.nowMs() >= claims.expiresMs) {
      throw new TemporaryCredentialsError("ExpiredToken", "The provided token has expired.");
    }
    return { claims, secretAccessKey: secretOf(this.#keyRing, this.#keyRing.keyIdOf(sealed), accessKeyId) };
  }

  #open(sealed: Buffer, accessKeyId: string): Buffer {
    try {
      return this.#keyRing.open("temporary", sealed, accessKeyId);
    } catch (error) {
      if (!(error instanceof KeyringError)) throw error;
      throw invalidToken(error);
    }
  }
}

/** True for ids of the shape that `issue` makes: their secrets are in no record. */
export function isTemporaryKeyId(accessKeyId: string): boolean {
  return accessKeyId.length === 20 && accessKeyId.startsWith(temporaryKeyPrefix);
}

/** 256 bits of HMAC in S3's alphabet; the first of a row that does not begin with a sign, for spreadsheets. */
function secretOf(keyRing: KeyRing, keyId: string, accessKeyId: string): string {
  for (let round = 0; ; round++) {
    const secret = keyRing.mac("temporary-secret", keyId, `${accessKeyId}/${round}`).toString("base64").slice(0, 40);
    if (/^[A-Za-z0-9]/.test(secret)) return secret;
  }
}

/** The packed form: a list, without names, as every request carries it. The first member is the version of the form. */
type Row = readonly [
  version: 1,
  accountId: string,
  isRole: boolean,
  name: string,
  id: string,
  sessionName: string | null,
  source: readonly [accountId: string, isRole: boolean, name: string] | null,
  policies: Uint8Array | null,
  issuedMs: number,
  expiresMs: number,
  sessionId: string | null,
  parentAccessKeyId: string | null,
  mfa: boolean,
];

function rowOf(claims: TemporaryClaims, issuedMs: number, policies: Buffer | null): Row {
  const { principal } = claims;
  const source = principal.source;
  return [
    1,
    principal.accountId,
    principal.kind === "role",
    principal.name,
    principal.id,
    principal.sessionName,
    source === null ? null : [source.accountId, source.kind === "role", source.name],
    policies,
    issuedMs,
    claims.expiresMs,
    claims.sessionId,
    claims.parentAccessKeyId,
    claims.mfa,
  ];
}

function claimsOf(body: Buffer): IssuedClaims {
  // What opens was made by `issue`, of this release or another: only the version is in question.
  const row = unpack(body) as Row;
  if (row[0] !== 1) throw invalidToken(new Error(`session token of version ${row[0]}`));
  const [, accountId, isRole, name, id, sessionName, source, policies] = row;
  const [, , , , , , , , issuedMs, expiresMs, sessionId, parentAccessKeyId, mfa] = row;
  const { sessionPolicy, sessionPolicyArns } = unpackPolicies(policies);
  return {
    principal: {
      accountId,
      kind: isRole ? "role" : "user",
      name,
      id,
      sessionName,
      source: source === null ? null : { accountId: source[0], kind: source[1] ? "role" : "user", name: source[2] },
    },
    sessionPolicy,
    sessionPolicyArns,
    issuedMs,
    expiresMs,
    sessionId,
    parentAccessKeyId,
    mfa,
  };
}

type SessionPolicies = Pick<TemporaryClaims, "sessionPolicy" | "sessionPolicyArns">;

/** Deflated; null without policies. @throws TemporaryCredentialsError PackedPolicyTooLarge */
function packPolicies({ sessionPolicy, sessionPolicyArns }: SessionPolicies): Buffer | null {
  if (sessionPolicy === null && sessionPolicyArns.length === 0) return null;
  if (
    (sessionPolicy?.length ?? 0) > limits.sessionPolicyCharsMax ||
    sessionPolicyArns.length > limits.sessionPolicyArnsMax
  ) {
    throw new TemporaryCredentialsError(
      "PackedPolicyTooLarge",
      `A session has at most ${limits.sessionPolicyCharsMax} characters of policy and ${limits.sessionPolicyArnsMax} policy ARNs.`,
    );
  }
  const packed = deflateRawSync(pack([sessionPolicy, sessionPolicyArns]), { level: 9 });
  if (packed.length > limits.packedPolicyBytesMax) {
    const percent = Math.ceil((packed.length * 100) / limits.packedPolicyBytesMax);
    throw new TemporaryCredentialsError(
      "PackedPolicyTooLarge",
      `Packed session policies consume ${percent}% of allotted space.`,
    );
  }
  return packed;
}

function unpackPolicies(packed: Uint8Array | null): SessionPolicies {
  if (packed === null) return { sessionPolicy: null, sessionPolicyArns: [] };
  const bytes = inflateRawSync(packed, { maxOutputLength: unpackedBytesMax });
  const [sessionPolicy, sessionPolicyArns] = unpack(bytes) as [string | null, readonly string[]];
  return { sessionPolicy, sessionPolicyArns };
}

/** A policy of characters of 4 bytes and ten ARNs of 2048. */
const unpackedBytesMax = 4 * limits.sessionPolicyCharsMax + limits.sessionPolicyArnsMax * 2048 + 1024;

function sealedChars(bodyBytes: number): number {
  return Math.ceil(((bodyBytes + sealOverheadBytes) * 4) / 3);
}

function sealedBytes(sessionToken: string): Buffer {
  if (sessionToken.length > limits.sessionTokenCharsMax || !/^[A-Za-z0-9_-]+$/.test(sessionToken)) {
    throw invalidToken(new Error("not base64url"));
  }
  return Buffer.from(sessionToken, "base64url");
}

function invalidToken(cause: Error): TemporaryCredentialsError {
  return new TemporaryCredentialsError("InvalidToken", "The provided token is malformed or otherwise not valid.", {
    cause,
  });
}
