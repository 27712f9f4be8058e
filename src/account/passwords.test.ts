import test from "ava";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { identityKeys } from "../control/identity-records.ts";
import { hashToken, newToken, type TokenKind } from "./secret-token.ts";
import {
  accountIds,
  actor,
  address,
  done,
  openStand,
  password,
  type Stand,
  seen,
  withFactor,
} from "./sign-in.testing.ts";

const { operator, reseller, customer, direct } = accountIds;
const newPassword = "another password";

function ask(stand: Stand, accountId: string, changes: object = {}) {
  const request = { email: stand.email(accountId), accountId: null, address, ...changes };
  return stand.handle["password.requestReset"](request);
}

async function tokenOf(stand: Stand, accountId: string): Promise<string> {
  return done(await ask(stand, accountId)).sent[0]?.token ?? "";
}

async function invite(stand: Stand, accountId: string, name: string) {
  await stand.addUser(accountId, name, "user", { status: "invited", passwordHash: null });
  const { token, hash } = newToken("invite", systemRandom);
  const expiresMs = stand.clock.nowMs() + limits.inviteMs;
  await stand.put(identityKeys.mailToken(hash), { purpose: "invite", accountId, userName: name, expiresMs });
  await stand.put(identityKeys.invite(accountId, name), { hash });
  return token;
}

test("a password is changed by its user who knows it; the other sessions end", async (t) => {
  const stand = await openStand();
  const other = done(await stand.begin(operator));
  const mine = done(await stand.begin(operator));
  const exceptHash = hashToken(mine.token);
  const change = (oldPassword: string, given = newPassword) => {
    const own = { by: actor(operator), accountId: operator, userName: "root" };
    return stand.handle["password.change"]({ ...own, oldPassword, newPassword: given, exceptHash });
  };
  t.is(seen(await change("wrong")), "SignInFailed");
  t.truthy(stand.see(other.token));
  stand.clock.advance(1000);
  done(await change(password));
  t.is(stand.see(other.token), null);
  t.truthy(stand.see(mine.token));
  t.is((await stand.user(operator)).passwordChangedMs, stand.clock.nowMs());
  t.is(seen(await stand.begin(operator)), "SignInFailed");
  done(await stand.begin(operator, { password: newPassword }));
  for (const [bad, reason] of [
    ["", /at least 8/],
    ["seven77", /at least 8/],
    ["x".repeat(limits.passwordBytesMax + 1), /at most 1024/],
  ] as const) {
    const outcome = await change(newPassword, bad);
    t.like(outcome, { ok: false, code: "InvalidInput" });
    if (!outcome.ok) t.regex(outcome.detail["Message"] ?? "", reason);
  }
});

test("nobody changes another's password, whatever the rank", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "ann", "user");
  for (const by of [
    actor(customer, "root"),
    actor(customer, "root", { original: { accountId: reseller, name: "root" } }),
    actor(customer, "ann", { original: { accountId: customer, name: "root" } }),
    actor(customer, "ann", { kind: "role" }),
    actor(direct, "ann"),
  ]) {
    const request = { by, accountId: customer, userName: "ann", oldPassword: password, newPassword, exceptHash: null };
    t.is(seen(await stand.handle["password.change"](request)), "AccessDenied");
  }
  t.is((await stand.user(customer, "ann")).passwordHash, `hash of ${password}`);
});

test("two changes at once: the second finds its old password no longer right", async (t) => {
  const stand = await openStand();
  const own = { by: actor(operator), accountId: operator, userName: "root", oldPassword: password, exceptHash: null };
  const outcomes = await Promise.all(
    ["first password", "second password"].map((given) =>
      stand.handle["password.change"]({ ...own, newPassword: given }),
    ),
  );
  t.deepEqual(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code)).sort(), ["SignInFailed", "ok"]);
});

