/** What every driver of `ControlStore` must do, as tests. A driver's test file calls `controlStoreConformance`. */

import type { TestFn } from "ava";
import { limits } from "../base/limits.ts";
import { type ConformanceHarness, type Each, put } from "./harness.conformance.ts";
import type { ControlOperation } from "./store.ts";
import { catchUpCases, leaseCases, leaseEndCases, watchCases } from "./time.conformance.ts";

/** Registers the suite under `name`. */
export function controlStoreConformance(test: TestFn, name: string, open: () => Promise<ConformanceHarness>): void {
  const each: Each = (title, body) =>
    test(`${name}: ${title}`, async (t) => {
      const harness = await open();
      try {
        await body(harness, t);
      } finally {
        await harness.dispose();
      }
    });
  const groups = [
    recordCases,
    raceCases,
    boundCases,
    restartCases,
    listCases,
    watchCases,
    catchUpCases,
    leaseCases,
    leaseEndCases,
  ];
  for (const register of groups) register(each);
}

function recordCases(each: Each): void {
  each("a record is read back with its revision, and gone when removed", async ({ store }, t) => {
    t.is(await store.get("a"), undefined);
    t.true(await store.txn([], [put("a", "1")]));
    const first = await store.get("a");
    t.is(String(first?.value), "1");
    t.is(first?.revision, await store.revision());
    t.true(await store.txn([], [put("a", "2"), put("b", "3")]));
    const [second, other] = [await store.get("a"), await store.get("b")];
    t.true((second?.revision ?? 0n) > (first?.revision ?? 0n));
    t.is(second?.revision, other?.revision);
    t.true(await store.txn([], [{ kind: "remove", key: "a" }]));
    t.is(await store.get("a"), undefined);
  });

  each("a transaction applies when every compare holds, else not at all", async ({ store }, t) => {
    t.true(await store.txn([{ key: "a", revision: 0n }], [put("a", "1")]));
    const revision = (await store.get("a"))?.revision ?? 0n;
    t.false(await store.txn([{ key: "a", revision: 0n }], [put("a", "2"), put("b", "2")]));
    t.false(
      await store.txn(
        [
          { key: "a", revision },
          { key: "b", revision },
        ],
        [put("a", "2"), put("b", "2")],
      ),
    );
    t.is(await store.get("b"), undefined);
    t.is((await store.get("a"))?.revision, revision);
    t.true(
      await store.txn(
        [
          { key: "a", revision },
          { key: "b", revision: 0n },
        ],
        [put("b", "2")],
      ),
    );
    t.is(String((await store.get("b"))?.value), "2");
  });

  each("a revision is never used again, also after a record was removed", async ({ store }, t) => {
    await store.txn([], [put("a", "1")]);
    const old = (await store.get("a"))?.revision ?? 0n;
    await store.txn([], [{ kind: "remove", key: "a" }]);
    await store.txn([], [put("a", "1")]);
    t.false(await store.txn([{ key: "a", revision: old }], [put("a", "2")]));
  });
}

function raceCases(each: Each): void {
  each("racing compare-and-set has one winner", async ({ store }, t) => {
    for (let round = 0; round < 20; round++) {
      const key = `race/${round}`;
      const racers = Array.from({ length: 20 }, (_, racer) => racer);
      const won = await Promise.all(
        racers.map((racer) =>
          store.txn([{ key, revision: 0n }], [put(key, `${racer}`), put(`${key}/${racer}`, "won")]),
        ),
      );
      t.is(won.filter(Boolean).length, 1);
      t.is(String((await store.get(key))?.value), `${won.indexOf(true)}`);
      t.deepEqual(
        (await store.list(`${key}/`)).map((record) => record.key),
        [`${key}/${won.indexOf(true)}`],
      );
    }
  });

  each("increments by many callers all count", async ({ store }, t) => {
    const increment = async () => {
      for (;;) {
        const before = await store.get("counter");
        const next = Number(before === undefined ? 0 : String(before.value)) + 1;
        if (await store.txn([{ key: "counter", revision: before?.revision ?? 0n }], [put("counter", `${next}`)]))
          return;
      }
    };
    await Promise.all(Array.from({ length: 30 }, increment));
    t.is(String((await store.get("counter"))?.value), "30");
  });
}

