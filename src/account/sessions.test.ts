import test from "ava";
import { limits } from "../base/limits.ts";
import { identityKeys } from "../control/identity-records.ts";
import { hashToken } from "./secret-token.ts";
import { apiTokenOf } from "./session-reader.ts";
import { accountIds, actor, address, done, openStand, password, product, type Stand, seen } from "./sign-in.testing.ts";

const { operator, reseller, customer, direct, foreign } = accountIds;

async function signIn(stand: Stand, accountId: string, name = "root") {
  const reply = done(await stand.begin(accountId, { email: stand.email(accountId, name) }));
  const hash = hashToken(reply.token);
  const sessionId = (await stand.session(reply.token))?.sessionId ?? "";
  return { token: reply.token, hash, sessionId };
}

test("a session that ends itself is gone at once, with its row in the list; again is no error", async (t) => {
  const stand = await openStand();
  const { token, hash } = await signIn(stand, operator);
  const other = await signIn(stand, operator);
  done(await stand.handle["session.end"]({ sessionHash: hash }));
  t.is(stand.see(token), null);
  t.truthy(stand.see(other.token));
  t.is(await stand.sessionCount(operator), 1);
  done(await stand.handle["session.end"]({ sessionHash: hash }));
  t.is((await stand.audit()).filter(({ action }) => action === "session.end").length, 1);
});

test("a session lives while it is seen, half an hour without, twelve hours at most", async (t) => {
  const stand = await openStand();
  const { token, hash } = await signIn(stand, operator);
  const see = () => stand.handle["session.seen"]({ sessionHash: hash, seenMs: stand.clock.nowMs() });
  stand.clock.advance(limits.sessionSeenMs - 1);
  const revision = await stand.store.revision();
  done(await see());
  t.is(await stand.store.revision(), revision, "not written within a minute");
  const stepMs = limits.sessionIdleMs - limits.sessionSeenMs;
  const steps = Math.floor(limits.sessionLifeMs / stepMs);
  for (let step = 0; step < steps; step++) {
    t.truthy(stand.see(token), `after ${step} steps`);
    done(await see());
    stand.clock.advance(stepMs);
  }
  done(await see());
  stand.clock.advance(limits.sessionLifeMs - steps * stepMs);
  t.is(stand.see(token), null, "twelve hours are over");
  done(await see());
  t.is(await stand.session(token), undefined, "what has ended is removed, not brought back");
  t.is(await stand.sessionCount(operator), 0);
});

test("an idle session is over for good, and a time to come is not believed", async (t) => {
  const stand = await openStand();
  const { token, hash } = await signIn(stand, operator);
  stand.clock.advance(limits.sessionSeenMs);
  done(await stand.handle["session.seen"]({ sessionHash: hash, seenMs: stand.clock.nowMs() + limits.sessionLifeMs }));
  t.is((await stand.session(token))?.seenMs, stand.clock.nowMs());
  stand.clock.advance(limits.sessionIdleMs);
  t.is(stand.see(token), null);
  done(await stand.handle["session.seen"]({ sessionHash: hash, seenMs: stand.clock.nowMs() }));
  t.is(stand.see(token), null);
  done(await stand.handle["session.seen"]({ sessionHash: hash, seenMs: stand.clock.nowMs() }));
});

test("a user revokes one session by its id, or all but the one that asks", async (t) => {
  const stand = await openStand();
  await stand.addUser(operator, "ann", "user");
  const mine = await signIn(stand, operator, "ann");
  const phone = await signIn(stand, operator, "ann");
  const laptop = await signIn(stand, operator, "ann");
  const root = await signIn(stand, operator);
  const revoke = (sessionId: string | null, userName = "ann") => {
    const by = actor(operator, "ann");
    return stand.handle["session.revoke"]({ by, accountId: operator, userName, sessionId, exceptHash: mine.hash });
  };
  done(await revoke(phone.sessionId));
  t.is(stand.see(phone.token), null);
  t.truthy(stand.see(laptop.token));
  t.is(seen(await revoke(phone.sessionId)), "NoSuchEntity");
  t.is(seen(await revoke(root.sessionId)), "NoSuchEntity", "another user's is not found among the own");
  t.is(seen(await revoke(root.sessionId, "root")), "AccessDenied");
  done(await revoke(null));
  t.is(stand.see(laptop.token), null);
  t.truthy(stand.see(mine.token));
  t.truthy(stand.see(root.token));
});

