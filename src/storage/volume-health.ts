/** Counts a volume's input/output errors, and closes it to writes when they repeat. */

import type { Clock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { DiskError } from "./disk.ts";

/** Told after each error of the volume; `isReadOnly` when writes are refused from now on. */
export type VolumeErrorListener = (error: DiskError, isReadOnly: boolean) => void;

/** Codes that speak of the device, not of the call. */
const volumeCodes: ReadonlySet<string> = new Set(["EIO", "EROFS", "ENXIO", "ENODEV", "EUCLEAN"]);

export class VolumeHealth {
  readonly #clock: Clock;
  readonly #listener: VolumeErrorListener;
  #errorTimesMs: number[] = [];
  #isReadOnly = false;
  /** Errors taken note of: one failed flush comes back through every body that waited for it. */
  readonly #seen = new WeakSet<DiskError>();

  constructor(clock: Clock, listener: VolumeErrorListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** True after `storageLimits.volumeErrorsMax` errors within `storageLimits.volumeErrorWindowMs`, or the first EROFS. Until restart. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Takes note of `error` if it speaks of the volume; ENOSPC, EMFILE and errors of other kinds do not. An error counts once. */
  record(error: unknown): void {
    if (!(error instanceof DiskError) || !volumeCodes.has(error.code) || this.#seen.has(error)) return;
    this.#seen.add(error);
    const nowMs = this.#clock.monotonicMs();
    this.#errorTimesMs = this.#errorTimesMs.filter((timeMs) => nowMs - timeMs < storageLimits.volumeErrorWindowMs);
    this.#errorTimesMs.push(nowMs);
    if (error.code === "EROFS" || this.#errorTimesMs.length >= storageLimits.volumeErrorsMax) this.#isReadOnly = true;
    this.#listener(error, this.#isReadOnly);
  }

  /** @throws DiskError EROFS when the volume is closed to writes */
  assertWritable(): void {
    if (this.#isReadOnly) throw new DiskError("EROFS", "write", "the volume is closed to writes after errors");
  }
}
