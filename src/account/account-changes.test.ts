import test from "ava";
import { type AccountRecord, identityKeys } from "../control/identity-records.ts";
import { controlKeys } from "../control/records.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import { resumeDeletions } from "./account-deletion.ts";
import {
  acting,
  actor,
  customerId,
  openWorld,
  operatorId,
  resellerId,
  rootOf,
  siblingId,
  system,
  type World,
} from "./fixtures/identity-world.ts";

const fresh = { kind: "customer", displayName: "New Ltd", email: "New@Example.com", label: null, quota: null } as const;

async function create(world: World, parent: string, given: object = {}) {
  return world.done("account.create", { by: rootOf(parent), parent, ...fresh, ...given });
}

test("an account is made with a Root who is invited, and no key", async (t) => {
  const world = await openWorld(t);
  const { account, token } = await create(world, resellerId, {
    label: "new",
    quota: { bytes: 5, objects: null, buckets: 1 },
  });
  t.regex(account.accountId, /^[1-9]\d{11}$/);
  t.regex(account.canonicalId, /^[0-9a-f]{64}$/);
  t.like(account, { kind: "customer", parent: resellerId, status: "active", label: "new", siteSelection: true });
  t.like(account.quota, { bytes: 5, buckets: 1 });
  const root = world.directory.root(account.accountId);
  t.like(root, { role: "root", status: "invited", email: "new@example.com", passwordHash: null });
  t.regex(token ?? "", /^trp_invite_/);
  t.is(world.directory.keysOf(account.accountId, "root", { after: "", limit: 10 }).items.length, 0);
  t.is(world.directory.accountOfLabel("new")?.accountId, account.accountId);
  t.deepEqual(world.directory.usersWithEmail("NEW@example.com", null), [root]);
  const below = world.directory.accountsBelow(resellerId, { after: "", limit: 10 });
  t.true(below.items.some(({ accountId }) => accountId === account.accountId));
});

test("who makes which accounts where", async (t) => {
  const world = await openWorld(t);
  const tries = [
    [rootOf(operatorId), operatorId, "reseller", true],
    [rootOf(operatorId), operatorId, "customer", true],
    [rootOf(operatorId), resellerId, "customer", true],
    [acting(operatorId, resellerId), resellerId, "customer", true],
    [system, operatorId, "reseller", true],
    [rootOf(resellerId), resellerId, "reseller", "InvalidInput"],
    [rootOf(operatorId), operatorId, "operator", "InvalidInput"],
    [rootOf(customerId), customerId, "customer", "InvalidInput"],
    [actor(resellerId, "ada"), resellerId, "customer", "AccessDenied"],
    [actor(resellerId, "ann"), resellerId, "customer", "AccessDenied"],
    [rootOf(resellerId), operatorId, "customer", "AccessDenied"],
    [rootOf(customerId), siblingId, "customer", "AccessDenied"],
    [rootOf(resellerId), "999999999999", "customer", "AccessDenied"],
    [system, "999999999999", "customer", "NoSuchEntity"],
  ] as const;
  for (const [by, parent, kind, expected] of tries) {
    const answer = await world.ask("account.create", { by, parent, ...fresh, kind });
    t.is(typeof answer === "string" ? answer : true, expected, `${by.name} ${parent} ${kind}`);
  }
});

test("labels are host names, unique, and never the product's own", async (t) => {
  const world = await openWorld(t);
  await create(world, resellerId, { label: "acme" });
  const ask = (label: string) =>
    world.ask("account.create", { by: rootOf(resellerId), parent: resellerId, ...fresh, label });
  t.is(await ask("acme"), "EntityAlreadyExists");
  for (const label of ["s3", "www", "admin", "console", "s3-website", "Acme", "-a", "a-", "a.b", "", "a".repeat(64)]) {
    t.is(await ask(label), "InvalidInput", label);
  }
  t.is(typeof (await ask("a".repeat(63))), "object");
  const update = (label: string | null) =>
    world.ask("account.update", { by: rootOf(resellerId), accountId: customerId, changes: { label } });
  t.is(await update("acme"), "EntityAlreadyExists");
  t.is(typeof (await update("mine")), "object");
  t.is(typeof (await update(null)), "object");
  t.is(typeof (await ask("mine")), "object");
});

