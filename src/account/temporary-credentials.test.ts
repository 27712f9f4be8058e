import test, { type ExecutionContext } from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing, newRingKey } from "../keyring/key-ring.ts";
import {
  isTemporaryKeyId,
  type TemporaryClaims,
  TemporaryCredentials,
  TemporaryCredentialsError,
  type TemporaryCredentialsRefusal,
} from "./temporary-credentials.ts";

const hourMs = 3_600_000;

function setUp() {
  const clock = new ManualClock();
  const keyRing = KeyRing.inMemory(systemRandom);
  return { clock, keyRing, credentials: new TemporaryCredentials({ keyRing, clock, random: systemRandom }) };
}

function claimsUntil(expiresMs: number, overrides: Partial<TemporaryClaims> = {}): TemporaryClaims {
  return {
    principal: {
      accountId: "111111111111",
      kind: "role",
      name: "reader",
      id: "TRPR0123456789ABCDEF",
      sessionName: "nightly",
      source: { accountId: "222222222222", kind: "user", name: "ann" },
    },
    sessionPolicy: null,
    sessionPolicyArns: [],
    expiresMs,
    sessionId: null,
    parentAccessKeyId: null,
    mfa: false,
    ...overrides,
  };
}

const refused = (t: ExecutionContext, run: () => unknown, code: TemporaryCredentialsRefusal, message?: RegExp) => {
  const error = t.throws(run, { instanceOf: TemporaryCredentialsError, ...(message === undefined ? {} : { message }) });
  t.is(error?.code, code);
};

