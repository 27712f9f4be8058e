/** Key pairs, API tokens and the console's credentials, at the level of the admin API; each test is named by the requirement's id. */

import { outcome, requirement } from "./requirement.ts";
import { customer, direct, emailOf, operator, reseller } from "./world.ts";

requirement(
  "R20: the Root of a direct customer and of a reseller's customer makes keys that sign",
  async (t, stand) => {
    for (const account of [direct, customer]) {
      const as = await stand.signIn(emailOf(account, "root"));
      const { json } = await stand.send({ method: "POST", path: "/me/keys", as, body: {} });
      const { accessKeyId = "", secretAccessKey = "" } = json as Record<string, string>;
      const me = await stand.signed({ method: "GET", path: "/me" }, accessKeyId, secretAccessKey);
      t.is((me.json["account"] as { accountId: string }).accountId, account);
    }
  },
);

requirement("R23: a reseller makes no keys, and those that it had before do not work", async (t, stand) => {
  const root = await stand.signIn(emailOf(reseller, "root"));
  t.is(outcome(await stand.send({ method: "POST", path: "/me/keys", as: root, body: {} })), "403 AccessDenied");
  t.is(outcome(await stand.send({ method: "POST", path: "/users/user/keys", as: root, body: {} })), "403 AccessDenied");
  const me = await stand.send({ method: "GET", path: "/me", as: root });
  t.false((me.json["may"] as { createKeys: boolean }).createKeys);
  const credentials = await stand.send({ method: "POST", path: "/session/s3-credentials", as: root, body: {} });
  t.is(outcome(credentials), "403 AccessDenied");
  const customerRoot = await stand.signIn(emailOf(direct, "root"));
  const key = (await stand.send({ method: "POST", path: "/me/keys", as: customerRoot, body: {} })).json;
  const signed = () =>
    stand.signed({ method: "GET", path: "/me" }, String(key["accessKeyId"]), String(key["secretAccessKey"]));
  t.is((await signed()).status, 200);
  const operatorRoot = await stand.signIn(emailOf(operator, "root"));
  const path = `/accounts/${direct}`;
  const turned = await stand.send({ method: "PATCH", path, as: operatorRoot, body: { kind: "reseller" } });
  t.is(turned.status, 200, turned.text);
  t.is(outcome(await signed()), "401 NotSignedIn");
});

requirement("R44: without a key pair nothing can be shared, and the reason is said", async (t, stand) => {
  for (const name of ["root", "admin"]) {
    const as = await stand.signIn(emailOf(customer, name));
    const me = async () => (await stand.send({ method: "GET", path: "/me", as })).json;
    const before = await me();
    t.false((before["may"] as { share: boolean }).share);
    t.regex(String(before["shareHint"]), /key pair/);
    const key = (await stand.send({ method: "POST", path: "/me/keys", as, body: {} })).json;
    t.true(((await me())["may"] as { share: boolean }).share);
    t.is((await me())["shareHint"], null);
    const path = `/me/keys/${String(key["accessKeyId"])}`;
    t.is((await stand.send({ method: "PATCH", path, as, body: { status: "Inactive" } })).status, 204);
    t.false(((await me())["may"] as { share: boolean }).share);
  }
});

requirement("R45: three keys sign; disabling one stops that one alone", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const keys: { id: string; secret: string }[] = [];
  for (let count = 0; count < 3; count++) {
    const { json } = await stand.send({ method: "POST", path: "/me/keys", as, body: {} });
    keys.push({ id: String(json["accessKeyId"]), secret: String(json["secretAccessKey"]) });
  }
  const statuses = () =>
    Promise.all(keys.map(({ id, secret }) => stand.signed({ method: "GET", path: "/me" }, id, secret)));
  t.deepEqual(
    (await statuses()).map(({ status }) => status),
    [200, 200, 200],
  );
  const path = `/me/keys/${keys[1]?.id}`;
  t.is((await stand.send({ method: "PATCH", path, as, body: { status: "Inactive" } })).status, 204);
  t.deepEqual(
    (await statuses()).map(({ status }) => status),
    [200, 401, 200],
  );
  t.is((await stand.send({ method: "DELETE", path: `/me/keys/${keys[0]?.id}`, as })).status, 204);
  t.deepEqual(
    (await statuses()).map(({ status }) => status),
    [401, 401, 200],
  );
});

