/** Tags of roles and policies, whose records are written whole. */

import { limits } from "../base/limits.ts";
import type { Tag } from "../control/identity-records.ts";
import { QueryError } from "./errors.ts";

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** @throws QueryError LimitExceeded past `limits.tagsPerIdentityMax` */
export function mergedTags(held: readonly Tag[], added: readonly Tag[]): Tag[] {
  const kept = held.filter(({ key }) => !added.some((tag) => same(tag.key, key)));
  const merged = [...kept, ...added];
  if (merged.length <= limits.tagsPerIdentityMax) return merged;
  throw new QueryError("LimitExceeded", `Cannot exceed quota for TagsPerEntity: ${limits.tagsPerIdentityMax}`);
}

export function withoutTags(held: readonly Tag[], keys: readonly string[]): Tag[] {
  return held.filter(({ key }) => !keys.some((name) => same(name, key)));
}
