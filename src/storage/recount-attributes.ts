/**
 * Compares the rows of `attributes` with the versions and open uploads that say they have some. For tests and for scrubbing
 * while nothing writes: one synchronous walk, O(rows), with one entry per owner in memory.
 */

import { readAttributes } from "./attributes.ts";
import { attributeOwner, isOpenUploadKey, versionKeyAt } from "./keys.ts";
import { decodeHead } from "./record.ts";
import { rowsOf } from "./recount.ts";
import type { ReadTrees } from "./trees.ts";
import { decodeUpload } from "./uploads.ts";

/** Rows without an owner: what was removed has left them. */
export interface AttributesMismatch {
  /** Of the owner that is not, in hex. */
  readonly owner: string;
  readonly rows: number;
}

/** @throws CorruptRecordError at the first damaged row, and when a row is missing */
export function recountAttributes(trees: ReadTrees): AttributesMismatch[] {
  const owners = new Set<string>();
  const add = (owner: Buffer): void => {
    readAttributes(trees.attributes, owner);
    owners.add(owner.toString("hex"));
  };
  for (const { key, value } of rowsOf(trees.current)) {
    const { hasAttributeRows, stamp } = decodeHead("current", key, value);
    if (hasAttributeRows) add(versionKeyAt(key, stamp));
  }
  for (const { key, value } of rowsOf(trees.versions)) {
    if (decodeHead("versions", key, value).hasAttributeRows) add(key);
  }
  for (const { key, value } of rowsOf(trees.uploads)) {
    if (isOpenUploadKey(key) && decodeUpload(key, value).hasAttributeRows) add(key);
  }
  const ownerless = new Map<string, number>();
  for (const { key } of rowsOf(trees.attributes)) {
    const owner = attributeOwner(key).toString("hex");
    if (!owners.has(owner)) ownerless.set(owner, (ownerless.get(owner) ?? 0) + 1);
  }
  return [...ownerless].map(([owner, rows]) => ({ owner, rows }));
}