test("a token says what it was issued for, and gives the secret back", (t) => {
  const { clock, credentials } = setUp();
  const claims = claimsUntil(clock.nowMs() + hourMs, {
    sessionPolicy:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::ä/*"}]}',
    sessionPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    sessionId: "session-1",
    parentAccessKeyId: "TRPAAAAAAAAAAAAAAAAA",
    mfa: true,
  });
  const issued = credentials.issue(claims);
  t.regex(issued.accessKeyId, /^TRPT[A-Z0-9]{16}$/);
  t.regex(issued.secretAccessKey, /^[A-Za-z0-9][A-Za-z0-9+/]{39}$/);
  t.regex(issued.sessionToken, /^[A-Za-z0-9_-]{100,4096}$/);
  t.true(issued.packedPolicyPercent > 0 && issued.packedPolicyPercent < 20);
  t.deepEqual(credentials.read(issued.sessionToken, issued.accessKeyId), {
    claims: { ...claims, issuedMs: clock.nowMs() },
    secretAccessKey: issued.secretAccessKey,
  });
});

test("a user's token without policies is as complete", (t) => {
  const { clock, credentials } = setUp();
  const claims = claimsUntil(clock.nowMs() + 1, {
    principal: {
      accountId: "111111111111",
      kind: "user",
      name: "ann",
      id: "TRPU0123456789ABCDEF",
      sessionName: null,
      source: null,
    },
  });
  const issued = credentials.issue(claims);
  t.is(issued.packedPolicyPercent, 0);
  t.deepEqual(credentials.read(issued.sessionToken, issued.accessKeyId).claims, { ...claims, issuedMs: clock.nowMs() });
});

test("a token is good with its own access key only", (t) => {
  const { clock, credentials } = setUp();
  const one = credentials.issue(claimsUntil(clock.nowMs() + hourMs));
  const other = credentials.issue(claimsUntil(clock.nowMs() + hourMs));
  t.not(one.accessKeyId, other.accessKeyId);
  t.not(one.secretAccessKey, other.secretAccessKey);
  refused(t, () => credentials.read(one.sessionToken, other.accessKeyId), "InvalidToken");
  refused(t, () => credentials.read(one.sessionToken, ""), "InvalidToken");
});

test("a token ends when its time is over, and stays InvalidToken when it was never good", (t) => {
  const { clock, credentials } = setUp();
  const issued = credentials.issue(claimsUntil(clock.nowMs() + hourMs));
  clock.advance(hourMs - 1);
  t.notThrows(() => credentials.read(issued.sessionToken, issued.accessKeyId));
  clock.advance(1);
  refused(t, () => credentials.read(issued.sessionToken, issued.accessKeyId), "ExpiredToken");
  refused(t, () => credentials.read(issued.sessionToken, "TRPT0000000000000000"), "InvalidToken");
});

test("what is no token of this installation is InvalidToken", (t) => {
  const { clock, credentials, keyRing } = setUp();
  const { accessKeyId, sessionToken } = credentials.issue(claimsUntil(clock.nowMs() + hourMs));
  const strangers = [
    "",
    "x",
    "not a token",
    `${sessionToken}=`,
    ` ${sessionToken}`,
    sessionToken.slice(0, -3),
    `${sessionToken}AAAA`,
    "A".repeat(limits.sessionTokenCharsMax),
    "A".repeat(limits.sessionTokenCharsMax + 1),
    // Sealed by this ring, for something else.
    keyRing.seal("sealing", Buffer.from("x"), accessKeyId).toString("base64url"),
    setUp().credentials.issue(claimsUntil(hourMs * 1e6)).sessionToken,
  ];
  for (const text of strangers) refused(t, () => credentials.read(text, accessKeyId), "InvalidToken");
  for (let index = 0; index < sessionToken.length - 1; index += 7) {
    const changed =
      sessionToken.slice(0, index) + (sessionToken[index] === "A" ? "B" : "A") + sessionToken.slice(index + 1);
    refused(t, () => credentials.read(changed, accessKeyId), "InvalidToken");
  }
});

test("credentials outlive a rotation of the key ring", (t) => {
  const { clock, credentials, keyRing } = setUp();
  const issued = credentials.issue(claimsUntil(clock.nowMs() + hourMs));
  const rotated = new KeyRing([...keyRing.keys, newRingKey(systemRandom, keyRing.keys)], systemRandom);
  const after = new TemporaryCredentials({ keyRing: rotated, clock, random: systemRandom });
  t.is(after.read(issued.sessionToken, issued.accessKeyId).secretAccessKey, issued.secretAccessKey);
  const later = after.issue(claimsUntil(clock.nowMs() + hourMs));
  refused(t, () => credentials.read(later.sessionToken, later.accessKeyId), "InvalidToken");
});

test("the largest ordinary policy fits the token, what packs worse is refused", (t) => {
  const { clock, credentials } = setUp();
  const issue = (sessionPolicy: string, sessionPolicyArns: readonly string[] = []) =>
    credentials.issue(claimsUntil(clock.nowMs() + hourMs, { sessionPolicy, sessionPolicyArns }));
  // Random text of 64 characters has 6 bits in each: three quarters of its length is left.
  const dense = systemRandom
    .bytes(limits.sessionPolicyCharsMax)
    .toString("base64url")
    .slice(0, limits.sessionPolicyCharsMax);
  const issued = issue(dense);
  t.true(issued.sessionToken.length <= limits.sessionTokenCharsMax);
  t.is(credentials.read(issued.sessionToken, issued.accessKeyId).claims.sessionPolicy, dense);
  t.true(issued.packedPolicyPercent > 60 && issued.packedPolicyPercent <= 100);
  refused(t, () => issue(`${dense}x`), "PackedPolicyTooLarge", /2048 characters/);
  refused(
    t,
    () =>
      issue(
        "{}",
        Array.from({ length: 11 }, () => "arn:aws:iam::aws:policy/a"),
      ),
    "PackedPolicyTooLarge",
    /10 policy ARNs/,
  );
  const wide = Array.from({ length: limits.sessionPolicyCharsMax }, () =>
    String.fromCharCode(0x4e00 + (systemRandom.bytes(2).readUInt16BE() % 20_000)),
  ).join("");
  refused(t, () => issue(wide), "PackedPolicyTooLarge", /consume \d{3}% of allotted space/);
});

test("the longest names fit beside the largest policy", (t) => {
  const { clock, credentials } = setUp();
  const name = systemRandom.bytes(48).toString("base64url");
  t.is(name.length, 64);
  const bytes = systemRandom.bytes(limits.packedPolicyBytesMax).toString("latin1");
  const claims = claimsUntil(clock.nowMs() + hourMs, {
    principal: {
      accountId: "111111111111",
      kind: "role",
      name,
      id: name,
      sessionName: name,
      source: { accountId: "222222222222", kind: "role", name },
    },
    sessionPolicy: bytes.slice(0, 1300),
    sessionId: name,
    parentAccessKeyId: name,
  });
  const issued = credentials.issue(claims);
  t.true(issued.packedPolicyPercent > 75);
  t.true(issued.sessionToken.length <= limits.sessionTokenCharsMax);
  t.deepEqual(credentials.read(issued.sessionToken, issued.accessKeyId).claims.principal, claims.principal);
});

test("temporary ids are told from stored ones", (t) => {
  const { clock, credentials } = setUp();
  t.true(isTemporaryKeyId(credentials.issue(claimsUntil(clock.nowMs() + 1)).accessKeyId));
  for (const id of ["TRPA0123456789ABCDEF", "TRPT", "TRPT0123456789ABCDEFG", ""]) t.false(isTemporaryKeyId(id));
});