function boundCases(each: Each): void {
  each("values of every size up to the limit come back, also when they shrink", async ({ store }, t) => {
    for (const size of [limits.controlRecordBytesMax, 0, 8147, 8148, 8149, 20_000, 16_323, 16_324, 16_325, 1]) {
      const value = Buffer.alloc(size, size % 251);
      t.true(await store.txn([], [{ kind: "put", key: "sized", value }]));
      t.deepEqual(Buffer.from((await store.get("sized"))?.value ?? []), value, `${size}`);
    }
    await store.txn([], [{ kind: "remove", key: "sized" }]);
    t.is(await store.get("sized"), undefined);
  });

  each("the largest transaction is applied", async ({ store }, t) => {
    const keys = Array.from({ length: limits.controlOperationsMax }, (_, index) => `large/${index}`);
    const value = Buffer.alloc(limits.controlRecordBytesMax, 7);
    t.true(
      await store.txn(
        [],
        keys.map((key) => ({ kind: "put", key, value })),
      ),
    );
    t.true(
      await store.txn(
        [],
        keys.map((key) => put(key, "small")),
      ),
    );
    t.is((await store.list("large/")).length, keys.length);
    t.true(
      await store.txn(
        [],
        keys.map((key) => ({ kind: "remove", key })),
      ),
    );
    t.is((await store.list("large/")).length, 0);
  });

  each("what is out of bounds is refused before anything is written", async ({ store }, t) => {
    const refused = async (operations: ControlOperation[], code: string) => {
      await t.throwsAsync(store.txn([], [put("fine", "1"), ...operations]), { name: "ControlError", code });
      t.is(await store.get("fine"), undefined);
    };
    await refused([put("", "1")], "InvalidKey");
    await refused([put("a\0b", "1")], "InvalidKey");
    await refused([put("\ud800", "1")], "InvalidKey");
    await refused([put("k".repeat(limits.keyBytesMax + 1), "1")], "InvalidKey");
    await refused([put("twice", "1"), put("twice", "2")], "InvalidTransaction");
    const value = Buffer.alloc(limits.controlRecordBytesMax + 1);
    await refused([{ kind: "put", key: "big", value }], "ValueTooLarge");
    await refused(
      Array.from({ length: limits.controlOperationsMax }, (_, index) => put(`n${index}`, "")),
      "InvalidTransaction",
    );
    await refused([put("held", "1", "abcdef")], "InvalidLease");
    t.is(await store.revision(), 0n);
  });
}

function restartCases(each: Each): void {
  each("what was committed is there after reopening, and revisions go on", async ({ store, reopen }, t) => {
    await store.txn([], [put("a", "1")]);
    await store.txn([], [put("b", "2")]);
    const revision = await store.revision();
    if (reopen === null) {
      t.pass();
      return;
    }
    const again = await reopen();
    t.is(String((await again.get("a"))?.value), "1");
    t.is(await again.revision(), revision);
    await again.txn([], [put("c", "3")]);
    t.true((await again.revision()) > revision);
  });
}

function listCases(each: Each): void {
  each("5,000 keys are paged through in byte order, each once", async ({ store }, t) => {
    const keys = Array.from(
      { length: 5000 },
      (_, index) => `page/${((index * 7919) % 5000).toString(36)}-é${index % 3}`,
    );
    for (let start = 0; start < keys.length; start += limits.controlOperationsMax) {
      await store.txn(
        [],
        keys.slice(start, start + limits.controlOperationsMax).map((key) => put(key, key)),
      );
    }
    await store.txn([], [put("pagd", "before"), put("page", "before"), put("page0", "behind"), put("pagf", "behind")]);
    const seen: string[] = [];
    for (let after = ""; ; ) {
      const page = await store.list("page/", after, 333);
      for (const record of page) t.is(String(record.value), record.key);
      seen.push(...page.map((record) => record.key));
      if (page.length < 333) break;
      after = seen.at(-1) ?? "";
    }
    t.deepEqual(
      seen,
      keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
    );
  });

  each("a page starts behind `after`, whatever that is, and stays within the prefix", async ({ store }, t) => {
    await store.txn(
      [],
      ["a/1", "a/2", "b/1", "b/10", "b/2", "c/1"].map((key) => put(key, "")),
    );
    const keys = async (prefix: string, after?: string, limit?: number) =>
      (await store.list(prefix, after, limit)).map((record) => record.key);
    t.deepEqual(await keys("b/"), ["b/1", "b/10", "b/2"]);
    t.deepEqual(await keys("b/", "b/1"), ["b/10", "b/2"]);
    t.deepEqual(await keys("b/", "b/100"), ["b/2"]);
    t.deepEqual(await keys("b/", "a/9", 2), ["b/1", "b/10"]);
    t.deepEqual(await keys("b/", "c"), []);
    t.deepEqual(await keys("", "b/2"), ["c/1"]);
    t.deepEqual(await keys("", "", 1), ["a/1"]);
    t.deepEqual(await keys("d"), []);
  });
}
