/** What the console needs to know of the one who is signed in: sign-in, "My Account", the menu by role, the authenticator app. */

import { items, outcome, requirement } from "./requirement.ts";
import type { SignedIn, Stand } from "./stand.ts";
import { enableMfa, totpCode } from "./totp-client.ts";
import { customer, direct, emailOf, operator, password, reseller } from "./world.ts";

interface Me {
  readonly identity: { readonly email: string; readonly userName: string };
  readonly role: string;
  readonly isActing: boolean;
  readonly hasMfa: boolean;
  readonly recoveryCodesLeft: number | null;
  readonly passwordChangedAt: string | null;
  readonly keys: { readonly active: number; readonly total: number; readonly most: number };
  readonly menu: readonly string[];
  readonly may: Readonly<Record<string, boolean>>;
}

async function me(stand: Stand, as: SignedIn): Promise<Me> {
  const reply = await stand.send({ method: "GET", path: "/me", as });
  if (reply.status !== 200) throw new Error(reply.text);
  return reply.json as unknown as Me;
}

requirement("R25: signing in with address and password gives a session, and nothing else does", async (t, stand) => {
  const email = emailOf(customer, "user");
  for (const body of [
    { email, password: "wrong but long enough" },
    { email: "nobody@example.com", password },
    { email, password: password.toUpperCase() },
  ]) {
    const refused = await stand.send({ method: "POST", path: "/session", body });
    t.is(outcome(refused), "401 SignInFailed");
    t.notRegex(refused.rawHead, /^set-cookie/im);
  }
  t.is(outcome(await stand.send({ method: "GET", path: "/me" })), "401 NotSignedIn");
  const signed = await stand.send({ method: "POST", path: "/session", body: { email, password } });
  t.is(signed.json["stage"], "complete");
  const as = stand.signedIn(signed);
  t.is((await me(stand, as)).identity.email, email);
  t.is((await stand.send({ method: "DELETE", path: "/session", as })).status, 204);
  t.is(outcome(await stand.send({ method: "GET", path: "/me", as })), "401 NotSignedIn", "signed out");
});

requirement("R27: My Account shows second factor, password and keys, and changes each", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "user"));
  const before = await me(stand, as);
  t.like(before, { role: "user", hasMfa: false, recoveryCodesLeft: null, isActing: false });
  t.true(before.may["changeCredentials"] && before.may["createKeys"]);
  const { secret, recoveryCodes } = await enableMfa(stand, as);
  t.like(await me(stand, as), { hasMfa: true, recoveryCodesLeft: recoveryCodes.length });
  const half = await stand.send({
    method: "POST",
    path: "/session",
    body: { email: emailOf(customer, "user"), password },
  });
  const [code] = recoveryCodes;
  const used = await stand.send({ method: "POST", path: "/session/mfa", as: stand.signedIn(half), body: { code } });
  t.is(used.status, 200, used.text);
  t.is((await me(stand, as)).recoveryCodesLeft, recoveryCodes.length - 1);
  stand.clock.advance(60_000);
  const newPassword = "another good password";
  const change = { method: "PUT", path: "/me/password", as, body: { oldPassword: password, newPassword } };
  t.is((await stand.send(change)).status, 204);
  t.is((await me(stand, as)).passwordChangedAt, new Date(stand.clock.nowMs()).toISOString());
  const had = before.keys.total;
  const made = await stand.send({ method: "POST", path: "/me/keys", as, body: {} });
  t.is(made.status, 201, made.text);
  t.like((await me(stand, as)).keys, { total: had + 1, active: before.keys.active + 1 });
  const path = `/me/keys/${String(made.json["accessKeyId"])}`;
  t.is((await stand.send({ method: "PATCH", path, as, body: { status: "Inactive" } })).status, 204);
  t.like((await me(stand, as)).keys, { total: had + 1, active: before.keys.active });
  const listed = await stand.send({ method: "GET", path: "/me/sessions", as });
  t.deepEqual(
    items<{ isThisOne: boolean }>(listed).map(({ isThisOne }) => isThisOne),
    [true],
    "the others have ended",
  );
  stand.clock.advance(60_000);
  const end = { password: newPassword, code: totpCode(secret, stand.clock.nowMs()) };
  t.is((await stand.send({ method: "POST", path: "/me/mfa/disable", as, body: end })).status, 204);
  t.is((await me(stand, as)).hasMfa, false);
});

