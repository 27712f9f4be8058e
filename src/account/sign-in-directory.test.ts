import test from "ava";
import { systemRandom } from "../base/random.ts";
import { identityBehaviour } from "./behaviour.ts";
import { HashesBusyError } from "./hash-turns.ts";
import { passwordHasher } from "./password.ts";
import { hashToken } from "./secret-token.ts";
import { sessionOf } from "./session-reader.ts";
import { accountIds, actor, address, done, openStand, product, seen, totpCode, withFactor } from "./sign-in.testing.ts";

const { customer } = accountIds;
const root = actor(customer);
const email = "ann@x.example";
const password = "a password of ann";

/** The stand, with all handlers of identities as a node has them, and real hashes. */
async function openNode() {
  const stand = await openStand();
  const { store, clock, secrets } = stand;
  const passwords = passwordHasher(systemRandom);
  const handle = identityBehaviour({ store, clock, random: systemRandom, passwords, secrets });
  const begin = (given = password) =>
    handle["session.begin"]({ email, password: given, accountId: customer, address, userAgent: "" });
  const see = (token: string) => sessionOf(stand.reader(), token, clock.nowMs());
  return { stand, handle, begin, see };
}

async function invited({ handle }: Awaited<ReturnType<typeof openNode>>): Promise<void> {
  const user = { by: root, accountId: customer, userName: "ann" };
  const created = await handle["user.create"]({
    ...user,
    path: "/",
    email,
    role: "user",
    tags: [],
    boundary: null,
    invite: true,
  });
  const token = done(created).token ?? "";
  done(await handle["password.redeem"]({ token, newPassword: password, address }));
  const again = await handle["password.redeem"]({ token, newPassword: password, address });
  if (again.ok) throw new Error("an invite was taken twice");
}

test("an invited user sets a password, signs in, and is out at once when an administrator says so", async (t) => {
  const user = { by: root, accountId: customer, userName: "ann" };
  const changes: [string, (node: Awaited<ReturnType<typeof openNode>>) => Promise<unknown>, boolean][] = [
    ["disabled", ({ handle }) => handle["user.update"]({ ...user, changes: { status: "disabled" } }), false],
    ["renamed", ({ handle }) => handle["user.update"]({ ...user, changes: { name: "anna" } }), true],
    ["deleted", ({ handle }) => handle["user.delete"]({ ...user, cascade: true }), false],
    [
      "account suspended",
      ({ handle }) =>
        handle["account.setStatus"]({ by: actor(accountIds.reseller), accountId: customer, status: "suspended" }),
      false,
    ],
  ];
  for (const [title, change, mayReturn] of changes) {
    const node = await openNode();
    await invited(node);
    const { token } = done(await node.begin());
    t.is(node.see(token)?.user.name, "ann");
    t.is(seen(await node.begin("wrong password")), "SignInFailed");
    const outcome = await change(node);
    t.like(outcome, { ok: true }, title);
    t.is(node.see(token), null, title);
    t.is((await node.begin()).ok, mayReturn, title);
  }
});

test("a disabled user who is enabled again has no session left", async (t) => {
  const node = await openNode();
  await invited(node);
  const { token } = done(await node.begin());
  const user = { by: root, accountId: customer, userName: "ann" };
  for (const status of ["disabled", "active"] as const) {
    done(await node.handle["user.update"]({ ...user, changes: { status } }));
  }
  t.is(node.see(token), null);
  t.truthy(node.see(done(await node.begin()).token));
});

test("a second factor still opens after its user has a new name", async (t) => {
  const node = await openNode();
  const { stand, handle } = node;
  await stand.addUser(customer, "bob", "user", { email });
  const { secret } = await withFactor(stand, customer, "bob");
  const rename = { by: root, accountId: customer, userName: "bob", changes: { name: "robert" } };
  done(await handle["user.update"](rename));
  await stand.changeUser(customer, "robert", { passwordHash: await passwordHasher(systemRandom).hash(password) });
  stand.clock.advance(60_000);
  const half = done(await node.begin());
  const code = totpCode(secret, stand.clock.nowMs());
  const whole = done(await handle["session.mfa"]({ sessionHash: hashToken(half.token), code, address }));
  t.is(node.see(whole.token)?.user.name, "robert");
});

test("sign-in and directory write one audit log", async (t) => {
  const node = await openNode();
  await invited(node);
  done(await node.begin());
  done(await node.handle["mfa.reset"]({ by: product, accountId: customer, userName: "ann" }));
  const actions = (await node.stand.audit()).map(({ action }) => action);
  t.deepEqual(actions, ["user.create", "password.redeem", "session.begin", "mfa.reset"]);
});

test("too many passwords at once: try again, and any other failure is not hidden", async (t) => {
  const stand = await openStand();
  stand.passwords.matches = async () => {
    throw new HashesBusyError();
  };
  t.deepEqual(await stand.begin(customer), { ok: false, code: "Throttled", detail: { RetryAfterMs: "1000" } });
  stand.passwords.matches = async () => {
    throw new Error("broken");
  };
  await t.throwsAsync(stand.begin(customer), { message: "broken" });
});
