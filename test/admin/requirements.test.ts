/** What the product promises its users, at the level of the admin API; each test is named by the requirement's id. */

import { items, linkIn, outcome, requirement } from "./requirement.ts";
import { customer, direct, emailOf, operator, password, reseller, type SignedIn } from "./stand.ts";
import { enableMfa, totpCode } from "./totp-client.ts";

requirement(
  "R16: Admin changes, deletes and resets users, and Root not, with a row in the audit log",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const tries = [
      { method: "PATCH", path: "/users/root", body: { email: "mine@example.com" } },
      { method: "PATCH", path: "/users/root", body: { status: "disabled" } },
      { method: "DELETE", path: "/users/root/mfa" },
      { method: "POST", path: "/users/root/keys", body: {} },
      {
        method: "PUT",
        path: "/users/root/inline-policies/p",
        body: { document: { Version: "2012-10-17", Statement: [] } },
      },
    ];
    for (const { method, path, body } of tries) {
      const before = stand.audit(customer).length;
      stand.clock.advance(1);
      const reply = await stand.send({ method, path, as, body });
      t.is(outcome(reply), "403 AccessDenied", `${method} ${path}: ${reply.text}`);
      const [row] = stand.audit(customer).slice(before);
      t.is(row?.outcome, "denied", `${method} ${path}`);
      t.is(row?.by.name, "admin");
      t.regex(row?.target ?? "", /root/);
    }
    t.is(outcome(await stand.send({ method: "DELETE", path: "/users/root?cascade=true", as })), "409 DeleteConflict");
    t.is(stand.audit(customer).at(-1)?.outcome, "denied");
    t.is((await stand.send({ method: "PATCH", path: "/users/user", as, body: { status: "disabled" } })).status, 200);
    t.is((await stand.send({ method: "DELETE", path: "/users/user?cascade=true", as })).status, 204);
  },
);

requirement("R17: a promotion shows in the next answer, and a demotion too", async (t, stand) => {
  const root = await stand.signIn(emailOf(customer, "root"));
  const as = await stand.signIn(emailOf(customer, "user"));
  const menu = async () => (await stand.send({ method: "GET", path: "/me", as })).json["menu"] as string[];
  const role = (name: "admin" | "user") =>
    stand.send({ method: "PATCH", path: "/users/user", as: root, body: { role: name } });
  t.false((await menu()).includes("users"));
  t.is(outcome(await stand.send({ method: "GET", path: "/users", as })), "403 AccessDenied");
  t.is((await role("admin")).status, 200);
  t.deepEqual(await menu(), ["buckets", "users", "policies", "stats", "audit", "apiGuide", "support"]);
  t.is((await stand.send({ method: "GET", path: "/users", as })).status, 200);
  t.is((await role("user")).status, 200);
  t.false((await menu()).includes("users"));
  t.is(outcome(await stand.send({ method: "GET", path: "/users", as })), "403 AccessDenied");
});

requirement("R18, R21: a new account has one Root, who has no key, and cannot get a second", async (t, stand) => {
  const as = await stand.signIn(emailOf(operator, "root"));
  const body = { displayName: "New", email: "new@example.com", kind: "customer" };
  const made = await stand.send({ method: "POST", path: "/accounts", as, body });
  t.is(made.status, 201, made.text);
  const { token } = linkIn(stand.mails.at(-1)?.text);
  const accepted = await stand.send({ method: "POST", path: "/invites/accept", body: { token, password } });
  t.is(accepted.status, 200, accepted.text);
  const root = await stand.signIn("new@example.com");
  const users = items<{ name: string; role: string }>(await stand.send({ method: "GET", path: "/users", as: root }));
  t.deepEqual(
    users.map(({ name, role }) => ({ name, role })),
    [{ name: "root", role: "root" }],
  );
  t.deepEqual(items(await stand.send({ method: "GET", path: "/me/keys", as: root })), []);
  const second = { email: "second@example.com", role: "root" };
  t.is(outcome(await stand.send({ method: "POST", path: "/users", as: root, body: second })), "400 InvalidInput");
  const named = { name: "root", email: "second@example.com" };
  t.is(outcome(await stand.send({ method: "POST", path: "/users", as: root, body: named })), "400 InvalidInput");
});

