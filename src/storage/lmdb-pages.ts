/**
 * Walks the pages of an LMDB data file from its roots. Asked only when the file is shorter than it claims, which is harmless
 * when what is missing is free: LMDB counts pages that a transaction took and gave back without ever writing them.
 * It costs one read of each tree page, so up to some seconds per 10 GB of metadata.
 */

import { readSync } from "node:fs";

// Layout of the LMDB that lmdb-js 3 carries (mdb.c: MDB_page_header, MDB_node, MDB_ovpage, MDB_db), little-endian.
const headerBytes = 24;
const flagsAt = 18;
const lowerAt = 20;
const branchFlag = 1;
const leafFlag = 2;
const nodeHeaderBytes = 8;
const bigDataFlag = 1;
const subTreeFlag = 2;
/** Root of a tree inside its description. */
const rootAt = 40;
const noRoot = 0xffff_ffff_ffff_ffffn;
/** LMDB's CURSOR_STACK: no tree is deeper. */
const depthMax = 32;

export interface PageFile {
  readonly descriptor: number;
  readonly pageBytes: number;
  /** Whole pages that are there. */
  readonly pageCount: bigint;
}

/** True when every page that is reached from `roots` is there and looks like a page of a tree. */
export function arePagesThere(file: PageFile, roots: readonly bigint[]): boolean {
  const buffers: Buffer[] = [];
  return roots.every((root) => isTreeThere(file, root, 0, buffers));
}

function isTreeThere(file: PageFile, page: bigint, depth: number, buffers: Buffer[]): boolean {
  if (page === noRoot) return true;
  if (page >= file.pageCount || depth >= depthMax) return false;
  // One buffer for each level: a level is read on after its children.
  buffers[depth] ??= Buffer.alloc(file.pageBytes);
  const bytes = buffers[depth];
  const position = page * BigInt(file.pageBytes);
  if (readSync(file.descriptor, bytes, 0, file.pageBytes, position) < file.pageBytes) return false;
  const flags = bytes.readUInt16LE(flagsAt);
  if ((flags & (branchFlag | leafFlag)) === 0) return false;
  const count = bytes.readUInt16LE(lowerAt) >> 1;
  if (headerBytes + count * 2 > file.pageBytes) return false;
  for (let index = 0; index < count; index++) {
    const node = headerBytes + bytes.readUInt16LE(headerBytes + index * 2);
    if (node + nodeHeaderBytes > file.pageBytes) return false;
    const isThere =
      (flags & branchFlag) !== 0
        ? isTreeThere(file, childOf(bytes, node), depth + 1, buffers)
        : isLeafNodeThere(file, bytes, node, depth, buffers);
    if (!isThere) return false;
  }
  return true;
}

/** A branch node's page number: its two low words, and its flags as the high one. */
function childOf(bytes: Buffer, node: number): bigint {
  return BigInt(bytes.readUInt32LE(node)) | (BigInt(bytes.readUInt16LE(node + 4)) << 32n);
}

function isLeafNodeThere(file: PageFile, bytes: Buffer, node: number, depth: number, buffers: Buffer[]): boolean {
  const flags = bytes.readUInt16LE(node + 4);
  const data = node + nodeHeaderBytes + bytes.readUInt16LE(node + 6);
  if ((flags & bigDataFlag) !== 0) {
    if (data + 24 > file.pageBytes) return false;
    return bytes.readBigUInt64LE(data) + bytes.readBigUInt64LE(data + 16) <= file.pageCount;
  }
  if ((flags & subTreeFlag) === 0) return true;
  if (data + rootAt + 8 > file.pageBytes) return false;
  return isTreeThere(file, bytes.readBigUInt64LE(data + rootAt), depth + 1, buffers);
}