test("who may revoke whose sessions", async (t) => {
  const stand = await openStand();
  for (const accountId of [customer, direct]) {
    await stand.addUser(accountId, "admin", "admin");
    await stand.addUser(accountId, "user", "user");
    await stand.addUser(accountId, "off", "admin", { status: "disabled" });
  }
  const acting = actor(customer, "root", { original: { accountId: reseller, name: "root" } });
  const table: [ReturnType<typeof actor>, string, string][] = [
    [actor(customer, "root"), "admin", "ok"],
    [actor(customer, "root"), "user", "ok"],
    [actor(customer, "admin"), "user", "ok"],
    [actor(customer, "admin"), "root", "AccessDenied"],
    [actor(customer, "user"), "admin", "AccessDenied"],
    [actor(customer, "user"), "root", "AccessDenied"],
    [actor(customer, "off"), "user", "AccessDenied"],
    [actor(customer, "gone"), "user", "AccessDenied"],
    [actor(direct, "root"), "user", "AccessDenied"],
    [actor(reseller, "root"), "user", "AccessDenied"],
    [acting, "user", "ok"],
    [acting, "root", "AccessDenied"],
    [actor(customer, "root", { original: { accountId: direct, name: "root" } }), "user", "AccessDenied"],
    [actor(customer, "root", { original: { accountId: reseller, name: "gone" } }), "user", "AccessDenied"],
    [actor(customer, "builder", { kind: "role" }), "user", "AccessDenied"],
    [product, "user", "ok"],
    [{ ...product, via: "session" }, "user", "AccessDenied"],
    [actor(customer, "root"), "nobody", "NoSuchEntity"],
    [actor(direct, "root"), "nobody", "AccessDenied"],
  ];
  for (const [by, userName, expected] of table) {
    const request = { by, accountId: customer, userName, sessionId: null, exceptHash: null };
    const outcome = await stand.handle["session.revoke"](request);
    t.is(outcome.ok ? "ok" : outcome.code, expected, `${by.accountId}/${by.name} → ${userName}`);
    if (expected !== "AccessDenied") continue;
    const denied = (await stand.audit()).filter(({ outcome: was }) => was === "denied");
    const told = denied.filter((row) => row.by.name === by.name && row.target.endsWith(`user/${userName}`));
    t.true(told.length > 0 && told.every((row) => row.accountId === row.by.accountId), "in the log of who asked");
  }
});

test("a Root acts as the Root of accounts below, at any depth, and as no other", async (t) => {
  const stand = await openStand();
  await stand.addUser(operator, "admin", "admin");
  const table: [string, string, string, string][] = [
    [operator, "root", reseller, "ok"],
    [operator, "root", customer, "ok"],
    [operator, "root", direct, "ok"],
    [operator, "root", operator, "AccessDenied"],
    [operator, "root", foreign, "AccessDenied"],
    [operator, "root", "999999999999", "AccessDenied"],
    [operator, "root", "", "AccessDenied"],
    [operator, "admin", customer, "AccessDenied"],
    [reseller, "root", customer, "ok"],
    [reseller, "root", direct, "AccessDenied"],
    [reseller, "root", operator, "AccessDenied"],
    [customer, "root", direct, "AccessDenied"],
    [customer, "root", reseller, "AccessDenied"],
    [customer, "root", customer, "AccessDenied"],
  ];
  for (const [accountId, name, onto, expected] of table) {
    const { token, hash } = await signIn(stand, accountId, name);
    const request = { by: actor(accountId, name), sessionHash: hash, accountId: onto };
    const outcome = await stand.handle["session.actAs"](request);
    t.is(outcome.ok ? "ok" : outcome.code, expected, `${accountId}/${name} → ${onto}`);
    if (!outcome.ok) {
      t.is(stand.see(token)?.actingAs, null, "the session stays as it was");
      continue;
    }
    t.is(stand.see(token), null, "the token before has ended");
    const session = stand.see(outcome.value.token);
    t.like(session, { role: "root", user: { accountId, name }, actingAs: { accountId: onto } });
  }
});

