/**
 * Owners of an environment outside the test's own thread: a worker thread that acknowledges puts over its port, and child
 * processes that end the hard way. Started by lmdb.test.ts only.
 */

import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../base/clock.ts";
import { openMetadata } from "./lmdb.ts";
import type { Metadata } from "./trees.ts";

const rowKey = Buffer.from("key");

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function fail(error: Error): void {
  writeSync(1, `fatal ${error.message}\n`);
  // Long enough for a promise that should not settle, or a rejection nobody caught, to show.
  setTimeout(() => process.exit(70), 200);
}

function open(directory: string): Metadata {
  process.on("unhandledRejection", () => process.exit(71));
  return openMetadata({ directory, clock: systemClock, onFatal: fail });
}

/** Puts what it is sent, and sends it back after the commit. */
function serve(directory: string): void {
  const metadata = openMetadata({ directory, clock: systemClock, onFatal: fail });
  parentPort?.on("message", async (value: number | "close") => {
    if (value === "close") {
      await metadata.close();
      parentPort?.close();
      return;
    }
    await metadata.transact((trees) => trees.current.put(rowKey, number(value)));
    parentPort?.postMessage(value);
  });
  parentPort?.postMessage(0);
}

/** Breaks a turn after its first write. */
function breakTurn(directory: string): void {
  const metadata = open(directory);
  void metadata
    .transact((trees) => trees.current.put(Buffer.from("before"), number(1)))
    .then(() => {
      const settled = (): void => void writeSync(1, "settled\n");
      const same = metadata.transact((trees) => trees.current.put(Buffer.from("same commit"), number(1)));
      same.then(settled, settled);
      const broken = metadata.transact((trees) => {
        trees.current.put(Buffer.from("half"), number(1));
        throw new Error("after a write");
      });
      broken.then(settled, settled);
      setTimeout(() => metadata.transact(() => undefined).then(settled, settled), 50);
    });
}

/** Puts rows until the file may not grow any more; every acknowledged number goes to standard output first. */
async function fill(directory: string): Promise<void> {
  const metadata = open(directory);
  for (let value = 1; value < 100_000; value++) {
    await metadata.transact((trees) => trees.current.put(number(value + 1_000_000), Buffer.alloc(4000, 1)));
    writeSync(1, `acked ${value}\n`);
  }
}

const [, , mode, directory] = process.argv;
if (typeof workerData === "string") serve(workerData);
else if (directory !== undefined && mode === "break") breakTurn(directory);
else if (directory !== undefined && mode === "fill") await fill(directory);
