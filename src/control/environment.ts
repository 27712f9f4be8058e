/** Opens the trees of the embedded control store: on disk under `DATA/control`, or in memory. */

import type { Clock } from "../base/clock.ts";
import type { ChangeMark } from "../storage/change-marks.ts";
import type { FatalListener } from "../storage/environment.ts";
import { openEnvironment, openEnvironmentReader, type Unsafe } from "../storage/lmdb.ts";
import { createMemoryEnvironment, type MemoryEnvironment } from "../storage/memory-trees.ts";
import {
  type ControlEnvironment,
  type ControlSnapshot,
  type ControlTreeName,
  controlTreeNames,
} from "./record-rows.ts";

export interface ControlEnvironmentOptions {
  /** Made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  /** A commit failed: the process must end. */
  readonly onFatal: FatalListener;
  /** A missing data file is damage; default false. */
  readonly mustExist?: boolean;
  readonly unsafe?: Unsafe;
  /** Marks every revision. */
  readonly mark?: ChangeMark;
}

/** The owner's side; one in the installation. @throws DamagedEnvironmentError */
export function openControlEnvironment({ mark, ...options }: ControlEnvironmentOptions): ControlEnvironment {
  const changes = mark === undefined ? {} : { changes: { mark, trees: ["meta"] as const } };
  return openEnvironment({ ...options, ...changes, names: controlTreeNames });
}

/** A reader's side, in any thread of the owner's process, after the owner has opened. @throws DamagedEnvironmentError */
export function openControlSnapshot(options: {
  readonly directory: string;
  readonly unsafe?: Unsafe;
}): ControlSnapshot {
  return openEnvironmentReader({ ...options, names: controlTreeNames });
}

/** Both sides in memory. */
export function createControlMemory(onFatal?: FatalListener): MemoryEnvironment<ControlTreeName> {
  return createMemoryEnvironment(controlTreeNames, onFatal);
}