test("nobody acts as the Root of an account that is suspended, or below one that is", async (t) => {
  const stand = await openStand();
  const { hash, token } = await signIn(stand, operator);
  for (const accountId of [customer, reseller]) {
    await stand.changeAccount(accountId, { status: "suspended" });
    const request = { by: actor(operator), sessionHash: hash, accountId: customer };
    t.is(seen(await stand.handle["session.actAs"](request)), "AccessDenied", accountId);
    await stand.changeAccount(accountId, { status: "active" });
  }
  t.truthy(stand.see(token));
});

test("acting leaves both names in the audit log, and each step has a token of its own", async (t) => {
  const stand = await openStand();
  const first = await signIn(stand, operator);
  const enter = { by: actor(operator), sessionHash: first.hash, accountId: reseller };
  const second = done(await stand.handle["session.actAs"](enter));
  const original = { accountId: operator, name: "root" };
  const by = actor(reseller, "root", { original });
  const third = done(
    await stand.handle["session.actAs"]({ by, sessionHash: hashToken(second.token), accountId: customer }),
  );
  t.is(stand.see(third.token)?.actingAs?.accountId, customer, "from one to another");
  const onCustomer = actor(customer, "root", { original });
  const leave = { by: onCustomer, sessionHash: hashToken(third.token), accountId: null };
  const fourth = done(await stand.handle["session.actAs"](leave));
  t.is(new Set([first.token, second.token, third.token, fourth.token]).size, 4);
  for (const { token } of [first, second, third]) t.is(stand.see(token), null);
  t.like(stand.see(fourth.token), { actingAs: null, role: "root", account: { accountId: operator } });
  t.is(stand.see(fourth.token)?.session.sessionId, first.sessionId);
  const again = { by: actor(operator), sessionHash: hashToken(fourth.token), accountId: null };
  t.is(seen(await stand.handle["session.actAs"](again)), "InvalidInput");
  const rows = (await stand.audit()).filter(({ action }) => action === "session.actAs");
  t.is(rows.length, 3);
  for (const row of rows) {
    t.deepEqual(row.by.original, original);
    t.is(row.by.accountId, row.accountId);
  }
  t.deepEqual(
    rows.map(({ accountId, detail }) => `${detail["event"]} ${accountId}`).sort(),
    [`enter ${reseller}`, `enter ${customer}`, `leave ${customer}`].sort(),
  );
});

test("nobody takes another's session along", async (t) => {
  const stand = await openStand();
  const root = await signIn(stand, operator);
  for (const by of [actor(reseller), actor(operator, "admin"), actor(operator, "root", { kind: "role" }), product]) {
    const outcome = await stand.handle["session.actAs"]({ by, sessionHash: root.hash, accountId: customer });
    t.is(seen(outcome), "AccessDenied");
  }
  t.truthy(stand.see(root.token));
});

test("acting ends with what allowed it: demoted, suspended, moved away", async (t) => {
  const changes: [string, (stand: Stand) => Promise<void>][] = [
    ["demoted", (stand) => stand.changeUser(operator, "root", { role: "admin" })],
    ["disabled", (stand) => stand.changeUser(operator, "root", { status: "disabled" })],
    ["the account below suspended", (stand) => stand.changeAccount(customer, { status: "suspended" })],
    ["the account between suspended", (stand) => stand.changeAccount(reseller, { status: "suspended" })],
    ["the own account suspended", (stand) => stand.changeAccount(operator, { status: "suspended" })],
    ["moved away", (stand) => stand.changeAccount(customer, { parent: foreign })],
  ];
  for (const [title, change] of changes) {
    const stand = await openStand();
    const { hash } = await signIn(stand, operator);
    const request = { by: actor(operator), sessionHash: hash, accountId: customer };
    const { token } = done(await stand.handle["session.actAs"](request));
    t.truthy(stand.see(token));
    await change(stand);
    t.is(stand.see(token), null, title);
  }
});

