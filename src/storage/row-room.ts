/** Tells whether rows may still be written: a metadata file never shrinks, and what was deleted in it is room for new rows. */

import type { RoomGauge } from "./free-space.ts";

export interface RowRoomOptions {
  readonly volume: RoomGauge & { readonly watermarkBytes: number };
  /** Bytes of the metadata file that are written before it grows. Counted now and then only. */
  readonly reusableBytes: () => number;
}

/** Questions answered from one count. A turn writes a few pages. */
const questionsPerCount = 16;

/** Low when the volume is, and the file has less than the watermark to reuse: deletes need some of it to commit. */
export class RowRoom implements RoomGauge {
  readonly #options: RowRoomOptions;
  #questions = 0;
  #reusableBytes = 0;

  constructor(options: RowRoomOptions) {
    this.#options = options;
  }

  get isLow(): boolean {
    const { volume, reusableBytes } = this.#options;
    if (!volume.isLow) return false;
    if (this.#questions % questionsPerCount === 0) this.#reusableBytes = reusableBytes();
    this.#questions += 1;
    return this.#reusableBytes < volume.watermarkBytes;
  }

  spend(bytes: number): void {
    if (!this.#options.volume.isLow) this.#options.volume.spend(bytes);
  }
}
