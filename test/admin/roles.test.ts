/** Who may do what, and for whom, at the level of the admin API; each test is named by the requirement's id. */

import { items, linkIn, outcome, requirement } from "./requirement.ts";
import type { SignedIn } from "./stand.ts";
import { customer, direct, emailOf, operator, password, reseller } from "./world.ts";

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
