/** Assertions on programmer errors; always on. A failed one ends its thread, and the supervisor restarts it. */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** @throws AssertionError when `condition` is false; `reason` says what must hold. */
export function assert(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new AssertionError(reason);
}

/** Closes a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected ${JSON.stringify(value)}`);
}
