import test from "ava";
import { limits } from "../base/limits.ts";
import { hashToken } from "./secret-token.ts";
import {
  accountIds,
  actor,
  address,
  done,
  openStand,
  password,
  product,
  type Stand,
  seen,
  totpCode,
  withFactor,
} from "./sign-in.testing.ts";

const { operator, customer, reseller } = accountIds;
const own = { by: actor(operator), accountId: operator, userName: "root" };

function present(stand: Stand, secret: string) {
  return totpCode(secret, stand.clock.nowMs());
}

test("the codes of an authenticator app are those of RFC 6238, appendix B", (t) => {
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  t.is(totpCode(secret, 59_000), "287082");
  t.is(totpCode(secret, 1_111_111_109_000), "081804");
});

test("a factor is set up by password and confirmed by a code; before that nobody is asked for it", async (t) => {
  const stand = await openStand();
  t.is(seen(await stand.handle["mfa.begin"]({ ...own, password: "wrong" })), "SignInFailed");
  t.is((await stand.user(operator)).mfa, null);
  const { secret } = done(await stand.handle["mfa.begin"]({ ...own, password }));
  t.regex(secret, /^[A-Z2-7]{32}$/);
  t.is(done(await stand.begin(operator)).stage, "complete");
  const wrong = await stand.handle["mfa.confirm"]({ ...own, code: "000000", exceptHash: null });
  t.is(seen(wrong), "SignInFailed");
  t.false((await stand.user(operator)).mfa?.confirmed);
  const code = present(stand, secret);
  const { recoveryCodes } = done(await stand.handle["mfa.confirm"]({ ...own, code, exceptHash: null }));
  t.is(recoveryCodes.length, 10);
  t.is(done(await stand.begin(operator)).stage, "password");
});

test("neither the secret nor a recovery code stands in the store", async (t) => {
  const stand = await openStand();
  const { secret, recoveryCodes } = await withFactor(stand, operator);
  for (const { key, value } of await stand.store.list("")) {
    for (const text of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll("-", ""))]) {
      t.false(Buffer.from(value).includes(text), key);
    }
  }
});

test("a secret that was never confirmed is replaced; one in force is not", async (t) => {
  const stand = await openStand();
  const first = done(await stand.handle["mfa.begin"]({ ...own, password }));
  const second = done(await stand.handle["mfa.begin"]({ ...own, password }));
  t.not(first.secret, second.secret);
  const confirm = (secret: string) =>
    stand.handle["mfa.confirm"]({ ...own, code: present(stand, secret), exceptHash: null });
  t.is(seen(await confirm(first.secret)), "SignInFailed");
  done(await confirm(second.secret));
  t.is(seen(await stand.handle["mfa.begin"]({ ...own, password })), "EntityAlreadyExists");
  stand.clock.advance(30_000);
  t.is(seen(await confirm(second.secret)), "InvalidInput", "it is confirmed already");
});

test("confirming ends the sessions that were begun without the factor, but for the one that asks", async (t) => {
  const stand = await openStand();
  const other = done(await stand.begin(operator));
  const mine = done(await stand.begin(operator));
  const { secret } = done(await stand.handle["mfa.begin"]({ ...own, password }));
  t.truthy(stand.see(other.token));
  const exceptHash = hashToken(mine.token);
  done(await stand.handle["mfa.confirm"]({ ...own, code: present(stand, secret), exceptHash }));
  t.is(stand.see(other.token), null);
  t.truthy(stand.see(mine.token));
});

test("taking it away needs password and code; a code that has failed once for the password is not used up", async (t) => {
  const stand = await openStand();
  const { secret, recoveryCodes } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  const disable = (given: string, code: string) => stand.handle["mfa.disable"]({ ...own, password: given, code });
  const code = present(stand, secret);
  t.is(seen(await disable("wrong", code)), "SignInFailed");
  t.is(seen(await disable(password, "000000")), "SignInFailed");
  t.is(seen(await disable(password, "")), "SignInFailed");
  t.true((await stand.user(operator)).mfa?.confirmed);
  done(await disable(password, code));
  t.is((await stand.user(operator)).mfa, null);
  t.is(seen(await disable(password, code)), "InvalidInput");
  t.is(done(await stand.begin(operator)).stage, "complete");
  const again = await withFactor(stand, operator);
  t.is(seen(await disable(password, recoveryCodes[0] ?? "")), "SignInFailed", "codes of the factor before");
  done(await disable(password, again.recoveryCodes[9] ?? ""));
});

