/** `troupe keyring add`: a new key at the end of the key ring's file, which seals from the node's next start on. */

import { resolve } from "node:path";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { KeyringError } from "../keyring/key-ring.ts";
import { addRingKey, defaultKeyRingFile } from "../keyring/key-ring-file.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

/**
 * @param file `keyring.file` of the configuration; null = beside the data directory
 * @returns what the operator is told
 * @throws CommandError when there is no ring, or it cannot be used or is full
 */
export function addKeyToRing(dataDirectory: string, file: string | null): string {
  const path = file === null ? defaultKeyRingFile(dataDirectory) : resolve(file);
  try {
    const id = addRingKey(path, systemRandom, systemClock);
    return `${path}: key ${id} was added. It seals from the node's next start on; the keys before it still open. Keep a new copy of the file.\n`;
  } catch (error) {
    if (!(error instanceof KeyringError)) throw error;
    throw new CommandError(exitCodes.config, error.message, { cause: error });
  }
}
