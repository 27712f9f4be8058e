import test from "ava";
import { identityKeys, type MailTokenRecord } from "../control/identity-records.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
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
import { hashToken } from "./secret-token.ts";

const accountId = customerId;
const made = { path: "/", email: null, role: "user", tags: [], boundary: null, invite: false } as const;
const ada = actor(customerId, "ada");
const ann = actor(customerId, "ann");
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

function create(world: World, userName: string, given: object = {}, by = ada) {
  return world.ask("user.create", { by, accountId, userName, ...made, ...given });
}

test("a user is made with what is given, and an id that is never used again", async (t) => {
  const world = await openWorld(t);
  const tags = [{ key: "team", value: "blue" }];
  const first = await world.done("user.create", {
    by: ada,
    accountId,
    userName: "eve",
    ...made,
    path: "/a/b/",
    tags,
    boundary: administrator,
  });
  t.regex(first.user.userId, /^TRPU[A-Z2-7]{16}$/);
  t.like(first, {
    token: null,
    user: { name: "eve", path: "/a/b/", tags, boundary: administrator, status: "active", email: null },
  });
  t.deepEqual(world.directory.user(accountId, "eve"), first.user);
  t.is(world.policies.attachmentCount(administrator, accountId, "boundary"), 1);
  await world.done("user.delete", { by: ada, accountId, userName: "eve", cascade: false });
  t.is(world.policies.attachmentCount(administrator, accountId, "boundary"), 0);
  const again = await world.done("user.create", { by: ada, accountId, userName: "eve", ...made });
  t.not(again.user.userId, first.user.userId);
});

test("names, paths, addresses and tags that are not are refused", async (t) => {
  const world = await openWorld(t);
  for (const name of ["", "a b", "a/b", "a,b", "root", "ROOT", "ä", "a".repeat(65), "a\u0000"]) {
    t.is(await create(world, name), "InvalidInput", name);
  }
  t.is(typeof (await create(world, "a".repeat(64))), "object");
  t.is(typeof (await create(world, "x+=.@-_9")), "object");
  for (const path of ["", "a", "/a", "a/", "/a b/", "/ä/", `/${"a".repeat(511)}/`]) {
    t.is(await create(world, "eve", { path }), "InvalidInput", path);
  }
  for (const email of ["nobody", "a@b@c", "a @b", "a@b/c", "a@b,c@d", `${"ä".repeat(126)}@xyz`]) {
    t.is(await create(world, "eve", { email }), "InvalidInput", email);
  }
  for (const tags of [
    [{ key: "", value: "" }],
    [{ key: "aws:x", value: "" }],
    [{ key: "a;b", value: "" }],
    [{ key: "a", value: "x".repeat(257) }],
    [{ key: "k".repeat(129), value: "" }],
    [
      { key: "a", value: "" },
      { key: "A", value: "" },
    ],
  ]) {
    t.is(await create(world, "eve", { tags }), "InvalidInput", JSON.stringify(tags));
  }
  const many = Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: "" }));
  t.is(await create(world, "eve", { tags: many }), "LimitExceeded");
  t.is(await create(world, "eve", { role: "root" }), "InvalidInput");
  t.is(await create(world, "eve", { role: "owner" }), "InvalidInput");
  t.is(await create(world, "eve", { invite: true }), "InvalidInput");
  t.is(await create(world, "eve", { boundary: `arn:aws:iam::${accountId}:policy/none` }), "NoSuchEntity");
  t.is(await create(world, "eve", { boundary: "nonsense" }), "InvalidInput");
  t.is(world.directory.user(accountId, "eve"), undefined);
});

test("a name is taken once in an account, whatever its case, and so is an address", async (t) => {
  const world = await openWorld(t);
  t.is(typeof (await create(world, "Eve", { email: "eve@x" })), "object");
  t.is(await create(world, "Eve"), "EntityAlreadyExists");
  t.is(await create(world, "eve"), "EntityAlreadyExists");
  t.is(await create(world, "ann"), "EntityAlreadyExists");
  t.is(await create(world, "other", { email: "EVE@x" }), "EntityAlreadyExists");
  const there = await world.ask("user.create", {
    by: actor(siblingId, "ada"),
    accountId: siblingId,
    userName: "eve",
    ...made,
    email: "eve@x",
  });
  t.is(typeof there, "object");
  world.reader.refresh();
  t.is(world.directory.usersWithEmail("eve@x", null).length, 2);
  t.is(world.directory.usersWithEmail("eve@x", siblingId).length, 1);
});

