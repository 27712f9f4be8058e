/** Chooses the thread whose lane stores a body: the owner's own for small ones, else the one with the least body work ahead of it. */

import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { ThreadLink } from "./port.ts";

/** A body's weight is its length within these bounds: a huge or endless one does not repel all others for hours. */
const weightBytesMax = 16 * limits.slabLargeBytes;
const weightBytesUnknown = 4 * limits.slabLargeBytes;

/** One body's place; `leave` must be called exactly once. */
export interface LanePlace {
  readonly link: ThreadLink;
  leave(): void;
}

export class LanePlacement {
  readonly #links: readonly ThreadLink[];
  readonly #ownerOf: (partition: number) => number;
  /** Weight of the open bodies of this front, by thread. */
  readonly #loadBytes: number[];

  /** @param links by thread number */
  constructor(links: readonly ThreadLink[], ownerOf: (partition: number) => number) {
    assert(links.length > 0, "there is a bucket thread");
    this.#links = links;
    this.#ownerOf = ownerOf;
    this.#loadBytes = links.map(() => 0);
  }

  /** The link to the thread that owns a partition. */
  owner(partition: number): ThreadLink {
    const link = this.#links[this.#ownerOf(partition)];
    assert(link !== undefined, "every partition has an owner");
    return link;
  }

  /** @returns null while the owner is down: the write could not be recorded */
  place(plan: BodyPlan): LanePlace | null {
    const owner = this.owner(plan.partition);
    if (!owner.isUp) return null;
    const isSmall = plan.wireBytes !== null && plan.wireBytes <= limits.slabMediumBytes;
    const link = isSmall ? owner : this.#leastLoaded(owner);
    const weight = Math.min(plan.wireBytes ?? weightBytesUnknown, weightBytesMax);
    this.#add(link, weight);
    let isPlaced = true;
    return {
      link,
      leave: () => {
        assert(isPlaced, "a body leaves its lane once");
        isPlaced = false;
        this.#add(link, -weight);
      },
    };
  }

  /** Weight of the open bodies in bytes, by thread. */
  snapshot(): readonly number[] {
    return [...this.#loadBytes];
  }

  /** Ties go to the owner, whose reply then needs no other thread. */
  #leastLoaded(owner: ThreadLink): ThreadLink {
    let best = owner;
    for (const link of this.#links) {
      if (link.isUp && (this.#loadBytes[link.thread] ?? 0) < (this.#loadBytes[best.thread] ?? 0)) best = link;
    }
    return best;
  }

  #add(link: ThreadLink, bytes: number): void {
    this.#loadBytes[link.thread] = (this.#loadBytes[link.thread] ?? 0) + bytes;
  }
}
