/** Owns the file with what `troupe login` keeps: one profile for each name. Only its owner can read it, and it is replaced as a whole. */

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { systemRandom } from "../base/random.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

const profile = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("token"), url: z.string(), token: z.string() }),
  z.strictObject({
    kind: z.literal("session"),
    url: z.string(),
    email: z.string(),
    /** `name=value`, as it is sent. */
    cookie: z.string(),
    csrf: z.string(),
  }),
]);
const form = z.strictObject({ version: z.literal(1), profiles: z.record(z.string(), profile) });

export type Profile = z.output<typeof profile>;

type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME/troupe/credentials.json`, else in ~/.config. Source: XDG Base Directory Specification. */
export function credentialsPath(environment: Environment): string {
  const base = environment["XDG_CONFIG_HOME"];
  // A path that is not absolute has to be passed over.
  const isSet = base?.startsWith("/") === true;
  return join(isSet ? base : join(environment["HOME"] ?? homedir(), ".config"), "troupe", "credentials.json");
}

export class CredentialsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws CommandError config when the file is others' to read, or not what this program writes */
  get(name: string): Profile | null {
    const profiles = this.#read();
    return Object.hasOwn(profiles, name) ? (profiles[name] ?? null) : null;
  }

  /** Adds or replaces a profile. @throws CommandError config */
  set(name: string, value: Profile): void {
    this.#write({ ...this.#read(), [name]: value });
  }

  /** @returns whether there was one @throws CommandError config */
  remove(name: string): boolean {
    const profiles = this.#read();
    const rest = Object.entries(profiles).filter(([other]) => other !== name);
    const isThere = Object.hasOwn(profiles, name);
    if (isThere) this.#write(Object.fromEntries(rest));
    return isThere;
  }

  #read(): Readonly<Record<string, Profile>> {
    let text: string;
    try {
      if ((statSync(this.path).mode & 0o077) !== 0) {
        throw this.#unusable(`others can read it: chmod 600 ${this.path}`);
      }
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (codeOf(error) === "ENOENT") return {};
      throw this.#unusable(error instanceof Error ? error.message : String(error));
    }
    const read = form.safeParse(jsonOrNull(text));
    if (!read.success) throw this.#unusable("it is not a file of credentials; remove it and sign in again");
    return read.data.profiles;
  }

  #write(profiles: Readonly<Record<string, Profile>>): void {
    const directory = dirname(this.path);
    const fresh = `${this.path}.${systemRandom.bytes(6).toString("hex")}`;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(fresh, `${JSON.stringify({ version: 1, profiles }, null, 2)}\n`, { mode: 0o600, flag: "wx" });
      // The mode of a new file is less what the umask takes away.
      chmodSync(fresh, 0o600);
      renameSync(fresh, this.path);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw this.#unusable(error instanceof Error ? error.message : String(error));
    }
  }

  #unusable(reason: string): CommandError {
    return new CommandError(exitCodes.config, `${this.path} cannot be used: ${reason}`);
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : null;

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
