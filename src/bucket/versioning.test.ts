/** Versioning's tables, and turns of versions at their borders: many in one request, damage, no room, restarts. */

import test from "ava";
import { limits } from "../base/limits.ts";
import type { S3Error } from "../s3/errors.ts";
import { decodeCounters, encodeCounters } from "../storage/counters.ts";
import { totalsKey, versionKey } from "../storage/keys.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import { BucketStand, bodyOf, inlineBody, plainDelete } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";
import type { ObjectToDelete } from "./messages.ts";
import { versionIdOf } from "./version-id.ts";
import {
  effectOf,
  type HistoryChange,
  markerOfDelete,
  type NullPlace,
  putsNullVersion,
  type Versioning,
} from "./versioning.ts";

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "ok",
    (error: S3Error) => error.code,
  );

async function enabledStand(): Promise<BucketStand> {
  const stand = new BucketStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  return stand;
}

const named = (key: string, versionId: string): ObjectToDelete => ({
  key,
  versionId,
  preconditions: {},
  bypassGovernance: false,
  markerOwnerId: null,
});
const historyOf = (stand: BucketStand, key: string) => historiesOf(stand.metadata.trees, stand.bucket).get(key) ?? [];

test("what writes add, by versioning", (t) => {
  const rows: readonly [Versioning, isNullPut: boolean, marker: ReturnType<typeof markerOfDelete>][] = [
    ["Off", true, "none"],
    ["Enabled", false, "new"],
    ["Suspended", true, "null"],
  ];
  for (const [versioning, isNullPut, marker] of rows) {
    t.is(putsNullVersion(versioning), isNullPut, versioning);
    t.is(markerOfDelete(versioning), marker, versioning);
  }
});

test("at most one null version is left by every change, and only one that is there is named", (t) => {
  const places: readonly NullPlace[] = ["none", "head", "older"];
  const changes: readonly HistoryChange[] = ["add new", "add null", "remove head", "remove null", "remove older"];
  for (const place of places) {
    for (const change of changes) {
      const effect = effectOf(place, change);
      if (effect === null) {
        t.deepEqual([place, change], ["none", "remove null"]);
        continue;
      }
      const wasThere = Number(place !== "none");
      const isGone = (place === "head" && effect.head === "is let go") || effect.olderNull === "is let go";
      const left = wasThere - Number(isGone) + Number(change === "add null");
      t.true(left === 0 || left === 1, `${place}, ${change}`);
      const isNamed = effect.headNames === "the old head" || (effect.headNames === "as before" && place === "older");
      const isBelow = left === 1 && change !== "add null" && !(place === "head" && effect.head === "stays");
      t.is(isNamed, isBelow, `${place}, ${change}`);
    }
  }
});

type Operation = "put" | "delete" | "delete null" | "delete a";

/** The history afterwards, newest first: `a` and `null` were there, what is `new` was not. null: there is no such state. */
const expected: {
  readonly [V in Versioning]: { readonly [P in NullPlace]: { readonly [O in Operation]: string } | null };
} = {
  Off: {
    none: { put: "new null", delete: "", "delete null": "", "delete a": "" },
    head: { put: "new null", delete: "", "delete null": "", "delete a": "null" },
    older: null,
  },
  Enabled: {
    none: { put: "new, a", delete: "new marker, a", "delete null": "a", "delete a": "" },
    head: { put: "new, null, a", delete: "new marker, null, a", "delete null": "a", "delete a": "null" },
    older: { put: "new, a, null", delete: "new marker, a, null", "delete null": "a", "delete a": "null" },
  },
  Suspended: {
    none: { put: "new null, a", delete: "new null marker, a", "delete null": "a", "delete a": "" },
    head: { put: "new null, a", delete: "new null marker, a", "delete null": "a", "delete a": "null" },
    older: { put: "new null, a", delete: "new null marker, a", "delete null": "a", "delete a": "null" },
  },
};

