/**
 * Looks at an LMDB data file before it is opened: a file that ends before the last page it claims kills the process with
 * SIGBUS at the first read beyond its end.
 */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { storageLimits } from "../base/storage-limits.ts";
import { arePagesThere } from "./lmdb-pages.ts";

/** The environment cannot be opened as it is: its file is missing, cut short, or not one of ours. */
export class DamagedEnvironmentError extends Error {
  override readonly name = "DamagedEnvironmentError";
  readonly file: string;

  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.file = file;
  }
}

/** Name of the data file in an environment's directory, as LMDB gives it. */
export const dataFileName = "data.mdb";

// Layout of the LMDB that lmdb-js 3 carries (mdb.c, MDB_page_header and MDB_meta), little-endian on what we run on.
const pageHeaderBytes = 24;
const magicAt = pageHeaderBytes;
const versionAt = magicAt + 4;
const pageSizeAt = pageHeaderBytes + 24;
const lastPageAt = pageHeaderBytes + 120;
const transactionAt = lastPageAt + 8;
const metaBytes = transactionAt + 8;
const magic = 0xbeefc0de;
const dataVersion = 2;

/** Roots of the two trees a meta page describes: free pages, and the tree of all named trees. */
const rootsAt = [pageHeaderBytes + 64, pageHeaderBytes + 112] as const;

interface Meta {
  readonly roots: readonly bigint[];
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** @throws DamagedEnvironmentError when there is no data file, or an empty one */
export function assertEnvironmentExists(directory: string): void {
  const file = join(directory, dataFileName);
  if (sizeOf(file) === 0) throw new DamagedEnvironmentError(file, "the file is missing or empty");
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Checks that the data file, if there is one, has pages of `storageLimits.pageBytes` and is as long as its newest valid meta page
 * says, or lacks nothing but free pages. O(1) when it is long enough.
 * For the owner, before anything writes: a file that grows meanwhile would look cut.
 * @param mustExist a missing or empty file is damage, not a new environment
 * @throws DamagedEnvironmentError
 */
export function checkEnvironmentFile(directory: string, mustExist: boolean): void {
  const file = join(directory, dataFileName);
  if (mustExist) assertEnvironmentExists(directory);
  const sizeBytes = sizeOf(file);
  if (sizeBytes === 0) return;
  const descriptor = openSync(file, "r");
  try {
    checkPages(file, descriptor, sizeBytes);
  } finally {
    closeSync(descriptor);
  }
}

function checkPages(file: string, descriptor: number, sizeBytes: number): void {
  const meta = newestMeta(descriptor);
  if (meta === undefined) throw new DamagedEnvironmentError(file, "no valid meta page");
  if (meta.pageBytes !== storageLimits.pageBytes) {
    throw new DamagedEnvironmentError(file, `it has pages of ${meta.pageBytes} bytes, not ${storageLimits.pageBytes}`);
  }
  const { pageBytes, roots } = meta;
  const pageCount = BigInt(Math.floor(sizeBytes / pageBytes));
  if (pageCount > meta.lastPage || arePagesThere({ descriptor, pageBytes, pageCount }, roots)) return;
  const claimedBytes = (meta.lastPage + 1n) * BigInt(pageBytes);
  throw new DamagedEnvironmentError(file, `it has ${sizeBytes} bytes of ${claimedBytes}: it was cut short`);
}

function newestMeta(descriptor: number): Meta | undefined {
  const first = readMeta(descriptor, 0);
  if (first === undefined) return undefined;
  const second = readMeta(descriptor, first.pageBytes);
  return second !== undefined && second.transaction > first.transaction ? second : first;
}

function readMeta(descriptor: number, position: number): Meta | undefined {
  const bytes = Buffer.alloc(metaBytes);
  if (readSync(descriptor, bytes, 0, metaBytes, position) < metaBytes) return undefined;
  if (bytes.readUInt32LE(magicAt) !== magic || (bytes.readUInt32LE(versionAt) & 0xffff) !== dataVersion)
    return undefined;
  return {
    pageBytes: bytes.readUInt32LE(pageSizeAt),
    roots: rootsAt.map((at) => bytes.readBigUInt64LE(at)),
    lastPage: bytes.readBigUInt64LE(lastPageAt),
    transaction: bytes.readBigUInt64LE(transactionAt),
  };
}
