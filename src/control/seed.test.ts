import test from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory } from "./environment.ts";
import { identityKeys } from "./identity-records.ts";
import { controlKeys } from "./records.ts";
import { restoreRecords, seededRecords } from "./seed.ts";
import type { ControlStore } from "./store.ts";
import { putTyped } from "./typed-records.ts";

async function contents(store: ControlStore): Promise<Record<string, string>> {
  const rows = await store.list("");
  return Object.fromEntries(rows.map(({ key, value }) => [key, Buffer.from(value).toString("hex")]));
}

test("what came is removed, what changed or went is put back, and buckets are left alone", async (t) => {
  const environment = createControlMemory();
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  for (let index = 0; index < 3 * limits.controlOperationsMax; index++)
    await store.txn([], [putTyped(identityKeys.accessKey(`SEED${index}`), { index })]);
  const before = await contents(store);
  const seeded = await seededRecords(store);
  const bucket = { name: "kept" };
  await store.txn(
    [],
    [putTyped(controlKeys.bucket("kept"), bucket), putTyped(controlKeys.ownedBucket("1", "kept"), {})],
  );
  for (let index = 0; index < 2 * limits.controlOperationsMax; index++) {
    await store.txn(
      [],
      [
        putTyped(identityKeys.accessKey(`NEW${index}`), { index }),
        putTyped(identityKeys.accessKey(`SEED${index}`), { index: -1 }),
      ],
    );
  }
  await store.txn([], [{ kind: "remove", key: identityKeys.accessKey("SEED0") }]);
  await restoreRecords(store, seeded);
  const after = await contents(store);
  t.truthy(after[controlKeys.bucket("kept")]);
  delete after[controlKeys.bucket("kept")];
  delete after[controlKeys.ownedBucket("1", "kept")];
  t.deepEqual(after, before);
  const revision = await store.revision();
  await restoreRecords(store, seeded);
  t.is(await store.revision(), revision, "what is as it should be is not written");
  await store.close();
});
