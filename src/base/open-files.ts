/** How many files and sockets this process may have open, as the operating system says. */

import { readFileSync } from "node:fs";
import { limits } from "./limits.ts";

/** The file with the process's own resource limits on Linux. */
const limitsFile = "/proc/self/limits";

/**
 * RLIMIT_NOFILE; Node.js has raised the soft limit to the hard one when it started. Infinity where it is not known.
 * Source: proc_pid_limits(5).
 */
export function openFilesMax(file: string = limitsFile): number {
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch (error) {
    // No such file on this system, or it may not be read: then the system's own errors must tell.
    if (error instanceof Error && "code" in error) return Number.POSITIVE_INFINITY;
    throw error;
  }
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * How many connections may be open when `files` descriptors are to be had: half of what is left after the reserve, since
 * every body on its way to or from the disk needs one as well. At least 1, at most `limits.connectionsMax`.
 */
export function connectionsWithin(files: number): number {
  return Math.min(limits.connectionsMax, Math.max(1, Math.floor((files - limits.openFilesReserved) / 2)));
}