requirement("R19: Root cannot be deleted: 409, whoever asks", async (t, stand) => {
  for (const name of ["root", "admin"]) {
    const as = await stand.signIn(emailOf(customer, name));
    t.is(outcome(await stand.send({ method: "DELETE", path: "/users/root", as })), "409 DeleteConflict", name);
    t.is(outcome(await stand.send({ method: "DELETE", path: "/users/root?cascade=true", as })), "409 DeleteConflict");
  }
  stand.records.refresh();
  t.is(stand.records.user(customer, "root")?.status, "active");
});

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

requirement(
  "R22: a User may what its policies allow, changes its own password and makes its own keys",
  async (t, stand) => {
    const admin = await stand.signIn(emailOf(customer, "admin"));
    const as = await stand.signIn(emailOf(customer, "user"));
    const create = (name: string) => stand.send({ method: "POST", path: "/groups", as, body: { name } });
    t.is(outcome(await create("one")), "403 AccessDenied");
    const resource = `arn:aws:iam::${customer}:group/*`;
    const document = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "iam:CreateGroup", Resource: resource },
        { Effect: "Deny", Action: "iam:CreateGroup", Resource: `arn:aws:iam::${customer}:group/secret*` },
      ],
    };
    const path = "/users/user/inline-policies/groups";
    t.is((await stand.send({ method: "PUT", path, as: admin, body: { document } })).status, 204);
    t.is((await create("two")).status, 201);
    t.is(outcome(await create("secret")), "403 AccessDenied");
    t.is(outcome(await stand.send({ method: "DELETE", path: "/groups/two", as })), "403 AccessDenied");
    t.is((await stand.send({ method: "DELETE", path, as: admin })).status, 204);
    t.is(outcome(await create("three")), "403 AccessDenied");
    t.is((await stand.send({ method: "POST", path: "/me/keys", as, body: {} })).status, 201);
    const change = { oldPassword: password, newPassword: "quite another password" };
    t.is((await stand.send({ method: "PUT", path: "/me/password", as, body: change })).status, 204);
    await t.notThrowsAsync(stand.signIn(emailOf(customer, "user"), change.newPassword));
    await t.throwsAsync(stand.signIn(emailOf(customer, "user"), password));
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

requirement(
  "R24: Root acts as an account below: both in the audit log, never sideways or up, never sees secrets",
  async (t, stand) => {
    const actAs = (as: SignedIn, accountId: string) =>
      stand.send({ method: "PUT", path: "/session/acting", as, body: { accountId } });
    const own = await stand.signIn(emailOf(reseller, "root"));
    for (const elsewhere of [direct, operator, reseller, "999999999999"]) {
      t.is(outcome(await actAs(own, elsewhere)), "403 AccessDenied", elsewhere);
    }
    t.is(outcome(await actAs(await stand.signIn(emailOf(reseller, "user")), customer)), "403 AccessDenied");
    const as = stand.signedIn(await actAs(own, customer));
    t.not(as.cookie, own.cookie, "a new session token");
    t.is((await stand.send({ method: "GET", path: "/me", as: own })).status, 401, "the old one has ended");
    const me = (await stand.send({ method: "GET", path: "/me", as })).json;
    t.true(me["isActing"]);
    t.is((me["account"] as { accountId: string }).accountId, customer);
    t.is((me["identity"] as { accountId: string }).accountId, reseller);
    t.is((await stand.send({ method: "POST", path: "/groups", as, body: { name: "made" } })).status, 201);
    const row = stand.audit(customer).find(({ action }) => action === "group.create");
    t.is(row?.by.accountId, customer);
    t.deepEqual(row?.by.original, { accountId: reseller, name: "root" });
    const secrets = [
      { method: "POST", path: "/me/keys", body: {} },
      { method: "POST", path: "/users/user/keys", body: {} },
      { method: "POST", path: "/me/mfa", body: { password } },
      { method: "PUT", path: "/me/password", body: { oldPassword: password, newPassword: password } },
      { method: "POST", path: "/me/tokens", body: { name: "x", scope: "all" } },
      { method: "DELETE", path: "/users/user/mfa" },
    ];
    for (const { method, path, body } of secrets) {
      t.is(outcome(await stand.send({ method, path, as, body })), "403 AccessDenied", `${method} ${path}`);
    }
    t.is(outcome(await actAs(as, direct)), "403 AccessDenied", "not sideways while acting");
    const back = stand.signedIn(await stand.send({ method: "DELETE", path: "/session/acting", as }));
    const after = (await stand.send({ method: "GET", path: "/me", as: back })).json;
    t.false(after["isActing"]);
    t.is((after["account"] as { accountId: string }).accountId, reseller);
  },
);