/** A bucket in a state, with the key `k` in a state. */
async function standIn(versioning: Versioning, place: NullPlace): Promise<BucketStand> {
  const stand = new BucketStand();
  const isVersioned = versioning !== "Off";
  if (place === "older" || (place === "head" && !isVersioned)) await stand.put("k", inlineBody("null"));
  if (!isVersioned) return stand;
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.put("k", inlineBody("a"));
  await stand.ask("bucket.setVersioning", { versioning: "Suspended" });
  if (place === "head") await stand.put("k", inlineBody("null"));
  await stand.ask("bucket.setVersioning", { versioning });
  return stand;
}

async function perform(stand: BucketStand, operation: Operation): Promise<void> {
  const a = historyOf(stand, "k").find(({ isNullVersion }) => !isNullVersion);
  if (operation === "put") await stand.put("k", inlineBody("new"));
  else if (operation === "delete") await stand.ask("object.delete", plainDelete("k"));
  else if (operation === "delete null") await stand.ask("object.delete", named("k", "null"));
  else await stand.ask("object.delete", named("k", a === undefined ? "0".repeat(26) : versionIdOf(a)));
}

for (const versioning of ["Off", "Enabled", "Suspended"] as const) {
  test(`histories after each operation, by where the null version stands: ${versioning}`, async (t) => {
    for (const place of ["none", "head", "older"] as const) {
      for (const operation of ["put", "delete", "delete null", "delete a"] as const) {
        const outcome = expected[versioning][place];
        if (outcome === null) continue;
        const stand = await standIn(versioning, place);
        const before = new Set(historyOf(stand, "k").map(({ stamp }) => stamp.toString("hex")));
        await perform(stand, operation);
        const after = historyOf(stand, "k").map(({ stamp, isNullVersion, isDeleteMarker }) => {
          const isNew = !before.has(stamp.toString("hex"));
          const words = [isNew ? "new" : "", isNullVersion ? "null" : isNew ? "" : "a", isDeleteMarker ? "marker" : ""];
          return words.filter((word) => word !== "").join(" ");
        });
        t.is(after.join(", "), outcome[operation], `${place}, ${operation}`);
      }
    }
  });
}

test("a thousand deletes of versions and keys go in bounded turns, each judged by what is left", async (t) => {
  const stand = new BucketStand();
  const keys = Array.from({ length: limits.deleteObjectsMax / 2 }, (_, index) => `key-${index}`);
  await Promise.all(keys.map((key) => stand.put(key, bodyOf([key], 100))));
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await Promise.all(keys.map((key) => stand.put(key, bodyOf([`${key} again`], 10))));
  await stand.ask("bucket.setVersioning", { versioning: "Suspended" });
  const { seq } = await seqOf(stand);
  const objects = keys.flatMap((key) => [plainDelete(key), named(key, "null")]);
  const { outcomes } = await stand.ask("object.deleteMany", { objects });
  t.true(outcomes.every((outcome) => outcome.ok && outcome.value.existed && outcome.value.versionId === "null"));
  t.deepEqual(await stand.ask("bucket.usage", {}), {
    storedBytes: keys.length * 10,
    objects: keys.length,
    versions: 0,
    openUploadBytes: 0,
  });
  t.true((await seqOf(stand)).seq > seq + 1, "one turn would not do");
});

async function seqOf(stand: BucketStand): Promise<{ seq: number }> {
  await stand.put("seq", inlineBody(""));
  const [head] = historyOf(stand, "seq");
  await stand.ask("object.delete", named("seq", "null"));
  return { seq: head?.seq ?? 0 };
}

test("a damaged version is the refusal of its object alone, and nothing of that key is written", async (t) => {
  const stand = await enabledStand();
  for (const key of ["a", "b", "c"]) {
    await stand.put(key, inlineBody("old"));
    await stand.put(key, inlineBody("new"));
  }
  const [newest, older] = historyOf(stand, "b");
  if (newest === undefined || older === undefined) throw new Error("two versions are there");
  const rowKey = versionKey(stand.bucket, "b", older.stamp);
  await stand.metadata.transact((trees) => {
    const value = trees.versions.get(rowKey) ?? Buffer.alloc(0);
    value[20] = (value[20] ?? 0) ^ 1;
    trees.versions.put(rowKey, value);
  });
  const before = stand.metadata.trees.current.keys({ start: Buffer.alloc(0), limit: 10 }).length;
  const { outcomes } = await stand.ask("object.deleteMany", {
    objects: [plainDelete("a"), named("b", versionIdOf(newest)), plainDelete("c")],
  });
  t.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code)),
    ["ok", "InternalError", "ok"],
  );
  t.deepEqual(stand.damaged, ["versions"]);
  t.is(stand.metadata.trees.current.keys({ start: Buffer.alloc(0), limit: 10 }).length, before - 2);
  t.is(await codeOf(stand.ask("object.delete", named("b", versionIdOf(newest)))), "InternalError");
  t.is(await codeOf(stand.put("b", inlineBody("newer"))), "ok", "a put does not need the older version");
});

