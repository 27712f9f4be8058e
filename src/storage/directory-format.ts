/** `format.json`: what a data directory is. Pure. */

import { z } from "zod";

/**
 * Number of the on-disk format that this version writes, and the newest that it reads. Format 1 had records of version 1
 * only; formats 1 and 2 had rows of `counters` and `buckets` of version 1, without egress, requests, integrals and quotas;
 * up to format 3 buckets had no configuration, and versions no attributes in rows of their own; up to format 4 nothing bound
 * encrypted chunks to their addresses (rows of `refs` of version 2).
 * A directory of an older format takes this number before anything is written to it, so that an older program
 * refuses it instead of meeting rows that it cannot read.
 */
export const formatNumber = 5;

const shape = z.strictObject({
  format: z.int().min(1).max(formatNumber),
  /** 16 hex digits, random at format and at restore: names one life of the node's sequence numbers. */
  nodeEpoch: z.string().regex(/^[0-9a-f]{16}$/),
  /** Unix ms. */
  createdMs: z.int().nonnegative(),
  /** In order of their numbers. `volume` names the disk that a partition lies on. */
  partitions: z
    .array(z.strictObject({ index: z.int().nonnegative().max(0xffff), volume: z.string().min(1) }))
    .min(1)
    .refine((partitions) => partitions.every(({ index }, at) => index === at), "partitions are numbered from 0"),
});

/** Example: `{"format": 5, "nodeEpoch": "0123456789abcdef", "createdMs": 1795410000000, "partitions": [{"index": 0, "volume": "default"}]}`. */
export type DirectoryFormat = z.infer<typeof shape>;

/** The format, or what is wrong with the text. A newer number is told apart from damage. */
export function parseFormat(text: string): DirectoryFormat | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return "the file is damaged: restore it from a backup";
  }
  const number = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  if (typeof number === "number" && number > formatNumber) {
    return `format ${number} was written by a newer version; this one reads up to ${formatNumber}: upgrade`;
  }
  const parsed = shape.safeParse(value);
  return parsed.success ? parsed.data : `the file is damaged: ${z.prettifyError(parsed.error)}`;
}
