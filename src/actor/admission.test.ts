import test from "ava";
import { Admission } from "./admission.ts";

const limits = { perAccount: 3, perBucket: 2, perThread: 4, slabBytes: 100_000 };
const request = { accountId: "a", bucket: "b", thread: 0, wireBytes: 10 };

test("each of the four bounds refuses on its own, and a released ticket makes room", (t) => {
  const admission = new Admission(1, limits);
  const first = admission.take(request);
  t.truthy(first && admission.take(request));
  t.is(admission.take(request), null, "bucket");
  t.truthy(admission.take({ ...request, bucket: "c" }));
  t.is(admission.take({ ...request, bucket: "d" }), null, "account");
  t.truthy(admission.take({ ...request, accountId: "z", bucket: "d" }));
  t.is(admission.take({ ...request, accountId: "y", bucket: "e" }), null, "thread");
  const large = { accountId: "y", bucket: "e", thread: 1, wireBytes: null };
  t.truthy(admission.take(large));
  t.is(admission.take(large), null, "slabs");
  first?.release();
  t.truthy(admission.take(request));
  t.is(admission.snapshot().refused, 4);
});

test("a ticket is released exactly once and leaves nothing behind", (t) => {
  const admission = new Admission(1, limits);
  const ticket = admission.take(request);
  ticket?.release();
  t.throws(() => ticket?.release());
  t.deepEqual(admission.snapshot(), { tickets: 0, slabBytes: 0, refused: 0, ticketsByThread: new Map() });
});

test("each of several fronts admits its share", (t) => {
  const admission = new Admission(2, limits);
  t.truthy(admission.take(request));
  t.is(admission.take(request), null);
});
