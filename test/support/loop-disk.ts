/** A small ext4 on a loop device that can lose its power or die under a running node. Needs root. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "./node-process.ts";
import { CannotRun } from "./suite.ts";

export class LoopDisk {
  readonly mount: string;
  readonly #image: string;
  readonly #tool: string;

  private constructor(mount: string, image: string, tool: string) {
    this.mount = mount;
    this.#image = image;
    this.#tool = tool;
  }

  /** Makes and mounts a fresh file system. @throws CannotRun without root, loop devices, mkfs or gcc. */
  static create(directory: string, name: string, sizeBytes: number): LoopDisk {
    const mount = join(directory, `${name}-mount`);
    const image = join(directory, `${name}.img`);
    const tool = join(directory, "disk-tool");
    mkdirSync(mount, { recursive: true });
    rmSync(image, { force: true });
    writeFileSync(image, "");
    truncateSync(image, sizeBytes);
    try {
      if (!existsSync(tool)) execFileSync("gcc", ["-O1", "-o", tool, join(rootDirectory, "test/crash/disk.c")]);
      execFileSync("/sbin/mkfs.ext4", ["-q", "-F", "-m", "0", image]);
      execFileSync("mount", ["-o", "loop", image, mount]);
    } catch (error) {
      throw new CannotRun(`a loop-mounted ext4 needs root, gcc and mkfs.ext4: ${String(error)}`);
    }
    return new LoopDisk(mount, image, tool);
  }

  /** From now on every un-synced byte is gone and every access fails. */
  cut(): void {
    execFileSync(this.#tool, ["shutdown", this.mount]);
  }

  startWriteBack(): ChildProcess {
    return spawn(this.#tool, ["writeback", this.mount], { stdio: "ignore" });
  }

  /** Unmounts and mounts again: the journal is replayed as after a power cut. */
  remount(): void {
    this.unmount();
    execFileSync("mount", ["-o", "loop", this.#image, this.mount]);
  }

  unmount(): void {
    for (let attempt = 0; ; attempt++) {
      try {
        execFileSync("umount", [this.mount], { stdio: "ignore" });
        return;
      } catch (error) {
        if (attempt === 50) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      }
    }
  }

  remove(): void {
    this.unmount();
    rmSync(this.#image, { force: true });
  }
}
