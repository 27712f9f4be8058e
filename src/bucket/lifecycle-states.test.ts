/**
 * What each kind of rule does to each history of a key, by the bucket's versioning: every cell. Sources: AWS "Expiring
 * objects", "Lifecycle configuration elements" (Expiration, NoncurrentVersionExpiration, ExpiredObjectDeleteMarker).
 */

import test from "ava";
import type { Trees } from "../storage/trees.ts";
import { inlineBody, plainDelete, stored } from "./bucket-stand.testing.ts";
import { dayMs, LifecycleStand, ruleOf } from "./lifecycle-stand.testing.ts";

const rules = {
  days: ruleOf({ expiration: { kind: "days", days: 2 } }),
  markers: ruleOf({ expiration: { kind: "markers", isExpired: true } }),
  noncurrent: ruleOf({ noncurrentExpiration: { days: 2, newerVersions: null } }),
  abort: ruleOf({ abortDays: 2 }),
} as const;
type RuleName = keyof typeof rules;

const states = ["Off", "Enabled", "Suspended", "Enabled, then Suspended"] as const;
type State = (typeof states)[number];

/** What happens to the key, oldest first: a letter puts an object of that text, `-` deletes. */
type History = "a" | "ab" | "a-" | "-" | "a-b";

/** What is left, newest first: an object's text, `-` for a delete marker; a null version ends in `*`. */
type Cells = { readonly [S in State]: { readonly [H in History]: { readonly [R in RuleName]: string } } };

const same = (left: string) => ({ days: left, markers: left, noncurrent: left, abort: left });

const cells: Cells = {
  Off: {
    a: { ...same("a*"), days: "" },
    ab: { ...same("b*"), days: "" },
    "a-": same(""),
    "-": same(""),
    "a-b": { ...same("b*"), days: "" },
  },
  Enabled: {
    a: { ...same("a"), days: "- a" },
    ab: { ...same("b a"), days: "- b a", noncurrent: "b" },
    "a-": { ...same("- a"), noncurrent: "-" },
    "-": { ...same("-"), days: "", markers: "" },
    "a-b": { ...same("b - a"), days: "- b - a", noncurrent: "b" },
  },
  Suspended: {
    a: { ...same("a*"), days: "-*" },
    ab: { ...same("b*"), days: "-*" },
    "a-": { ...same("-*"), days: "", markers: "" },
    "-": { ...same("-*"), days: "", markers: "" },
    "a-b": { ...same("b*"), days: "-*" },
  },
  "Enabled, then Suspended": {
    a: { ...same("a"), days: "-* a" },
    ab: { ...same("b a"), days: "-* b a", noncurrent: "b" },
    "a-": { ...same("- a"), noncurrent: "-" },
    "-": { ...same("-"), days: "", markers: "" },
    "a-b": { ...same("b - a"), days: "-* b - a", noncurrent: "b" },
  },
};

async function standWith(state: State, history: History): Promise<LifecycleStand> {
  const stand = new LifecycleStand();
  if (state !== "Off") {
    await stand.ask("bucket.setVersioning", { versioning: state === "Suspended" ? "Suspended" : "Enabled" });
  }
  for (const step of history) {
    if (step === "-") await stand.ask("object.delete", plainDelete("k"));
    else await stand.put("k", inlineBody(step));
    stand.nowMs += 1000;
  }
  if (state === "Enabled, then Suspended") await stand.ask("bucket.setVersioning", { versioning: "Suspended" });
  const upload = { key: "up", metadata: {}, checksumAlgorithm: null, checksumType: null };
  await stand.ask("upload.create", upload);
  return stand;
}

function left(stand: LifecycleStand): string {
  const versions = stand.histories().get("k") ?? [];
  const text = (record: (typeof versions)[number]) =>
    record.location?.kind === "inline" ? Buffer.from(record.location.bytes).toString() : "-";
  return versions.map((record) => `${text(record)}${record.isNullVersion ? "*" : ""}`).join(" ");
}

const uploads = async (stand: LifecycleStand): Promise<number> => {
  const page = { prefix: "", delimiter: "", afterKey: "", afterUploadId: "", uploadsMax: 10 };
  return (await stand.ask("upload.list", page)).uploads.length;
};

for (const state of states) {
  for (const [history, byRule] of Object.entries(cells[state])) {
    for (const [name, expected] of Object.entries(byRule)) {
      test(`versioning ${state}, history ${history}, rule ${name}: "${expected}"`, async (t) => {
        // The keys of a total record are its keys.
        const stand = await standWith(state, history as History);
        await stand.configure(rules[name as RuleName]);
        const before = left(stand);
        const tooEarly = await stand.pass();
        t.is(left(stand), before, "nothing is due on the first day");
        t.deepEqual(Object.values(tooEarly.removed), [0, 0, 0, 0]);
        stand.nowMs += 3 * dayMs;
        const { removed } = await stand.pass();
        t.is(left(stand), expected);
        t.is(await uploads(stand), name === "abort" ? 0 : 1);
        t.is(removed["abort upload"], name === "abort" ? 1 : 0);
        const { kept, counted } = await stand.totals();
        t.deepEqual(kept, counted, "the totals are exact");
        stand.crash();
        t.deepEqual((await stand.totals()).kept, counted, "and after a crash");
      });
    }
  }
}

test("a null version that took the place of one that was due stays", async (t) => {
  const stand = new LifecycleStand();
  const put = () =>
    stand.ask("object.put", { key: "k", source: stored(inlineBody("x")), metadata: {}, preconditions: {} });
  await put();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await put();
  await stand.configure(ruleOf({ noncurrentExpiration: { days: 1, newerVersions: null } }));
  stand.nowMs += 3 * dayMs;
  const { metadata } = stand;
  const transact: typeof metadata.transact = metadata.transact.bind(metadata);
  let isBefore = true;
  metadata.transact = async <R>(run: (trees: Trees) => R): Promise<R> => {
    if (isBefore) {
      isBefore = false;
      await stand.ask("bucket.setVersioning", { versioning: "Suspended" });
      await put();
      await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
      await put();
    }
    return transact(run);
  };
  t.is((await stand.pass()).removed["remove noncurrent"], 0);
  t.deepEqual(
    stand
      .histories()
      .get("k")
      ?.map(({ isNullVersion }) => isNullVersion),
    [false, true, false],
  );
});
