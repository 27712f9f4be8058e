import test from "ava";
import fc from "fast-check";
import { BoundedQueue } from "./bounded-queue.ts";

test("a bounded queue behaves as an array with a limit", (t) => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant("push") }, fc.constantFrom("shift", "peek"));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.array(step, { maxLength: 300 }), (capacity, steps) => {
      const queue = new BoundedQueue<number>(capacity);
      const model: number[] = [];
      for (const [index, name] of steps.entries()) {
        if (name === "push") {
          t.is(queue.push(index), model.length < capacity);
          if (model.length < capacity) model.push(index);
        } else if (name === "shift") {
          t.is(queue.shift(), model.shift());
        } else {
          t.is(queue.peek(), model[0]);
        }
        t.is(queue.length, model.length);
        t.is(queue.isFull, model.length === capacity);
      }
      t.deepEqual(queue.drain(), model);
      t.is(queue.length, 0);
    }),
  );
  t.pass();
});

test("a queue without room is refused", (t) => {
  t.throws(() => new BoundedQueue(0));
});
