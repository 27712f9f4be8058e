import test from "ava";
import { limits } from "../base/limits.ts";
import { identityKeys } from "../control/identity-records.ts";
import { apiTokenOf } from "./session-reader.ts";
import { accountIds, actor, done, openStand, product, type Stand, seen } from "./sign-in.testing.ts";

const { operator, reseller, customer } = accountIds;

function create(stand: Stand, accountId: string, userName: string, changes: object = {}) {
  const by = actor(accountId, userName);
  return stand.handle["token.create"]({
    by,
    accountId,
    userName,
    name: "ci",
    scope: "usage",
    expiresMs: null,
    ...changes,
  });
}

function holder(stand: Stand, token: string) {
  return apiTokenOf(stand.reader(), token, stand.clock.nowMs());
}

test("a token is its user, is shown once and stored as a hash; resellers may have them too", async (t) => {
  const stand = await openStand();
  const { token, record } = done(await create(stand, reseller, "root", { scope: "customers" }));
  t.like(record, { name: "ci", scope: "customers", accountId: reseller, userName: "root", expiresMs: null });
  t.like(holder(stand, token), { role: "root", user: { accountId: reseller }, token: { scope: "customers" } });
  for (const { key, value } of await stand.store.list("")) {
    t.false(key.includes(token) || Buffer.from(value).includes(token), key);
  }
  t.is(stand.see(token), null, "it is no session");
});

test("a token ends at its time, with its user, and with its accounts", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "ann", "admin");
  const expiresMs = stand.clock.nowMs() + 1000;
  const short = done(await create(stand, customer, "ann", { name: "short", expiresMs })).token;
  const { token } = done(await create(stand, customer, "ann"));
  stand.clock.advance(999);
  t.truthy(holder(stand, short));
  stand.clock.advance(1);
  t.is(holder(stand, short), null);
  t.is(holder(stand, token)?.role, "admin");
  await stand.changeUser(customer, "ann", { role: "user" });
  t.is(holder(stand, token)?.role, "user");
  await stand.changeUser(customer, "ann", { status: "disabled" });
  t.is(holder(stand, token), null);
  await stand.changeUser(customer, "ann", { status: "active" });
  await stand.changeAccount(operator, { status: "suspended" });
  t.is(holder(stand, token), null);
  await stand.changeAccount(operator, { status: "active" });
  t.truthy(holder(stand, token));
  await stand.changeUser(customer, "ann", { createdMs: stand.clock.nowMs() + 1 });
  t.is(holder(stand, token), null, "another user of the same name");
});

test("a token is made by its user alone, and not by a token", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "ann", "user");
  for (const by of [
    actor(customer, "root"),
    actor(customer, "ann", { via: "token" }),
    actor(customer, "ann", { kind: "role" }),
    actor(customer, "ann", { original: { accountId: reseller, name: "root" } }),
    actor(reseller, "root"),
    product,
  ]) {
    t.is(seen(await create(stand, customer, "ann", { by })), "AccessDenied");
  }
  await stand.changeUser(customer, "ann", { status: "disabled" });
  t.is(seen(await create(stand, customer, "ann")), "AccessDenied");
});

test("names, times and numbers are bounded", async (t) => {
  const stand = await openStand();
  const nowMs = stand.clock.nowMs();
  for (const bad of [
    { name: "" },
    { name: "x".repeat(limits.apiTokenNameCharsMax + 1) },
    { name: "a\nb" },
    { name: "\ud800" },
    { expiresMs: nowMs },
    { expiresMs: Number.NaN },
    { expiresMs: 1e99 },
    { expiresMs: nowMs + 0.5 },
    { expiresMs: -1 },
    { scope: "everything" },
  ]) {
    t.is(seen(await create(stand, operator, "root", bad)), "InvalidInput", JSON.stringify(bad));
  }
  done(await create(stand, operator, "root"));
  t.is(seen(await create(stand, operator, "root")), "EntityAlreadyExists");
  let made = 1;
  for (let batch = 0; batch < 4; batch++) {
    const names = Array.from({ length: 6 }, (_, index) => `t${batch}-${index}`);
    const outcomes = await Promise.all(names.map((name) => create(stand, operator, "root", { name })));
    made += outcomes.filter(({ ok }) => ok).length;
  }
  t.is(made, limits.apiTokensPerUserMax);
  t.is((await stand.store.list(identityKeys.userToken(operator, "root", ""))).length, limits.apiTokensPerUserMax);
  t.is(seen(await create(stand, operator, "root", { name: "one more" })), "LimitExceeded");
});

test("a token is deleted by its user and by who is above; then it is nothing", async (t) => {
  const stand = await openStand();
  await stand.addUser(customer, "ann", "user");
  await stand.addUser(customer, "bob", "user");
  await stand.addUser(customer, "admin", "admin");
  const acting = actor(customer, "root", { original: { accountId: reseller, name: "root" } });
  for (const [by, expected] of [
    [actor(customer, "bob"), "AccessDenied"],
    [actor(reseller, "root"), "AccessDenied"],
    [actor(customer, "ann"), "ok"],
    [actor(customer, "admin"), "ok"],
    [actor(customer, "root"), "ok"],
    [acting, "ok"],
    [product, "ok"],
  ] as const) {
    const { token, record } = done(await create(stand, customer, "ann"));
    const remove = () =>
      stand.handle["token.delete"]({ by, accountId: customer, userName: "ann", tokenId: record.tokenId });
    const outcome = await remove();
    t.is(outcome.ok ? "ok" : outcome.code, expected, by.name);
    t.is(holder(stand, token) === null, expected === "ok");
    if (expected === "ok") t.is(seen(await remove()), "NoSuchEntity");
    else {
      const own = { by: actor(customer, "ann"), accountId: customer, userName: "ann", tokenId: record.tokenId };
      done(await stand.handle["token.delete"](own));
    }
  }
});
