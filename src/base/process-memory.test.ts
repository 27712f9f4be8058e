import test from "ava";
import { processMemory } from "./process-memory.ts";

test("counts what the process holds", (t) => {
  const before = processMemory();
  const held = Buffer.alloc(64 * 1024 * 1024, 1);
  const after = processMemory();
  t.true(after.anonBytes - before.anonBytes > held.length / 2);
  t.true(before.shmemBytes >= 0 && before.fileBytes >= 0);
});