requirement("R28: the menu and what else is offered follow the role, and the rows agree", async (t, stand) => {
  const menus: Readonly<Record<string, readonly string[]>> = {
    [emailOf(customer, "user")]: ["buckets", "stats", "apiGuide", "support"],
    [emailOf(customer, "admin")]: ["buckets", "users", "policies", "stats", "audit", "apiGuide", "support"],
    [emailOf(direct, "root")]: ["buckets", "users", "policies", "stats", "audit", "apiGuide", "support"],
    [emailOf(reseller, "root")]: ["buckets", "users", "policies", "customers", "stats", "audit", "apiGuide", "support"],
    [emailOf(operator, "root")]: ["buckets", "users", "policies", "customers", "stats", "audit", "apiGuide", "support"],
    [emailOf(reseller, "user")]: ["buckets", "stats", "apiGuide", "support"],
  };
  /** A look, or a change of nothing, behind each item and each thing that is offered. */
  const tries: Readonly<Record<string, readonly [method: string, path: string, body?: object]>> = {
    users: ["GET", "/users"],
    policies: ["GET", "/policies"],
    customers: ["GET", "/accounts"],
    audit: ["GET", "/audit"],
    support: ["GET", "/support"],
    readAudit: ["GET", "/audit"],
    diagnose: ["GET", "/support/diagnostics"],
    setAccountAddresses: ["PATCH", "/account", { addressRanges: [] }],
    editAccount: ["PATCH", "/account", { contact: null }],
    createUsers: ["POST", "/users", { name: "made.by.someone" }],
    createPolicies: [
      "POST",
      "/policies",
      {
        name: "made",
        document: { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] },
      },
    ],
    createBuckets: ["POST", "/buckets", { name: "Not_A_Bucket" }],
    createAccounts: ["POST", "/accounts", { displayName: "New", email: "new@example.com" }],
    createKeys: ["POST", "/me/keys", {}],
  };
  for (const [email, menu] of Object.entries(menus)) {
    const as = await stand.signIn(email);
    const shown = await me(stand, as);
    t.deepEqual(shown.menu, menu, email);
    for (const [name, [method, path, body]] of Object.entries(tries)) {
      const isOffered = shown.menu.includes(name) || shown.may[name] === true;
      const reply = await stand.send({ method, path, as, ...(body === undefined ? {} : { body }) });
      t.is(outcome(reply) !== "403 AccessDenied", isOffered, `${email}: ${name}: ${outcome(reply)}`);
    }
  }
  const root = await stand.signIn(emailOf(reseller, "root"));
  t.true((await me(stand, root)).may["actAs"]);
  const acting = await stand.send({ method: "PUT", path: "/session/acting", as: root, body: { accountId: customer } });
  const asCustomer = await me(stand, stand.signedIn(acting));
  t.like(asCustomer, { isActing: true, role: "root", menu: menus[emailOf(direct, "root")] });
  t.like(asCustomer.may, { actAs: false, changeCredentials: false, createKeys: false, editAccount: true });
});

requirement("R50: the otpauth URI is what authenticator apps read, and their codes are taken", async (t, stand) => {
  // The app of these tests is one: RFC 6238, appendix B, SHA1, the last six digits.
  const vector = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const known: readonly (readonly [seconds: number, code: string])[] = [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ];
  for (const [seconds, code] of known) t.is(totpCode(vector, seconds * 1000), code);
  const email = emailOf(customer, "user");
  const as = await stand.signIn(email);
  const begun = await stand.send({ method: "POST", path: "/me/mfa", as, body: { password } });
  const uri = new URL(String(begun.json["uri"]));
  t.is(`${uri.protocol}//${uri.host}`, "otpauth://totp");
  t.is(decodeURIComponent(uri.pathname), `/Troupe:${email}`);
  t.deepEqual(
    [...uri.searchParams].sort(([one], [other]) => one.localeCompare(other)),
    [
      ["algorithm", "SHA1"],
      ["digits", "6"],
      ["issuer", "Troupe"],
      ["period", "30"],
      ["secret", String(begun.json["secret"])],
    ],
  );
  const secret = uri.searchParams.get("secret") ?? "";
  t.regex(secret, /^[A-Z2-7]{32}$/, "160 bits of base32 without padding");
  const confirm = (code: string) => stand.send({ method: "POST", path: "/me/mfa/confirm", as, body: { code } });
  t.is(outcome(await confirm(totpCode(secret, stand.clock.nowMs() - 90_000))), "401 SignInFailed", "three steps old");
  t.is((await confirm(totpCode(secret, stand.clock.nowMs()))).status, 200);
});
