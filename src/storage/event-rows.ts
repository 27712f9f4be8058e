/** Rows of `events`: a bucket's outbox, from the turn that made an event until it is delivered, and its dead letters. */

import { pack, unpack } from "../base/msgpack.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { CorruptRecordError, seal, unseal } from "./sealed-row.ts";

const version = 1;

/** Version u8 = 1 | msgpack | xxh64 of key + value. @param event plain data of at most a page */
export function encodeEvent(key: Buffer, event: unknown): Buffer {
  const packed = pack(event);
  const row = Buffer.allocUnsafe(1 + packed.length + xxh64Bytes);
  row[0] = version;
  row.set(packed, 1);
  return seal(key, row);
}

/** @throws CorruptRecordError */
export function decodeEvent(key: Buffer, value: Buffer): unknown {
  const body = unseal("events", key, value, 1);
  if (body[0] !== version) throw new CorruptRecordError("events", key, `unknown version ${body[0]}`);
  return unpack(body.subarray(1));
}
