/**
 * Decides whether a history of one register (one key) is linearizable: just-in-time linearization over all
 * configurations (register value, set of pending operations already applied).
 * Source: Lowe, "Testing for linearizability", 2017; Wing and Gong, 1993.
 */

/** Values are unique per write, so that a read names the write it saw; null is "absent". */
export type RegisterValue = string | null;

export type RegisterCall =
  | { readonly kind: "read"; readonly result: RegisterValue }
  | { readonly kind: "write"; readonly value: RegisterValue }
  /** A conditional write: `applied` null when its answer never came. */
  | {
      readonly kind: "swap";
      readonly expected: RegisterValue;
      readonly value: RegisterValue;
      readonly applied: boolean | null;
    };

export interface RegisterOperation {
  readonly call: RegisterCall;
  readonly startedAt: number;
  /** Infinity when no answer came: the operation may have happened at any later time, or never. */
  readonly endedAt: number;
}

/** Configurations that one step may reach; a history with more is not judged by patience. */
const configurationsMax = 100_000;

interface Configuration {
  readonly value: RegisterValue;
  readonly applied: ReadonlySet<number>;
}

/** The value after `call` on `value`, or undefined when the call cannot happen there. */
function step(call: RegisterCall, value: RegisterValue): RegisterValue | undefined {
  switch (call.kind) {
    case "read":
      return call.result === value ? value : undefined;
    case "write":
      return call.value;
    case "swap":
      if (call.applied === null) return value === call.expected ? call.value : value;
      if (call.applied !== (value === call.expected)) return undefined;
      return call.applied ? call.value : value;
  }
}

const identity = (configuration: Configuration): string =>
  `${configuration.value}|${[...configuration.applied].sort((a, b) => a - b).join(",")}`;

/**
 * @returns null when the history is linearizable from `initial`, else the operation that no order explains.
 * Cost: linear in the history, exponential only in the operations that overlap.
 * @throws Error when that is too much to decide
 */
export function findAnomaly(
  operations: readonly RegisterOperation[],
  initial: RegisterValue,
): RegisterOperation | null {
  const events = operations.flatMap((operation, index) => [
    { at: operation.startedAt, index, ends: false },
    ...(operation.endedAt === Number.POSITIVE_INFINITY ? [] : [{ at: operation.endedAt, index, ends: true }]),
  ]);
  events.sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));
  const pending = new Set<number>();
  let configurations: Configuration[] = [{ value: initial, applied: new Set() }];
  for (const { index, ends } of events) {
    if (!ends) {
      pending.add(index);
      continue;
    }
    configurations = linearize(operations, configurations, pending, index);
    pending.delete(index);
    if (configurations.length === 0) return operations[index] ?? null;
  }
  return null;
}

/** All configurations reachable by applying pending operations in which `target` has been applied; `target` is then forgotten. */
function linearize(
  operations: readonly RegisterOperation[],
  from: readonly Configuration[],
  pending: ReadonlySet<number>,
  target: number,
): Configuration[] {
  const reached = new Map<string, Configuration>();
  const seen = new Set<string>();
  const stack = [...from];
  for (let current = stack.pop(); current !== undefined; current = stack.pop()) {
    const id = identity(current);
    if (seen.has(id)) continue;
    seen.add(id);
    if (seen.size > configurationsMax) throw new Error(`${pending.size} operations overlap: too many to be judged`);
    if (current.applied.has(target)) {
      const applied = new Set(current.applied);
      applied.delete(target);
      const next = { value: current.value, applied };
      reached.set(identity(next), next);
      continue;
    }
    for (const index of pending) {
      const operation = operations[index];
      if (!operation || current.applied.has(index)) continue;
      const value = step(operation.call, current.value);
      if (value !== undefined) stack.push({ value, applied: new Set(current.applied).add(index) });
    }
  }
  return [...reached.values()];
}
