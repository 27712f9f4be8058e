/**
 * Makes sure that libuv's thread pool is large enough: it is shared by disk syncs, commits and password hashes, its size
 * is read from the environment, and by the time a module runs it is too late to set it. Then the process starts itself again.
 */

import { spawn } from "node:child_process";

/** Enough for six partitions; larger installations set the variable themselves: 4 + 2 for each partition. */
const threadPoolSize = "16";
const variable = "UV_THREADPOOL_SIZE";

/** Runs `main` in a process with a large enough pool: this one, its replacement, or a child that lives and dies with it. */
export async function withThreadPool(main: () => Promise<void>): Promise<void> {
  if (process.env[variable] !== undefined) {
    dieWithParent();
    return main();
  }
  const environment = { ...process.env, [variable]: threadPoolSize };
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // From Node 22.15 the process can replace itself; before, a child does the work.
  const { execve } = process as { execve?: (file: string, words: string[], environment: NodeJS.ProcessEnv) => never };
  if (execve !== undefined) execve.call(process, process.execPath, words, environment);
  const child = spawn(process.execPath, words.slice(1), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...environment, TROUPE_PARENT_IPC: "1" },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void child.kill(signal));
  child.on("error", (error) => {
    throw error;
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 70)));
}

/** In the child: the parent was killed, so this process ends as it would have. Nothing is saved first; nothing needs to be. */
function dieWithParent(): void {
  if (process.env["TROUPE_PARENT_IPC"] !== "1") return;
  delete process.env["TROUPE_PARENT_IPC"];
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel?.unref();
}