test("stamps of a key rise over markers, restarts and a clock set back", async (t) => {
  const stand = await enabledStand();
  for (const stepMs of [0, -60_000, 1, -5, 0]) {
    stand.nowMs += stepMs;
    await stand.put("k", inlineBody("x"));
    await stand.ask("object.delete", plainDelete("k"));
    stand.crash();
  }
  t.is(historyOf(stand, "k").length, 10);
});

test("without room no delete marker is made, and versions can be removed", async (t) => {
  const stand = await enabledStand();
  const { versionId } = await stand.put("k", inlineBody("x"));
  stand.freeSpace.isLow = true;
  t.is(await codeOf(stand.ask("object.delete", plainDelete("k"))), "InsufficientStorage");
  const { outcomes } = await stand.ask("object.deleteMany", {
    objects: [plainDelete("k"), named("k", versionId ?? "")],
  });
  t.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code)),
    ["InsufficientStorage", "ok"],
  );
  t.is(historyOf(stand, "k").length, 0);
});

test("versioning and versions survive a restart; a closed bucket changes neither", async (t) => {
  const stand = await enabledStand();
  const { versionId } = await stand.put("k", inlineBody("x"));
  await stand.ask("object.delete", plainDelete("k"));
  stand.crash();
  t.deepEqual(await stand.ask("bucket.versioning", {}), { versioning: "Enabled" });
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: false });
  t.is(await codeOf(stand.ask("bucket.setVersioning", { versioning: "Suspended" })), "OperationAborted");
  t.is(await codeOf(stand.ask("object.delete", named("k", versionId ?? ""))), "OperationAborted");
  await stand.ask("bucket.reopen", {});
  t.deepEqual(await stand.ask("object.delete", named("k", versionId ?? "")), {
    existed: true,
    versionId,
    isDeleteMarker: false,
  });
  t.deepEqual(await stand.ask("bucket.usage", {}), { storedBytes: 0, objects: 0, versions: 1, openUploadBytes: 0 });
});

test("totals that are not the rows' are found", async (t) => {
  const stand = await enabledStand();
  await stand.put("k", inlineBody("hello"));
  await stand.ask("object.delete", plainDelete("k"));
  const { trees } = stand.metadata;
  t.deepEqual(recountTotals(trees), []);
  const key = totalsKey(stand.bucket);
  const totals = decodeCounters(key, trees.counters.get(key) ?? Buffer.alloc(0));
  await stand.metadata.transact(({ counters }) =>
    counters.put(key, encodeCounters(key, { ...totals, versions: totals.versions - 1 })),
  );
  const shown = { storedBytes: 5, objects: 0, openUploadBytes: 0 };
  t.deepEqual(recountTotals(trees), [
    { bucket: stand.bucket, stored: { ...shown, versions: 1 }, counted: { ...shown, versions: 2 } },
  ]);
});

test("a version id of another key, another salt or no form names nothing", async (t) => {
  const stand = await enabledStand();
  const { versionId } = await stand.put("k", inlineBody("x"));
  const id = versionId ?? "";
  const otherSalt = `${id.slice(0, -3)}${id.at(-3) === "0" ? "g" : "0"}${id.slice(-2)}`;
  for (const [key, text] of [["other", id] as const, ["k", otherSalt] as const, ["k", "null"] as const]) {
    const { existed } = await stand.ask("object.delete", named(key, text));
    t.false(existed, `${key} ${text}`);
  }
  for (const text of ["", "abc", `${id}0`])
    t.is(await codeOf(stand.ask("object.delete", named("k", text))), "InvalidArgument");
  t.is(historyOf(stand, "k").length, 1);
});
