/**
 * A page of listed objects on its way between threads: as columns, because structured clone costs by property.
 * Measured for 1,000 objects, both ways: 220 against 740 µs.
 */

import type { ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** Without quotes. */
  readonly etag: string;
  readonly storageClass: string;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
}

/** One element per object in each column; texts are joined by U+0000, which neither keys nor ETags contain. */
export type WireObjects = readonly [
  keys: string,
  etags: string,
  sizes: Float64Array,
  times: Float64Array,
  storageClasses: readonly string[],
  algorithms: readonly (ChecksumAlgorithm | null)[],
  /** The members beside `objects`. */
  rest: object,
];

interface Page {
  readonly objects: readonly ListedObject[];
}

/** The columns of a reply that is a page of listed objects; null for any other reply, and for an empty page. */
export function encodeObjects(reply: unknown): WireObjects | null {
  if (typeof reply !== "object" || reply === null || !("objects" in reply) || !Array.isArray(reply.objects))
    return null;
  const { objects, ...rest } = reply as Page;
  if (objects.length === 0) return null;
  return [
    objects.map(({ key }) => key).join("\0"),
    objects.map(({ etag }) => etag).join("\0"),
    Float64Array.from(objects, ({ sizeBytes }) => sizeBytes),
    Float64Array.from(objects, ({ modifiedMs }) => modifiedMs),
    oneOrAll(objects.map(({ storageClass }) => storageClass)),
    oneOrAll(objects.map(({ checksumAlgorithm }) => checksumAlgorithm)),
    rest,
  ];
}

export function decodeObjects(wire: WireObjects): Page {
  const [keys, etags, sizes, times, storageClasses, algorithms, rest] = wire;
  const etag = etags.split("\0");
  const objects = keys.split("\0").map(
    (key, index): ListedObject => ({
      key,
      sizeBytes: sizes[index] ?? 0,
      modifiedMs: times[index] ?? 0,
      etag: etag[index] ?? "",
      storageClass: at(storageClasses, index) ?? "",
      checksumAlgorithm: at(algorithms, index) ?? null,
    }),
  );
  return { ...rest, objects };
}

/** One element that stands for all when they are the same, as they mostly are. */
function oneOrAll<T>(column: readonly T[]): readonly T[] {
  const [first] = column;
  return column.every((value) => value === first) ? column.slice(0, 1) : column;
}

function at<T>(column: readonly T[], index: number): T | undefined {
  return column[column.length === 1 ? 0 : index];
}