test("one reset mail a minute, without a word about it", async (t) => {
  const stand = await openStand();
  const first = done(await ask(stand, operator)).sent;
  t.is(first.length, 1);
  t.like(first[0], { email: stand.email(operator), displayName: "operator" });
  stand.clock.advance(10_000);
  t.deepEqual(done(await ask(stand, operator)).sent, []);
  stand.clock.advance(limits.resetIntervalMs - 10_001);
  t.deepEqual(done(await ask(stand, operator)).sent, []);
  stand.clock.advance(1);
  const second = done(await ask(stand, operator)).sent;
  t.is(second.length, 1);
  const redeem = (token = "") => stand.handle["password.redeem"]({ token, newPassword, address });
  t.is(seen(await redeem(first[0]?.token)), "InvalidToken", "a newer mail ends the one before");
  done(await redeem(second[0]?.token));
});

test("requests at once make one mail", async (t) => {
  const stand = await openStand();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask(stand, operator)));
  t.is(outcomes.flatMap((outcome) => done(outcome).sent).length, 1);
});

test("a request for nobody is answered alike, with one write and no hash, as every other", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "off", "user", { status: "disabled" });
  await stand.addUser(customer, "new", "user", { status: "invited", passwordHash: null });
  await stand.changeAccount(direct, { status: "suspended" });
  const requests: [string, object, number][] = [
    ["known", {}, 1],
    ["just now", {}, 0],
    ["unknown", { email: "nobody@x.example" }, 0],
    ["empty", { email: "" }, 0],
    ["disabled", { email: stand.email(customer, "off") }, 0],
    ["invited", { email: stand.email(customer, "new") }, 0],
    ["suspended", { email: stand.email(direct) }, 0],
    ["another account's host", { email: stand.email(reseller), accountId: customer }, 0],
  ];
  for (const [title, changes, mails] of requests) {
    const revision = await stand.store.revision();
    const outcome = await ask(stand, operator, changes);
    t.is(outcome.ok ? outcome.value.sent.length : -1, mails, title);
    t.is((await stand.store.revision()) - revision, 1n, title);
  }
  t.is(stand.passwords.count, 0);
});

test("a network that asks without end is answered alike, and nothing is written", async (t) => {
  const stand = await openStand();
  for (let index = 0; index < limits.addressFreeFailures; index++) {
    t.true((await ask(stand, operator, { email: `user${index}@x.example` })).ok);
  }
  const revision = await stand.store.revision();
  for (const email of [stand.email(operator), "nobody@x.example"]) {
    t.deepEqual(await ask(stand, operator, { email }), { ok: true, value: { sent: [] } });
  }
  t.is(await stand.store.revision(), revision);
  t.is(done(await ask(stand, operator, { address: "203.0.113.8" })).sent.length, 1, "others still get theirs");
});

test("an address of several users has a mail for each", async (t) => {
  const stand = await openStand();
  const email = "same@x.example";
  await stand.addUser(customer, "a", "user", { email });
  await stand.addUser(direct, "b", "user", { email });
  const { sent } = done(await ask(stand, operator, { email: email.toUpperCase() }));
  t.is(sent.length, 2);
  for (const { token } of sent) {
    const redeemed = done(await stand.handle["password.redeem"]({ token, newPassword, address }));
    t.is((await stand.user(redeemed.accountId, redeemed.userName)).passwordHash, `hash of ${newPassword}`);
  }
});

test("a link sets the password once, ends all sessions and leaves the second factor", async (t) => {
  const stand = await openStand();
  const before = done(await stand.begin(operator));
  const { recoveryCodes } = await withFactor(stand, operator);
  const half = done(await stand.begin(operator));
  const token = await tokenOf(stand, operator);
  const redeem = (given: string, at = token) =>
    stand.handle["password.redeem"]({ token: at, newPassword: given, address });
  t.is(seen(await redeem("short")), "InvalidInput");
  t.deepEqual(done(await redeem(newPassword)), { accountId: operator, userName: "root" });
  t.is(seen(await redeem("a third password")), "InvalidToken");
  for (const reply of [before, half]) t.is(await stand.session(reply.token), undefined);
  const signedIn = done(await stand.begin(operator, { password: newPassword }));
  t.is(signedIn.stage, "password");
  const sessionHash = hashToken(signedIn.token);
  done(await stand.handle["session.mfa"]({ sessionHash, code: recoveryCodes[0] ?? "", address }));
});

