/**
 * MessagePack for what is stored or sent between nodes: plain maps and arrays, no shared structures, so that every value
 * can be read on its own for ever. Owns the one import of msgpackr. Not for messages between threads (structured clone is cheaper).
 */

import { Packr } from "msgpackr";

// `skipValues` is missing from the library's types, so the options are not written as a literal argument.
const options = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  copyBuffers: true,
  moreTypes: false,
  skipValues: [undefined],
};
const packr = new Packr(options);

/**
 * Encodes plain data: null, booleans, numbers, strings, Uint8Array, arrays and plain objects. Members that are undefined
 * are left out. Numbers up to 2^53 are exact. The answer is never overwritten by a later call.
 */
export function pack(value: unknown): Buffer {
  return packr.pack(value);
}

/**
 * Decodes one value; binary members are copies. `bytes` must not lie in shared memory (copy it out first: eight times faster).
 * @throws Error when the bytes are cut short or have more than one value.
 */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}
