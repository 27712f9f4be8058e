/**
 * The verifier's own memory of what was acknowledged. Every worker owns its keys, so that what a key may hold is
 * known exactly: the last acknowledged state, or any attempt made since (an unanswered write may or may not be there).
 */

import { createHash } from "node:crypto";

/** A state of a key: sha256 of its bytes, or null for "absent". */
export type KeyState = string | null;

export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export class Journal {
  readonly #keys = new Map<string, { acknowledged: KeyState; attempts: KeyState[] }>();
  readonly #versions: { readonly key: string; readonly versionId: string; readonly state: KeyState }[] = [];
  acknowledgedCount = 0;

  /** Notes an attempt before it is sent. */
  attempt(key: string, state: KeyState): void {
    const entry = this.#keys.get(key) ?? { acknowledged: null, attempts: [] };
    entry.attempts.push(state);
    this.#keys.set(key, entry);
  }

  /** Notes that the latest attempt of the key was answered 2xx: from now on it, and nothing older, must be there. */
  acknowledge(key: string, state: KeyState): void {
    const entry = this.#keys.get(key);
    if (!entry || entry.attempts.at(-1) !== state) throw new Error(`acknowledged without an attempt: ${key}`);
    entry.acknowledged = state;
    entry.attempts = [];
    this.acknowledgedCount += 1;
  }

  /** Notes an acknowledged version: it must be there from now on, whatever its key holds. */
  keepVersion(key: string, versionId: string, state: KeyState): void {
    this.#versions.push({ key, versionId, state });
  }

  get versions(): readonly { readonly key: string; readonly versionId: string; readonly state: KeyState }[] {
    return this.#versions;
  }

  /** Forgets attempts that were refused with certainty (a 4xx). */
  refuse(key: string): void {
    this.#keys.get(key)?.attempts.pop();
  }

  keys(): string[] {
    return [...this.#keys.keys()];
  }

  mayHold(key: string, state: KeyState): boolean {
    const entry = this.#keys.get(key);
    if (!entry) return state === null;
    return entry.acknowledged === state || entry.attempts.includes(state);
  }

  /** After a check: what was found is now the known state (attempts of before the crash are settled by it). */
  settle(key: string, state: KeyState): void {
    const entry = this.#keys.get(key);
    if (entry) {
      entry.acknowledged = state;
      entry.attempts = [];
    }
  }
}