test("an account changes its name and addresses itself; quota, label, sites and kind are changed from above", async (t) => {
  const world = await openWorld(t);
  const update = (by: ReturnType<typeof rootOf>, changes: object, accountId = customerId) =>
    world.ask("account.update", { by, accountId, changes });
  const own = {
    displayName: "Mine",
    addressRanges: ["192.0.2.0/24", "2001:db8::/32", "::1"],
    contact: "help@example.com",
  };
  t.like(await update(rootOf(customerId), own), { account: own });
  for (const changes of [
    { quota: { bytes: 1, objects: null, buckets: null } },
    { label: "x" },
    { siteSelection: true },
    { kind: "reseller" },
  ]) {
    t.is(await update(rootOf(customerId), changes), "AccessDenied");
    t.is(await update(acting(resellerId, customerId), changes), "AccessDenied");
  }
  const quota = { bytes: 10, objects: 10, buckets: 1 };
  t.like(await update(rootOf(resellerId), { quota, siteSelection: false }), {
    account: { quota, siteSelection: false },
  });
  t.like(await update(rootOf(operatorId), { label: "x" }), { account: { label: "x", quota } });
  t.is(await update(rootOf(siblingId), own), "AccessDenied");
  t.is(await update(actor(customerId, "ada"), own), "AccessDenied");
  for (const changes of [
    { addressRanges: ["192.0.2.0/33"] },
    { addressRanges: ["example.com"] },
    { addressRanges: ["fe80::1%eth0"] },
    { displayName: "" },
    { displayName: "a\nb" },
    { contact: "" },
    { quota: { bytes: -1, objects: null, buckets: null } },
    { quota: { bytes: 0.5, objects: null, buckets: null } },
  ]) {
    t.is(await update(system, changes), "InvalidInput", JSON.stringify(changes));
  }
  t.is(await update(system, { addressRanges: Array.from({ length: 101 }, () => "::1") }), "LimitExceeded");
  t.like(await update(rootOf(operatorId), { label: "op" }, operatorId), { account: { label: "op" } });
  t.is(await update(rootOf(operatorId), { kind: "customer" }, operatorId), "AccessDenied");
  t.is(await update(system, { kind: "customer" }, operatorId), "InvalidInput");
});

test("a customer that becomes a reseller uses its keys no longer; one with customers stays one", async (t) => {
  const world = await openWorld(t);
  const { account } = await create(world, operatorId);
  const { accountId } = account;
  await world.done("key.create", { by: system, accountId, userName: "root" });
  const change = (kind: AccountRecord["kind"]) =>
    world.ask("account.update", { by: rootOf(operatorId), accountId, changes: { kind } });
  t.like(await change("reseller"), { account: { kind: "reseller" } });
  t.is(await world.ask("key.create", { by: system, accountId, userName: "root" }), "AccessDenied");
  const byKey = rootOf(accountId, { via: "key" });
  t.is(await world.ask("account.update", { by: byKey, accountId, changes: { displayName: "x" } }), "AccessDenied");
  await create(world, accountId);
  t.is(await change("customer"), "DeleteConflict");
  t.is(
    await world.ask("account.update", { by: rootOf(operatorId), accountId: customerId, changes: { kind: "reseller" } }),
    "InvalidInput",
  );
});

test("suspension stops everybody at and below the account, and is lifted from above", async (t) => {
  const world = await openWorld(t);
  const set = (by: ReturnType<typeof rootOf>, accountId: string, status: "active" | "suspended") =>
    world.ask("account.setStatus", { by, accountId, status });
  t.is(await set(rootOf(customerId), customerId, "suspended"), "AccessDenied");
  t.is(await set(rootOf(resellerId), operatorId, "suspended"), "AccessDenied");
  t.is(await set(rootOf(operatorId), operatorId, "suspended"), "AccessDenied");
  t.is(await set(system, operatorId, "suspended"), "AccessDenied");
  t.is(await set(rootOf(resellerId), customerId, "deleting" as "active"), "InvalidInput");
  t.deepEqual(await set(rootOf(operatorId), resellerId, "suspended"), {});
  for (const by of [rootOf(resellerId), rootOf(customerId), acting(operatorId, customerId)]) {
    t.is(await world.ask("user.tag", { by, accountId: by.accountId, userName: "ann", tags: [] }), "AccessDenied");
  }
  t.deepEqual(await set(rootOf(operatorId), resellerId, "active"), {});
  t.deepEqual(
    await world.ask("user.tag", { by: rootOf(customerId), accountId: customerId, userName: "ann", tags: [] }),
    {},
  );
});

