import test from "ava";
import fc from "fast-check";
import { assert } from "../base/assert.ts";
import { type Disk, DiskError, systemDisk } from "./disk.ts";
import type { StoredChunk } from "./location.ts";
import { createPartitionFixture, readBody, storeBody } from "./partition-fixture.ts";

/** A disk that answers EIO to everything after `callsMax` calls, as a device that disappeared does. Closing works. */
function createDyingDisk(callsMax: number): Disk {
  let calls = 0;
  const wrap = (target: Disk, name: string): unknown => {
    const method: unknown = Reflect.get(target, name);
    if (typeof method !== "function" || name === "closeSync") return method;
    return (...values: unknown[]): unknown => {
      calls += 1;
      if (calls <= callsMax) return Reflect.apply(method, target, values) as unknown;
      const error = new DiskError("EIO", name, "the device is gone");
      if (name.endsWith("Sync")) throw error;
      return Promise.reject(error);
    };
  };
  return new Proxy(systemDisk, { get: (target, name) => wrap(target, String(name)) });
}

test("whenever the disk dies, a body that was durable reads back and all others have failed", async (t) => {
  const sizes = fc.array(fc.constantFrom(10, 70_000, 1_048_576, 1_048_577, 4_194_304, 5_000_000), {
    minLength: 1,
    maxLength: 6,
  });
  const property = fc.asyncProperty(fc.integer({ min: 2, max: 120 }), sizes, async (callsMax, bodies) => {
    const partition = await createPartitionFixture();
    const store = partition.store({ disk: createDyingDisk(callsMax) });
    const outcomes = await Promise.allSettled(
      bodies.map(async (sizeBytes, n): Promise<[number, StoredChunk[]]> => {
        const chunks = await storeBody(store, [Buffer.alloc(sizeBytes, n + 1)], sizeBytes);
        return [n, chunks];
      }),
    );
    const reader = partition.reader();
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        assert(outcome.reason instanceof DiskError, "a body fails with the disk's error");
        continue;
      }
      const [n, chunks] = outcome.value;
      assert(readBody(reader, chunks).equals(Buffer.alloc(bodies[n] ?? 0, n + 1)), "a durable body reads back");
    }
    reader.close();
    await store.close();
    partition.remove();
  });
  await fc.assert(property, { numRuns: 60 });
  t.pass();
});
