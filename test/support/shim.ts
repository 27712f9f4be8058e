/** Compiles the fault shim and steers it: kill a node before its n-th change of a file, or fail such calls. */

import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "./node-process.ts";
import { CannotRun } from "./suite.ts";

const controlBytes = 256;
/** Byte offsets in the control file; the struct is in test/crash/shim.c. */
const offsets = { armed: 0, count: 4, killAt: 8, failErrno: 12, failFrom: 16, kinds: 20, path: 24 } as const;

export const shimKinds = { write: 1, sync: 2, rename: 4, unlink: 8, create: 16, truncate: 32 } as const;

export interface Fault {
  readonly killAt?: number;
  readonly failErrno?: number;
  readonly failFrom?: number;
  readonly kinds?: number;
  readonly path?: string;
}

export class Shim {
  readonly #library: string;
  readonly #controlFile: string;

  private constructor(library: string, controlFile: string) {
    this.#library = library;
    this.#controlFile = controlFile;
  }

  static build(directory: string): Shim {
    const library = join(directory, "shim.so");
    try {
      execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, join(rootDirectory, "test/crash/shim.c"), "-ldl"]);
    } catch (error) {
      throw new CannotRun(`the fault shim needs gcc: ${String(error)}`);
    }
    const controlFile = join(directory, "shim-control");
    writeFileSync(controlFile, Buffer.alloc(controlBytes));
    return new Shim(library, controlFile);
  }

  environment(prefix: string): Record<string, string> {
    return { LD_PRELOAD: this.#library, SHIM_CONTROL: this.#controlFile, SHIM_PREFIX: prefix };
  }

  /** Starts counting from zero with this fault. */
  arm(fault: Fault): void {
    const control = Buffer.alloc(controlBytes);
    control.writeUInt32LE(fault.killAt ?? 0, offsets.killAt);
    control.writeUInt32LE(fault.failErrno ?? 0, offsets.failErrno);
    control.writeUInt32LE(fault.failFrom ?? 1, offsets.failFrom);
    control.writeUInt32LE(fault.kinds ?? 0, offsets.kinds);
    control.write(fault.path ?? "", offsets.path, "utf8");
    this.#write(control);
    control.writeUInt32LE(1, offsets.armed);
    this.#write(control);
  }

  disarm(): void {
    this.#write(Buffer.alloc(controlBytes));
  }

  /** Matching calls since `arm`. */
  count(): number {
    return readFileSync(this.#controlFile).readUInt32LE(offsets.count);
  }

  #write(control: Buffer): void {
    const fd = openSync(this.#controlFile, "r+");
    writeSync(fd, control, 0, controlBytes, 0);
    closeSync(fd);
  }
}