requirement(
  "R24: a user invited while acting gets the link by mail only",
  async (t, stand) => {
    const own = await stand.signIn(emailOf(reseller, "root"));
    const acting = await stand.send({ method: "PUT", path: "/session/acting", as: own, body: { accountId: customer } });
    const as = stand.signedIn(acting);
    const made = await stand.send({ method: "POST", path: "/users", as, body: { email: "hidden@example.com" } });
    t.is(made.status, 201, made.text);
    t.is((made.json["invitation"] as { link: string | null }).link, null);
    t.regex(stand.mails.at(-1)?.text ?? "", /trp_invite_/);
  },
  { isMailDelivered: false },
);

requirement("R26: one reset mail a minute, and the same answer for everybody", async (t, stand) => {
  const email = emailOf(customer, "user");
  const request = async (to: string) => {
    const reply = await stand.send({ method: "POST", path: "/password-resets", body: { email: to } });
    return `${reply.status} ${reply.text} ${[...reply.headers.keys()].sort()}`;
  };
  const first = await request(email);
  t.regex(first, /^202 /);
  t.is(stand.mails.length, 1);
  stand.clock.advance(10_000);
  t.is(await request(email), first);
  t.is(await request("nobody@example.com"), first);
  t.is(stand.mails.length, 1, "sooner ones are ignored");
  stand.clock.advance(51_000);
  t.is(await request(email), first);
  t.is(stand.mails.length, 2);
  const old = linkIn(stand.mails[0]?.text).token;
  const { url, token } = linkIn(stand.mails[1]?.text);
  t.true(url.startsWith("http://console.test:9001/"), "the link is the configured console's");
  const confirm = (given: string) =>
    stand.send({
      method: "POST",
      path: "/password-resets/confirm",
      body: { token: given, password: "a brand new one" },
    });
  t.is(outcome(await confirm(old)), "400 InvalidToken", "the later mail ends the earlier link");
  t.is((await confirm(token)).status, 200);
  t.is(outcome(await confirm(token)), "400 InvalidToken", "single use");
  await t.notThrowsAsync(stand.signIn(email, "a brand new one"));
  stand.clock.advance(61_000);
  await request(email);
  const expired = linkIn(stand.mails[2]?.text).token;
  stand.clock.advance(24 * 60 * 60 * 1000);
  t.regex(outcome(await confirm(expired)), /^400 (Invalid|Expired)Token$/);
});

requirement("R26: a link never follows the Host header", async (t, stand) => {
  const headers = { host: "evil.example.com" };
  await stand.send({ method: "POST", path: "/password-resets", body: { email: emailOf(customer, "user") }, headers });
  t.is(stand.mails.length, 1);
  t.false(JSON.stringify(stand.mails).includes("evil.example.com"));
});

