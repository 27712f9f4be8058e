/** What the JavaScript programs of the matrix share: the plan of files, and how they tell what they did. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export const env = process.env;
export const { files } = JSON.parse(readFileSync(env.TROUPE_PLAN, "utf8"));
export const bucket = env.TROUPE_BUCKET;
export const did = (what) => console.log(`did: ${what}`);
export const content = (file) => readFileSync(file.path);
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

export function expect(holds, claim) {
  if (!holds) throw new Error(claim);
}

export async function collect(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Rejects unless the call is refused with this code. */
export async function refused(code, call) {
  try {
    await call;
  } catch (error) {
    expect((error.Code ?? error.code ?? error.name) === code || error.name === code, `${code} expected: ${error}`);
    return;
  }
  throw new Error(`${code} expected`);
}
