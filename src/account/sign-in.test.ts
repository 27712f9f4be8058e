import test from "ava";
import { limits } from "../base/limits.ts";
import { hashToken, tokenKind } from "./secret-token.ts";
import { isCsrfOf } from "./session-reader.ts";
import {
  accountIds,
  actor,
  address,
  done,
  openStand,
  password,
  seen,
  totpCode,
  withFactor,
} from "./sign-in.testing.ts";

const { operator, reseller, customer, direct } = accountIds;

test("a password signs in; the token is in the answer and nowhere in the store", async (t) => {
  const stand = await openStand();
  const reply = done(await stand.begin(customer));
  t.is(reply.stage, "complete");
  t.is(reply.recovery, null);
  t.is(tokenKind(reply.token), "session");
  t.is(tokenKind(reply.csrf), "csrf");
  t.like(stand.see(reply.token), { role: "root", actingAs: null, user: { accountId: customer, name: "root" } });
  t.like(await stand.session(reply.token), { address, userAgent: "agent", stage: "complete" });
  for (const { key, value } of await stand.store.list("")) {
    for (const secret of [reply.token, reply.csrf, password.slice(0, 9)]) {
      t.false(key.includes(secret), key);
      if (!key.startsWith("users/")) t.false(Buffer.from(value).includes(secret), key);
    }
  }
  t.like((await stand.audit())[0], {
    action: "session.begin",
    outcome: "done",
    accountId: customer,
    target: "user/root",
    by: { accountId: customer, name: "root", address, via: "session" },
  });
});

test("every kind of failure is the same refusal, after the same number of hashes and one write", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "off", "user", { status: "disabled" });
  await stand.addUser(customer, "invited", "user", { status: "invited", passwordHash: null });
  await stand.addUser(direct, "ann", "user");
  await stand.changeAccount(reseller, { status: "suspended" });
  await stand.addUser(operator, "twin", "user", { email: "twin@x.example" });
  await stand.addUser(direct, "twin", "user", { email: "twin@x.example" });
  const tries: [string, string, Parameters<typeof stand.begin>[1]][] = [
    ["unknown address", operator, { email: "nobody@x.example" }],
    ["no address", operator, { email: "" }],
    ["wrong password", operator, { password: "wrong" }],
    ["empty password", operator, { password: "" }],
    ["disabled user", customer, { email: stand.email(customer, "off") }],
    ["invited user", customer, { email: stand.email(customer, "invited") }],
    ["suspended account", reseller, {}],
    ["account below a suspended one", customer, {}],
    ["two users, wrong password", operator, { email: "twin@x.example", password: "wrong" }],
    ["a prefix of an address", operator, { email: `root@${operator}` }],
    ["a very long address", operator, { email: `${"a".repeat(5000)}@x` }],
    ["an address with a slash", operator, { email: `${stand.email(operator)}/${operator}` }],
  ];
  for (const [title, accountId, changes] of tries) {
    for (const named of [null, accountId]) {
      const before = { hashes: stand.passwords.count, revision: await stand.store.revision() };
      const outcome = await stand.begin(accountId, {
        ...changes,
        accountId: named,
        address: `198.51.100.${tries.length}`,
      });
      t.deepEqual(outcome, { ok: false, code: "SignInFailed", detail: {} }, title);
      const hashes = named === null ? limits.signInCandidatesMax : 1;
      t.is(stand.passwords.count - before.hashes, hashes, `${title}: hashes`);
      t.is((await stand.store.revision()) - before.revision, 1n, `${title}: writes`);
      stand.clock.advance(limits.signInForgetMs);
    }
  }
});

test("success costs as many hashes as failure", async (t) => {
  const stand = await openStand();
  done(await stand.begin(operator));
  t.is(stand.passwords.count, limits.signInCandidatesMax);
  done(await stand.begin(operator, { accountId: operator }));
  t.is(stand.passwords.count, limits.signInCandidatesMax + 1);
});

test("the address is taken without case and outer blanks, the password as it is", async (t) => {
  const stand = await openStand();
  t.like(done(await stand.begin(operator, { email: ` ROOT@${operator}.Example ` })), { stage: "complete" });
  t.is(seen(await stand.begin(operator, { password: `${password} ` })), "SignInFailed");
});

test("a host that names an account signs in its users only", async (t) => {
  const stand = await openStand();
  t.is(seen(await stand.begin(customer, { accountId: direct })), "SignInFailed");
  const reply = done(await stand.begin(customer, { accountId: customer }));
  t.is(stand.see(reply.token)?.account.accountId, customer);
});

test("of several users with one address and one password the oldest that may signs in", async (t) => {
  const stand = await openStand();
  const email = "same@x.example";
  await stand.addUser(direct, "late", "user", { email, createdMs: 30 });
  await stand.addUser(customer, "first", "user", { email, createdMs: 10 });
  await stand.addUser(operator, "second", "user", { email, createdMs: 20, passwordHash: "hash of another one" });
  const signedIn = async (changes: object) => {
    const reply = await stand.begin(operator, { email, ...changes });
    return reply.ok ? stand.see(reply.value.token)?.user.name : reply.code;
  };
  t.is(await signedIn({}), "first");
  t.is(await signedIn({ password: "another one" }), "second");
  t.is(await signedIn({ accountId: direct }), "late");
  await stand.changeUser(customer, "first", { status: "disabled" });
  t.is(await signedIn({}), "late");
});

