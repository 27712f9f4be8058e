import test from "ava";
import fc from "fast-check";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import type { Actor, UserRecord } from "../control/identity-records.ts";
import { acting, actor, customerId, openWorld, operatorId, resellerId, siblingId } from "./fixtures/identity-world.ts";

/** Everybody but the Root of the account, and Roots who take on its role: none of them may change it. */
const actors: readonly Actor[] = [
  ...Array.from({ length: 8 }, () => actor(customerId, "ada")),
  actor(customerId, "ann"),
  actor(customerId, "ada", { via: "key" }),
  actor(customerId, "r", { kind: "role" }),
  actor(siblingId, "ada"),
  actor(resellerId, "ada"),
  acting(resellerId, customerId),
  acting(operatorId, customerId),
  acting(siblingId, customerId),
];
const names = ["root", "Root", "ada", "ann", "eve", "r"] as const;
const arn = "arn:aws:iam::aws:policy/AdministratorAccess";
const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

type Message = { [T in keyof DirectoryMessages]: readonly [T, DirectoryMessages[T][0]] }[keyof DirectoryMessages];

const accountId = customerId;
const by = fc.constantFrom(...actors);
const userName = fc.constantFrom(...names);
const of = <T extends keyof DirectoryMessages>(type: T, shape: fc.Arbitrary<object>): fc.Arbitrary<Message> =>
  fc.tuple(by, userName, shape).map(([who, name, given]) => {
    const holder = { kind: "user", accountId, name };
    return [
      type,
      { by: who, accountId, userName: name, groupName: "g", holder, policyArn: arn, ...given },
    ] as unknown as Message;
  });
const role = fc.constantFrom("root", "admin", "user");

const message: fc.Arbitrary<Message> = fc.oneof(
  of(
    "user.create",
    fc.record({
      role,
      path: fc.constant("/"),
      email: fc.constantFrom(null, `root@${accountId}`),
      tags: fc.constant([]),
      boundary: fc.constant(null),
      invite: fc.boolean(),
    }),
  ),
  of(
    "user.update",
    fc.record({
      changes: fc.record(
        {
          name: userName,
          role,
          status: fc.constantFrom("active", "disabled"),
          email: fc.constantFrom(null, "x@y"),
          path: fc.constant("/p/"),
        },
        { requiredKeys: [] },
      ),
    }),
  ),
  of("user.delete", fc.record({ cascade: fc.boolean() })),
  of("user.tag", fc.constant({ tags: [{ key: "a", value: "b" }] })),
  of("user.untag", fc.constant({ keys: ["a"] })),
  of("user.setBoundary", fc.record({ policyArn: fc.constantFrom(null, arn) })),
  of("user.invite", fc.constant({})),
  of("group.addUser", fc.constant({})),
  of("group.removeUser", fc.constant({})),
  of("policy.attach", fc.constant({})),
  of("policy.detach", fc.constant({})),
  of("inline.put", fc.constant({ policyName: "in", document })),
  of("key.create", fc.constant({})),
  of("account.update", fc.constant({ changes: { displayName: "x" } })),
  of("account.setStatus", fc.constant({ status: "suspended" })),
);

test("no sequence of messages of others changes Root, gives it a key, or leaves two Roots", async (t) => {
  const seen = { done: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 10, maxLength: 40 }), async (messages) => {
      const teardowns: (() => unknown)[] = [];
      const world = await openWorld({ teardown: (run: () => unknown) => void teardowns.push(run) });
      const root = { accountId, userName: "root" };
      const by = actor(accountId, "root");
      await world.done("group.create", { by, accountId, groupName: "g", path: "/" });
      const key = await world.done("key.create", { by, ...root });
      const users = async () =>
        Object.entries(await world.contents()).flatMap(([name, value]) =>
          name.startsWith(`users/${accountId}/`) ? [value as UserRecord] : [],
        );
      const before = (await users()).find(({ name }) => name === "root");
      for (const [type, request] of messages) {
        const answer = await world.ask(type, request as never);
        if (typeof answer === "string") seen.refused += 1;
        else seen.done += 1;
        const roots = (await users()).filter((user) => user.role === "root" || user.name.toLowerCase() === "root");
        t.deepEqual(roots, before === undefined ? [] : [before], type);
      }
      world.reader.refresh();
      const keys = world.directory.keysOf(accountId, "root", { after: "", limit: 10 }).items;
      t.deepEqual(
        keys.map((held) => [held.key.accessKeyId, held.key.status]),
        [[key.accessKeyId, "Active"]],
      );
      for (const run of teardowns) await run();
    }),
    { numRuns: 60 },
  );
  t.true(seen.done > 100 && seen.refused > 100, `both happen: ${JSON.stringify(seen)}`);
});
