/**
 * The file of the key ring: made with a random key by the first start, read by every later one. It lies outside the data
 * directory, so that a copy or a stolen disk of the data alone opens nothing. Never replaces a ring that is missing or damaged.
 */

import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { KeyRing, KeyringError, newRingKey, type RingKey } from "./key-ring.ts";

export interface KeyRingFileOptions {
  /** The data directory, whose keys these are. */
  readonly dataDirectory: string;
  /** `keyring.file` of the configuration; null = `defaultKeyRingFile`. */
  readonly file: string | null;
  /** Whether the data directory holds data sealed by a key ring: then none is made. */
  readonly isSealed: boolean;
  readonly random: Random;
  readonly clock: Clock;
}

export interface OpenedKeyRing {
  readonly ring: KeyRing;
  /** Absolute path. */
  readonly file: string;
  /** True when this call made the file: the operator is told to keep a copy. */
  readonly isNew: boolean;
  /** What an operator should be told, such as a file that others may read. */
  readonly warnings: readonly string[];
}

/** `<data directory>.keys/keyring.json`: beside the data directory, not in it. */
export function defaultKeyRingFile(dataDirectory: string): string {
  return join(`${resolve(dataDirectory)}.keys`, "keyring.json");
}

/**
 * Opens the ring of a data directory, making the file (mode 0600, in a directory of mode 0700) when there is none and nothing
 * is sealed yet. Synchronous: for a node's start. The data directory's lock is held.
 * @throws KeyringError missing or unusable
 */
export function openKeyRingFile(options: KeyRingFileOptions): OpenedKeyRing {
  const { random } = options;
  const file = options.file === null ? defaultKeyRingFile(options.dataDirectory) : resolve(options.file);
  if (isInside(file, options.dataDirectory)) {
    throw new KeyringError(
      "unusable",
      `the key ring ${file} lies in the data directory: keep it elsewhere (keyring.file)`,
    );
  }
  const found = readRing(file);
  if (found !== null) {
    return { ring: new KeyRing(ringKeys(found.keys), random), file, isNew: false, warnings: found.warnings };
  }
  if (options.isSealed) {
    throw new KeyringError(
      "missing",
      `${resolve(options.dataDirectory)} holds secrets sealed by a key ring, and there is none at ${file}: ` +
        "bring it back from its copy, or name its place by keyring.file (TROUPE_KEYRING_FILE)",
    );
  }
  const isNew = makeRing(file, [stored(newRingKey(random, []), options.clock)]);
  const made = readRing(file);
  if (made === null) throw new KeyringError("unusable", `the key ring ${file} was removed while it was made`);
  return { ring: new KeyRing(ringKeys(made.keys), random), file, isNew, warnings: made.warnings };
}

/**
 * Adds a new key to the ring's file; it seals from the next start on, and the others still open.
 * @param file absolute path @returns the new key's id
 * @throws KeyringError missing, or unusable (also when the ring is full)
 */
export function addRingKey(file: string, random: Random, clock: Clock): string {
  assert(isAbsolute(file), "a key ring is named by an absolute path");
  const found = readRing(file);
  if (found === null) throw new KeyringError("missing", `there is no key ring at ${file}`);
  if (found.keys.length >= limits.keyringKeysMax) {
    throw new KeyringError(
      "unusable",
      `the key ring ${file} has ${limits.keyringKeysMax} keys, and no room for another`,
    );
  }
  const key = newRingKey(random, ringKeys(found.keys));
  replaceRing(file, [...found.keys, stored(key, clock)]);
  return key.id;
}

const storedKey = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, "must be 8 lower-case hex digits"),
  /** 32 bytes in base64. */
  key: z
    .string()
    .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, "must be 32 bytes in base64")
    .refine((key) => !/^A+=$/.test(key), "must not be all zeros"),
  created: z.iso.datetime(),
});
type StoredKey = z.output<typeof storedKey>;

const ringFile = z
  .strictObject({
    format: z.literal(1),
    /** Oldest first: the last one seals. */
    keys: z.array(storedKey).min(1).max(limits.keyringKeysMax),
  })
  .refine(({ keys }) => new Set(keys.map((key) => key.id)).size === keys.length, "has two keys of the same id");

function stored({ id, key }: RingKey, clock: Clock): StoredKey {
  return { id, key: Buffer.from(key).toString("base64"), created: new Date(clock.nowMs()).toISOString() };
}

function ringKeys(keys: readonly StoredKey[]): RingKey[] {
  return keys.map(({ id, key }) => ({ id, key: Buffer.from(key, "base64") }));
}

/** null when there is no such file. */
function readRing(file: string): { keys: readonly StoredKey[]; warnings: readonly string[] } | null {
  const text = readText(file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text.text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Not `error.message`: it may show what stands in the file.
    throw new KeyringError("unusable", `the key ring ${file} is not JSON: bring it back from its copy`);
  }
  const parsed = ringFile.safeParse(value);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => `/${path.join("/")} ${message}`);
    throw new KeyringError("unusable", `the key ring ${file} cannot be used: ${reasons.join("; ")}`);
  }
  const isOpen = process.platform !== "win32" && (text.mode & 0o007) !== 0;
  return {
    keys: parsed.data.keys,
    warnings: isOpen ? [`the key ring ${file} can be read by every user of this machine: chmod 600 it`] : [],
  };
}

function readText(file: string): { text: string; mode: number } | null {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size, mode } = fstatSync(descriptor);
      if (size > limits.keyringBytesMax) {
        throw new KeyringError("unusable", `the key ring ${file} is larger than ${limits.keyringBytesMax} bytes`);
      }
      return { text: readFileSync(descriptor, "utf8"), mode };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof KeyringError) throw error;
    if (codeOf(error) === "ENOENT") return null;
    throw unusable(file, "cannot be read", error);
  }
}

/** False when another process has made the file first: its ring holds, and this one's is dropped. */
function makeRing(file: string, keys: readonly StoredKey[]): boolean {
  const fresh = `${file}.${keys[0]?.id ?? ""}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeRing(fresh, keys);
    try {
      // A link, not a rename: it never replaces a ring that is there.
      linkSync(fresh, file);
    } finally {
      unlinkSync(fresh);
    }
    syncDirectory(dirname(file));
    syncDirectory(dirname(dirname(file)));
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST" && readText(file) !== null) return false;
    throw unusable(file, "cannot be made (keyring.file names another place)", error);
  }
}

function replaceRing(file: string, keys: readonly StoredKey[]): void {
  const fresh = join(dirname(file), `${basename(file)}.${keys.at(-1)?.id ?? ""}.new`);
  try {
    writeRing(fresh, keys);
    renameSync(fresh, file);
    syncDirectory(dirname(file));
  } catch (error) {
    throw unusable(file, "cannot be written", error);
  }
}

/** A new file of mode 0600, durable before it gets its name. */
function writeRing(path: string, keys: readonly StoredKey[]): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify({ format: 1, keys }, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isInside(file: string, directory: string): boolean {
  const way = relative(resolve(directory), file);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function unusable(file: string, what: string, error: unknown): KeyringError {
  const reason = error instanceof Error ? error.message : String(error);
  return new KeyringError("unusable", `the key ring ${file} ${what}: ${reason}`, { cause: error });
}