requirement(
  "R31: where site selection is disabled above, choosing sites is refused",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "root"));
    const create = (name: string, sites: readonly string[]) =>
      stand.send({ method: "POST", path: "/buckets", as, body: { name, sites } });
    t.is((await create("first-bucket", ["north"])).status, 201);
    t.is(outcome(await create("second-bucket", ["west"])), "400 InvalidInput");
    const above = await stand.signIn(emailOf(operator, "root"));
    const path = `/accounts/${reseller}`;
    t.is((await stand.send({ method: "PATCH", path, as: above, body: { siteSelection: false } })).status, 200);
    t.is(outcome(await create("third-bucket", ["north"])), "403 AccessDenied");
    const me = (await stand.send({ method: "GET", path: "/me", as })).json;
    t.false((me["may"] as { chooseSites: boolean }).chooseSites);
    t.is((await stand.send({ method: "POST", path: "/buckets", as, body: { name: "fourth-bucket" } })).status, 201);
  },
  { sites: ["north", "south"] },
);

requirement("R41: a user is made by e-mail alone, and the mailed link sets the password", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const made = await stand.send({ method: "POST", path: "/users", as, body: { email: "ann@example.com" } });
  t.is(made.status, 201, made.text);
  t.deepEqual(made.json["invitation"], { sentTo: "ann@example.com", link: null });
  const user = made.json["user"] as Record<string, unknown>;
  t.is(user["name"], "ann@example.com");
  t.is(user["status"], "invited");
  t.false(made.text.includes("trp_invite_"), "the link goes by mail");
  t.is(stand.mails.at(-1)?.to, "ann@example.com");
  const { token } = linkIn(stand.mails.at(-1)?.text);
  const accept = () => stand.send({ method: "POST", path: "/invites/accept", body: { token, password } });
  t.is((await accept()).status, 200);
  t.is(outcome(await accept()), "400 InvalidToken", "single use");
  await t.notThrowsAsync(stand.signIn("ann@example.com"));
});

requirement(
  "R41: without a mail server the inviter is shown the link once, and the audit log says so",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const body = { email: "ann@example.com" };
    const headers = { "idempotency-key": "invite-1" };
    const made = await stand.send({ method: "POST", path: "/users", as, body, headers });
    const { link } = made.json["invitation"] as { link: string };
    const { url, token } = linkIn(link);
    t.true(url.startsWith("http://console.test:9001/"));
    t.true(stand.audit(customer).some(({ action }) => action === "invite.shown"));
    const again = await stand.send({ method: "POST", path: "/users", as, body, headers });
    t.is(outcome(again), "409 AlreadyDone", "not twice");
    for (const path of ["/users/ann@example.com", "/users", "/audit"]) {
      t.false((await stand.send({ method: "GET", path, as })).text.includes(token), path);
    }
    t.is((await stand.send({ method: "POST", path: "/invites/accept", body: { token, password } })).status, 200);
  },
  { isMailDelivered: false },
);