test("an account that owns something is not deleted; else everything of it goes, and the audit log stays", async (t) => {
  const world = await openWorld(t);
  const remove = (accountId: string, by = rootOf(resellerId)) => world.ask("account.delete", { by, accountId });
  t.is(await remove(resellerId, rootOf(operatorId)), "DeleteConflict");
  t.is(await remove(operatorId, system), "AccessDenied");
  t.is(await remove(customerId, rootOf(customerId)), "AccessDenied");
  t.is(await remove(customerId, rootOf(siblingId)), "AccessDenied");
  const owned = controlKeys.ownedBucket(customerId, "b");
  await world.store.txn([], [putTyped(owned, {})]);
  t.is(await remove(customerId), "DeleteConflict");
  t.is((await getTyped<AccountRecord>(world.store, identityKeys.account(customerId))).value?.status, "active");
  await world.store.txn([], [{ kind: "remove", key: owned }]);
  await furnish(world);
  t.deepEqual(await remove(customerId), {});
  const left = Object.entries(await world.contents()).filter(([key, value]) =>
    JSON.stringify([key, value]).includes(customerId),
  );
  t.deepEqual(left, []);
  t.true(
    (await world.audit()).some(({ action, accountId }) => action === "account.delete" && accountId === customerId),
  );
  t.is(await remove(customerId), "AccessDenied");
  t.is(await remove(customerId, system), "NoSuchEntity");
});

test("a deletion that was interrupted is finished at the next start", async (t) => {
  const world = await openWorld(t);
  await furnish(world);
  const { txn } = world.store;
  let left = 7;
  world.store.txn = async (...args) => {
    left -= 1;
    if (left < 0) throw new Error("killed");
    return txn.apply(world.store, args);
  };
  await t.throwsAsync(world.ask("account.delete", { by: rootOf(resellerId), accountId: customerId }), {
    message: "killed",
  });
  world.store.txn = txn;
  t.is((await getTyped<AccountRecord>(world.store, identityKeys.account(customerId))).value?.status, "deleting");
  const by = rootOf(customerId);
  t.is(await world.ask("user.tag", { by, accountId: customerId, userName: "ann", tags: [] }), "AccessDenied");
  await resumeDeletions(world.turns);
  t.false(JSON.stringify(await world.contents()).includes(customerId));
});

test("a mark that a crash has left beside a bucket removes nothing", async (t) => {
  const world = await openWorld(t);
  const key = identityKeys.account(customerId);
  const { value } = await getTyped<AccountRecord>(world.store, key);
  const owned = putTyped(controlKeys.ownedBucket(customerId, "b"), {});
  await world.store.txn([], [putTyped(key, { ...value, status: "deleting" }), owned]);
  await resumeDeletions(world.turns);
  world.reader.refresh();
  t.is(world.directory.account(customerId)?.status, "suspended");
  t.truthy(world.directory.user(customerId, "ann"));
});

/** Some of everything that an account can have. */
async function furnish(world: World): Promise<void> {
  const by = rootOf(customerId);
  const accountId = customerId;
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });
  const trustPolicy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${customerId}:root` }, Action: "sts:AssumeRole" }],
  });
  const arn = `arn:aws:iam::${customerId}:policy/p`;
  for (let index = 0; index < 3; index++) await world.done("key.create", { by, accountId, userName: "ann" });
  await world.done("policy.create", {
    by,
    accountId,
    policyName: "p",
    path: "/",
    description: null,
    document,
    tags: [],
  });
  await world.done("group.create", { by, accountId, groupName: "g", path: "/" });
  await world.done("group.addUser", { by, accountId, groupName: "g", userName: "ann" });
  await world.done("role.create", {
    by,
    accountId,
    roleName: "r",
    path: "/",
    description: null,
    trustPolicy,
    boundary: arn,
    maxSessionSeconds: 3600,
    tags: [],
  });
  for (const holder of [
    { kind: "user", accountId, name: "ann" },
    { kind: "group", accountId, name: "g" },
    { kind: "role", accountId, name: "r" },
  ] as const) {
    await world.done("policy.attach", { by, holder, policyArn: arn });
    await world.done("inline.put", { by, holder, policyName: "in", document });
  }
  await world.done("user.setBoundary", { by, accountId, userName: "bob", policyArn: arn });
  await world.store.txn(
    [],
    [
      putTyped(identityKeys.session("h1"), { accountId, userName: "ann" }),
      putTyped(identityKeys.userSession(accountId, "ann", "s1"), { hash: "h1" }),
      putTyped(identityKeys.token("h2"), { accountId, userName: "ann" }),
      putTyped(identityKeys.userToken(accountId, "ann", "t1"), { hash: "h2" }),
    ],
  );
}
