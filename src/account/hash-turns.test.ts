import test from "ava";
import { HashesBusyError, HashTurns } from "./hash-turns.ts";

interface Gate {
  open(): void;
  readonly passed: Promise<void>;
}

function gate(): Gate {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test("so many run at once, the others in order, and no place is lost", async (t) => {
  const turns = new HashTurns(2, 3);
  const gates = Array.from({ length: 5 }, gate);
  const begun: number[] = [];
  const runs = gates.map(({ passed }, index) =>
    turns.run(async () => {
      begun.push(index);
      await passed;
      if (index === 1) throw new Error("broken");
      return index;
    }),
  );
  const settled = Promise.allSettled(runs);
  t.deepEqual(begun, [0, 1]);
  let called = false;
  const late = turns.run(async () => {
    called = true;
  });
  await t.throwsAsync(late, { instanceOf: HashesBusyError });
  t.false(called);
  gates[1]?.open();
  await t.throwsAsync(runs[1] ?? Promise.resolve(), { message: "broken" });
  t.deepEqual(begun, [0, 1, 2]);
  for (const { open } of gates) open();
  t.deepEqual(
    (await settled).map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
  );
  t.deepEqual(begun, [0, 1, 2, 3, 4]);
  t.is(await turns.run(async () => "free again"), "free again");
});
