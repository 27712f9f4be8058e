/** Where a node listens for the command line of its own machine. Pure. */

import { join, relative } from "node:path";
import { limits } from "../base/limits.ts";

/** `<data>/admin.sock`, as the shorter of its two spellings: a socket's path has few bytes. */
export const adminSocketPath = (dataDirectory: string): string => shorter(join(dataDirectory, "admin.sock"));

/** The path itself, or relative to where the process is. */
export function shorter(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== "" && near.length < path.length ? near : path;
}

/** Source: unix(7) and macOS's sys/un.h: 108 and 104 bytes with the final zero. What is longer would be cut short. */
export const fitsSocket = (path: string): boolean => Buffer.byteLength(path) <= limits.socketPathBytesMax;
