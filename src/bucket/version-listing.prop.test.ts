/** ListObjectVersions against a naive model: a sorted list of every version, filtered, grouped and cut. */

import test from "ava";
import fc from "fast-check";
import { listedVersions } from "../actor/listed-objects.ts";
import { encodeVersionId, type Stamp } from "../base/hlc.ts";
import { bucketId } from "../base/ids.ts";
import { currentKey, versionKey } from "../storage/keys.ts";
import { createMemoryMetadata } from "../storage/memory-trees.ts";
import { encodeRecord, type ObjectRecord } from "../storage/record.ts";
import { recordOf } from "./record-rows.testing.ts";
import { listVersions } from "./version-listing.ts";

const bucket = bucketId("0123456789abcdef0123456789abcdef");
const salt = Buffer.from("5a17ed00", "hex");

interface Version {
  readonly time: number;
  readonly isDeleteMarker: boolean;
  readonly isNull: boolean;
}

/** Newest first, by key. At most one null version in each. */
type History = ReadonlyMap<string, readonly Version[]>;

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly afterKey: string;
  readonly afterVersionId: string;
  readonly keysMax: number;
}

/** What a listing shows, as text: `key id LATEST MARKER`, or `prefix P`. */
interface Element {
  readonly key: string;
  /** null for a common prefix. */
  readonly time: number | null;
  readonly text: string;
}

type Metadata = ReturnType<typeof createMemoryMetadata>;

function stampOf(time: number): Stamp {
  const stamp = Buffer.alloc(12);
  stamp.writeUIntBE(time, 0, 6);
  return stamp;
}

function idOf(version: Pick<Version, "time" | "isNull">): string {
  return version.isNull ? "null" : encodeVersionId(stampOf(version.time), salt);
}

function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function textOf(key: string, version: Version, isLatest: boolean): string {
  return `${key} ${idOf(version)} ${isLatest ? "latest" : "older"} ${version.isDeleteMarker ? "marker" : "object"}`;
}

