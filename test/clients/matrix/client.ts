/** A row of the client matrix, and how clients are obtained. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../../support/node-process.ts";
import { runCommand, type World } from "./world.ts";

/** Where clients are installed; kept between runs. */
const cacheDirectory = join(rootDirectory, ".cache/matrix");
export const programsDirectory = join(rootDirectory, "test/clients/matrix/programs");

/** "found": only where the machine has it. */
export type Obtained = "npm" | "pip" | "apt" | "go" | "maven" | "cargo" | "found";

export interface Client {
  readonly name: string;
  /** Pinned; for Debian's packages the version of Debian 12. */
  readonly version: string;
  readonly obtained: Obtained;
  /** Only the long form runs it: what it takes to build. */
  readonly long?: true;
  /** Seconds that a transport may take. */
  readonly budgetSeconds: number;
  /** Makes it ready; throws NotObtainable where that is nobody's fault. @returns its home, for `world.options.home` */
  install(): Promise<string>;
  /** Uses it as a user would, throws where an answer or a byte is not right, and says what it did. */
  exercise(world: World): Promise<void>;
  /** The same for what goes beyond objects' bytes; left out for clients that offer nothing of that. Its world is one of its own. */
  features?(world: World): Promise<void>;
  /** Only the long form runs that: it takes long, and another client of the short form shares its ways. */
  readonly featuresLong?: true;
}

/** The client cannot be had on this machine. */
export class NotObtainable extends Error {}

/** A directory that is filled once per state of its recipe. */
async function filled(name: string, recipe: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(cacheDirectory, name);
  const mark = join(directory, ".recipe");
  if (existsSync(mark) && readFileSync(mark, "utf8") === recipe) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await fill(directory);
  writeFileSync(mark, recipe);
  return directory;
}

const pending = new Map<string, Promise<unknown>>();

/** One at a time per name: two clients share an environment, apt allows one process. */
function serial<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const before = pending.get(name) ?? Promise.resolve();
  const result = before.then(work, work);
  pending.set(name, result);
  return result;
}

/** A Python environment with these requirements. @returns its directory */
export const python = (name: string, requirements: readonly string[]): Promise<string> =>
  serial(name, () =>
    filled(`python-${name}`, requirements.join(" "), async (directory) => {
      await runCommand(["python3", "-m", "venv", directory]);
      await runCommand([join(directory, "bin/pip"), "install", "-q", "--disable-pip-version-check", ...requirements]);
    }),
  );

/** Packages from npm in a directory of their own. @returns the directory */
export const npm = (name: string, packages: readonly string[]): Promise<string> =>
  serial("npm", () =>
    filled(`npm-${name}`, packages.join(" "), async (directory) => {
      writeFileSync(join(directory, "package.json"), "{}");
      const quiet = ["--no-fund", "--no-audit", "--no-save", "--silent"];
      await runCommand(["npm", "install", ...quiet, "--prefix", directory, ...packages], { cwd: directory });
    }),
  );

const isInstalled = async (debianPackage: string): Promise<boolean> =>
  runCommand(["dpkg-query", "-W", "-f", `\${Status}`, debianPackage]).then(
    ({ stdout }) => stdout.includes("ok installed"),
    () => false,
  );

let isIndexRead = false;

/** Debian packages of the machine. */
export const debian = (...packages: string[]): Promise<string> =>
  serial("apt", async () => {
    const missing: string[] = [];
    for (const name of packages) if (!(await isInstalled(name))) missing.push(name);
    if (missing.length === 0) return "/usr";
    if (process.getuid?.() !== 0) throw new NotObtainable(`apt-get install ${missing.join(" ")} needs root`);
    const environment = { DEBIAN_FRONTEND: "noninteractive" };
    if (!isIndexRead) await runCommand(["apt-get", "update", "-qq"], { environment });
    isIndexRead = true;
    await runCommand(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing], { environment });
    return "/usr";
  });

/** Programs built from Go modules. @returns a directory with them */
export const goPrograms = (name: string, modules: readonly string[]): Promise<string> =>
  serial("go", () =>
    filled(`go-${name}`, modules.join(" "), async (directory) => {
      await needs("go");
      for (const module of modules) await runCommand(["go", "install", module], { environment: { GOBIN: directory } });
    }),
  );

/** Throws NotObtainable without that command. */
export async function needs(command: string): Promise<string> {
  try {
    return (await runCommand(["sh", "-c", `command -v ${command}`])).stdout.trim();
  } catch {
    throw new NotObtainable(`${command} is not on this machine`);
  }
}

/** Copies of programs into a directory that is built once per state of them. */
export const built = (
  name: string,
  sources: Readonly<Record<string, string>>,
  build: (directory: string) => Promise<void>,
): Promise<string> => {
  const texts = Object.entries(sources).map(
    ([target, source]) => [target, readFileSync(join(programsDirectory, source), "utf8")] as const,
  );
  return serial(name, () =>
    filled(`built-${name}`, JSON.stringify(texts), async (directory) => {
      for (const [target, text] of texts) {
        const path = join(directory, target);
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
      }
      await build(directory);
    }),
  );
};
