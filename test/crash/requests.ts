/** Requests of a crash suite: those that have to succeed, and many at once. */

import type { S3Answer } from "../support/s3-client.ts";

/** At once, of one suite. */
export const connections = 32;

/** @throws Error when the answer is no success */
export async function expectOk(answer: Promise<S3Answer>): Promise<S3Answer> {
  const got = await answer;
  if (got.status > 299) throw new Error(`${got.status} ${got.body.toString()}`);
  return got;
}

/** Runs `work` for 0 to `count` - 1, as many at once as there are connections. */
export async function forEach(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: connections }, worker));
}