function elementsOf(history: History, { prefix, delimiter }: Query): Element[] {
  const elements: Element[] = [];
  for (const key of [...history.keys()].sort(compareText)) {
    if (!key.startsWith(prefix)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (at < 0) {
      history.get(key)?.forEach((version, index) => {
        elements.push({ key, time: version.time, text: textOf(key, version, index === 0) });
      });
      continue;
    }
    const group = key.slice(0, at + delimiter.length);
    if (elements.at(-1)?.text !== `prefix ${group}`) elements.push({ key: group, time: null, text: `prefix ${group}` });
  }
  return elements;
}

function isAfter(history: History, query: Query, { key, time }: Element): boolean {
  const { afterKey, afterVersionId, delimiter, prefix } = query;
  const order = compareText(key, afterKey);
  const at = delimiter === "" || !afterKey.startsWith(prefix) ? -1 : afterKey.indexOf(delimiter, prefix.length);
  if (at >= 0) return order > 0 && key !== afterKey.slice(0, at + delimiter.length);
  if (order !== 0) return order > 0;
  if (time === null || afterVersionId === "") return false;
  const found = history.get(key)?.find((version) => idOf(version) === afterVersionId);
  if (found !== undefined) return time < found.time;
  return afterVersionId !== "null" && encodeVersionId(stampOf(time), salt) < afterVersionId;
}

/** Writes a history as the turns do: the latest object in `current`, all else in `versions`. */
async function store(history: History, metadata = createMemoryMetadata()) {
  for (const name of ["current", "versions"] as const) {
    for (let isMore = true; isMore; ) {
      isMore = await metadata.transact((trees) => {
        const keys = trees[name].keys({ start: Buffer.alloc(0), limit: 1000 });
        for (const key of keys) trees[name].remove(key);
        return keys.length > 0;
      });
    }
  }
  const entries = [...history];
  while (entries.length > 0) await storeSome(metadata, entries.splice(0, 200));
  return metadata;
}

function storeSome(metadata: Metadata, entries: readonly (readonly [string, readonly Version[]])[]) {
  return metadata.transact((trees) => {
    for (const [key, versions] of entries) {
      const nullVersion = versions.find(({ isNull }) => isNull);
      versions.forEach((version, index) => {
        const stamp = stampOf(version.time);
        const isNullElsewhere = index === 0 && nullVersion !== undefined && nullVersion !== version;
        const marker: Partial<ObjectRecord> = version.isDeleteMarker
          ? { isDeleteMarker: true, location: null, sizeBytes: 0 }
          : {};
        const record = recordOf({
          stamp,
          salt,
          isNullVersion: version.isNull,
          nullStamp: isNullElsewhere ? stampOf(nullVersion.time) : null,
          ...marker,
        });
        const isCurrent = index === 0 && !version.isDeleteMarker;
        const row = isCurrent ? currentKey(bucket, key) : versionKey(bucket, key, stamp);
        trees[isCurrent ? "current" : "versions"].put(row, encodeRecord(row, record));
      });
    }
  });
}

async function list(metadata: Metadata, query: Query, yieldTurn: () => Promise<void> = async () => {}) {
  const page = await listVersions(metadata.trees, bucket, query, yieldTurn);
  const versions = listedVersions(page.versions).map(
    ({ key, versionId, isLatest, isDeleteMarker }) =>
      `${key} ${versionId} ${isLatest ? "latest" : "older"} ${isDeleteMarker ? "marker" : "object"}`,
  );
  return { ...page, versions };
}

const letter = fc.constantFrom("a", "b", "/", "::", "é", "\u{1f600}", "\u0001");
const keyText = fc.array(letter, { minLength: 1, maxLength: 4 }).map((letters) => letters.join(""));
const versions = fc
  .record({
    kinds: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    start: fc.nat(5),
    nullAt: fc.option(fc.nat(3)),
  })
  .map(({ kinds, start, nullAt }) =>
    kinds.map((isDeleteMarker, index) => ({
      time: start + 2 * (kinds.length - index),
      isDeleteMarker,
      isNull: index === nullAt,
    })),
  );
const history: fc.Arbitrary<History> = fc
  .uniqueArray(fc.tuple(keyText, versions), { selector: ([key]) => key, maxLength: 12 })
  .map((entries) => new Map(entries));
const query = fc.record({
  prefix: fc.oneof(fc.constant(""), keyText),
  delimiter: fc.constantFrom("", "/", "::", "b/", "\u{1f600}"),
  afterKey: fc.oneof(fc.constant(""), keyText),
  afterVersionId: fc.oneof(
    fc.constant(""),
    fc.constant("null"),
    fc.nat(14).map((time) => encodeVersionId(stampOf(time), salt)),
  ),
  keysMax: fc.integer({ min: 0, max: 7 }),
});
/** A query whose marker is often one of the keys. */
const historyAndQuery = history.chain((each) =>
  fc.tuple(
    fc.constant(each),
    fc
      .tuple(query, fc.option(fc.constantFrom(...each.keys(), "none")))
      .map(([asked, key]) => (key === null ? asked : { ...asked, afterKey: key })),
  ),
);

test("a page is the first elements behind the markers, and says exactly whether more follow", async (t) => {
  await fc.assert(
    fc.asyncProperty(historyAndQuery, async ([stored, asked]) => {
      const behind = elementsOf(stored, asked).filter((element) => isAfter(stored, asked, element));
      const shown = behind.slice(0, asked.keysMax).map(({ text }) => text);
      const page = await list(await store(stored), asked);
      t.deepEqual(
        page.versions,
        shown.filter((text) => !text.startsWith("prefix ")),
      );
      t.deepEqual(
        page.commonPrefixes.map((prefix) => `prefix ${prefix}`),
        shown.filter((text) => text.startsWith("prefix ")),
      );
      t.is(page.isTruncated, asked.keysMax > 0 && behind.length > asked.keysMax);
    }),
    { numRuns: 600 },
  );
});

test("pages joined through the markers are the whole listing", async (t) => {
  await fc.assert(
    fc.asyncProperty(historyAndQuery, async ([stored, asked]) => {
      const metadata = await store(stored);
      const found: string[] = [];
      let next = { ...asked, afterKey: "", afterVersionId: "", keysMax: Math.max(1, asked.keysMax) };
      for (let isTruncated = true; isTruncated; ) {
        const page = await list(metadata, next);
        found.push(...page.versions, ...page.commonPrefixes.map((prefix) => `prefix ${prefix}`));
        isTruncated = page.isTruncated;
        next = { ...next, afterKey: page.lastKey, afterVersionId: page.lastVersionId ?? "" };
      }
      t.deepEqual(
        found.sort(),
        elementsOf(stored, next)
          .map(({ text }) => text)
          .sort(),
      );
    }),
    { numRuns: 200 },
  );
});

test("a version deleted between two pages hides none that is older, and the one before it becomes the latest", async (t) => {
  const stored = new Map([
    ["k", [9, 7, 5, 3].map((time) => ({ time, isDeleteMarker: false, isNull: time === 5 }))],
    ["l", [{ time: 1, isDeleteMarker: true, isNull: false }]],
  ]);
  const all = { prefix: "", delimiter: "", afterKey: "", afterVersionId: "", keysMax: 1 };
  for (const [gone, count, expected] of [
    [9, 1, ["k 7 latest", "k null older", "k 3 older", "l 1 latest"]],
    [7, 2, ["k null older", "k 3 older", "l 1 latest"]],
    [5, 3, ["k 3 older", "l 1 latest"]],
    [3, 4, ["l 1 latest"]],
  ] as const) {
    const metadata = await store(stored);
    const first = await list(metadata, { ...all, keysMax: count });
    const left = (stored.get("k") ?? []).filter(({ time }) => time !== gone);
    await store(new Map([...stored, ["k", left]]), metadata);
    const rest = await list(metadata, {
      ...all,
      keysMax: 10,
      afterKey: first.lastKey,
      afterVersionId: first.lastVersionId ?? "",
    });
    const names = new Map([1, 3, 7].map((time) => [encodeVersionId(stampOf(time), salt), String(time)]));
    t.deepEqual(
      rest.versions.map((text) => {
        const [key, id = "", age] = text.split(" ");
        return `${key} ${names.get(id) ?? id} ${age}`;
      }),
      [...expected],
    );
  }
});

test("what is written and deleted while a long page gives way neither hides nor repeats what stays", async (t) => {
  let yields = 0;
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), fc.constantFrom("", "/"), async (chance, delimiter) => {
      const keys = Array.from({ length: 280 }, (_, index) => `${index % 7 === 0 ? "d/" : ""}k${1000 + index}`);
      const stored = new Map<string, Version[]>(
        keys.map((key, index) => [
          key,
          [8, 6, 4, 2]
            .slice(0, 1 + (index % 4))
            .map((time) => ({ time, isDeleteMarker: (time + index) % 3 === 0, isNull: time === 4 })),
        ]),
      );
      const before = new Map(stored);
      let time = 8;
      const metadata = await store(stored);
      const random = (below: number): number => Number(chance.next().value) % below;
      const asked = { prefix: "", delimiter, afterKey: "", afterVersionId: "", keysMax: 1000 };
      const page = await list(metadata, asked, async () => {
        yields += 1;
        for (let change = 0; change < 60; change++) {
          const key = keys[random(keys.length)] ?? "";
          const kept = stored.get(key) ?? [];
          time += 1;
          const made = { time, isDeleteMarker: random(3) === 0, isNull: false };
          const gone = random(4);
          stored.set(key, random(2) === 0 ? [made, ...kept] : kept.filter((_, index) => index !== gone));
        }
        await store(new Map([...stored].filter(([, versions]) => versions.length > 0)), metadata);
      });
      const found = page.versions.map((text) => text.split(" ").slice(0, 2).join(" "));
      t.is(new Set(found).size, found.length, "nothing twice");
      for (const [key, versions] of before) {
        if (delimiter !== "" && key.includes(delimiter)) continue;
        for (const version of versions) {
          const stays = stored.get(key)?.some(({ time }) => time === version.time) === true;
          if (stays) t.true(found.includes(`${key} ${idOf(version)}`), `${key} ${version.time}`);
        }
      }
      t.false(page.isTruncated);
    }),
    { numRuns: 10 },
  );
  t.true(yields >= 20, `${yields} yields`);
});
