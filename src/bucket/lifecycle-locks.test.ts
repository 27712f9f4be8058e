/** Lifecycle rules and what is kept with versions: locks stay, and tags in rows of their own count. */

import test from "ava";
import { inlineBody, stored } from "./bucket-stand.testing.ts";
import { dayMs, everyKey, LifecycleStand, ruleOf } from "./lifecycle-stand.testing.ts";
import type { ObjectMetadata } from "./messages.ts";

async function lockingStand(): Promise<LifecycleStand> {
  const stand = new LifecycleStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.ask("bucket.configure", { field: "objectLock", value: { defaultRetention: null } });
  return stand;
}

const put = (stand: LifecycleStand, metadata: ObjectMetadata) =>
  stand.ask("object.put", { key: "k", source: stored(inlineBody("x")), metadata, preconditions: {} });

const left = (stand: LifecycleStand): number => stand.histories().get("k")?.length ?? 0;

for (const mode of ["GOVERNANCE", "COMPLIANCE"] as const) {
  test(`a noncurrent version under ${mode} stays until its date`, async (t) => {
    const stand = await lockingStand();
    const untilMs = stand.nowMs + 10 * dayMs;
    await put(stand, { lock: { retention: { mode, untilMs }, legalHold: null } });
    await put(stand, {});
    await put(stand, {});
    await stand.configure(ruleOf({ noncurrentExpiration: { days: 1, newerVersions: null } }));
    stand.nowMs += 3 * dayMs;
    t.is((await stand.pass()).removed["remove noncurrent"], 1);
    t.is(left(stand), 2);
    stand.nowMs = untilMs + 1;
    t.is((await stand.pass()).removed["remove noncurrent"], 1);
    t.is(left(stand), 1);
  });
}

test("a version under legal hold stays, and a current one that expires stands below its marker", async (t) => {
  const stand = await lockingStand();
  await put(stand, { lock: { retention: null, legalHold: true } });
  await stand.configure(
    ruleOf({ id: "expire", expiration: { kind: "days", days: 1 } }),
    ruleOf({ id: "versions", noncurrentExpiration: { days: 1, newerVersions: null } }),
  );
  for (let pass = 0; pass < 4; pass++) {
    stand.nowMs += 3 * dayMs;
    await stand.pass();
    t.deepEqual(
      stand
        .histories()
        .get("k")
        ?.map(({ isDeleteMarker }) => isDeleteMarker),
      [true, false],
    );
  }
  const { kept, counted } = await stand.totals();
  t.deepEqual(kept, counted);
});

test("tags that stand in rows beside the record count", async (t) => {
  const tags = Array.from({ length: 10 }, (_, index) => ({ key: `${index}`.repeat(100), value: "ü".repeat(256) }));
  const tagging = tags.map(({ key, value }) => `${key}=${encodeURIComponent(value)}`).join("&");
  for (const isAll of [true, false]) {
    const stand = new LifecycleStand();
    await put(stand, {});
    await stand.ask("object.setAttributes", {
      key: "k",
      versionId: null,
      change: { tagging },
      bypassGovernance: false,
    });
    const asked = isAll ? tags : [...tags.slice(1), { key: "other", value: "" }];
    await stand.configure(ruleOf({ filter: { ...everyKey, tags: asked }, expiration: { kind: "days", days: 1 } }));
    stand.nowMs += 3 * dayMs;
    await stand.pass();
    t.is(left(stand), isAll ? 0 : 1);
    t.is(stand.metadata.trees.attributes.keys({ start: Buffer.alloc(0), limit: 1 }).length, isAll ? 0 : 1);
  }
});