test("an invite is for a link that the next one ends", async (t) => {
  const world = await openWorld(t);
  const { token, user } = await world.done("user.create", {
    by: ada,
    accountId,
    userName: "eve",
    ...made,
    email: "eve@x",
    invite: true,
  });
  t.is(user.status, "invited");
  const stored = async (text: string | null) =>
    (await getTyped<MailTokenRecord>(world.store, identityKeys.mailToken(hashToken(text ?? "")))).value;
  t.like(await stored(token), { purpose: "invite", accountId, userName: "eve" });
  const next = await world.done("user.invite", { by: ada, accountId, userName: "eve" });
  t.is(await stored(token), undefined);
  t.truthy(await stored(next.token));
  t.is(await world.ask("user.invite", { by: ada, accountId, userName: "ann" }), "InvalidInput");
  t.is(await world.ask("user.invite", { by: ada, accountId, userName: "nobody" }), "NoSuchEntity");
  await world.done("user.delete", { by: ada, accountId, userName: "eve", cascade: true });
  t.is(await stored(next.token), undefined);
});

test("Root of an account above invites the Root below again, and nobody else there", async (t) => {
  const world = await openWorld(t);
  const { account } = await world.done("account.create", {
    by: rootOf(resellerId),
    parent: resellerId,
    kind: "customer",
    displayName: "n",
    email: "n@x",
    label: null,
    quota: null,
  });
  const ask = (by: typeof ada, userName = "root") =>
    world.ask("user.invite", { by, accountId: account.accountId, userName });
  t.is(typeof (await ask(rootOf(resellerId))), "object");
  t.is(typeof (await ask(rootOf(operatorId))), "object");
  t.is(await ask(actor(resellerId, "ada")), "AccessDenied");
  t.is(await ask(rootOf(customerId)), "AccessDenied");
});

test("roles change by admins and Root, at once, and a User is no way around", async (t) => {
  const world = await openWorld(t);
  const role = (by: typeof ada, userName: string, to: "admin" | "user") =>
    world.ask("user.update", { by, accountId, userName, changes: { role: to } });
  t.is(await role(ann, "ann", "admin"), "AccessDenied");
  t.is(await role(ann, "bob", "admin"), "AccessDenied");
  t.is(await role(ada, "root", "user"), "AccessDenied");
  t.is(await role(rootOf(customerId), "root", "admin"), "AccessDenied");
  t.is(await role(ada, "ann", "root" as "admin"), "InvalidInput");
  t.like(await role(ada, "ann", "admin"), { user: { role: "admin" } });
  t.like(await role(ann, "bob", "admin"), { user: { role: "admin" } });
  t.like(await role(rootOf(customerId), "ada", "user"), { user: { role: "user" } });
  t.is(await role(ada, "bob", "user"), "AccessDenied");
});

test("a User manages users of its own rank alone, never itself", async (t) => {
  const world = await openWorld(t);
  const holder = (name: string) => ({ kind: "user", accountId, name }) as const;
  t.is(typeof (await create(world, "eve", {}, ann)), "object");
  t.is(await create(world, "zoe", { role: "admin" }, ann), "AccessDenied");
  t.deepEqual(await world.ask("policy.attach", { by: ann, holder: holder("bob"), policyArn: administrator }), {});
  for (const name of ["ann", "ada", "root"]) {
    t.is(await world.ask("policy.attach", { by: ann, holder: holder(name), policyArn: administrator }), "AccessDenied");
    t.is(await world.ask("user.setBoundary", { by: ann, accountId, userName: name, policyArn: null }), "AccessDenied");
    t.is(
      await world.ask("user.update", { by: ann, accountId, userName: name, changes: { path: "/x/" } }),
      "AccessDenied",
    );
    t.is(await world.ask("user.tag", { by: ann, accountId, userName: name, tags: [] }), "AccessDenied");
    t.is(await world.ask("user.untag", { by: ann, accountId, userName: name, keys: [] }), "AccessDenied");
    t.is(await world.ask("user.delete", { by: ann, accountId, userName: name, cascade: true }), "AccessDenied");
  }
});

