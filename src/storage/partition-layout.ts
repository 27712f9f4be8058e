/** Names of files and directories inside a partition's directory, and how lanes share their numbers. Pure. */

import { join } from "node:path";
import { assert } from "../base/assert.ts";

/** Subdirectories of a partition: LMDB environment, segments, epoch directories of chunk files, files being written. */
export const partitionDirectories = ["meta", "segments", "chunks", "tmp"] as const;

export const lanesMax = 256;

/** Numbers per lane: 16,777,216. With 64 MiB segments a lane writes 1 PiB of small chunks into a partition before they end. */
const numbersPerLane = 2 ** 24;

/**
 * Id of a lane's n-th segment or epoch directory: lanes never share one, so that they need no coordination.
 * @throws AssertionError when the lane or number is out of bounds
 */
export function laneId(lane: number, number: number): number {
  assert(Number.isInteger(lane) && lane >= 0 && lane < lanesMax, "a lane is 0 to 255");
  assert(number >= 0 && number < numbersPerLane, "the lane has no numbers left");
  return lane * numbersPerLane + number;
}

export function laneOf(id: number): number {
  return Math.floor(id / numbersPerLane);
}

export function numberOf(id: number): number {
  return id % numbersPerLane;
}

function hex8(id: number): string {
  return id.toString(16).padStart(8, "0");
}

export function segmentsPath(directory: string): string {
  return join(directory, "segments");
}

/** Example: `segments/01000007.seg` is segment 7 of lane 1. */
export function segmentPath(directory: string, segment: number): string {
  return `${directory}/segments/${hex8(segment)}.seg`;
}

export function chunksPath(directory: string): string {
  return join(directory, "chunks");
}

export function epochPath(directory: string, epoch: number): string {
  return join(directory, "chunks", hex8(epoch));
}

/** Example: `chunks/01000000/<64 hex digits of the address>.<16 hex digits>`. */
export function chunkFilePath(directory: string, epoch: number, address: Uint8Array, unique: string): string {
  return `${directory}/chunks/${hex8(epoch)}/${chunkFileName(address, unique)}`;
}

export function chunkFileName(address: Uint8Array, unique: string): string {
  return `${Buffer.from(address.buffer, address.byteOffset, address.length).toString("hex")}.${unique}`;
}

export function temporaryPath(directory: string, unique: string): string {
  return join(directory, "tmp", unique);
}

/** Ids named by a listing of `segments/`, ascending; names that are not segments are left out. */
export function parseSegmentNames(names: readonly string[]): number[] {
  return parseIds(names, /^([0-9a-f]{8})\.seg$/);
}

/** Ids named by a listing of `chunks/`, ascending. */
export function parseEpochNames(names: readonly string[]): number[] {
  return parseIds(names, /^([0-9a-f]{8})$/);
}

/** The parts of a chunk file's name, or null when it is none. */
export function parseChunkFileName(name: string): { readonly address: Buffer; readonly unique: string } | null {
  const match = /^([0-9a-f]{64})\.([0-9a-f]{16})$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { address: Buffer.from(match[1], "hex"), unique: match[2] };
}

function parseIds(names: readonly string[], pattern: RegExp): number[] {
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map((hex) => Number.parseInt(hex, 16))
    .sort((a, b) => a - b);
}
