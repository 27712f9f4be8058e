import test from "ava";
import { limits } from "../base/limits.ts";
import { type AccountRecord, identityKeys, type UserRecord } from "../control/identity-records.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import { actor, customerId, openWorld, rootOf, siblingId, type World } from "./fixtures/identity-world.ts";

const accountId = customerId;
const ada = actor(customerId, "ada");
const annKey = identityKeys.user(accountId, "ann");

/** Changes the user from outside, as another writer of the store would. */
async function touch(world: World, tag: string): Promise<void> {
  const { value } = await getTyped<UserRecord>(world.store, annKey);
  if (value === undefined) throw new Error("there is no such user");
  await world.store.txn([], [putTyped(annKey, { ...value, tags: [...value.tags, { key: tag, value: "" }] })]);
}

test("a turn that met another change begins anew, and loses nothing of it", async (t) => {
  const world = await openWorld(t);
  let runs = 0;
  const outcome = await world.turns.run(
    { message: "user.tag", by: ada, accountId, target: "user/ann" },
    async (turn) => {
      runs += 1;
      const user = await turn.read<UserRecord>(annKey);
      if (runs <= 3) await touch(world, `t${runs}`);
      turn.put(annKey, { ...user, path: "/moved/" });
      await turn.commit(accountId, "user/ann");
    },
  );
  t.true(outcome.ok);
  t.is(runs, 4);
  world.reader.refresh();
  t.like(world.directory.user(accountId, "ann"), {
    path: "/moved/",
    tags: [{ key: "t1" }, { key: "t2" }, { key: "t3" }],
  });
  t.is((await world.audit()).length, 1);
});

test("a turn that always meets another change gives up", async (t) => {
  const world = await openWorld(t);
  let runs = 0;
  const outcome = await world.turns.run(
    { message: "user.tag", by: ada, accountId, target: "user/ann" },
    async (turn) => {
      runs += 1;
      const user = await turn.read<UserRecord>(annKey);
      await touch(world, `t${runs}`);
      turn.put(annKey, { ...user, path: "/moved/" });
      await turn.commit(accountId, "user/ann");
    },
  );
  t.like(outcome, { ok: false, code: "ConcurrentModification" });
  t.is(runs, limits.controlRetriesMax);
});

test("a demotion between the reading and the commit holds", async (t) => {
  const world = await openWorld(t);
  let runs = 0;
  const outcome = await world.turns.run(
    { message: "user.tag", by: ada, accountId, target: "user/ann" },
    async (turn) => {
      runs += 1;
      await turn.judge(accountId, "admin");
      const user = await turn.read<UserRecord>(annKey);
      const key = identityKeys.user(accountId, "ada");
      const { value } = await getTyped<UserRecord>(world.store, key);
      await world.store.txn([], [putTyped(key, { ...value, role: "user" })]);
      turn.put(annKey, { ...user, path: "/moved/" });
      await turn.commit(accountId, "user/ann");
    },
  );
  t.like(outcome, { ok: false, code: "AccessDenied" });
  t.is(runs, 2);
  world.reader.refresh();
  t.is(world.directory.user(accountId, "ann")?.path, "/");
});

test("a suspension between the reading and the commit holds", async (t) => {
  const world = await openWorld(t);
  const outcome = await world.turns.run(
    { message: "user.tag", by: ada, accountId, target: "user/ann" },
    async (turn) => {
      const key = identityKeys.account(accountId);
      const { value } = await getTyped<AccountRecord>(world.store, key);
      if (value?.status === "active") await world.store.txn([], [putTyped(key, { ...value, status: "suspended" })]);
      turn.put(annKey, {});
      await turn.commit(accountId, "user/ann");
    },
  );
  t.like(outcome, { ok: false, code: "AccessDenied" });
});

test("who asks is read again after each of several commits", async (t) => {
  const world = await openWorld(t);
  const { txn } = world.store;
  const key = identityKeys.user(accountId, "ada");
  world.store.txn = async (...args) => {
    const done = await txn.apply(world.store, args);
    const { value } = await getTyped<UserRecord>(world.store, key);
    if (value?.role === "admin") await txn.call(world.store, [], [putTyped(key, { ...value, role: "user" })]);
    return done;
  };
  // Of a rank that a User may not delete either.
  const bob = identityKeys.user(accountId, "bob");
  const { value } = await getTyped<UserRecord>(world.store, bob);
  await txn.call(world.store, [], [putTyped(bob, { ...value, role: "admin" })]);
  t.is(await world.ask("user.delete", { by: ada, accountId, userName: "bob", cascade: true }), "AccessDenied");
  world.store.txn = txn;
  world.reader.refresh();
  t.is(world.directory.user(accountId, "bob")?.status, "disabled");
});

test("turns of one account do not overlap, those of others do, and not too many wait", async (t) => {
  const world = await openWorld(t);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const order: number[] = [];
  const run = (index: number, account = accountId) =>
    world.turns.run({ message: "user.tag", by: rootOf(account), accountId: account, target: "" }, async () => {
      if (account === accountId && index === 0) await held;
      order.push(index);
    });
  const all = Array.from({ length: limits.identityTurnsWaitingMax }, (_, index) => run(index));
  t.like(await run(-1), { ok: false, code: "ServiceUnavailable" });
  t.true((await run(-2, siblingId)).ok);
  t.deepEqual(order, [-2]);
  release();
  await Promise.all(all);
  t.deepEqual(order, [-2, ...all.keys()]);
  t.true((await run(999)).ok);
});

test("a user's deletion in cascade that was interrupted leaves nothing that works, and goes on when it is asked again", async (t) => {
  const world = await openWorld(t);
  const by = ada;
  const ids: string[] = [];
  for (let index = 0; index < 20; index++) {
    ids.push((await world.done("key.create", { by, accountId, userName: "ann" })).accessKeyId);
  }
  await world.done("policy.attach", {
    by,
    holder: { kind: "user", accountId, name: "ann" },
    policyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
  });
  const { txn } = world.store;
  const ask = () => world.ask("user.delete", { by, accountId, userName: "ann", cascade: true });
  let done: unknown = null;
  for (let crash = 1; done === null; crash++) {
    let left = crash;
    world.store.txn = async (...args) => {
      left -= 1;
      if (left < 0) throw new Error("killed");
      return txn.apply(world.store, args);
    };
    done = await ask().catch(() => null);
    world.reader.refresh();
    t.true(
      ids.every((id) => (world.holder(id)?.user.status ?? "disabled") === "disabled"),
      "no key works",
    );
  }
  world.store.txn = txn;
  t.deepEqual(done, {});
  t.is(await ask(), "NoSuchEntity");
  const contents = Object.keys(await world.contents()).filter(
    (key) => key.includes(accountId) || key.startsWith("keys/"),
  );
  t.false(
    contents.some((key) => /\/ann(\/|$)/.test(key) || key.startsWith("keys/")),
    contents.join(" "),
  );
});

test("there is no more than fits a transaction", async (t) => {
  const world = await openWorld(t);
  const outcome = await world.turns.run({ message: "user.tag", by: ada, accountId, target: "" }, async (turn) => {
    for (let index = 0; index < limits.controlOperationsMax; index++) turn.put(`names/user/${accountId}/n${index}`, {});
    await turn.commit(accountId, "x");
  });
  t.like(outcome, { ok: false, code: "LimitExceeded" });
});
