import test from "ava";
import type { IdentityProvider, ProvenIdentity, ProviderAttempt } from "./identity-provider.ts";
import { hashToken } from "./secret-token.ts";
import { accountIds, actor, done, openStand, seen, withFactor } from "./sign-in.testing.ts";

const { operator, reseller, customer } = accountIds;
const issuer = "https://issuer.example";
const external = { issuer, subject: "ann-at-issuer" };
const email = "ann@x.example";

/** Proves whatever it is told to. */
function outside(proven: ProvenIdentity | null): IdentityProvider & { readonly asked: ProviderAttempt[] } {
  const asked: ProviderAttempt[] = [];
  return {
    name: "issuer",
    asked,
    authenticate: async (attempt) => {
      asked.push(attempt);
      return proven;
    },
  };
}

const ann: ProvenIdentity = { issuer, subject: external.subject, email, judgedRevision: null };

test("an outside issuer signs in the user that is linked to its subject, without a password", async (t) => {
  const provider = outside(ann);
  const stand = await openStand(provider);
  await stand.addUser(customer, "ann", "admin", { email, external, passwordHash: null });
  await stand.addUser(reseller, "ann", "admin", { email, createdMs: 0 });
  const reply = done(await stand.begin(customer, { email, password: "code from the issuer" }));
  t.like(stand.see(reply.token), { user: { accountId: customer, name: "ann" }, role: "admin" });
  t.like(provider.asked, [{ email, accountId: null, proof: "code from the issuer" }]);
  t.is(stand.passwords.count, 0);
  t.is((await stand.audit()).at(-1)?.detail["provider"], "issuer");
});

test("what the issuer proves is not enough without the link, the address, or a user in force", async (t) => {
  const cases: [string, ProvenIdentity | null, object][] = [
    ["nothing proven", null, {}],
    ["another subject", { ...ann, subject: "bob-at-issuer" }, {}],
    ["another issuer", { ...ann, issuer: "https://other.example" }, {}],
    ["another address", { ...ann, email: "bob@x.example" }, {}],
    ["no link", ann, { external: null }],
    ["disabled", ann, { status: "disabled" }],
    ["our own issuer's name, no such user", { ...ann, issuer: "troupe", subject: "x" }, {}],
  ];
  for (const [title, proven, changes] of cases) {
    const stand = await openStand(outside(proven));
    await stand.addUser(customer, "ann", "admin", { email, external, ...changes });
    t.is(seen(await stand.begin(customer, { email })), "SignInFailed", title);
    t.is(seen(await stand.begin(customer, { email, accountId: reseller })), "SignInFailed", title);
  }
  const stand = await openStand(outside(ann));
  await stand.addUser(customer, "ann", "admin", { email, external });
  await stand.changeAccount(operator, { status: "suspended" });
  t.is(seen(await stand.begin(customer, { email })), "SignInFailed");
});

test("a host that names another account does not sign it in", async (t) => {
  const stand = await openStand(outside(ann));
  await stand.addUser(customer, "ann", "admin", { email, external });
  t.is(seen(await stand.begin(customer, { email, accountId: operator })), "SignInFailed");
  done(await stand.begin(customer, { email, accountId: customer }));
});

test("the second factor is asked for behind an outside issuer too", async (t) => {
  const stand = await openStand(outside(ann));
  await stand.addUser(customer, "ann", "admin", { email, external });
  const { recoveryCodes } = await withFactor(stand, customer, "ann");
  const half = done(await stand.begin(customer, { email }));
  t.is(half.stage, "password");
  t.is(stand.see(half.token), null);
  const request = { sessionHash: hashToken(half.token), code: recoveryCodes[3] ?? "", address: "192.0.2.9" };
  t.truthy(stand.see(done(await stand.handle["session.mfa"](request)).token));
});

test("a password that was judged by a record that has changed since is judged again", async (t) => {
  const stand = await openStand();
  const hasher = stand.passwords;
  const { matches } = hasher;
  let isFirst = true;
  hasher.matches = async (given, hash) => {
    const isMatch = await matches.call(hasher, given, hash);
    if (isFirst) {
      isFirst = false;
      await stand.changeUser(customer, "root", { passwordHash: "hash of changed meanwhile" });
    }
    return isMatch;
  };
  t.is(seen(await stand.begin(customer)), "SignInFailed");
  done(await stand.begin(customer, { password: "changed meanwhile" }));
  isFirst = true;
  hasher.matches = async (given, hash) => {
    await stand.changeUser(customer, "root", { path: "/" });
    return matches.call(hasher, given, hash);
  };
  const busy = await stand.begin(customer, { password: "changed meanwhile" });
  t.is(seen(busy), "Throttled", "a record that never rests is not waited for");
  t.truthy(actor(customer));
});
