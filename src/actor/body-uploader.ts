/**
 * The front's side of a request body: brings its bytes into slab slots and to a lane, with back-pressure to the client,
 * and never holds more of it than a few slots.
 */

import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { RequestBody } from "../model/http.ts";
import type { BodySource } from "./body-source.ts";
import type { ActorAddress } from "./envelope.ts";
import { LanePlacement } from "./placement.ts";
import type { ThreadLink } from "./port.ts";
import type { Slabs } from "./slabs.ts";
import { Upload, type UploadPool } from "./upload.ts";

export interface BodyUploaderOptions {
  readonly slabs: Slabs;
  /** By thread number. */
  readonly links: readonly ThreadLink[];
  /** Number of the thread that owns a partition. */
  readonly ownerOf: (partition: number) => number;
  readonly clock: Clock;
}

export interface BodyUploaderSnapshot {
  readonly uploads: number;
  readonly overflowBytes: number;
  /** Weight of open bodies, by thread. */
  readonly laneBytes: readonly number[];
}

export class BodyUploader {
  readonly #slabs: Slabs;
  readonly #clock: Clock;
  readonly #placement: LanePlacement;
  readonly #uploads = new Set<Upload>();
  /** Which thread stored a body, so that an unused one can be dropped. */
  readonly #storedBy = new WeakMap<BodySource, { readonly link: ThreadLink; readonly partition: number }>();
  readonly #pool: UploadPool;
  readonly #regionBytes: number;
  #overflowBytes = 0;
  #sweep: Timer | null = null;

  constructor(options: BodyUploaderOptions) {
    this.#slabs = options.slabs;
    this.#clock = options.clock;
    this.#placement = new LanePlacement(options.links, options.ownerOf);
    this.#regionBytes = options.slabs.snapshot().slots.reduce((sum, { bytes, count }) => sum + bytes * count, 0);
    this.#pool = {
      slabs: options.slabs,
      clock: options.clock,
      placement: this.#placement,
      inFlightBytesMax: () => this.#inFlightBytesMax(),
      takeOverflow: (bytes) => this.#takeOverflow(bytes),
      giveOverflow: (bytes) => {
        this.#overflowBytes -= bytes;
      },
    };
  }

  /**
   * Takes a whole request body. A body that is at hand and fits `limits.slabMediumBytes` stays in one slot for the owner's
   * turn; any other, and a small one that comes slowly, is stored by a lane.
   * @returns a source for exactly one ask (whose link frees the slot), or for `release`
   * @throws S3Error: those of the body; SlowDown (no slot within `limits.slabWaitMs`); RequestTimeout (no byte for
   * `limits.bodyIdleMs`); IncompleteBody (the client has gone); ServiceUnavailable (the thread is down). What is left of
   * the body is then consumed and ignored.
   */
  async store(address: ActorAddress, body: RequestBody, plan: BodyPlan, requestId = ""): Promise<BodySource> {
    assert(plan.bucket === address.bucket && plan.partition === address.partition, "a body is planned for its bucket");
    const upload = new Upload(this.#pool, body, plan, requestId);
    this.#uploads.add(upload);
    this.#startSweep();
    try {
      const { source, link } = await upload.run();
      if (link !== null) this.#storedBy.set(source, { link, partition: address.partition });
      return source;
    } finally {
      this.#uploads.delete(upload);
    }
  }

  /** Gives up a source that no ask has carried. */
  release(source: BodySource): void {
    if (source.kind === "slot") {
      this.#slabs.release(source.slot);
      return;
    }
    const stored = this.#storedBy.get(source);
    this.#storedBy.delete(source);
    if (source.body.chunks.length > 0) stored?.link.dropBody(stored.partition, source.body.chunks);
  }

  snapshot(): BodyUploaderSnapshot {
    return {
      uploads: this.#uploads.size,
      overflowBytes: this.#overflowBytes,
      laneBytes: this.#placement.snapshot(),
    };
  }

  /** Stops the clockwork; uploads that still run end by themselves. */
  close(): void {
    this.#sweep?.cancel();
    this.#sweep = null;
  }

  /** A fair share of this front's slots in bytes, at least one large slot. */
  #inFlightBytesMax(): number {
    const share = Math.floor(this.#regionBytes / Math.max(1, this.#uploads.size));
    const most = limits.bodySlotsInFlightMax * this.#slabs.largestBytes;
    return Math.max(this.#slabs.largestBytes, Math.min(share, most));
  }

  #takeOverflow(bytes: number): boolean {
    if (this.#overflowBytes + bytes > limits.bodyOverflowBytesMax) return false;
    this.#overflowBytes += bytes;
    return true;
  }

  /** Runs only while there are uploads. */
  #startSweep(): void {
    this.#sweep ??= this.#clock.every(limits.bodyFlushIdleMs / 2, () => {
      if (this.#uploads.size === 0) return this.close();
      const nowMs = this.#clock.monotonicMs();
      // Slots circulate: one whose body pauses goes on to the lane, at once when others wait for it.
      const flushIdleMs = this.#slabs.waiting > 0 ? 0 : limits.bodyFlushIdleMs;
      for (const upload of this.#uploads) upload.checkIdle(nowMs, flushIdleMs);
    });
  }
}
