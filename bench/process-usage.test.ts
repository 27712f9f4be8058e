import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import {
  type CpuTimes,
  cpuMicrosBetween,
  parseMemory,
  parseStat,
  processTree,
  readCpuTimes,
  readMemory,
} from "./process-usage.ts";

test("a line of stat, with a name made to confuse", (t) => {
  const line =
    "4242 (no) de) R 17 4242 4242 0 -1 4194304 102 0 0 0 150 37 0 0 20 0 1 0 1209328 2998272 395 18446744073709551615";
  t.deepEqual(parseStat(line), { parent: 17, cpuMicros: 1_870_000 });
  t.throws(() => parseStat("nothing of the kind"), { message: /stat/ });
});

test("memory is what is the process's own", (t) => {
  const status = "VmRSS:\t  999999 kB\nRssAnon:\t    1000 kB\nRssFile:\t   50000 kB\nRssShmem:\t      24 kB\n";
  t.is(parseMemory(status), 1024 * 1024);
  t.is(parseMemory(""), 0);
});

const times = (processes: [number, number][], threads: [number, number][] | null): CpuTimes => ({
  processes: new Map(processes),
  threads: threads && new Map(threads),
});

test("threads' times are used while all of them live, the processes' when one has ended", (t) => {
  const before = times([[1, 1000]], [[1, 600], [2, 400]]);
  t.is(cpuMicrosBetween(before, times([[1, 11_000]], [[1, 700], [2, 450], [3, 25]])), 175);
  t.is(cpuMicrosBetween(before, times([[1, 11_000]], [[1, 700], [3, 25]])), 10_000);
  t.is(cpuMicrosBetween(before, times([[1, 21_000]], null)), 20_000);
});

test("a process that came in between counts from its start", (t) => {
  t.is(cpuMicrosBetween(times([[1, 0]], null), times([[1, 10], [2, 30]], null)), 40);
});

test("the time of a busy process is seen, and its children's with it", async (t) => {
  const script = 'const end = Date.now() + 300; while (Date.now() < end); process.stdout.write("done"); setInterval(() => {}, 1000)';
  const parent = spawn("sh", ["-c", `${process.execPath} -e '${script}' & wait`], { detached: true });
  const id = parent.pid ?? 0;
  try {
    const before = readCpuTimes(processTree([id]));
    await once(parent.stdout, "data");
    await pause(20);
    const tree = processTree([id]);
    t.is(tree.length, 2);
    const used = cpuMicrosBetween(before, readCpuTimes(tree));
    t.true(used > 10_000, `${used} µs`);
    t.true(readMemory(tree) > 1 << 20);
  } finally {
    process.kill(-id, "SIGKILL");
  }
  await once(parent, "exit");
  t.deepEqual(processTree([id]), []);
  t.is(readCpuTimes([id]).processes.size, 0);
});
