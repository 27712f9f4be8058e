import test from "ava";
import { limits } from "../base/limits.ts";
import { type Params, textOf, textsOf } from "./iam-stand.testing.ts";
import { openWorld, sampleOf } from "./row-samples.testing.ts";

for (const noun of ["User", "Role", "Policy"]) {
  test(`Tag${noun}, Untag${noun}: of changes at once none is lost`, async (t) => {
    const world = await openWorld(t);
    const {
      "Tags.member.1.Key": _key,
      "Tags.member.1.Value": _value,
      ...named
    } = sampleOf(`Tag${noun}`, world) as Params;
    const had = textsOf(await world.call(`List${noun}Tags`, named), "Key");
    const count = 12;
    const change = (index: number): Promise<unknown> =>
      world.call(`Tag${noun}`, { ...named, "Tags.member.1.Key": `key-${index}`, "Tags.member.1.Value": `${index}` });
    await Promise.all(Array.from({ length: count }, (_, index) => change(index)));
    const all = textsOf(await world.call(`List${noun}Tags`, { ...named, MaxItems: "100" }), "Key");
    const added = Array.from({ length: count }, (_, index) => `key-${index}`);
    t.deepEqual([...all].sort(), [...had, ...added].sort());
    const untag = (key: string) => world.call(`Untag${noun}`, { ...named, "TagKeys.member.1": key });
    await Promise.all([...added.slice(0, 6).map(untag), change(99)]);
    const left = textsOf(await world.call(`List${noun}Tags`, { ...named, MaxItems: "100" }), "Key");
    t.deepEqual([...left].sort(), [...had, ...added.slice(6), "key-99"].sort());
  });

  test(`Tag${noun}: more than there may be in all are refused, and none of them is taken`, async (t) => {
    const world = await openWorld(t);
    const {
      "Tags.member.1.Key": _key,
      "Tags.member.1.Value": _value,
      ...named
    } = sampleOf(`Tag${noun}`, world) as Params;
    const list = async () => textsOf(await world.call(`List${noun}Tags`, { ...named, MaxItems: "100" }), "Key");
    const had = await list();
    const many = (from: number, count: number): Params =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          [`Tags.member.${index + 1}.Key`, `key-${from + index}`] as const,
          [`Tags.member.${index + 1}.Value`, ""] as const,
        ]).flat(),
      );
    const room = limits.tagsPerIdentityMax - had.length;
    t.is((await world.call(`Tag${noun}`, { ...named, ...many(0, room) })).status, 200);
    const over = await world.call(`Tag${noun}`, { ...named, ...many(room, 1) });
    t.is(over.errorCode, "LimitExceeded", textOf(over, "Message") ?? "");
    t.is((await list()).length, limits.tagsPerIdentityMax);
    t.is((await world.call(`Tag${noun}`, { ...named, ...many(0, 1) })).status, 200, "the same key takes no room");
  });
}
