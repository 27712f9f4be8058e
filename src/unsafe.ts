/**
 * Ways to switch a safety off: for the negative controls of the crash suites, each of which must make its suite fail, and
 * for nodes whose data ends with them. Read from TROUPE_UNSAFE_FOR_TESTS; a node started with it says so at every start.
 */

import type { Disk } from "./storage/disk.ts";
import type { Unsafe } from "./storage/lmdb.ts";

export const unsafeNames = [
  "no-directory-sync",
  "no-data-sync",
  "no-sync",
  "overlapping-sync",
  "no-read-reset",
] as const;
export type UnsafeName = (typeof unsafeNames)[number];

/** Nothing is flushed: for data that ends with its node. */
export const noDurability: readonly UnsafeName[] = ["no-directory-sync", "no-data-sync", "no-sync"];

/** @throws Error for a name that is none */
export function parseUnsafe(text: string | undefined): readonly UnsafeName[] {
  if (text === undefined || text === "") return [];
  return text.split(",").map((word) => {
    const name = unsafeNames.find((known) => known === word);
    if (name === undefined) throw new Error(`TROUPE_UNSAFE_FOR_TESTS: ${word} is none of ${unsafeNames.join(", ")}`);
    return name;
  });
}

export function unsafeLmdb(names: readonly UnsafeName[]): { readonly unsafe?: Unsafe } {
  if (names.length === 0) return {};
  return {
    unsafe: {
      overlappingSync: names.includes("overlapping-sync"),
      noSync: names.includes("no-sync"),
      noReadReset: names.includes("no-read-reset"),
    },
  };
}

export function unsafeDisk(disk: Disk, names: readonly UnsafeName[]): Disk {
  return {
    ...disk,
    ...(names.includes("no-directory-sync") ? { fsyncDirectory: () => Promise.resolve() } : {}),
    ...(names.includes("no-data-sync") ? { fdatasync: () => Promise.resolve() } : {}),
  };
}
