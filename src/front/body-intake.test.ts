/** The flow of one body without a network: order, holding, bounds, and exactly one end. */

import test from "ava";
import type { BodySink } from "../model/http.ts";
import { BodyIntake, HeldBytes, type IntakePort } from "./body-intake.ts";

class RecordingPort implements IntakePort {
  readonly calls: string[] = [];
  pauseBody(): void {
    this.calls.push("pause");
  }
  resumeBody(): void {
    this.calls.push("resume");
  }
}

function recording(): { events: string[]; sink: BodySink } {
  const events: string[] = [];
  return {
    events,
    sink: {
      data: (chunk) => events.push(Buffer.from(chunk).toString()),
      end: () => events.push("(end)"),
      aborted: () => events.push("(aborted)"),
    },
  };
}

test("what comes before consume is copied, delivered in order, and the library waits", (t) => {
  const port = new RecordingPort();
  const held = new HeldBytes(100);
  const intake = new BodyIntake(6, port, held, false);
  const scratch = Buffer.from("abc");
  t.true(intake.arrived(scratch, false, false));
  scratch.fill("x");
  t.deepEqual(port.calls, ["pause"]);
  t.is(held.bytes, 3);
  t.is(intake.remainingBytes, 3);
  const { events, sink } = recording();
  intake.consume(sink);
  t.deepEqual(port.calls, ["pause", "resume"]);
  t.true(intake.arrived(Buffer.from("def"), true, false));
  t.deepEqual(events, ["abc", "def", "(end)"]);
  t.is(held.bytes, 0);
  intake.cut();
  t.deepEqual(events, ["abc", "def", "(end)"]);
});

test("nothing is delivered in a pause, and a library that ends in it is let go", (t) => {
  const port = new RecordingPort();
  const intake = new BodyIntake(null, port, new HeldBytes(100), false);
  const { events, sink } = recording();
  const thenPause = (chunk: Uint8Array): void => {
    sink.data(chunk);
    intake.pause();
  };
  intake.consume({ ...sink, data: thenPause });
  intake.arrived(Buffer.from("a"), false, false);
  intake.arrived(Buffer.from("b"), false, false);
  intake.arrived(Buffer.from("c"), true, false);
  t.deepEqual(events, ["a"]);
  t.deepEqual(port.calls, ["pause", "resume"]);
  intake.resume();
  t.deepEqual(events, ["a", "b"]);
  intake.resume();
  t.deepEqual(events, ["a", "b", "c"]);
  intake.resume();
  t.deepEqual(events, ["a", "b", "c", "(end)"]);
  t.deepEqual(port.calls, ["pause", "resume"]);
});

test("a sink that pauses and resumes within data loses and doubles nothing", (t) => {
  const port = new RecordingPort();
  const intake = new BodyIntake(null, port, new HeldBytes(100), false);
  for (const text of ["a", "b"]) intake.arrived(Buffer.from(text), false, false);
  const { events, sink } = recording();
  const again = (chunk: Uint8Array): void => {
    sink.data(chunk);
    intake.pause();
    intake.resume();
  };
  intake.consume({ ...sink, data: again });
  intake.arrived(Buffer.from("c"), false, false);
  intake.arrived(new Uint8Array(0), true, false);
  t.deepEqual(events, ["a", "b", "c", "(end)"]);
  t.is(port.calls.at(-1), "resume");
});

test("bytes without room are refused, and a cut gives the room back", (t) => {
  const held = new HeldBytes(10);
  const first = new BodyIntake(null, new RecordingPort(), held, false);
  const second = new BodyIntake(null, new RecordingPort(), held, false);
  t.true(first.arrived(Buffer.alloc(8), false, false));
  t.false(second.arrived(Buffer.alloc(3), false, false));
  t.is(held.bytes, 8);
  const { events, sink } = recording();
  first.cut();
  t.is(held.bytes, 0);
  first.consume(sink);
  first.arrived(Buffer.alloc(3), true, false);
  t.deepEqual(events, ["(aborted)"]);
  t.true(second.arrived(Buffer.alloc(10), false, false));
});

test("a body is consumed once", (t) => {
  const intake = new BodyIntake(null, new RecordingPort(), new HeldBytes(10), true);
  intake.consume(recording().sink);
  t.throws(() => intake.consume(recording().sink), { name: "AssertionError" });
});
