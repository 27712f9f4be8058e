import test from "ava";
import { limits } from "../base/limits.ts";
import { identityKeys, newUser, type RoleRecord } from "../control/identity-records.ts";
import { putTyped } from "../control/typed-records.ts";
import type { Page, PageRequest } from "./directory.ts";
import { actor, customerId, openWorld, operatorId, resellerId, siblingId } from "./fixtures/identity-world.ts";

const accountId = customerId;
const ada = actor(customerId, "ada");

/** All pages of a listing, of so many items each. */
function all<T>(list: (page: PageRequest) => Page<T>, limit: number): T[] {
  const items: T[] = [];
  for (let after = ""; ; ) {
    const page = list({ after, limit });
    if (page.items.length > limit) throw new Error("a page is too long");
    items.push(...page.items);
    if (page.next === null) return items;
    after = page.next;
  }
}

test("users come by name, by page and by path, and of their account alone", async (t) => {
  const world = await openWorld(t);
  const made = { email: null, role: "user", tags: [], boundary: null, invite: false } as const;
  for (const [name, path] of [
    ["u1", "/a/"],
    ["u2", "/a/b/"],
    ["u3", "/b/"],
  ] as const) {
    await world.done("user.create", { by: ada, accountId, userName: name, path, ...made });
  }
  const names = (prefix: string, limit: number) =>
    all((page) => world.directory.users(accountId, prefix, page), limit).map(({ name }) => name);
  for (const limit of [1, 2, 3, 100]) {
    t.deepEqual(names("/", limit), ["ada", "ann", "bob", "root", "u1", "u2", "u3"]);
    t.deepEqual(names("/a/", limit), ["u1", "u2"]);
    t.deepEqual(names("/none/", limit), []);
  }
});

test("a page looks at a bounded number of records, and says where to go on", async (t) => {
  const world = await openWorld(t);
  const count = limits.directoryPageMax + 300;
  for (let start = 0; start < count; start += limits.controlOperationsMax) {
    const names = Array.from(
      { length: Math.min(limits.controlOperationsMax, count - start) },
      (_, index) => `z${start + index}`,
    );
    await world.store.txn(
      [],
      names.map((name) => {
        const user = newUser({
          accountId,
          name,
          userId: "TRPU",
          email: null,
          role: "user",
          status: "active",
          createdMs: 0,
        });
        return putTyped(identityKeys.user(accountId, name), { ...user, path: name === "z999" ? "/last/" : "/" });
      }),
    );
  }
  world.reader.refresh();
  const first = world.directory.users(accountId, "/last/", { after: "", limit: 10 });
  t.deepEqual(first.items, []);
  t.truthy(first.next);
  t.deepEqual(
    all((page) => world.directory.users(accountId, "/last/", page), 10).map(({ name }) => name),
    ["z999"],
  );
  t.is(all((page) => world.directory.users(accountId, "/", page), 999).length, count + 4);
});

test("roles come fewer at a time than may be asked for, and all of them", async (t) => {
  const world = await openWorld(t);
  const names = Array.from({ length: limits.rolesPerPageMax + 1 }, (_, index) => `r${1000 + index}`);
  for (let start = 0; start < names.length; start += limits.controlOperationsMax) {
    await world.store.txn(
      [],
      names
        .slice(start, start + limits.controlOperationsMax)
        .map((name) => putTyped(identityKeys.role(accountId, name), role(name))),
    );
  }
  world.reader.refresh();
  const first = world.directory.roles(accountId, "/", { after: "", limit: limits.directoryPageMax });
  t.is(first.items.length, limits.rolesPerPageMax);
  const found = all((page) => world.directory.roles(accountId, "/", page), limits.directoryPageMax);
  t.deepEqual(
    found.map(({ name }) => name),
    names,
  );
});

const role = (name: string): RoleRecord => ({
  accountId,
  name,
  roleId: "TRPR",
  path: "/",
  description: null,
  trustPolicy: "{}",
  boundary: null,
  maxSessionSeconds: limits.roleSessionSecondsMin,
  tags: [],
  createdMs: 0,
  attached: [],
  inline: [],
});

test("accounts stand in a tree", async (t) => {
  const world = await openWorld(t);
  const { directory } = world;
  t.deepEqual(
    directory.accountsAbove(customerId).map((account) => account.accountId),
    [resellerId, operatorId],
  );
  t.deepEqual(directory.accountsAbove(operatorId), []);
  t.true(directory.isWithin(customerId, operatorId));
  t.true(directory.isWithin(customerId, customerId));
  t.false(directory.isWithin(operatorId, customerId));
  t.false(directory.isWithin(siblingId, customerId));
  t.deepEqual(
    all((page) => directory.accountsBelow(resellerId, page), 1).map((account) => account.accountId),
    [customerId, siblingId],
  );
  t.is(all((page) => directory.accounts(page), 3).length, 4);
});

test("policies come by scope, path and attachment, and say who has them", async (t) => {
  const world = await openWorld(t);
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });
  for (const [policyName, path] of [
    ["p1", "/"],
    ["p2", "/x/"],
    ["p3", "/x/"],
  ] as const) {
    await world.done("policy.create", { by: ada, accountId, policyName, path, description: "d", document, tags: [] });
  }
  const arn = `arn:aws:iam::${accountId}:policy/x/p3`;
  await world.done("policy.attach", { by: ada, holder: { kind: "user", accountId, name: "ann" }, policyArn: arn });
  await world.done("user.setBoundary", { by: ada, accountId, userName: "bob", policyArn: arn });
  const names = (filter: Parameters<typeof world.policies.policies>[1], limit: number) =>
    all((page) => world.policies.policies(accountId, filter, page), limit).map(({ name }) => name);
  const every = { scope: "All", pathPrefix: "/", onlyAttached: false } as const;
  for (const limit of [1, 2, 100]) {
    t.deepEqual(names({ ...every, scope: "Local" }, limit), ["p1", "p2", "p3"]);
    t.deepEqual(names({ ...every, pathPrefix: "/x/" }, limit), ["p2", "p3"]);
    t.deepEqual(names({ ...every, onlyAttached: true }, limit), ["p3"]);
    const builtIn = names({ ...every, scope: "AWS" }, limit);
    t.true(builtIn.includes("AdministratorAccess"));
    t.deepEqual(names(every, limit), [...builtIn, "p1", "p2", "p3"]);
    const entities = (as: "policy" | "boundary" | null) =>
      all((page) => world.policies.entities(arn, accountId, { kinds: ["user", "group", "role"], as }, page), limit);
    t.deepEqual(entities(null), [
      { kind: "user", name: "bob", as: "boundary" },
      { kind: "user", name: "ann", as: "policy" },
    ]);
    t.deepEqual(
      entities("policy").map(({ name }) => name),
      ["ann"],
    );
  }
  t.is(world.policies.policy(arn, siblingId), undefined);
  t.is(world.policies.policy(`arn:aws:iam::${accountId}:policy/p3`, accountId), undefined);
  t.is(world.policies.document("arn:aws:iam::aws:policy/AdministratorAccess", siblingId)?.includes('"Allow"'), true);
});
