/** The random port. Production uses the operating system's generator; a simulator passes a seeded one. */

import { randomFillSync } from "node:crypto";

export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Buffer;
}

const pool = Buffer.allocUnsafeSlow(4096);
let poolOffset = pool.length;

export const systemRandom: Random = {
  bytes: (count) => {
    if (count > pool.length) return randomFillSync(Buffer.allocUnsafe(count));
    if (poolOffset + count > pool.length) {
      randomFillSync(pool);
      poolOffset = 0;
    }
    poolOffset += count;
    return Buffer.from(pool.subarray(poolOffset - count, poolOffset));
  },
};