test("a link used twice at once works once", async (t) => {
  const stand = await openStand();
  const token = await tokenOf(stand, operator);
  const outcomes = await Promise.all(
    ["first password", "second password"].map((given) =>
      stand.handle["password.redeem"]({ token, newPassword: given, address }),
    ),
  );
  t.deepEqual(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code)).sort(), ["InvalidToken", "ok"]);
});

test("a link is good for an hour, and for who may have it", async (t) => {
  const redeem = (stand: Stand, token: string) => stand.handle["password.redeem"]({ token, newPassword, address });
  const late = await openStand();
  const token = await tokenOf(late, customer);
  late.clock.advance(limits.resetTokenMs - 1);
  const other = await openStand();
  const expired = await tokenOf(other, customer);
  other.clock.advance(limits.resetTokenMs);
  t.is(seen(await redeem(other, expired)), "InvalidToken");
  done(await redeem(late, token));
  for (const change of [
    (stand: Stand) => stand.changeUser(customer, "root", { status: "disabled" }),
    (stand: Stand) => stand.changeAccount(reseller, { status: "suspended" }),
    (stand: Stand) => stand.store.txn([], [{ kind: "remove", key: identityKeys.user(customer, "root") }]),
  ]) {
    const stand = await openStand();
    const given = await tokenOf(stand, customer);
    await change(stand);
    t.is(seen(await redeem(stand, given)), "InvalidToken");
  }
});

test("no other kind of token redeems, and what is none costs no hash", async (t) => {
  const stand = await openStand();
  const texts = (["session", "csrf", "api", "invite", "reset"] as TokenKind[]).map(
    (kind) => newToken(kind, systemRandom).token,
  );
  const session = done(await stand.begin(operator)).token;
  const hashes = stand.passwords.count;
  for (const token of [...texts, session, "", "x".repeat(10_000)]) {
    t.is(seen(await stand.handle["password.redeem"]({ token, newPassword, address })), "InvalidToken");
  }
  t.is(stand.passwords.count, hashes);
});

test("an invite makes its user active, once; it does nothing for one who is active already", async (t) => {
  const stand = await openStand();
  const token = await invite(stand, customer, "ann");
  t.is(seen(await stand.begin(customer, { email: stand.email(customer, "ann"), password: "" })), "SignInFailed");
  done(await stand.handle["password.redeem"]({ token, newPassword, address }));
  t.like(await stand.user(customer, "ann"), { status: "active", passwordHash: `hash of ${newPassword}` });
  t.is(await stand.store.get(identityKeys.invite(customer, "ann")), undefined);
  t.is(seen(await stand.handle["password.redeem"]({ token, newPassword, address })), "InvalidToken");
  done(await stand.begin(customer, { email: stand.email(customer, "ann"), password: newPassword }));
  const stale = await invite(stand, customer, "bob");
  await stand.changeUser(customer, "bob", { status: "active", passwordHash: `hash of ${password}` });
  t.is(seen(await stand.handle["password.redeem"]({ token: stale, newPassword, address })), "InvalidToken");
});

test("whoever has the mail box gets past strangers who guess", async (t) => {
  const stand = await openStand();
  for (let index = 0; index < 40; index++) {
    await stand.begin(operator, { password: "wrong", address: `203.0.113.${index}` });
  }
  const home = "198.51.100.7";
  t.is(seen(await stand.begin(operator, { address: home })), "Throttled");
  const token = await tokenOf(stand, operator);
  done(await stand.handle["password.redeem"]({ token, newPassword, address: home }));
  done(await stand.begin(operator, { password: newPassword, address: home }));
});

test("the audit log has each change, and no password or token", async (t) => {
  const stand = await openStand();
  const token = await tokenOf(stand, operator);
  done(await stand.handle["password.redeem"]({ token, newPassword, address }));
  await ask(stand, operator, { email: "secret typed in the wrong field" });
  const text = JSON.stringify(await stand.audit());
  for (const secret of [token, newPassword, "wrong field"]) t.false(text.includes(secret));
  t.deepEqual(
    (await stand.audit()).map(({ action, accountId }) => `${action} ${accountId}`),
    [`password.requestReset ${operator}`, `password.redeem ${operator}`, "password.requestReset "],
  );
});