requirement("R46, R47: the key's CSV and secret are in the answer that makes it, and in no other", async (t, stand) => {
  for (const name of ["root", "user"]) {
    const as = await stand.signIn(emailOf(customer, name));
    const made = await stand.send({ method: "POST", path: "/me/keys", as, body: {} });
    const { accessKeyId, secretAccessKey, csv } = made.json as Record<string, string>;
    const shown = name === "root" ? emailOf(customer, "root") : "user";
    t.is(csv, `User name,Access key ID,Secret access key\r\n${shown},${accessKeyId},${secretAccessKey}\r\n`);
    t.notRegex(secretAccessKey ?? "=", /^[=+\-@]/);
    t.is(made.headers.get("cache-control"), "no-store");
    for (const path of ["/me/keys", "/me", "/me/sessions"]) {
      const { text } = await stand.send({ method: "GET", path, as });
      t.false(text.includes(secretAccessKey ?? ""), path);
    }
    t.false(JSON.stringify(stand.audit(customer)).includes(secretAccessKey ?? ""));
    t.false(stand.logged.join("").includes(secretAccessKey ?? ""));
  }
});

requirement("R54: what the console shows, a program gets by API token", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "root"));
  const body = { name: "program", scope: "all", expiresAt: new Date(stand.clock.nowMs() + 60_001).toISOString() };
  const made = await stand.send({ method: "POST", path: "/me/tokens", as, body });
  const headers = { authorization: `Bearer ${String(made.json["token"])}` };
  const bySession = await stand.send({ method: "GET", path: "/users", as });
  const byToken = await stand.send({ method: "GET", path: "/users", headers });
  t.is(byToken.status, 200);
  t.deepEqual(byToken.json, bySession.json);
  stand.clock.advance(1);
  const group = await stand.send({ method: "POST", path: "/groups", headers, body: { name: "bytoken" } });
  t.is(group.status, 201, "no CSRF token is asked of a program");
  t.is(stand.audit(customer).at(-1)?.by.via, "token");
  t.false((await stand.send({ method: "GET", path: "/me/tokens", as })).text.includes(String(made.json["token"])));
  stand.clock.advance(60_000);
  t.is(outcome(await stand.send({ method: "GET", path: "/users", headers })), "401 NotSignedIn", "expired");
});

requirement("console credentials last 15 minutes, belong to the session, and end with it", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const made = await stand.send({ method: "POST", path: "/session/s3-credentials", as, body: {} });
  t.is(made.status, 201, made.text);
  const { accessKeyId = "", sessionToken = "", expiresAt = "" } = made.json as Record<string, string>;
  t.is(Date.parse(expiresAt) - stand.clock.nowMs(), 15 * 60 * 1000);
  const principal = () => {
    stand.records.refresh();
    return stand.principals.credential(accessKeyId, sessionToken)?.principal;
  };
  t.is(principal()?.account.accountId, customer);
  t.is(principal()?.name, "admin");
  await stand.send({ method: "DELETE", path: "/session", as });
  t.is(principal(), undefined, "dead with the session");
  const root = await stand.signIn(emailOf(reseller, "root"));
  const acting = await stand.send({ method: "PUT", path: "/session/acting", as: root, body: { accountId: customer } });
  const other = await stand.send({
    method: "POST",
    path: "/session/s3-credentials",
    as: stand.signedIn(acting),
    body: {},
  });
  const { accessKeyId: id = "", sessionToken: token = "" } = other.json as Record<string, string>;
  stand.records.refresh();
  t.is(stand.principals.credential(id, token)?.principal.account.accountId, customer);
});
