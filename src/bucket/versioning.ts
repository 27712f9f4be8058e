/**
 * The state tables of versioning: what a write adds by the bucket's versioning, and what becomes of a key's history by
 * where its null version stands. Total: a state or an operation without its cell does not compile. Pure; `history.ts`
 * does what the cells say.
 */

import type { Stamp } from "../base/hlc.ts";
import type { BucketRow } from "../storage/bucket-row.ts";
import type { RecordHead } from "../storage/record.ts";

/** Off until it is enabled or suspended once; never Off again. */
export type Versioning = BucketRow["versioning"];
/** What a client may set. */
export type VersioningStatus = Exclude<Versioning, "Off">;

/** Requests that name no version: CopyObject and CompleteMultipartUpload are puts. */
type Write = "put" | "delete";

/** "new": with a version id of its own; "null": the version whose id is `null`, of which a key has at most one. */
type Addition = "new object" | "new marker" | "null object" | "null marker" | "nothing: the null version is removed";

/** Source: AWS "Working with objects in a versioning-enabled bucket" and "… in a versioning-suspended bucket". */
const additions: { readonly [V in Versioning]: { readonly [W in Write]: Addition } } = {
  Off: { put: "null object", delete: "nothing: the null version is removed" },
  Enabled: { put: "new object", delete: "new marker" },
  Suspended: { put: "null object", delete: "null marker" },
};

/** What a put makes current in a bucket of this state. */
export function putsNullVersion(versioning: Versioning): boolean {
  return additions[versioning].put === "null object";
}

/** The delete marker that a delete without a version id adds; "none": it removes the null version instead. */
export function markerOfDelete(versioning: Versioning): "new" | "null" | "none" {
  const addition = additions[versioning].delete;
  if (addition === "nothing: the null version is removed") return "none";
  return addition === "null marker" ? "null" : "new";
}

/** Where a key's null version stands: nowhere, as the newest version, or below it. */
export type NullPlace = "none" | "head" | "older";

/** "older": of a version that is neither the head nor the null version. */
export type HistoryChange = "add new" | "add null" | "remove head" | "remove null" | "remove older";

/** What a change does to the history it finds. Of the version added, or the older one removed, it says nothing. */
export interface Effect {
  /** The version that was newest: goes below the one added, is let go, or stays the newest. */
  readonly head: "goes below" | "is let go" | "stays";
  /** The null version below the head. */
  readonly olderNull: "stays" | "is let go";
  /** The null version that the head names afterwards. */
  readonly headNames: "none" | "the old head" | "as before";
}

const effect = (
  head: Effect["head"],
  headNames: Effect["headNames"],
  olderNull: Effect["olderNull"] = "stays",
): Effect => ({ head, olderNull, headNames });

/** null: there is nothing to change. */
const effects: { readonly [P in NullPlace]: { readonly [C in HistoryChange]: Effect | null } } = {
  none: {
    "add new": effect("goes below", "none"),
    "add null": effect("goes below", "none"),
    "remove head": effect("is let go", "none"),
    "remove null": null,
    "remove older": effect("stays", "as before"),
  },
  head: {
    "add new": effect("goes below", "the old head"),
    "add null": effect("is let go", "none"),
    "remove head": effect("is let go", "none"),
    "remove null": effect("is let go", "none"),
    "remove older": effect("stays", "as before"),
  },
  older: {
    "add new": effect("goes below", "as before"),
    "add null": effect("goes below", "none", "is let go"),
    "remove head": effect("is let go", "as before"),
    "remove null": effect("stays", "none", "is let go"),
    "remove older": effect("stays", "as before"),
  },
};

export function effectOf(place: NullPlace, change: HistoryChange): Effect | null {
  return effects[place][change];
}

/** @param head the newest version of a key; null when it has none */
export function nullPlaceOf(head: Pick<RecordHead, "isNullVersion" | "nullStamp"> | null): NullPlace {
  if (head === null) return "none";
  if (head.isNullVersion) return "head";
  return head.nullStamp === null ? "none" : "older";
}

/** The `nullStamp` of the record that becomes, or stays, the head. */
export function namedNull(
  { headNames }: Effect,
  oldHead: Pick<RecordHead, "stamp" | "nullStamp"> | null,
): Stamp | null {
  if (headNames === "none" || oldHead === null) return null;
  return headNames === "the old head" ? oldHead.stamp : oldHead.nullStamp;
}

/** Rows that one change of a history writes at most, the totals and attributes apart. */
export const rowsPerChange = 5;
