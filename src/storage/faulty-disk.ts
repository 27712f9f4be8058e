/** A disk for fault tests: counts calls, and makes chosen ones fail as a broken device would. */

import { type Disk, DiskError } from "./disk.ts";

export type DiskOperation = keyof Disk;

interface Fault {
  readonly operation: DiskOperation;
  readonly code: string;
  /** Matching calls to let pass first. */
  skip: number;
  /** Calls to fail after those. */
  times: number;
  readonly matches: (target: unknown) => boolean;
}

export interface FaultOptions {
  readonly code: string;
  readonly skip?: number;
  /** Default: for ever. */
  readonly times?: number;
  /** Chooses by the call's first argument (a path or a file number). */
  readonly matches?: (target: unknown) => boolean;
}

export class FaultyDisk {
  /** The port to hand to the code under test. */
  readonly disk: Disk;
  readonly #counts = new Map<string, number>();
  readonly #log: string[] = [];
  #faults: Fault[] = [];
  readonly #replaced = new Map<string, unknown>();
  #gate: Promise<void> | null = null;
  #gatedOperation: DiskOperation | null = null;

  constructor(base: Disk) {
    this.disk = new Proxy(base, {
      get: (target, name) => this.#wrap(target, String(name)),
    });
  }

  /** Calls so far, failed ones included. */
  count(operation: DiskOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  /** Names of all calls in order. */
  get log(): readonly string[] {
    return this.#log;
  }

  fail(operation: DiskOperation, options: FaultOptions): void {
    const { code, skip = 0, times = Number.POSITIVE_INFINITY, matches = () => true } = options;
    this.#faults.push({ operation, code, skip, times, matches });
  }

  heal(): void {
    this.#faults = [];
  }

  /** Holds every call of an asynchronous operation until the returned function is called. */
  hold(operation: DiskOperation): () => void {
    let open: () => void = () => undefined;
    this.#gatedOperation = operation;
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      this.#gate = null;
      this.#gatedOperation = null;
      open();
    };
  }

  /** Puts another implementation in an operation's place; `restore` takes it away. */
  replace<O extends DiskOperation>(operation: O, method: Disk[O]): void {
    this.#replaced.set(operation, method);
  }

  restore(operation: DiskOperation): void {
    this.#replaced.delete(operation);
  }

  #wrap(base: Disk, name: string): unknown {
    const method: unknown = this.#replaced.get(name) ?? Reflect.get(base, name);
    if (typeof method !== "function") return method;
    const isSync = name.endsWith("Sync");
    return (...values: unknown[]) => {
      const error = this.#next(name, values[0]);
      const gate = this.#gatedOperation === name ? this.#gate : null;
      if (error !== null && isSync) throw error;
      if (error !== null) return Promise.reject(error);
      if (gate !== null) return gate.then((): unknown => Reflect.apply(method, base, values));
      return Reflect.apply(method, base, values) as unknown;
    };
  }

  #next(name: string, target: unknown): DiskError | null {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#log.push(name);
    for (const fault of this.#faults) {
      if (fault.operation !== name || !fault.matches(target)) continue;
      if (fault.skip > 0) {
        fault.skip -= 1;
        continue;
      }
      if (fault.times <= 0) continue;
      fault.times -= 1;
      return new DiskError(fault.code, name, "injected");
    }
    return null;
  }
}