test("a half session does not become whole by a factor that was never confirmed, or that is gone", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  const half = done(await stand.begin(operator));
  const own = { by: actor(operator), accountId: operator, userName: "root", password };
  done(await stand.handle["mfa.disable"]({ ...own, code: totpCode(secret, stand.clock.nowMs()) }));
  stand.clock.advance(30_000);
  const mfa = (code: string) => stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code, address });
  t.is(seen(await mfa(totpCode(secret, stand.clock.nowMs()))), "InvalidToken");
  const again = done(await stand.handle["mfa.begin"](own));
  t.is(seen(await mfa(totpCode(again.secret, stand.clock.nowMs()))), "InvalidToken");
  t.is(stand.see(half.token), null);
});

test("users made later do not crowd out those there were", async (t) => {
  const stand = await openStand();
  const email = "same@x.example";
  for (let index = 0; index < 6; index++) {
    const createdMs = index === 5 ? 1 : 100 + index;
    await stand.addUser(direct, `u${index}`, "user", { email, createdMs, passwordHash: `hash of password ${index}` });
  }
  t.is(stand.see(done(await stand.begin(direct, { email, password: "password 5" })).token)?.user.name, "u5");
  t.is(seen(await stand.begin(direct, { email, password: "password 4" })), "SignInFailed");
});

test("a hash of an earlier release is replaced when it has matched", async (t) => {
  const stand = await openStand();
  await stand.changeUser(operator, "root", { passwordHash: `old hash of ${password}` });
  t.is(seen(await stand.begin(operator, { password: "wrong" })), "SignInFailed");
  t.is((await stand.user(operator)).passwordHash, `old hash of ${password}`);
  done(await stand.begin(operator));
  t.is((await stand.user(operator)).passwordHash, `hash of ${password}`);
  done(await stand.begin(operator));
});

test("with a second factor the password gives a session that reaches nothing", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  const half = done(await stand.begin(operator));
  t.is(half.stage, "password");
  t.is(stand.see(half.token), null);
  const sessionHash = hashToken(half.token);
  const by = actor(operator);
  t.is(seen(await stand.handle["session.actAs"]({ by, sessionHash, accountId: reseller })), "InvalidToken");
  t.is(seen(await stand.handle["session.actAs"]({ by, sessionHash, accountId: null })), "InvalidToken");
  const before = await stand.session(half.token);
  stand.clock.advance(limits.sessionSeenMs);
  done(await stand.handle["session.seen"]({ sessionHash, seenMs: stand.clock.nowMs() }));
  t.deepEqual(await stand.session(half.token), before);
  const code = totpCode(secret, stand.clock.nowMs());
  const reply = done(await stand.handle["session.mfa"]({ sessionHash, code, address }));
  t.is(reply.stage, "complete");
  t.not(reply.token, half.token);
  t.not(reply.csrf, half.csrf);
  t.is(await stand.session(half.token), undefined, "the token of the password step has ended");
  const session = stand.see(reply.token);
  t.is(session?.role, "root");
  if (session === null) return;
  t.true(isCsrfOf(session.session, reply.csrf));
  t.false(isCsrfOf(session.session, half.csrf));
  t.is(session.session.sessionId, before?.sessionId ?? "", "it is still the same session in lists");
});

test("the second step is refused without its first, after five minutes, and once it is done", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  const mfa = (sessionHash: string) =>
    stand.handle["session.mfa"]({ sessionHash, code: totpCode(secret, stand.clock.nowMs()), address });
  t.is(seen(await mfa(hashToken("x"))), "InvalidToken");
  const late = done(await stand.begin(operator));
  stand.clock.advance(limits.halfSessionMs);
  t.is(seen(await mfa(hashToken(late.token))), "InvalidToken");
  const half = done(await stand.begin(operator));
  const whole = done(await mfa(hashToken(half.token)));
  stand.clock.advance(60_000);
  t.is(seen(await mfa(hashToken(whole.token))), "InvalidToken");
  t.is(seen(await mfa(hashToken(half.token))), "InvalidToken");
});

test("a code of one time step signs in once, however many sessions wait for it", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  const halves = await Promise.all([stand.begin(operator), stand.begin(operator), stand.begin(operator)]);
  const code = totpCode(secret, stand.clock.nowMs());
  const outcomes = await Promise.all(
    halves.map((half) => stand.handle["session.mfa"]({ sessionHash: hashToken(done(half).token), code, address })),
  );
  t.deepEqual(outcomes.map((outcome) => (outcome.ok ? "in" : outcome.code)).sort(), [
    "SignInFailed",
    "SignInFailed",
    "in",
  ]);
});

