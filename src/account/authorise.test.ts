import test from "ava";
import { builtInPolicyArn } from "../control/identity-ids.ts";
import { type AccountKind, newAccount, newUser, type Role } from "../control/identity-records.ts";
import type { Principal } from "../control/records.ts";
import { mayActOn, mayUseKeys } from "./authorise.ts";

function principal(kind: AccountKind, role: Role, attached: readonly string[] = []): Principal {
  const account = newAccount({ accountId: "1", canonicalId: "c", displayName: "", kind, parent: null, createdMs: 0 });
  const named = {
    accountId: "1",
    name: "n",
    userId: "TRPU",
    email: null,
    role,
    status: "active",
    createdMs: 0,
  } as const;
  const user = { ...newUser(named), attached };
  return { account, user, accessKeyId: "AK" };
}

const own = "arn:aws:iam::1:policy/AdministratorAccess";
const all = [builtInPolicyArn("AdministratorAccess")];

const table: [string, Principal, string, boolean][] = [
  ["root, own account", principal("customer", "root"), "1", true],
  ["admin, own account", principal("customer", "admin"), "1", true],
  ["user without policy", principal("customer", "user"), "1", false],
  ["user with AdministratorAccess", principal("customer", "user", all), "1", true],
  ["user with AdministratorAccess among others", principal("customer", "user", [own, ...all]), "1", true],
  ["user with a policy of the account of that name", principal("customer", "user", [own]), "1", false],
  [
    "user with a policy of a similar name",
    principal("customer", "user", [builtInPolicyArn("administratoraccess")]),
    "1",
    false,
  ],
  ["root of another account", principal("customer", "root"), "2", false],
  ["user with AdministratorAccess, other account", principal("customer", "user", all), "2", false],
  ["operator's root, own account", principal("operator", "root"), "1", true],
  ["operator's root, other account", principal("operator", "root"), "2", false],
  ["operator's user without policy", principal("operator", "user"), "1", false],
  ["reseller's root", principal("reseller", "root"), "1", false],
  ["reseller's admin", principal("reseller", "admin"), "1", false],
  ["reseller's user with AdministratorAccess", principal("reseller", "user", all), "1", false],
  ["reseller's root, a customer's account", principal("reseller", "root"), "2", false],
];

for (const [title, who, owner, expected] of table) {
  test(title, (t) => t.is(mayActOn(who, owner), expected));
}

test("a user record of another account gives nothing", (t) => {
  const who = principal("customer", "root");
  t.false(mayActOn({ ...who, user: { ...who.user, accountId: "2" } }, "1"));
  t.false(mayActOn({ ...who, user: { ...who.user, accountId: "2" } }, "2"));
});

test("resellers alone cannot use keys", (t) => {
  const kinds: AccountKind[] = ["operator", "reseller", "customer"];
  t.deepEqual(
    kinds.filter((kind) => mayUseKeys(principal(kind, "root").account)),
    ["operator", "customer"],
  );
});
