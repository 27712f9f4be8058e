import test from "ava";
import { Progress } from "./progress.ts";

function recorded(isTTY: boolean) {
  let text = "";
  let now = 0;
  const write = (piece: string): void => {
    text += piece;
  };
  const progress = new Progress({ isTTY, columns: 40, write }, 4, () => now);
  progress.note("warming up");
  for (let step = 0; step < 3; step++) {
    progress.begin(`row ${step}`);
    now += 15_000;
    progress.detail(`row ${step}, round 1`);
  }
  progress.clear();
  progress.clear();
  return text;
}

test("without a terminal: plain lines, one for each step", (t) => {
  t.is(recorded(false), "warming up\n[1/4] row 0\n[2/4] row 1\n[3/4] row 2\n");
});

test("on a terminal: one line, written over, cut to its width, with the time that is left", (t) => {
  const lines = recorded(true).split("\r\x1b[K");
  t.deepEqual(lines.slice(1, 4), ["warming up", "[1/4] row 0, round 1", "[2/4] row 1, round 1 · about 1:30 left"]);
  t.is(lines.at(-1), "");
  t.true(lines.every((line) => line.length < 40 && !line.includes("\n")));
});