test("new recovery codes void the old ones; a recovery code does not make new ones", async (t) => {
  const stand = await openStand();
  const { secret, recoveryCodes } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  const renew = (code: string) => stand.handle["mfa.newRecoveryCodes"]({ ...own, code });
  t.is(seen(await renew(recoveryCodes[0] ?? "")), "SignInFailed");
  const code = present(stand, secret);
  const fresh = done(await renew(code));
  t.is(new Set([...fresh.recoveryCodes, ...recoveryCodes]).size, 20);
  t.is(seen(await renew(code)), "SignInFailed", "the same code again");
  const half = done(await stand.begin(operator));
  const mfa = (given: string) =>
    stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code: given, address });
  t.is(seen(await mfa(recoveryCodes[1] ?? "")), "SignInFailed");
  t.like(done(await mfa(fresh.recoveryCodes[1] ?? "")), { recovery: { left: 9 } });
});

test("without a factor there is nothing to confirm, to renew or to take away", async (t) => {
  const stand = await openStand();
  t.is(seen(await stand.handle["mfa.confirm"]({ ...own, code: "000000", exceptHash: null })), "InvalidInput");
  t.is(seen(await stand.handle["mfa.newRecoveryCodes"]({ ...own, code: "000000" })), "InvalidInput");
  t.is(seen(await stand.handle["mfa.disable"]({ ...own, password, code: "000000" })), "InvalidInput");
});

test("tries of a code count together with those of the sign-in", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  const half = done(await stand.begin(operator));
  const sessionHash = hashToken(half.token);
  for (let index = 0; index < 2; index++) {
    t.is(seen(await stand.handle["session.mfa"]({ sessionHash, code: "000000", address })), "SignInFailed");
    t.is(seen(await stand.handle["mfa.newRecoveryCodes"]({ ...own, code: "000000" })), "SignInFailed");
  }
  t.is(seen(await stand.handle["mfa.disable"]({ ...own, password, code: "000000" })), "SignInFailed");
  const code = present(stand, secret);
  t.is(seen(await stand.handle["mfa.disable"]({ ...own, password, code })), "Throttled");
  t.is(seen(await stand.handle["session.mfa"]({ sessionHash, code, address })), "Throttled");
});

test("a stolen session does not guess the password at will", async (t) => {
  const stand = await openStand();
  for (let index = 0; index < limits.accountFreeFailures; index++) {
    t.is(seen(await stand.handle["mfa.begin"]({ ...own, password: "wrong" })), "SignInFailed");
  }
  const hashes = stand.passwords.count;
  t.is(seen(await stand.handle["mfa.begin"]({ ...own, password })), "Throttled");
  t.is(stand.passwords.count, hashes);
  t.is((await stand.audit()).filter(({ outcome }) => outcome === "failed").length, limits.accountFreeFailures);
  t.like(await stand.begin(operator, { address: "203.0.113.7" }), { ok: true }, "who owns it signs in elsewhere");
});

test("who may take away a factor that is lost, and what ends with it", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "admin", "admin");
  await stand.addUser(customer, "other", "admin");
  await stand.addUser(customer, "user", "user");
  const acting = actor(customer, "root", { original: { accountId: reseller, name: "root" } });
  const table: [ReturnType<typeof actor>, string, string][] = [
    [actor(customer, "root"), "admin", "ok"],
    [actor(customer, "admin"), "user", "ok"],
    [actor(customer, "admin"), "other", "AccessDenied"],
    [actor(customer, "admin"), "admin", "AccessDenied"],
    [actor(customer, "admin"), "root", "AccessDenied"],
    [actor(customer, "user"), "user", "AccessDenied"],
    [actor(customer, "root"), "root", "AccessDenied"],
    [acting, "user", "AccessDenied"],
    [actor(reseller, "root"), "user", "AccessDenied"],
    [product, "root", "ok"],
  ];
  for (const [by, userName, expected] of table) {
    if ((await stand.user(customer, userName)).mfa === null) await withFactor(stand, customer, userName);
    const email = stand.email(customer, userName);
    const half = done(await stand.begin(customer, { email }));
    const outcome = await stand.handle["mfa.reset"]({ by, accountId: customer, userName });
    t.is(outcome.ok ? "ok" : outcome.code, expected, `${by.name} → ${userName}`);
    const session = await stand.session(half.token);
    t.is(session === undefined, expected === "ok", "half a session ends with the factor that it waits for");
    t.is((await stand.user(customer, userName)).mfa === null, expected === "ok");
    stand.clock.advance(limits.signInForgetMs);
  }
});