requirement("R43: a policy is made, attached, changed and explained", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const on = (Action: string) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
  const body = { name: "readers", description: "Who reads", document: on("s3:GetObject") };
  const made = await stand.send({ method: "POST", path: "/policies", as, body });
  t.is(made.status, 201, made.text);
  const policyArn = String(made.json["arn"]);
  t.is((await stand.send({ method: "POST", path: "/users/user/policies", as, body: { policyArn } })).status, 204);
  const ask = async (action: string) =>
    (
      await stand.send({
        method: "POST",
        path: "/policy-simulations",
        as,
        body: { principal: { kind: "user", name: "user" }, action, resource: "arn:aws:s3:::b/k" },
      })
    ).json;
  t.is((await ask("s3:GetObject"))["effect"], "Allow");
  t.is((await ask("s3:PutObject"))["effect"], "ImplicitDeny");
  const version = { document: on("s3:PutObject") };
  t.is((await stand.send({ method: "POST", path: "/policies/readers/versions", as, body: version })).status, 201);
  t.is((await ask("s3:PutObject"))["effect"], "Allow");
  const denied = await ask("s3:GetObject");
  t.is(denied["effect"], "ImplicitDeny");
  const statements = denied["statements"] as { source: string; outcome: string; why: string | null }[];
  t.true(
    statements.some(({ source, why }) => source.includes(policyArn) && why === "action"),
    JSON.stringify(denied),
  );
  const broken = {
    document: { Version: "2012-10-17", Statement: [{ Effect: "Perhaps", Action: "*", Resource: "*" }] },
  };
  const refused = await stand.send({ method: "POST", path: "/policies/readers/versions", as, body: broken });
  t.is(outcome(refused), "400 MalformedPolicyDocument");
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

requirement(
  "R48: a second factor is confirmed by a code, then asked for; a wrong or replayed one is refused",
  async (t, stand) => {
    const email = emailOf(customer, "user");
    const as = await stand.signIn(email);
    const begun = await stand.send({ method: "POST", path: "/me/mfa", as, body: { password } });
    t.is(begun.status, 201, begun.text);
    const { secret = "", uri = "", qrSvg = "" } = begun.json as Record<string, string>;
    const parsed = new URL(uri);
    t.is(parsed.protocol, "otpauth:");
    t.is(parsed.searchParams.get("secret"), secret);
    t.deepEqual(
      ["algorithm", "digits", "period"].map((name) => parsed.searchParams.get(name)),
      ["SHA1", "6", "30"],
    );
    t.regex(qrSvg, /^<svg/);
    t.is(
      stand.signedIn(await stand.send({ method: "POST", path: "/session", body: { email, password } })).csrf.length > 0,
      true,
    );
    const now = () => totpCode(secret, stand.clock.nowMs());
    const wrong = now() === "000000" ? "000001" : "000000";
    t.is(
      outcome(await stand.send({ method: "POST", path: "/me/mfa/confirm", as, body: { code: wrong } })),
      "401 SignInFailed",
    );
    const confirmed = await stand.send({ method: "POST", path: "/me/mfa/confirm", as, body: { code: now() } });
    t.is(confirmed.status, 200, confirmed.text);
    t.regex(stand.mails.at(-1)?.subject ?? "", /two-factor/i);
    stand.clock.advance(30_000);
    const half = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    t.is(half.json["stage"], "password");
    const pass = (session: SignedIn, code: string) =>
      stand.send({ method: "POST", path: "/session/mfa", as: session, body: { code } });
    t.is(outcome(await pass(stand.signedIn(half), wrong)), "401 SignInFailed");
    const code = now();
    const whole = await pass(stand.signedIn(half), code);
    t.is(whole.json["stage"], "complete");
    t.not(stand.signedIn(whole).cookie, stand.signedIn(half).cookie, "a new session token");
    const again = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    t.is(outcome(await pass(stand.signedIn(again), code)), "401 SignInFailed", "replayed");
    const disable = { password, code };
    const session = stand.signedIn(whole);
    t.is(
      outcome(await stand.send({ method: "POST", path: "/me/mfa/disable", as: session, body: disable })),
      "401 SignInFailed",
    );
  },
);

requirement("R49: ten recovery codes, each works once, new ones void the old", async (t, stand) => {
  const email = emailOf(customer, "user");
  const { secret, recoveryCodes } = await enableMfa(stand, await stand.signIn(email));
  t.is(recoveryCodes.length, 10);
  for (const code of recoveryCodes) t.regex(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  const enter = async (code: string) => {
    const half = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    return stand.send({ method: "POST", path: "/session/mfa", as: stand.signedIn(half), body: { code } });
  };
  const [first = "", second = ""] = recoveryCodes;
  const used = await enter(first);
  t.is(used.status, 200, used.text);
  t.regex(stand.mails.at(-1)?.subject ?? "", /recovery code/i);
  t.is(outcome(await enter(first)), "401 SignInFailed", "used up");
  stand.clock.advance(6 * 60_000);
  const as = stand.signedIn(used);
  const body = { code: totpCode(secret, stand.clock.nowMs()) };
  const fresh = await stand.send({ method: "POST", path: "/me/mfa/recovery-codes", as, body });
  t.is(fresh.status, 200, fresh.text);
  t.is(outcome(await enter(second)), "401 SignInFailed", "void");
  const [other = ""] = fresh.json["recoveryCodes"] as string[];
  t.is((await enter(other)).status, 200);
  for (const path of ["/me", "/me/sessions"]) {
    t.false((await stand.send({ method: "GET", path, as })).text.includes(other), path);
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
