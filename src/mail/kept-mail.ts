/**
 * Mails that wait, kept in files until they are delivered, so that a stop loses none. Sealed by the key ring: links in mails are
 * secrets.
 */

import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { limits } from "../base/limits.ts";
import type { KeyRing } from "../keyring/key-ring.ts";
import type { MailMessage } from "./mail.ts";

export interface KeptMail {
  /** 16 hex digits. */
  readonly id: string;
  readonly message: MailMessage;
  /** Unix ms: then it is given up. */
  readonly untilMs: number;
}

export interface MailKeeper {
  /** What earlier runs have left, at most `limits.mailQueueMax`; what cannot be read is not there. */
  load(): Promise<readonly KeptMail[]>;
  /** Resolves when it is durable. */
  put(mail: KeptMail): Promise<void>;
  remove(id: string): Promise<void>;
}

const placeOf = (id: string): string => `mail/${id}`;

/**
 * `<id>.mail`, mode 0600, in a directory that the first mail makes with mode 0700.
 * @param onUnreadable is told of a file that is damaged or was sealed by another ring; it stays where it is
 */
export function fileKeeper(
  directory: string,
  keyRing: Pick<KeyRing, "seal" | "open">,
  onUnreadable: (name: string, error: unknown) => void,
): MailKeeper {
  const pathOf = (id: string): string => join(directory, `${id}.mail`);
  return {
    load: async () => {
      const all = await namesIn(directory);
      // What a crash has left half written.
      for (const name of all) if (/^[0-9a-f]{16}\.mail\.new$/.test(name)) await unlink(join(directory, name));
      const names = all.filter((name) => /^[0-9a-f]{16}\.mail$/.test(name)).sort();
      const found: KeptMail[] = [];
      for (const name of names.slice(0, limits.mailQueueMax)) {
        const id = name.slice(0, 16);
        try {
          const text = keyRing.open("sealing", await readFile(pathOf(id)), placeOf(id)).toString("utf8");
          found.push({ id, ...(JSON.parse(text) as Omit<KeptMail, "id">) });
        } catch (error) {
          onUnreadable(name, error);
        }
      }
      return found;
    },
    put: async ({ id, message, untilMs }) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const sealed = keyRing.seal("sealing", Buffer.from(JSON.stringify({ message, untilMs })), placeOf(id));
      await writeDurably(pathOf(id), sealed);
    },
    remove: async (id) => {
      await unlink(pathOf(id)).catch(ifThere);
    },
  };
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(ifThere)) ?? [];
}

/** What is not there is no fault. */
function ifThere(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
  throw error;
}

/** Whole or not at all, and there after a power cut. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
