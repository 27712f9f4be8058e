/** What this process holds in memory, as the operating system counts it. */

import { readFileSync } from "node:fs";

/** Resident bytes. `file` is mapped files (LMDB), which the system can drop at any time. */
export interface ProcessMemory {
  readonly anonBytes: number;
  readonly shmemBytes: number;
  readonly fileBytes: number;
}

/**
 * Reads RssAnon, RssShmem and RssFile of /proc/self/status. Where there is no such file everything resident counts as anonymous.
 * Source: proc_pid_status(5).
 */
export function processMemory(): ProcessMemory {
  let status: string;
  try {
    status = readFileSync("/proc/self/status", "latin1");
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { anonBytes: process.memoryUsage.rss(), shmemBytes: 0, fileBytes: 0 };
  }
  return {
    anonBytes: kibibytes(status, "RssAnon"),
    shmemBytes: kibibytes(status, "RssShmem"),
    fileBytes: kibibytes(status, "RssFile"),
  };
}

function kibibytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
  return found === null ? 0 : Number(found[1]) * 1024;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES");
}
