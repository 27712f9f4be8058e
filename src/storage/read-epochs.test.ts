import test from "ava";
import fc from "fast-check";
import { assert } from "../base/assert.ts";
import { ReadEpochs } from "./read-epochs.ts";

test("an epoch is past when no read began before it", (t) => {
  const epochs = ReadEpochs.create(2, 2);
  const first = epochs.reader(0);
  const second = ReadEpochs.attach(epochs.shared).reader(1);
  t.true(epochs.isPast(0, epochs.advance(0)));
  const early = first.enter(0);
  const round = epochs.advance(0);
  t.false(epochs.isPast(0, round));
  t.true(epochs.isPast(1, epochs.advance(1)), "partitions do not wait for each other");
  const late = second.enter(0);
  t.is(late, round);
  first.leave(0, early);
  t.true(epochs.isPast(0, round), "a read of the new epoch holds nothing up");
  second.leave(0, late);
});

test("a thread that ended holds nothing up once it is cleared", (t) => {
  const epochs = ReadEpochs.create(1, 1);
  epochs.reader(0).enter(0);
  const round = epochs.advance(0);
  t.false(epochs.isPast(0, round));
  epochs.clear(0);
  t.true(epochs.isPast(0, round));
});

test("leaving a read that was never entered is a programmer's error", (t) => {
  const reader = ReadEpochs.create(1, 1).reader(0);
  t.throws(() => reader.leave(0, 1), { name: "AssertionError" });
});

test("isPast agrees with a list of all active reads, in any order of events", (t) => {
  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("enter" as const), reader: fc.nat(2) }),
      fc.record({ kind: fc.constant("leave" as const), choice: fc.nat(50) }),
      fc.record({ kind: fc.constant("advance" as const) }),
    ),
    { maxLength: 60 },
  );
  const property = fc.property(events, (list) => {
    const epochs = ReadEpochs.create(1, 3);
    const readers = [0, 1, 2].map((index) => epochs.reader(index));
    const active: { reader: number; epoch: number }[] = [];
    let latest = 1;
    for (const event of list) {
      if (event.kind === "enter") active.push({ reader: event.reader, epoch: readers[event.reader]?.enter(0) ?? 0 });
      else if (event.kind === "advance") latest = epochs.advance(0);
      else if (active.length > 0) {
        const [left] = active.splice(event.choice % active.length, 1);
        if (left !== undefined) readers[left.reader]?.leave(0, left.epoch);
      }
      for (let epoch = 1; epoch <= latest; epoch += 1) {
        assert(epochs.isPast(0, epoch) === active.every((read) => read.epoch >= epoch), "as the model says");
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
  t.pass();
});
