/** Pages of the walk against a brute-force filter, with prefixes, delimiters of several characters and keys beyond the BMP. */

import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import type { Range, ReadTree, Row } from "../storage/trees.ts";
import { walkKeys } from "./key-walk.ts";
import { firstRowAfter } from "./listing.ts";

const lead = Buffer.from("0123456789abcdef");

/** Rows in a sorted array; counts what it hands out. */
class ArrayTree implements ReadTree {
  readonly #rows: readonly Row[];
  rowsRead = 0;
  ranges = 0;

  constructor(keys: Iterable<string>) {
    this.#rows = [...keys]
      .map((key) => ({ key: Buffer.concat([lead, Buffer.from(key), Buffer.of(0)]), value: Buffer.alloc(0) }))
      .sort((left, right) => Buffer.compare(left.key, right.key));
  }

  get(): undefined {
    return undefined;
  }

  peek(): undefined {
    return undefined;
  }

  range({ start, end, limit }: Range): Row[] {
    this.ranges += 1;
    const rows = this.#rows
      .slice(this.#lowerBound(start), end === undefined ? undefined : this.#lowerBound(end))
      .slice(0, limit);
    this.rowsRead += rows.length;
    return rows;
  }

  visit(range: Range, use: (key: Buffer, value: Buffer) => boolean): void {
    for (const { key, value } of this.range(range)) if (!use(key, value)) return;
  }

  keys(range: Range): Buffer[] {
    return this.range(range).map(({ key }) => key);
  }

  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = this.#rows[middle];
      if (row !== undefined && Buffer.compare(row.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly max: number;
}

function bytesOrder(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Every element a listing may show, in order: keys, and common prefixes once. */
function elementsOf(keys: readonly string[], { prefix, delimiter, after }: Query): string[] {
  const elements = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    elements.add(at < 0 ? key : `prefix ${key.slice(0, at + delimiter.length)}`);
  }
  return [...elements]
    .sort((left, right) => bytesOrder(bare(left), bare(right)))
    .filter((element) => bytesOrder(bare(element), after) > 0);
}

function bare(element: string): string {
  return element.startsWith("prefix ") ? element.slice("prefix ".length) : element;
}

async function walk(tree: ReadTree, query: Query, yieldTurn: () => Promise<void> = async () => {}) {
  const entries: string[] = [];
  const page = await walkKeys(
    {
      tree,
      lead,
      suffixBytes: 1,
      take: (rowKey) => entries.push(rowKey.toString("utf8", lead.length, rowKey.length - 1)),
    },
    {
      prefix: Buffer.from(query.prefix),
      delimiter: Buffer.from(query.delimiter),
      from: firstRowAfter(lead, query.after, Buffer.from(query.prefix), Buffer.from(query.delimiter)),
      max: query.max,
    },
    yieldTurn,
  );
  return { entries, ...page };
}

const letter = fc.constantFrom("a", "b", "/", "::", "é", "\uff5e", "\u{1f600}", "\u0001", "z");
const keyText = fc.array(letter, { minLength: 1, maxLength: 6 }).map((letters) => letters.join(""));
const keySet = fc.uniqueArray(keyText, { maxLength: 60 });
const query = fc.record({
  prefix: fc.oneof(fc.constant(""), keyText),
  delimiter: fc.constantFrom("", "/", "::", "b/", "\u{1f600}"),
  after: fc.oneof(fc.constant(""), keyText),
  max: fc.integer({ min: 0, max: 8 }),
});

test("a page is the first elements behind `after`, and says exactly whether more follow", async (t) => {
  await fc.assert(
    fc.asyncProperty(keySet, query, async (keys, asked) => {
      const expected = elementsOf(keys, asked);
      const page = await walk(new ArrayTree(keys), asked);
      const shown = expected.slice(0, asked.max);
      t.deepEqual(
        page.entries,
        shown.filter((element) => !element.startsWith("prefix ")),
      );
      t.deepEqual(page.commonPrefixes, shown.filter((element) => element.startsWith("prefix ")).map(bare));
      t.is(page.isTruncated, asked.max > 0 && expected.length > asked.max);
      t.is(page.last, bare(shown.at(-1) ?? ""));
    }),
    { numRuns: 600 },
  );
});

test("pages joined through `last` are the whole listing", async (t) => {
  await fc.assert(
    fc.asyncProperty(keySet, query, async (keys, asked) => {
      const tree = new ArrayTree(keys);
      const found: string[] = [];
      let after = asked.after;
      for (let isTruncated = true; isTruncated; ) {
        const page = await walk(tree, { ...asked, after, max: Math.max(1, asked.max) });
        found.push(...page.entries, ...page.commonPrefixes.map((prefix) => `prefix ${prefix}`));
        isTruncated = page.isTruncated;
        after = page.last;
      }
      const inOrder = found.sort((left, right) => bytesOrder(bare(left), bare(right)));
      t.deepEqual(inOrder, elementsOf(keys, asked));
    }),
    { numRuns: 200 },
  );
});

test("a common prefix is skipped by a seek, whatever it holds", async (t) => {
  const keys = ["a", "b", "c"].flatMap((folder) => Array.from({ length: 5000 }, (_, index) => `${folder}/${index}`));
  const tree = new ArrayTree(keys);
  const page = await walk(tree, { prefix: "", delimiter: "/", after: "", max: 1000 });
  t.deepEqual(page.commonPrefixes, ["a/", "b/", "c/"]);
  t.true(tree.rowsRead <= 100, `${tree.rowsRead} rows`);
});

test("a long page gives way between slices", async (t) => {
  const tree = new ArrayTree(Array.from({ length: 1500 }, (_, index) => `key-${index}`));
  let rowsAtYield = 0;
  const page = await walk(tree, { prefix: "", delimiter: "", after: "", max: 1000 }, async () => {
    t.true(tree.rowsRead - rowsAtYield <= 2 * limits.listSliceRows);
    rowsAtYield = tree.rowsRead;
  });
  t.is(page.entries.length, 1000);
  t.true(page.isTruncated);
  t.true(rowsAtYield >= 800);
  t.is(tree.rowsRead, 1001);
});

test("many small groups give way too", async (t) => {
  const tree = new ArrayTree(Array.from({ length: 900 }, (_, index) => `group-${1000 + index}/x`));
  let yields = 0;
  const page = await walk(tree, { prefix: "", delimiter: "/", after: "", max: 1000 }, async () => {
    yields += 1;
  });
  t.is(page.commonPrefixes.length, 900);
  t.false(page.isTruncated);
  t.true(yields >= 4);
});