test("Root changes its own address and identity, and nobody else does", async (t) => {
  const world = await openWorld(t);
  const update = (by: typeof ada, changes: object) =>
    world.ask("user.update", { by, accountId, userName: "root", changes });
  t.like(await update(rootOf(customerId), { email: "Boss@x" }), { user: { email: "boss@x", role: "root" } });
  world.reader.refresh();
  t.deepEqual(world.directory.usersWithEmail(`root@${customerId}`, null), []);
  t.is(await update(rootOf(customerId), { email: null }), "InvalidInput");
  for (const changes of [{ name: "x" }, { path: "/x/" }, { status: "disabled" }]) {
    t.is(await update(rootOf(customerId), changes), "AccessDenied");
    t.is(await update(system, changes), "AccessDenied");
  }
  for (const by of [ada, ann, rootOf(resellerId), acting(resellerId, customerId), rootOf(siblingId)]) {
    t.is(await update(by, { email: "mine@x" }), "AccessDenied");
  }
  t.is(await world.ask("user.delete", { by: system, accountId, userName: "root", cascade: true }), "AccessDenied");
  t.is(
    await world.ask("user.delete", { by: rootOf(customerId), accountId, userName: "root", cascade: true }),
    "AccessDenied",
  );
});

test("a new name takes keys, tokens, memberships and policies along, and ends sessions and invites", async (t) => {
  const world = await openWorld(t);
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });
  const holder = { kind: "user", accountId, name: "ann" } as const;
  const { accessKeyId } = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  await world.done("group.create", { by: ada, accountId, groupName: "g", path: "/" });
  await world.done("group.addUser", { by: ada, accountId, groupName: "g", userName: "ann" });
  await world.done("policy.attach", { by: ada, holder, policyArn: administrator });
  await world.done("inline.put", { by: ada, holder, policyName: "in", document });
  await world.done("user.setBoundary", { by: ada, accountId, userName: "ann", policyArn: administrator });
  await world.store.txn(
    [],
    [
      putTyped(identityKeys.session("h1"), { accountId, userName: "ann" }),
      putTyped(identityKeys.userSession(accountId, "ann", "s1"), { hash: "h1" }),
      putTyped(identityKeys.token("h2"), { accountId, userName: "ann" }),
      putTyped(identityKeys.userToken(accountId, "ann", "t1"), { hash: "h2" }),
    ],
  );
  const rename = (userName: string, name: string) =>
    world.ask("user.update", { by: ada, accountId, userName, changes: { name } });
  t.is(await rename("ann", "bob"), "EntityAlreadyExists");
  t.is(await rename("ann", "a b"), "InvalidInput");
  t.is(await rename("nobody", "x"), "NoSuchEntity");
  t.like(await rename("ann", "anna"), { user: { name: "anna" } });
  const contents = JSON.stringify(
    Object.entries(await world.contents()).filter(([key, value]) => JSON.stringify([key, value]).includes(accountId)),
  );
  t.false(/\bann\b(?!@)/.test(contents.replaceAll(`ann@${accountId}`, "")), "nothing bears the old name");
  world.reader.refresh();
  t.like(world.holder(accessKeyId)?.user, {
    name: "anna",
    groups: ["g"],
    attached: [administrator],
    inline: ["in"],
  });
  t.is(world.directory.inlinePolicy("user", accountId, "anna", "in"), document);
  t.is(world.directory.members(accountId, "g", { after: "", limit: 5 }).items[0]?.name, "anna");
  t.is(world.reader.apiToken("h2")?.userName, "anna");
  t.is(world.reader.session("h1"), undefined);
  t.like(await rename("anna", "Anna"), { user: { name: "Anna" } });
  t.is(typeof (await create(world, "ann")), "object");
  t.is(await create(world, "ANNA"), "EntityAlreadyExists");
});

test("a disabled user has no session, no working key, and asks for nothing", async (t) => {
  const world = await openWorld(t);
  const { accessKeyId } = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  await world.store.txn(
    [],
    [
      putTyped(identityKeys.session("h1"), { accountId, userName: "ann" }),
      putTyped(identityKeys.userSession(accountId, "ann", "s1"), { hash: "h1" }),
    ],
  );
  t.is(
    await world.ask("user.update", { by: ada, accountId, userName: "ada", changes: { status: "disabled" } }),
    "AccessDenied",
  );
  t.is(
    await world.ask("user.update", { by: ada, accountId, userName: "ann", changes: { status: "gone" as "active" } }),
    "InvalidInput",
  );
  await world.done("user.update", { by: ada, accountId, userName: "ann", changes: { status: "disabled" } });
  t.is(world.holder(accessKeyId)?.user?.status, "disabled");
  t.is(world.reader.session("h1"), undefined);
  t.is(await world.ask("key.create", { by: ann, accountId, userName: "ann" }), "AccessDenied");
  await world.done("user.update", { by: ada, accountId, userName: "ann", changes: { status: "active" } });
  t.is(world.holder(accessKeyId)?.user?.status, "active");
});

