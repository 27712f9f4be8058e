/** Control records as typed values: encoding, and reads through a `ControlStore`. */

import { pack, unpack } from "../base/msgpack.ts";
import type { ControlOperation, ControlStore } from "./store.ts";

/** Writes are made only by this part of the program, so that a value under a key has the type that the key says. */
function encodeRecord(record: object): Buffer {
  return pack(record);
}

export function decodeRecord<T>(value: Uint8Array): T {
  return unpack(value) as T;
}

/** A typed value and the revision to compare with when it is changed. */
export interface Versioned<T> {
  readonly value: T | undefined;
  /** 0n when there is none. */
  readonly revision: bigint;
}

export async function getTyped<T>(store: ControlStore, key: string): Promise<Versioned<T>> {
  const record = await store.get(key);
  return record === undefined
    ? { value: undefined, revision: 0n }
    : { value: decodeRecord<T>(record.value), revision: record.revision };
}

export function putTyped(key: string, record: object): ControlOperation {
  return { kind: "put", key, value: encodeRecord(record) };
}