test("a code from before, and one of two steps ahead, are refused", async (t) => {
  const stand = await openStand();
  const { secret, code } = await withFactor(stand, operator);
  const half = done(await stand.begin(operator));
  const mfa = async (given: string) =>
    seen(await stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code: given, address }));
  t.is(await mfa(code), "SignInFailed", "it has confirmed the factor");
  t.is(await mfa(totpCode(secret, stand.clock.nowMs() - 30_000)), "SignInFailed", "the step before");
  t.is(await mfa(totpCode(secret, stand.clock.nowMs() + 60_000)), "SignInFailed");
  t.like(await mfa(totpCode(secret, stand.clock.nowMs() + 30_000)), { stage: "complete" });
});

test("each recovery code signs in once, is told to its owner and stands in the audit log", async (t) => {
  const stand = await openStand();
  const { recoveryCodes } = await withFactor(stand, operator);
  t.is(new Set(recoveryCodes).size, 10);
  for (const [index, code] of recoveryCodes.slice(0, 3).entries()) {
    const half = done(await stand.begin(operator));
    const sessionHash = hashToken(half.token);
    const left = 9 - index;
    const reply = done(await stand.handle["session.mfa"]({ sessionHash, code: code.toLowerCase(), address }));
    t.deepEqual(reply.recovery, { left, email: stand.email(operator) });
    const told = (await stand.audit()).filter(({ detail }) => detail["recoveryCodesLeft"] === String(left));
    t.like(told, [{ action: "session.mfa", outcome: "done", detail: { method: "recovery" } }]);
    const again = done(await stand.begin(operator));
    const used = await stand.handle["session.mfa"]({ sessionHash: hashToken(again.token), code, address });
    t.is(seen(used), "SignInFailed");
  }
  t.is((await stand.user(operator)).mfa?.recoveryHashes.length, 7);
});

test("one recovery code in two sessions at once signs in one", async (t) => {
  const stand = await openStand();
  const { recoveryCodes } = await withFactor(stand, operator);
  const halves = [done(await stand.begin(operator)), done(await stand.begin(operator))];
  const outcomes = await Promise.all(
    halves.map(({ token }) =>
      stand.handle["session.mfa"]({ sessionHash: hashToken(token), code: recoveryCodes[0] ?? "", address }),
    ),
  );
  t.is(outcomes.filter(({ ok }) => ok).length, 1);
});

test("a user has a bounded number of sessions: the one longest not seen gives way", async (t) => {
  const stand = await openStand();
  const tokens: string[] = [];
  for (let index = 0; index <= limits.sessionsPerUserMax; index++) {
    tokens.push(done(await stand.begin(operator)).token);
    stand.clock.advance(1000);
  }
  t.is(await stand.sessionCount(operator), limits.sessionsPerUserMax);
  t.is(stand.see(tokens[0] ?? ""), null);
  t.truthy(stand.see(tokens[1] ?? ""));
  t.truthy(stand.see(tokens.at(-1) ?? ""));
  stand.clock.advance(limits.sessionLifeMs);
  done(await stand.begin(operator));
  t.is(await stand.sessionCount(operator), 1, "those that have ended are gone");
});

test("who has the password alone pushes out no session that is complete", async (t) => {
  const stand = await openStand();
  const { recoveryCodes } = await withFactor(stand, operator);
  const half = done(await stand.begin(operator));
  const request = { sessionHash: hashToken(half.token), code: recoveryCodes[0] ?? "", address };
  const complete = done(await stand.handle["session.mfa"](request));
  for (let index = 0; index < 2 * limits.sessionsPerUserMax; index++) {
    stand.clock.advance(61_000);
    await stand.handle["session.seen"]({ sessionHash: hashToken(complete.token), seenMs: stand.clock.nowMs() });
    await stand.begin(operator, { address: `203.0.113.${index}` });
  }
  t.truthy(stand.see(complete.token));
  t.true((await stand.sessionCount(operator)) <= limits.halfSessionsPerUserMax + 1);
});

test("the second factor makes room as the first does", async (t) => {
  const stand = await openStand();
  for (let index = 0; index < limits.sessionsPerUserMax; index++) {
    done(await stand.begin(operator));
    stand.clock.advance(1000);
  }
  const newest = done(await stand.begin(operator));
  const { secret } = done(
    await stand.handle["mfa.begin"]({ by: actor(operator), accountId: operator, userName: "root", password }),
  );
  const { mfa } = await stand.user(operator);
  // As if it had been confirmed without ending the others.
  await stand.changeUser(operator, "root", { mfa: mfa === null ? null : { ...mfa, confirmed: true } });
  const half = done(await stand.begin(operator));
  const code = totpCode(secret, stand.clock.nowMs());
  const whole = done(await stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code, address }));
  t.is(await stand.sessionCount(operator), limits.sessionsPerUserMax);
  for (const { token } of [newest, whole]) t.truthy(stand.see(token));
});

test("a user agent is kept up to a length", async (t) => {
  const stand = await openStand();
  const { token } = done(await stand.begin(operator, { userAgent: "x".repeat(5000) }));
  t.is((await stand.session(token))?.userAgent.length, limits.userAgentCharsMax);
});
