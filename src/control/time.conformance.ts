/** The part of the drivers' suite that is about time: watches and leases. */

import { limits } from "../base/limits.ts";
import { type Each, put } from "./harness.conformance.ts";
import type { ControlEvent, ControlStore } from "./store.ts";

/** Watches and keeps what it sees. */
function collect(store: ControlStore, prefix: string, from: bigint) {
  const seen: ControlEvent[] = [];
  let gone: bigint | null = null;
  const stop = store.watch(prefix, from, {
    events: (events) => void seen.push(...events),
    gone: (next) => {
      gone = next;
    },
  });
  return { seen, stop, gone: () => gone };
}

function names(events: readonly ControlEvent[]): string[] {
  return events.map((event) => `${event.kind} ${event.key}`);
}

export function watchCases(each: Each): void {
  each("a watch sees changes under its prefix in order, a transaction's together", async ({ store, settle }, t) => {
    const all = collect(store, "", 1n);
    const some = collect(store, "b/", 1n);
    await store.txn([], [put("a/1", ""), put("b/1", "")]);
    await store.txn([], [put("b/1", "x"), { kind: "remove", key: "a/1" }, { kind: "remove", key: "never-there" }]);
    await settle();
    t.deepEqual(names(all.seen), ["put a/1", "put b/1", "put b/1", "remove a/1"]);
    t.deepEqual(
      all.seen.map((event) => event.revision),
      [1n, 1n, 2n, 2n],
    );
    t.deepEqual(names(some.seen), ["put b/1", "put b/1"]);
    all.stop();
    await store.txn([], [put("b/2", "")]);
    await settle();
    t.is(all.seen.length, 4);
    t.is(some.seen.length, 3);
    some.stop();
  });

  each("a watch that was away resumes without a gap and in order", async ({ store, settle, reopen }, t) => {
    await store.txn([], [put("k", "0")]);
    const first = collect(store, "", 1n);
    await store.txn([], [put("k", "1")]);
    await settle();
    first.stop();
    const resumeAt = (first.seen.at(-1)?.revision ?? 0n) + 1n;
    for (let index = 2; index < 7; index++) await store.txn([], [put("k", `${index}`)]);
    const later = reopen === null ? store : await reopen();
    const second = collect(later, "", resumeAt);
    await later.txn([], [put("k", "last")]);
    await settle();
    const revisions = [...first.seen, ...second.seen].map((event) => event.revision);
    t.deepEqual(
      revisions,
      Array.from({ length: revisions.length }, (_, index) => BigInt(index + 1)),
    );
    t.is(revisions.length, 8);
    second.stop();
  });
}

export function catchUpCases(each: Each): void {
  each("a watch far behind gets every change once, whole transactions at a time", async ({ store, settle }, t) => {
    const batches = 9;
    for (let batch = 0; batch < batches; batch++) {
      const keys = Array.from({ length: limits.controlOperationsMax }, (_, index) => `${batch}-${index}`);
      await store.txn(
        [],
        keys.map((key) => put(key, "")),
      );
      await store.txn([], [put(`single-${batch}`, "")]);
    }
    const pages: (readonly ControlEvent[])[] = [];
    store.watch("", 1n, { events: (events) => void pages.push(events), gone: () => t.fail() });
    await settle();
    const seen = pages.flat();
    t.is(seen.length, batches * (limits.controlOperationsMax + 1));
    t.is(new Set(seen.map((event) => event.key)).size, seen.length);
    for (const [index, page] of pages.entries()) t.not(page.at(-1)?.revision, pages[index + 1]?.[0]?.revision);
  });

  each("a watch older than the log is told so, and can go on from where it is told", async (harness, t) => {
    const { store, settle, logRevisionsMax } = harness;
    for (let index = 0; index < logRevisionsMax + 5; index++) await store.txn([], [put("k", `${index}`)]);
    const old = collect(store, "", 1n);
    await settle();
    t.is(old.seen.length, 0);
    const next = (await store.revision()) + 1n;
    t.is(old.gone(), next);
    const resumed = collect(store, "", next);
    const whole = collect(store, "", next - BigInt(logRevisionsMax));
    await store.txn([], [put("k", "new")]);
    await settle();
    t.deepEqual(
      resumed.seen.map((event) => event.revision),
      [next],
    );
    t.is(resumed.gone(), null);
    t.true(whole.seen.length >= logRevisionsMax);
  });
}

export function leaseCases(each: Each): void {
  each("the records of a lease vanish when it is not renewed, and watchers see it", async (harness, t) => {
    const { store, advance, settle } = harness;
    const lease = await store.lease(10_000);
    await store.txn([], [put("leader", "me", lease.id), put("kept", "1")]);
    const seen: ControlEvent[] = [];
    store.watch("leader", (await store.revision()) + 1n, {
      events: (events) => void seen.push(...events),
      gone: () => {},
    });
    await advance(9000);
    t.true(await lease.renew());
    await advance(9000);
    t.is(String((await store.get("leader"))?.value), "me");
    await advance(2000);
    await settle();
    t.is(await store.get("leader"), undefined);
    t.not(await store.get("kept"), undefined);
    t.deepEqual(
      seen.map((event) => event.kind),
      ["remove"],
    );
    t.false(await lease.renew());
    await t.throwsAsync(store.txn([], [put("leader", "again", lease.id)]), { code: "InvalidLease" });
  });

  each("a record written again without the lease stays", async ({ store, advance }, t) => {
    const lease = await store.lease(5000);
    await store.txn([], [put("a", "1", lease.id), put("b", "1", lease.id)]);
    await store.txn([], [put("a", "2")]);
    const other = await store.lease(60_000);
    await store.txn([], [put("b", "2", other.id)]);
    await advance(6000);
    t.is(String((await store.get("a"))?.value), "2");
    t.is(String((await store.get("b"))?.value), "2");
    await advance(60_000);
    t.is(await store.get("b"), undefined);
  });
}

export function leaseEndCases(each: Each): void {
  each("releasing ends a lease at once", async ({ store, advance }, t) => {
    const lease = await store.lease(5000);
    await store.txn([], [put("a", "1", lease.id)]);
    await lease.release();
    t.is(await store.get("a"), undefined);
    t.false(await lease.renew());
    await lease.release();
    await store.txn([], [put("a", "2")]);
    await advance(6000);
    t.is(String((await store.get("a"))?.value), "2");
  });

  each("a lease lives through a restart and then ends", async ({ store, reopen, advance }, t) => {
    const lease = await store.lease(5000);
    await store.txn([], [put("a", "1", lease.id)]);
    if (reopen === null) {
      t.pass();
      return;
    }
    const again = await reopen();
    t.not(await again.get("a"), undefined);
    await advance(6000);
    t.is(await again.get("a"), undefined);
  });

  each("leases of an impossible length are refused", async ({ store }, t) => {
    for (const ttlMs of [0, 999, 1.5, Number.NaN, limits.controlLeaseMsMax + 1]) {
      await t.throwsAsync(store.lease(ttlMs), { code: "InvalidLease" });
    }
  });
}
