import test from "ava";
import { limits } from "./limits.ts";
import { createLog } from "./log.ts";
import { RecentFaults } from "./recent-faults.ts";

test("warnings and errors are written and kept, with the fields of their child, without secrets and stacks", (t) => {
  const lines: string[] = [];
  const faults = new RecentFaults({ nowMs: () => 0 });
  const log = faults.watch(
    createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } }),
  );
  log.info({}, "nothing wrong");
  log.child({ thread: 3 }).warn({ password: "hush", nested: { secret: "hush" } }, "odd");
  log.error({ error: new Error("broken", { cause: new Error("deeper") }) }, "bad");
  t.is(lines.length, 3);
  const [odd, bad] = faults.list();
  t.is(faults.list().length, 2);
  t.deepEqual([odd?.level, odd?.message], ["warn", "odd"]);
  t.deepEqual(JSON.parse(odd?.detail ?? ""), { thread: 3, password: "[secret]", nested: { secret: "[secret]" } });
  t.regex(bad?.detail ?? "", /broken.*deeper/);
  t.false(bad?.detail.includes("recent-faults"), "no stack");
  t.false(JSON.stringify(faults.list()).includes("hush"));
});

test("the oldest go, and a long one is cut", (t) => {
  const faults = new RecentFaults({ nowMs: () => 0 });
  const log = faults.watch(createLog({ level: "fatal", destination: { write: () => undefined } }));
  for (let count = 0; count <= limits.faultsKeptMax; count++) log.warn({ count, text: "x".repeat(10_000) }, "odd");
  const kept = faults.list();
  t.is(kept.length, limits.faultsKeptMax);
  t.regex(kept[0]?.detail ?? "", /"count":1,/);
  t.true(kept.every(({ detail }) => detail.length === limits.faultDetailCharsMax));
});
