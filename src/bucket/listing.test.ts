/** Listings of real rows: markers and prefixes that no key can have, order of UTF-8 bytes, storage classes, slices. */

import test from "ava";
import { listedObjects } from "../actor/listed-objects.ts";
import { limits } from "../base/limits.ts";
import { BucketStand, inlineBody, stored } from "./bucket-stand.testing.ts";
import type { BucketRequest } from "./messages.ts";

async function standWith(keys: readonly string[]): Promise<BucketStand> {
  const stand = new BucketStand();
  await Promise.all(keys.map((key) => stand.put(key, inlineBody(key))));
  return stand;
}

async function keysOf(stand: BucketStand, over: Partial<BucketRequest<"object.list">>): Promise<string[]> {
  const page = await stand.ask("object.list", { prefix: "", delimiter: "", after: "", keysMax: 1000, ...over });
  return [...listedObjects(page.objects).map(({ key }) => key), ...page.commonPrefixes];
}

test("the order is that of UTF-8 bytes, not of UTF-16 units", async (t) => {
  const keys = ["\u{1f600}", "\uff5e", "z", "Z", "é", "\u0001"];
  t.deepEqual(await keysOf(await standWith(keys), {}), ["\u0001", "Z", "z", "é", "\uff5e", "\u{1f600}"]);
});

test("a key that is the beginning of another comes first, and neither hides the other", async (t) => {
  const stand = await standWith(["a", "a/", "a/b", "ab", "a\u0001"]);
  t.deepEqual(await keysOf(stand, {}), ["a", "a\u0001", "a/", "a/b", "ab"]);
  t.deepEqual(await keysOf(stand, { prefix: "a/" }), ["a/", "a/b"]);
  t.deepEqual(await keysOf(stand, { delimiter: "/" }), ["a", "a\u0001", "ab", "a/"]);
  t.deepEqual(await keysOf(stand, { prefix: "a/", delimiter: "/" }), ["a/", "a/b"]);
});

test("`after` is exclusive for keys, and skips the common prefix it lies in", async (t) => {
  const stand = await standWith(["a", "b/1", "b/2", "c"]);
  t.deepEqual(await keysOf(stand, { after: "a" }), ["b/1", "b/2", "c"]);
  t.deepEqual(await keysOf(stand, { after: "b/1" }), ["b/2", "c"]);
  t.deepEqual(await keysOf(stand, { after: "b/1", delimiter: "/" }), ["c"]);
  t.deepEqual(await keysOf(stand, { after: "b/", delimiter: "/" }), ["c"]);
  t.deepEqual(await keysOf(stand, { after: "b", delimiter: "/" }), ["c", "b/"]);
  t.deepEqual(await keysOf(stand, { after: "a", prefix: "b/" }), ["b/1", "b/2"]);
  t.deepEqual(await keysOf(stand, { after: "c" }), []);
});

test("markers and prefixes that are longer than any key, or hold what no key holds", async (t) => {
  const longest = "x".repeat(limits.keyBytesMax);
  const stand = await standWith(["a", longest, "y"]);
  t.deepEqual(await keysOf(stand, { after: longest }), ["y"]);
  t.deepEqual(await keysOf(stand, { after: `${longest}xxx` }), ["y"]);
  t.deepEqual(await keysOf(stand, { after: "x".repeat(5000) }), ["y"]);
  t.deepEqual(await keysOf(stand, { after: "w".repeat(5000) }), [longest, "y"]);
  t.deepEqual(await keysOf(stand, { after: `${"x".repeat(3000)}/`, delimiter: "/" }), ["y"]);
  t.deepEqual(await keysOf(stand, { prefix: "x".repeat(5000) }), []);
  t.deepEqual(await keysOf(stand, { prefix: "a\u0000" }), []);
  t.deepEqual(await keysOf(stand, { after: "a\u0000b" }), [longest, "y"]);
  t.deepEqual(await keysOf(stand, { delimiter: "d".repeat(5000) }), ["a", longest, "y"]);
});

test("a page of nothing, and pages that end exactly at the last element", async (t) => {
  const stand = await standWith(["a/1", "a/2", "b"]);
  const page = (over: Partial<BucketRequest<"object.list">>) =>
    stand.ask("object.list", { prefix: "", delimiter: "/", after: "", keysMax: 1000, ...over });
  const none = await page({ keysMax: 0 });
  t.deepEqual([none.objects.count, none.commonPrefixes, none.isTruncated, none.last], [0, [], false, ""]);
  const first = await page({ keysMax: 1 });
  t.deepEqual([first.commonPrefixes, first.isTruncated, first.last], [["a/"], true, "a/"]);
  const second = await page({ keysMax: 1, after: first.last });
  t.deepEqual(
    [listedObjects(second.objects).map(({ key }) => key), second.isTruncated, second.last],
    [["b"], false, "b"],
  );
});

test("what a listing says of an object that named its class and has a checksum", async (t) => {
  const stand = new BucketStand();
  const checksum = { algorithm: "SHA256" as const, value: Buffer.alloc(32, 1).toString("base64") };
  const source = stored({ ...inlineBody("x"), checksum });
  await stand.ask("object.put", { key: "k", source, metadata: { storageClass: "STANDARD_IA" }, preconditions: {} });
  const page = await stand.ask("object.list", { prefix: "", delimiter: "", after: "", keysMax: 10 });
  t.like(listedObjects(page.objects)[0], {
    storageClass: "STANDARD_IA",
    checksumAlgorithm: "SHA256",
    checksumType: "FULL_OBJECT",
  });
});

test("another bucket's rows are never shown, whatever stands next to them", async (t) => {
  const stand = await standWith(["a"]);
  await stand.metadata.transact((trees) => {
    const [row] = trees.current.range({ start: Buffer.alloc(0), limit: 1 });
    if (row === undefined) return;
    for (const step of [-1, 1]) {
      const key = Buffer.from(row.key);
      key[15] = (key[15] ?? 0) + step;
      trees.current.put(key, row.value);
    }
  });
  t.deepEqual(await keysOf(stand, {}), ["a"]);
});

test("a full page of a large bucket gives way to other messages", async (t) => {
  const stand = await standWith(Array.from({ length: 1200 }, (_, index) => `key-${index}`));
  t.is((await keysOf(stand, {})).length, 1000);
  t.true(stand.yields >= 1000 / limits.listSliceRows - 1, `${stand.yields} yields`);
});
