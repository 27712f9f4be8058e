/** Mail as files, for installations without a mail server: one `.eml` for each message, in a directory of its own. */

import { mkdir, readdir, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { writeDurably } from "./kept-mail.ts";
import { type Mail, MailError } from "./mail.ts";
import { composeMail } from "./smtp.ts";

export interface FileMailOptions {
  /** Made with mode 0700 by the first message: links in mails are secrets. */
  readonly directory: string;
  /** Sender's address. */
  readonly from: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** `<data directory>.mail`: beside the data directory, like the key ring. */
export function defaultMailDirectory(dataDirectory: string): string {
  return `${resolve(dataDirectory)}.mail`;
}

/**
 * Writes `<time>-<8 hex digits>.eml`, mode 0600, whole or not at all. Of more than `limits.mailFilesMax` files the oldest are
 * removed; files of other names are left alone.
 */
export function fileMail({ directory, from, clock, random }: FileMailOptions): Mail {
  return {
    send: async (message) => {
      const bytes = await composeMail(message, from);
      const time = new Date(clock.nowMs()).toISOString().replace(/[-:.]/g, "");
      const name = `${time}-${random.bytes(4).toString("hex")}.eml`;
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeDurably(join(directory, name), bytes);
        await removeOldest(directory);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new MailError(`the mail cannot be written: ${reason}`, false, { cause: error });
      }
    },
    close: () => {},
  };
}

async function removeOldest(directory: string): Promise<void> {
  const own = (await readdir(directory)).filter((name) => /^\d{8}T\d{9}Z-[0-9a-f]{8}\.eml$/.test(name)).sort();
  for (const name of own.slice(0, Math.max(0, own.length - limits.mailFilesMax))) await unlink(join(directory, name));
}
