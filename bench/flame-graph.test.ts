import test from "ava";
import { type FlameFrame, flameGraph, frameTree, type Profile, selfTimes } from "./flame-graph.ts";

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
});

/** 10 ms: 4 idle, 3 in a, of which 1 in its own code and 2 in b, 3 in b called by c. */
const profile: Profile = {
  nodes: [
    node(1, "(root)", "", [2, 3, 5]),
    node(2, "(idle)", ""),
    node(3, "a", "file:///x/dist/front/a.js", [4]),
    node(4, "b<&>", "file:///x/node_modules/lmdb/index.js"),
    node(5, "c", "node:internal/timers", [6]),
    node(6, "b<&>", "file:///x/node_modules/lmdb/index.js"),
  ],
  samples: [2, 3, 4, 6, 2],
  timeDeltas: [500, 4000, 1000, 2000, 3000],
};

test("calls from the top down, without idle time", (t) => {
  const root = frameTree("main", profile);
  const child = (frame: FlameFrame | undefined, label: string) => frame?.children.get(label);
  t.is(root.micros, 6000);
  const a = child(root, "a front/a.js:10");
  t.like(a, { micros: 3000, origin: "own" });
  t.like(child(a, "b<&> lmdb/index.js:10"), { micros: 2000, origin: "package" });
  t.like(child(root, "c node:internal/timers:10"), { micros: 3000, origin: "node" });
  t.is(root.children.size, 2);
});

test("a function's own time, wherever it was called from", (t) => {
  const { busyShare, functions } = selfTimes(profile);
  t.is(busyShare, 0.6);
  t.is(functions[0]?.label, "b<&> lmdb/index.js:10");
  t.true(Math.abs((functions[0]?.share ?? 0) - 5 / 6) < 1e-9);
  t.like(selfTimes({ nodes: [], samples: [], timeDeltas: [] }), { busyShare: 0, functions: [] });
});

test("the graph shows every frame that is wide enough, escaped", (t) => {
  const svg = flameGraph("PUT <4 KiB>", [frameTree("main", profile), frameTree("bucket-1", profile)]);
  t.is(svg.split("<g data-left").length - 1, 10);
  t.false(svg.includes("b<&>"));
  t.false(svg.includes("<4 KiB>"));
  t.true(svg.includes("12 ms"));
  t.regex(svg, /bucket-1: 50\.00 %, 6\.0 ms/);
  t.regex(flameGraph("nothing", []), /^<svg[\s\S]*<\/svg>\n$/);
});
