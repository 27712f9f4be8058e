import test from "ava";
import { limits } from "../base/limits.ts";
import { type AccessKeyRecord, identityKeys } from "../control/identity-records.ts";
import {
  acting,
  actor,
  customerId,
  openWorld,
  resellerId,
  rootOf,
  siblingId,
  type World,
} from "./fixtures/identity-world.ts";

const accountId = customerId;
const ada = actor(customerId, "ada");
const ann = actor(customerId, "ann");
const create = (world: World, by = ann, userName = by.name, account = accountId) =>
  world.ask("key.create", { by, accountId: account, userName });

test("a key signs at once, its secret is shown once, and is sealed in the store", async (t) => {
  const world = await openWorld(t);
  const made = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  t.regex(made.accessKeyId, /^TRPA[A-Z0-9]{16}$/);
  t.is(world.holder(made.accessKeyId)?.secretAccessKey, made.secretAccessKey);
  const rows = await world.store.list("");
  t.false(rows.some(({ value }) => Buffer.from(value).includes(made.secretAccessKey)));
  const set = (status: "Active" | "Inactive") =>
    world.done("key.update", { by: ann, accountId, userName: "ann", accessKeyId: made.accessKeyId, status });
  await set("Inactive");
  t.is(world.reader.record<AccessKeyRecord>(identityKeys.accessKey(made.accessKeyId))?.status, "Inactive");
  await set("Active");
  t.is(world.reader.record<AccessKeyRecord>(identityKeys.accessKey(made.accessKeyId))?.status, "Active");
  await world.done("key.delete", { by: ann, accountId, userName: "ann", accessKeyId: made.accessKeyId });
  t.is(world.holder(made.accessKeyId), undefined);
  t.false(JSON.stringify(Object.keys(await world.contents())).includes(made.accessKeyId));
});

test("who makes keys for whom", async (t) => {
  const world = await openWorld(t);
  const tries = [
    [ann, "ann", true],
    [ann, "bob", false],
    [ann, "ada", false],
    [ann, "root", false],
    [ada, "ada", true],
    [ada, "ann", true],
    [ada, "root", false],
    [rootOf(accountId), "root", true],
    [rootOf(accountId), "ada", true],
    [acting(resellerId, accountId), "root", false],
    [acting(resellerId, accountId), "ann", false],
    [rootOf(resellerId), "root", false],
    [rootOf(resellerId), "ann", false],
    [rootOf(siblingId), "ann", false],
    [actor(accountId, "ann", { kind: "role" }), "ann", false],
  ] as const;
  for (const [by, userName, may] of tries) {
    const answer = await create(world, by, userName);
    t.is(
      typeof answer === "string" ? answer : "made",
      may ? "made" : "AccessDenied",
      `${by.accountId} ${by.name} for ${userName}`,
    );
  }
});

test("resellers never have keys", async (t) => {
  const world = await openWorld(t);
  for (const by of [rootOf(resellerId), actor(resellerId, "ada"), actor(resellerId, "ann")]) {
    t.is(await create(world, by, by.name, resellerId), "AccessDenied");
  }
});

test("keys have an owner and a number", async (t) => {
  const world = await openWorld(t);
  const { accessKeyId } = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  for (let index = 1; index < limits.accessKeysPerUserMax; index++) t.is(typeof (await create(world)), "object");
  const outcome = await world.behaviour["key.create"]({ by: ann, accountId, userName: "ann" });
  t.like(outcome, { ok: false, code: "LimitExceeded", detail: { Quota: "AccessKeysPerUser" } });
  const bob = actor(accountId, "bob");
  t.is(await world.ask("key.delete", { by: bob, accountId, userName: "bob", accessKeyId }), "NoSuchEntity");
  t.is(await world.ask("key.delete", { by: bob, accountId, userName: "ann", accessKeyId }), "AccessDenied");
  t.is(
    await world.ask("key.update", { by: ann, accountId, userName: "ann", accessKeyId: "none", status: "Active" }),
    "NoSuchEntity",
  );
  t.is(
    await world.ask("key.update", { by: ann, accountId, userName: "ann", accessKeyId, status: "Off" as "Active" }),
    "InvalidInput",
  );
  t.is(await world.ask("key.create", { by: ada, accountId, userName: "nobody" }), "NoSuchEntity");
  t.deepEqual(
    await world.ask("key.delete", { by: acting(resellerId, accountId), accountId, userName: "ann", accessKeyId }),
    {},
  );
});

test("the last use of a key is written once a minute, and not of a key that is gone", async (t) => {
  const world = await openWorld(t);
  const { accessKeyId } = await world.done("key.create", { by: ann, accountId, userName: "ann" });
  const use = async (usedMs: number, id = accessKeyId) => {
    await world.done("key.used", { used: [{ accessKeyId: id, usedMs, service: "s3", region: "r".repeat(100) }] });
    return world.directory.keyUsed(id)?.usedMs;
  };
  t.is(await use(1000), 1000);
  const revision = await world.store.revision();
  t.is(await use(60_999), 1000);
  t.is(await use(500), 1000);
  t.is(await world.store.revision(), revision);
  t.is(await use(61_000), 61_000);
  t.is(world.directory.keyUsed(accessKeyId)?.region.length, limits.regionCharsMax);
  t.is(await use(1000, "AKNONE"), undefined);
  t.is(await world.store.get(identityKeys.keyUsed("AKNONE")), undefined);
  const many = Array.from({ length: 200 }, (_, index) => ({
    accessKeyId,
    usedMs: 200_000 + index,
    service: "s3",
    region: "",
  }));
  await world.done("key.used", { used: many });
  t.is(world.directory.keyUsed(accessKeyId)?.usedMs, 200_199);
  const { items } = world.directory.keysOf(accountId, "ann", { after: "", limit: 10 });
  t.is(items[0]?.lastUsed?.usedMs, 200_199);
});