test("who acts as another changes no password, second factor or token there", async (t) => {
  const stand = await openStand();
  const by = actor(customer, "root", { original: { accountId: reseller, name: "root" } });
  for (const userName of ["root", "ann"]) {
    if (userName === "ann") await stand.addUser(customer, "ann", "user");
    const user = { by, accountId: customer, userName };
    const newPassword = "another password";
    const { handle } = stand;
    const codes = [
      await handle["mfa.begin"]({ ...user, password }),
      await handle["mfa.confirm"]({ ...user, code: "000000", exceptHash: null }),
      await handle["mfa.disable"]({ ...user, password, code: "000000" }),
      await handle["mfa.newRecoveryCodes"]({ ...user, code: "000000" }),
      await handle["mfa.reset"](user),
      await handle["password.change"]({ ...user, oldPassword: password, newPassword, exceptHash: null }),
      await handle["token.create"]({ ...user, name: "t", scope: "all", expiresMs: null }),
    ].map((outcome) => (outcome.ok ? "ok" : outcome.code));
    t.deepEqual(codes, new Array(7).fill("AccessDenied"));
  }
  t.is(stand.passwords.count, 0, "it learns nothing about the password");
});

test("a session is what its user and accounts are now", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "ann", "admin");
  const { token } = await signIn(stand, customer, "ann");
  t.is(stand.see(token)?.role, "admin");
  await stand.changeUser(customer, "ann", { role: "user" });
  t.is(stand.see(token)?.role, "user", "a demotion holds at once");
  await stand.changeUser(customer, "ann", { status: "disabled" });
  t.is(stand.see(token), null);
  await stand.changeUser(customer, "ann", { status: "active" });
  t.truthy(stand.see(token));
  for (const accountId of [customer, reseller, operator]) {
    await stand.changeAccount(accountId, { status: "suspended" });
    t.is(stand.see(token), null, accountId);
    await stand.changeAccount(accountId, { status: "active" });
  }
  t.truthy(stand.see(token));
  await stand.store.txn([], [{ kind: "remove", key: identityKeys.account(reseller) }]);
  t.is(stand.see(token), null, "an account above is gone");
});

test("what is not a session's token finds nothing", async (t) => {
  const stand = await openStand();
  const { token, hash } = await signIn(stand, operator);
  const by = actor(operator);
  const create = { by, accountId: operator, userName: "root", name: "t", scope: "all" as const, expiresMs: null };
  const api = done(await stand.handle["token.create"](create));
  for (const text of [
    "",
    hash,
    `${token} `,
    token.slice(0, -1),
    token.replace("session", "api"),
    api.token,
    "x".repeat(1e5),
  ]) {
    t.is(stand.see(text), null);
  }
  t.is(apiTokenOf(stand.reader(), token, stand.clock.nowMs()), null);
});

test("a sign-in under way does not slip a session past the end of all", async (t) => {
  for (let round = 0; round < 30; round++) {
    const stand = await openStand();
    const mine = await signIn(stand, operator);
    const half = await signIn(stand, operator);
    const end = { by: actor(operator), accountId: operator, userName: "root", sessionId: null, exceptHash: mine.hash };
    const racing = stand.begin(operator);
    const acting = stand.handle["session.actAs"]({ by: actor(operator), sessionHash: half.hash, accountId: reseller });
    for (let wait = 0; wait < round; wait++) await null;
    const changing = stand.handle["password.change"]({
      by: actor(operator),
      accountId: operator,
      userName: "root",
      oldPassword: password,
      newPassword: "another password",
      exceptHash: mine.hash,
    });
    const revoking = stand.handle["session.revoke"](end);
    const [begun, acted, changed] = await Promise.all([racing, acting, changing, revoking]);
    t.true(changed.ok);
    if (acted.ok) t.is(stand.see(acted.value.token), null, `renewed in round ${round}`);
    if (begun.ok) t.is(stand.see(begun.value.token), null, `begun in round ${round}`);
    t.is(await stand.sessionCount(operator), 1);
    t.is(seen(await stand.begin(operator, { address: `${address}0` })), "SignInFailed");
  }
});
