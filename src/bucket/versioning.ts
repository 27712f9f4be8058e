/** What becomes of a key's current object when it is replaced or deleted, by the bucket's versioning. */

import type { BucketRow } from "../storage/bucket-row.ts";
import type { ObjectRecord } from "../storage/record.ts";
import type { TotalsChange, Turn } from "./turn.ts";

/** The states of versioning that are served. A state that is added here does not compile until it has its row below. */
export type ServedVersioning = Extract<BucketRow["versioning"], "Off">;

export interface VersioningTurns {
  /** Makes way for a new record; writes, but leaves the row of `current` to the caller. */
  replace(turn: Turn, current: ObjectRecord): TotalsChange;
  /** Takes the current object away, its row in `current` included. */
  remove(turn: Turn, key: string, current: ObjectRecord): TotalsChange;
}

const off: VersioningTurns = {
  replace: (turn, current) => {
    turn.release(current.location);
    return { storedBytes: -current.sizeBytes, objects: -1 };
  },
  remove: (turn, key, current) => {
    turn.removeCurrent(key);
    turn.release(current.location);
    return { storedBytes: -current.sizeBytes, objects: -1 };
  },
};

const served: { readonly [S in ServedVersioning]: VersioningTurns } = { Off: off };

/** @throws Error when the row is of a state that this release does not serve (a data directory of a later one) */
export function versioningTurns({ versioning }: BucketRow): VersioningTurns {
  if (versioning in served) return served[versioning as ServedVersioning];
  throw new Error(`versioning ${versioning} is not served by this release`);
}

/** Rows that replacing or removing one object writes at most. */
export const rowsPerRemoval = 2;
