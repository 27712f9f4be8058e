/** Serving as a process: starts a node, prints what a newcomer needs, drains on a signal, and says why it could not start. */

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { assert } from "./base/assert.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import { banner } from "./cli/banner.ts";
import { exitCodes, type ServeOptions } from "./cli/command.ts";
import { productVersion } from "./cli/version.ts";
import { Node } from "./node.ts";
import { DirectoryLockedError } from "./storage/directory-lock.ts";

/**
 * Resolves when the node has stopped after SIGTERM or SIGINT. A second signal ends the process at once, but not one that
 * comes with the first: Ctrl-C reaches the whole process group, and npm passes on what it was sent itself.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const onFatal = (exitCode: number): void => failFast(exitCode);
  process.on("unhandledRejection", (error) => failStop(error));
  process.on("uncaughtException", (error) => failStop(error));
  // Before the start: from the moment the node answers that it is ready, a signal must drain it.
  const stopAsked = awaitSignal();
  const node = await Node.start({ options, environment: process.env, onFatal }).catch(explain);
  if (node === null) return;
  const { endpoint, consoleUrl, credentials } = node;
  assert(consoleUrl !== null, "the command line gives a console port");
  process.stdout.write(
    banner({
      version: productVersion(),
      endpoint,
      consoleUrl,
      region: options.loaded.config.region,
      dataDirectory: resolve(options.dataDirectory),
      credentials,
    }),
  );
  await stopAsked;
  await node.stop();
  process.exit(exitCodes.ok);
}

function awaitSignal(): Promise<void> {
  return new Promise((resolve) => {
    let askedMs: number | null = null;
    const onSignal = (): void => {
      const nowMs = systemClock.monotonicMs();
      askedMs ??= nowMs;
      if (nowMs - askedMs > limits.repeatedSignalMs) process.exit(exitCodes.software);
      resolve();
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
  });
}

/** Seconds that an exit may take. */
const exitSecondsMax = 3;

/**
 * Exits at once, and for certain: an exit waits for threads, and one of them may hang inside a commit that will never end.
 * The killer is a process of its own, because nothing of this one can be relied on any more.
 */
function failFast(exitCode: number): never {
  // Kills only its own parent: once that has gone, its number may be another process's.
  const script = `sleep ${exitSecondsMax}; grep -q "^PPid:.${process.pid}$" /proc/$$/status && kill -9 ${process.pid}`;
  spawn("/bin/sh", ["-c", script], { detached: true, stdio: "ignore" }).unref();
  process.exit(exitCode);
}

/** What nobody foresaw leaves nothing to trust: the node ends, and its next start recovers. */
function failStop(error: unknown): never {
  process.stderr.write(
    `the node stops itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  failFast(exitCodes.software);
}

/** Turns errors of the start that the operator can mend into one line and an exit code. */
function explain(error: unknown): null {
  if (error instanceof DirectoryLockedError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCodes.tryLater);
  }
  const isForOperator =
    error instanceof Error &&
    error.name.endsWith("Error") &&
    error.name !== "TypeError" &&
    error.name !== "AssertionError";
  if (!isForOperator || "issues" in error || error.name === "DocumentError" || error.name === "IdentitiesError")
    throw error;
  process.stderr.write(`the node cannot start: ${error.message}\n`);
  process.exit(exitCodes.software);
}