test("a user with anything left is deleted in cascade only, and then wholly", async (t) => {
  const world = await openWorld(t);
  const holder = { kind: "user", accountId, name: "ann" } as const;
  const remove = (cascade: boolean) => world.ask("user.delete", { by: ada, accountId, userName: "ann", cascade });
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });
  const { accessKeyId } = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  t.is(await remove(false), "DeleteConflict");
  await world.done("key.delete", { by: ann, accountId, userName: "ann", accessKeyId });
  await world.done("policy.attach", { by: ada, holder, policyArn: administrator });
  t.is(await remove(false), "DeleteConflict");
  await world.done("policy.detach", { by: ada, holder, policyArn: administrator });
  await world.done("inline.put", { by: ada, holder, policyName: "in", document });
  t.is(await remove(false), "DeleteConflict");
  await world.done("inline.delete", { by: ada, holder, policyName: "in" });
  await world.done("group.create", { by: ada, accountId, groupName: "g", path: "/" });
  await world.done("group.addUser", { by: ada, accountId, groupName: "g", userName: "ann" });
  t.is(await remove(false), "DeleteConflict");
  for (let index = 0; index < 20; index++) await world.done("key.create", { by: ann, accountId, userName: "ann" });
  await world.done("inline.put", { by: ada, holder, policyName: "in", document });
  t.deepEqual(await remove(true), {});
  t.false(
    /"[^"]*\/ann(\/[^"]*)?":/.test(
      JSON.stringify(await world.contents())
        .replaceAll(`${siblingId}/ann`, "")
        .replaceAll(`${resellerId}/ann`, "")
        .replaceAll(`${operatorId}/ann`, ""),
    ),
  );
  t.is(await remove(true), "NoSuchEntity");
});

test("tags are put, changed whatever the case of their keys, and taken away", async (t) => {
  const world = await openWorld(t);
  const tags = () => world.directory.user(accountId, "ann")?.tags;
  await world.done("user.tag", {
    by: ada,
    accountId,
    userName: "ann",
    tags: [
      { key: "a", value: "1" },
      { key: "b", value: "2" },
    ],
  });
  await world.done("user.tag", { by: ada, accountId, userName: "ann", tags: [{ key: "A", value: "3" }] });
  t.deepEqual(tags(), [
    { key: "b", value: "2" },
    { key: "A", value: "3" },
  ]);
  await world.done("user.untag", { by: ada, accountId, userName: "ann", keys: ["B", "none"] });
  t.deepEqual(tags(), [{ key: "A", value: "3" }]);
  const many = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: "" }));
  t.is(await world.ask("user.tag", { by: ada, accountId, userName: "ann", tags: many }), "LimitExceeded");
  t.is(await world.ask("user.setBoundary", { by: ada, accountId, userName: "ann", policyArn: null }), "NoSuchEntity");
});

test("strangers learn nothing on who there is", async (t) => {
  const world = await openWorld(t);
  for (const by of [rootOf(siblingId), rootOf(resellerId), actor(siblingId, "ada")]) {
    for (const userName of ["ann", "nobody"]) {
      t.is(await world.ask("user.delete", { by, accountId, userName, cascade: true }), "AccessDenied");
    }
  }
  const forged = [
    actor(customerId, "nobody"),
    actor("999999999999", "root"),
    actor(customerId, "ada", { kind: "system" }),
    actor(customerId, "ada", { original: { accountId: resellerId, name: "root" } }),
    acting(customerId, resellerId),
    acting(siblingId, customerId),
    rootOf(customerId, { original: { accountId: resellerId, name: "ada" } }),
    actor(customerId, "none", { kind: "role" }),
  ];
  for (const by of forged) t.is(await create(world, "eve", {}, by), "AccessDenied", JSON.stringify(by));
});
