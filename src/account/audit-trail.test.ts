import test from "ava";
import { limits } from "../base/limits.ts";
import { identityKeys } from "../control/identity-records.ts";
import { AuditTrail } from "./audit-trail.ts";
import { auditAfter } from "./directory.ts";
import {
  acting,
  actor,
  customerId,
  openWorld,
  operatorId,
  resellerId,
  rootOf,
  siblingId,
} from "./fixtures/identity-world.ts";

const ada = actor(customerId, "ada");
const page = { after: "", limit: 100 };

test("every change has a row, with both identities of one who acts as another", async (t) => {
  const world = await openWorld(t);
  const by = acting(resellerId, customerId);
  await world.done("user.tag", { by, accountId: customerId, userName: "ann", tags: [] });
  const [row] = await world.audit();
  t.like(row, {
    action: "user.tag",
    outcome: "done",
    accountId: customerId,
    target: "user/ann",
    atMs: world.clock.nowMs(),
  });
  t.deepEqual(row?.by, by);
  for (const accountId of [customerId, resellerId, null]) {
    t.is(world.directory.audit(accountId, page).items.length, 1, String(accountId));
  }
  for (const accountId of [siblingId, operatorId]) t.is(world.directory.audit(accountId, page).items.length, 0);
});

test("what is denied has a row in the log of the one who asked, and changes nothing", async (t) => {
  const world = await openWorld(t);
  const before = await world.contents();
  t.is(
    await world.ask("user.delete", { by: ada, accountId: customerId, userName: "root", cascade: true }),
    "AccessDenied",
  );
  t.is(
    await world.ask("user.delete", { by: ada, accountId: siblingId, userName: "ann", cascade: true }),
    "AccessDenied",
  );
  t.deepEqual(await world.contents(), before);
  world.reader.refresh();
  t.deepEqual(
    world.directory.audit(customerId, page).items.map(({ action, outcome, target }) => [action, outcome, target]),
    [
      ["user.delete", "denied", "user/root"],
      ["user.delete", "denied", `account/${siblingId}/user/ann`],
    ],
  );
  t.is(world.directory.audit(siblingId, page).items.length, 0);
});

test("one who is denied over and over pushes nobody else's rows out", async (t) => {
  const world = await openWorld(t);
  const attempt = (by = ada) =>
    world.ask("user.delete", { by, accountId: customerId, userName: "root", cascade: true });
  for (let index = 0; index < limits.auditDeniedPerMinuteMax + 40; index++) t.is(await attempt(), "AccessDenied");
  t.is((await world.audit()).length, limits.auditDeniedPerMinuteMax);
  await attempt(actor(customerId, "ann"));
  t.is((await world.audit()).length, limits.auditDeniedPerMinuteMax + 1);
  world.clock.advance(60_000);
  await attempt();
  t.is((await world.audit()).length, limits.auditDeniedPerMinuteMax + 2);
});

test("other refusals leave no row, and no secret is in any", async (t) => {
  const world = await openWorld(t);
  t.is(
    await world.ask("user.delete", { by: ada, accountId: customerId, userName: "nobody", cascade: true }),
    "NoSuchEntity",
  );
  t.is((await world.audit()).length, 0);
  const made = await world.done("key.create", { by: ada, accountId: customerId, userName: "ann" });
  const invited = await world.done("user.create", {
    by: ada,
    accountId: customerId,
    userName: "eve",
    path: "/",
    email: "eve@x",
    role: "user",
    tags: [],
    boundary: null,
    invite: true,
  });
  const text = JSON.stringify(await world.audit());
  t.true(text.includes(made.accessKeyId));
  t.false(text.includes(made.secretAccessKey) || text.includes(invited.token ?? ""));
});

test("rows are written by other parts too, in order, bounded, and read from a time on", async (t) => {
  const world = await openWorld(t);
  const write = (action: string) =>
    world.done("audit.write", {
      by: rootOf(customerId),
      action,
      outcome: "failed",
      accountId: customerId,
      target: "t".repeat(5000),
      detail: {
        ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, "v"])),
        k0: "x".repeat(5000),
      },
    });
  for (let index = 0; index < 20; index++) await write(`a${index}`);
  world.clock.advance(1000);
  await write("later");
  const { items } = world.directory.audit(customerId, page);
  t.deepEqual(
    items.map(({ action }) => action),
    [...Array.from({ length: 20 }, (_, index) => `a${index}`), "later"],
  );
  t.is(items[0]?.target.length, 1024);
  t.is(Object.keys(items[0]?.detail ?? {}).length, 32);
  t.is(items[0]?.detail["k0"]?.length, 1024);
  const after = auditAfter(world.clock.nowMs());
  t.deepEqual(
    world.directory.audit(customerId, { after, limit: 5 }).items.map(({ action }) => action),
    ["later"],
  );
  const first = world.directory.audit(null, { after: "", limit: 15 });
  t.is(first.items.length, 15);
  t.is(world.directory.audit(null, { after: first.next ?? "", limit: 15 }).items.length, 6);
});

test("the oldest rows go, with what lists them, when there are more than are kept", async (t) => {
  const world = await openWorld(t);
  const event = {
    action: "x",
    outcome: "done",
    accountId: customerId,
    target: "",
    by: acting(resellerId, customerId),
    detail: {},
  } as const;
  for (let index = 0; index < 50; index++) await world.turns.trail.write({ ...event, target: String(index) });
  world.clock.advance(1);
  const trail = new AuditTrail(world.ports, 10);
  for (let index = 50; index < 55; index++) await trail.write({ ...event, target: String(index) });
  await Promise.all(Array.from({ length: 20 }, (_, index) => trail.write({ ...event, target: String(55 + index) })));
  const rows = await world.audit();
  t.deepEqual(
    rows.map(({ target }) => target).sort(),
    Array.from({ length: 10 }, (_, index) => String(65 + index)),
  );
  for (const accountId of [customerId, resellerId]) {
    t.is((await world.store.list(identityKeys.accountAudit(accountId, ""))).length, 10);
  }
});
