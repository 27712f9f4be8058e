import test from "ava";
import { limits } from "../base/limits.ts";
import {
  actor,
  customerId,
  openWorld,
  operatorId,
  resellerId,
  rootOf,
  siblingId,
  type World,
} from "./fixtures/identity-world.ts";

const accountId = customerId;
const ada = actor(customerId, "ada");
const ann = actor(customerId, "ann");
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
const arnOf = (name: string, path = "/") => `arn:aws:iam::${accountId}:policy${path}${name}`;
const allow = (action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });
/** A document of so many characters, without white space. */
const ofSize = (chars: number) => {
  const empty = allow("s3:Get*").replace('"*"', '["arn:aws:s3:::b/"]');
  return empty.replace("b/", `b/${"x".repeat(chars - empty.length)}`);
};
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${customerId}:root` }, Action: "sts:AssumeRole" }],
});
const page = { after: "", limit: 100 };

const createPolicy = (world: World, policyName: string, given: object = {}, by = ada) =>
  world.ask("policy.create", {
    by,
    accountId,
    policyName,
    path: "/",
    description: null,
    document: allow("s3:*"),
    tags: [],
    ...given,
  });
const createRole = (world: World, roleName: string, given: object = {}, by = ada) =>
  world.ask("role.create", {
    by,
    accountId,
    roleName,
    path: "/",
    description: null,
    trustPolicy: trust,
    boundary: null,
    maxSessionSeconds: 3600,
    tags: [],
    ...given,
  });
const createGroup = (world: World, groupName: string, by = ada) =>
  world.ask("group.create", { by, accountId, groupName, path: "/" });

test("a managed policy has versions, of which one is the default", async (t) => {
  const world = await openWorld(t);
  await createPolicy(world, "p", { path: "/team/" });
  const policyArn = arnOf("p", "/team/");
  const add = (setAsDefault: boolean) =>
    world.ask("policy.createVersion", { by: ada, policyArn, document: allow("s3:Get*"), setAsDefault });
  t.like(await add(true), { version: { id: "v2" } });
  t.like(await add(false), { version: { id: "v3" } });
  world.reader.refresh();
  t.is(world.policies.document(policyArn, accountId), allow("s3:Get*"));
  t.like(world.policies.policy(policyArn, accountId), { defaultVersion: "v2", versions: { length: 3 } });
  await add(false);
  await add(false);
  t.is(await add(false), "LimitExceeded");
  const version = (type: "policy.deleteVersion" | "policy.setDefaultVersion", versionId: string) =>
    world.ask(type, { by: ada, policyArn, versionId });
  t.is(await version("policy.deleteVersion", "v2"), "DeleteConflict");
  t.is(await version("policy.deleteVersion", "v9"), "NoSuchEntity");
  t.is(await version("policy.setDefaultVersion", "v9"), "NoSuchEntity");
  t.deepEqual(await version("policy.setDefaultVersion", "v1"), {});
  t.deepEqual(await version("policy.deleteVersion", "v2"), {});
  t.like(await add(false), { version: { id: "v6" } }, "a version's number is not used again");
  t.is(await world.ask("policy.delete", { by: ada, policyArn }), "DeleteConflict");
  for (const versionId of ["v3", "v4", "v5", "v6"]) await version("policy.deleteVersion", versionId);
  t.deepEqual(await world.ask("policy.setTags", { by: ada, policyArn, tags: [{ key: "a", value: "b" }] }), {});
  t.is(await world.ask("policy.setTags", { by: ada, policyArn, tags: [{ key: "aws:a", value: "b" }] }), "InvalidInput");
  t.deepEqual(await world.ask("policy.delete", { by: ada, policyArn }), {});
  t.is(await world.ask("policy.delete", { by: ada, policyArn }), "NoSuchEntity");
  t.is(typeof (await createPolicy(world, "P")), "object");
});

test("documents are read strictly and are bounded, without their white space", async (t) => {
  const world = await openWorld(t);
  const { turns, behaviour } = world;
  t.truthy(turns);
  for (const document of [
    "",
    "{}",
    "not json",
    allow("s3:*").replace("Allow", "allow"),
    allow("*").replace("Action", "Actions"),
  ]) {
    t.is(await createPolicy(world, "p", { document }), "MalformedPolicyDocument", document);
  }
  const outcome = await behaviour["policy.create"]({
    by: ada,
    accountId,
    policyName: "p",
    path: "/",
    description: null,
    document: allow("s3:*").replace('"Resource":"*"', '"Resource":"*","Conditions":{}'),
    tags: [],
  });
  t.regex(outcome.ok ? "" : (outcome.detail["Message"] ?? ""), /Conditions.*\/Statement\/0/);
  t.is(await createPolicy(world, "p", { document: ofSize(6145) }), "LimitExceeded");
  t.is(typeof (await createPolicy(world, "p", { document: ` ${ofSize(6144)}${" ".repeat(9000)}` })), "object");
  const holder = { kind: "user", accountId, name: "ann" } as const;
  const put = (policyName: string, document: string) =>
    world.ask("inline.put", { by: ada, holder, policyName, document });
  t.is(await put("in", ofSize(2049)), "LimitExceeded");
  t.deepEqual(await put("in", ofSize(2000)), {});
  t.is(await put("more", ofSize(200)), "LimitExceeded");
  t.deepEqual(await put("in", ofSize(1800)), {});
  t.deepEqual(await put("more", ofSize(200)), {});
  t.is(await put("in", "{}"), "MalformedPolicyDocument");
  t.is(await put("a/b", allow("s3:*")), "InvalidInput");
  t.is(await put("x".repeat(129), allow("s3:*")), "InvalidInput");
  t.is(await world.ask("inline.delete", { by: ada, holder, policyName: "none" }), "NoSuchEntity");
});

test("policies are attached and detached, of the account and of the product", async (t) => {
  const world = await openWorld(t);
  await createGroup(world, "g");
  await createRole(world, "r");
  await createPolicy(world, "p");
  for (const [kind, name] of [
    ["user", "ann"],
    ["group", "g"],
    ["role", "r"],
  ] as const) {
    const holder = { kind, accountId, name };
    const ask = (type: "policy.attach" | "policy.detach", policyArn: string) =>
      world.ask(type, { by: ada, holder, policyArn });
    t.is(await ask("policy.detach", arnOf("p")), "NoSuchEntity");
    t.deepEqual(await ask("policy.attach", arnOf("p")), {});
    t.deepEqual(await ask("policy.attach", arnOf("p")), {});
    t.deepEqual(await ask("policy.attach", administrator), {});
    t.is(await ask("policy.attach", arnOf("none")), "NoSuchEntity");
    t.is(await ask("policy.attach", arnOf("p", "/other/")), "NoSuchEntity");
    t.is(await ask("policy.attach", `arn:aws:iam::${siblingId}:policy/p`), "NoSuchEntity");
    t.is(await ask("policy.attach", "arn:aws:iam::aws:policy/None"), "NoSuchEntity");
    t.is(await ask("policy.attach", "p"), "InvalidInput");
    t.is(
      await world.ask("policy.attach", {
        by: ada,
        holder: { kind, accountId, name: "none" },
        policyArn: administrator,
      }),
      "NoSuchEntity",
    );
  }
  world.reader.refresh();
  t.is(world.policies.attachmentCount(arnOf("p"), accountId, "policy"), 3);
  const filter = { kinds: ["user", "group", "role"], as: null } as const;
  t.deepEqual(
    world.policies.entities(arnOf("p"), accountId, filter, page).items.map(({ kind, name }) => `${kind}/${name}`),
    ["group/g", "role/r", "user/ann"],
  );
  t.is(await world.ask("policy.delete", { by: ada, policyArn: arnOf("p") }), "DeleteConflict");
  t.is(await world.ask("group.delete", { by: ada, accountId, groupName: "g" }), "DeleteConflict");
  t.is(await world.ask("role.delete", { by: ada, accountId, roleName: "r" }), "DeleteConflict");
  for (const policyArn of [arnOf("p"), administrator]) {
    await world.done("policy.detach", { by: ada, holder: { kind: "role", accountId, name: "r" }, policyArn });
  }
  t.deepEqual(await world.ask("role.delete", { by: ada, accountId, roleName: "r" }), {});
  t.is(
    await world.ask("policy.createVersion", {
      by: rootOf(customerId),
      policyArn: administrator,
      document: allow("*"),
      setAsDefault: true,
    }),
    "AccessDenied",
  );
  t.is(await world.ask("policy.delete", { by: rootOf(customerId), policyArn: "arn" }), "InvalidInput");
});

test("a holder has a limited number of policies", async (t) => {
  const world = await openWorld(t);
  const holder = { kind: "user", accountId, name: "ann" } as const;
  for (let index = 0; index <= limits.policiesPerHolderMax; index++) await createPolicy(world, `p${index}`);
  for (let index = 0; index < limits.policiesPerHolderMax; index++) {
    await world.done("policy.attach", { by: ada, holder, policyArn: arnOf(`p${index}`) });
  }
  const outcome = await world.behaviour["policy.attach"]({
    by: ada,
    holder,
    policyArn: arnOf(`p${limits.policiesPerHolderMax}`),
  });
  t.like(outcome, { ok: false, code: "LimitExceeded", detail: { Quota: "PoliciesPerUser" } });
});

test("groups have members, who are in a limited number of groups", async (t) => {
  const world = await openWorld(t);
  const member = (type: "group.addUser" | "group.removeUser", groupName: string, userName = "ann") =>
    world.ask(type, { by: ada, accountId, groupName, userName });
  for (let index = 0; index <= limits.groupsPerUserMax; index++) await createGroup(world, `g${index}`);
  t.is(await createGroup(world, "G0"), "EntityAlreadyExists");
  t.is(await createGroup(world, "a b"), "InvalidInput");
  t.is(await createGroup(world, "x".repeat(129)), "InvalidInput");
  for (let index = 0; index < limits.groupsPerUserMax; index++)
    t.deepEqual(await member("group.addUser", `g${index}`), {});
  t.deepEqual(await member("group.addUser", "g0"), {});
  t.is(await member("group.addUser", `g${limits.groupsPerUserMax}`), "LimitExceeded");
  t.is(await member("group.addUser", "none"), "NoSuchEntity");
  t.is(await member("group.addUser", "g0", "nobody"), "NoSuchEntity");
  t.is(await member("group.addUser", "g0", "root"), "AccessDenied");
  t.is(await member("group.removeUser", "g0", "bob"), "NoSuchEntity");
  t.is(await world.ask("group.delete", { by: ada, accountId, groupName: "g0" }), "DeleteConflict");
  t.deepEqual(await member("group.removeUser", "g0"), {});
  t.deepEqual(await world.ask("group.delete", { by: ada, accountId, groupName: "g0" }), {});
  world.reader.refresh();
  const user = world.directory.user(accountId, "ann");
  t.is(user === undefined ? 0 : world.directory.groupsOf(user).length, limits.groupsPerUserMax - 1);
});

test("a group's new name reaches any number of members, also when it is interrupted", async (t) => {
  const world = await openWorld(t);
  await createGroup(world, "g");
  await createGroup(world, "taken");
  const holder = { kind: "group", accountId, name: "g" } as const;
  await world.done("inline.put", { by: ada, holder, policyName: "in", document: allow("s3:*") });
  await world.done("policy.attach", { by: ada, holder, policyArn: administrator });
  const made = { path: "/", email: null, role: "user", tags: [], boundary: null, invite: false } as const;
  for (let index = 0; index < 70; index++) {
    await world.done("user.create", { by: ada, accountId, userName: `u${index}`, ...made });
    await world.done("group.addUser", { by: ada, accountId, groupName: "g", userName: `u${index}` });
  }
  const rename = (newName: string) =>
    world.ask("group.update", { by: ada, accountId, groupName: "g", newName, newPath: "/x/" });
  t.is(await rename("taken"), "EntityAlreadyExists");
  const { txn } = world.store;
  let left = 2;
  world.store.txn = async (...args) => {
    left -= 1;
    if (left < 0) throw new Error("killed");
    return txn.apply(world.store, args);
  };
  await t.throwsAsync(rename("h"), { message: "killed" });
  world.store.txn = txn;
  t.like(await rename("h"), { group: { name: "h", path: "/x/", inline: ["in"], attached: [administrator] } });
  world.reader.refresh();
  t.is(world.directory.group(accountId, "g"), undefined);
  t.is(world.directory.members(accountId, "h", page).items.length, 70);
  t.deepEqual(world.directory.user(accountId, "u69")?.groups, ["h"]);
  t.is(world.directory.inlinePolicy("group", accountId, "h", "in"), allow("s3:*"));
  t.false(JSON.stringify(Object.keys(await world.contents())).includes(`${accountId}/g/`));
  t.like(await world.ask("group.update", { by: ada, accountId, groupName: "h", newName: "H", newPath: null }), {
    group: { name: "H" },
  });
  t.is(await createGroup(world, "h"), "EntityAlreadyExists");
});

test("roles have a trust policy, a session length and a boundary", async (t) => {
  const world = await openWorld(t);
  for (const given of [
    { maxSessionSeconds: 3599 },
    { maxSessionSeconds: 43_201 },
    { maxSessionSeconds: 4000.5 },
    { path: "x" },
    { description: "x".repeat(1001) },
  ]) {
    t.is(await createRole(world, "r", given), "InvalidInput", JSON.stringify(given));
  }
  t.is(await createRole(world, "r".repeat(65)), "InvalidInput");
  t.is(await createRole(world, "r", { trustPolicy: allow("s3:*") }), "MalformedPolicyDocument");
  t.is(
    await createRole(world, "r", { trustPolicy: trust.replace(":root", `:role/${"x".repeat(2048)}`) }),
    "LimitExceeded",
  );
  t.is(await createRole(world, "r", { boundary: arnOf("none") }), "NoSuchEntity");
  t.like(await createRole(world, "r", { boundary: administrator }), { role: { boundary: administrator } });
  t.is(await createRole(world, "R"), "EntityAlreadyExists");
  const update = (changes: object) => world.ask("role.update", { by: ada, accountId, roleName: "r", changes });
  t.is(await update({ maxSessionSeconds: 1 }), "InvalidInput");
  t.is(await update({ trustPolicy: "{}" }), "MalformedPolicyDocument");
  t.is(await update({ boundary: "nonsense" }), "InvalidInput");
  t.like(await update({ description: "d", boundary: null, tags: [{ key: "a", value: "b" }] }), {
    role: { description: "d", boundary: null, trustPolicy: trust },
  });
  world.reader.refresh();
  t.is(world.policies.attachmentCount(administrator, accountId, "boundary"), 0);
  t.is(await world.ask("role.update", { by: ada, accountId, roleName: "none", changes: {} }), "NoSuchEntity");
  t.is(await world.ask("role.delete", { by: ada, accountId, roleName: "none" }), "NoSuchEntity");
});

test("a User changes nothing that gives itself or an admin rights", async (t) => {
  const world = await openWorld(t);
  await createGroup(world, "mine");
  await createGroup(world, "admins");
  await createGroup(world, "others");
  for (const [groupName, userName] of [
    ["mine", "ann"],
    ["admins", "ada"],
    ["others", "bob"],
  ] as const) {
    await world.done("group.addUser", { by: rootOf(accountId), accountId, groupName, userName });
  }
  for (const name of ["own", "bounding", "of-mine", "of-admins", "of-others", "free"]) await createPolicy(world, name);
  await world.done("policy.attach", {
    by: ada,
    holder: { kind: "user", accountId, name: "ann" },
    policyArn: arnOf("own"),
  });
  await world.done("user.setBoundary", { by: ada, accountId, userName: "ann", policyArn: arnOf("bounding") });
  for (const name of ["mine", "admins", "others"]) {
    await world.done("policy.attach", {
      by: ada,
      holder: { kind: "group", accountId, name },
      policyArn: arnOf(`of-${name}`),
    });
  }
  const tries = [
    ["mine", "own", false],
    ["mine", "bounding", false],
    ["mine", "of-mine", false],
    ["admins", "of-admins", false],
    ["others", "of-others", true],
    ["others", "free", true],
  ] as const;
  for (const [group, policy, may] of tries) {
    const policyArn = arnOf(policy);
    const holder = { kind: "group", accountId, name: group } as const;
    const expected = may ? "object" : "AccessDenied";
    const is = (answer: unknown, what: string) =>
      t.is(typeof answer === "string" ? answer : typeof answer, expected, `${what} ${group} ${policy}`);
    is(
      await world.ask("policy.createVersion", { by: ann, policyArn, document: allow("s3:*"), setAsDefault: true }),
      "version",
    );
    is(await world.ask("policy.setDefaultVersion", { by: ann, policyArn, versionId: "v1" }), "default");
    is(await world.ask("inline.put", { by: ann, holder, policyName: "in", document: allow("*") }), "inline");
    is(await world.ask("policy.attach", { by: ann, holder, policyArn: administrator }), "attach");
    is(
      await world.ask("group.update", { by: ann, accountId, groupName: group, newName: null, newPath: "/y/" }),
      "group",
    );
  }
  const add = (userName: string) => world.ask("group.addUser", { by: ann, accountId, groupName: "others", userName });
  t.is(await add("ann"), "AccessDenied");
  t.is(await add("ada"), "AccessDenied");
  t.is(await world.ask("group.removeUser", { by: ann, accountId, groupName: "mine", userName: "ann" }), "AccessDenied");
  const byRole = actor(accountId, "r", { kind: "role", via: "key" });
  await createRole(world, "r");
  const ownRole = { kind: "role", accountId, name: "r" } as const;
  t.is(await world.ask("policy.attach", { by: byRole, holder: ownRole, policyArn: administrator }), "AccessDenied");
  t.is(
    await world.ask("role.update", { by: byRole, accountId, roleName: "r", changes: { description: "x" } }),
    "AccessDenied",
  );
  t.deepEqual(await world.ask("policy.attach", { by: ada, holder: ownRole, policyArn: arnOf("free") }), {});
  t.is(
    await world.ask("policy.deleteVersion", { by: byRole, policyArn: arnOf("free"), versionId: "v2" }),
    "AccessDenied",
  );
  t.is(typeof (await createPolicy(world, "by-role", {}, byRole)), "object");
});

test("policies and groups of another account are out of reach", async (t) => {
  const world = await openWorld(t);
  await createPolicy(world, "p");
  await createGroup(world, "g");
  for (const by of [rootOf(siblingId), rootOf(resellerId), rootOf(operatorId)]) {
    t.is(await world.ask("policy.delete", { by, policyArn: arnOf("p") }), "AccessDenied");
    t.is(await world.ask("group.delete", { by, accountId, groupName: "g" }), "AccessDenied");
    t.is(await world.ask("group.delete", { by, accountId, groupName: "none" }), "AccessDenied");
    t.is(await createPolicy(world, "q", {}, by), "AccessDenied");
    t.is(await createRole(world, "q", {}, by), "AccessDenied");
  }
});
