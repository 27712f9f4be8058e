/** Decides whom a command talks to, and as whom: options before variables before what `troupe login` has stored. */

import { readFileSync } from "node:fs";
import type { Target } from "./client.ts";
import { CredentialsFile, credentialsPath } from "./credentials-file.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { adminSocketPath, fitsSocket } from "./socket-path.ts";

/** The options that every command has; null = not given. */
export interface TargetChoice {
  readonly url: string | null;
  readonly dataDirectory: string | null;
  /** `--in` */
  readonly accountId: string | null;
  readonly profile: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultProfile = "default";
const defaultUrl = "http://localhost:9001";

export interface ChosenTarget {
  readonly target: Target;
  /** Where a renewed session is kept; null = the caller is not a stored session. */
  readonly profile: string | null;
}

const set = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);

export const profileName = (choice: TargetChoice, environment: Environment): string =>
  choice.profile ?? set(environment["TROUPE_PROFILE"]) ?? defaultProfile;

/** `https://host:port` of a URL. @throws CommandError usage */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && url.pathname === "/" && url.search === "" && url.username === "" && url.hash === "";
  if (!isOrigin || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new CommandError(
      exitCodes.usage,
      `${JSON.stringify(text)} is not the URL of a console: http(s)://HOST[:PORT]`,
    );
  }
  return url.origin;
}

/** @throws CommandError usage, config, noInput; denied when there is nothing to prove who calls */
export function chooseTarget(choice: TargetChoice, environment: Environment): ChosenTarget {
  const { url, dataDirectory, accountId } = choice;
  if (dataDirectory !== null) {
    if (url !== null || choice.profile !== null) {
      throw new CommandError(
        exitCodes.usage,
        "--data stands for the node's own socket: no --url or --profile beside it",
      );
    }
    return socketTarget(dataDirectory, accountId);
  }
  const chosen = fromVariables(choice, environment) ?? fromProfile(choice, environment);
  if (accountId !== null && chosen.target.kind !== "socket") {
    throw new CommandError(exitCodes.usage, "--in goes with --data; elsewhere take on an account with troupe act-as");
  }
  return chosen;
}

/** Where somebody who proves nothing yet is sent: signing in, and links of mails. @throws CommandError usage, config */
export function consoleOrigin(choice: TargetChoice, environment: Environment): string {
  if (choice.dataDirectory !== null || choice.accountId !== null) {
    throw new CommandError(
      exitCodes.usage,
      "This goes to the console, not to the socket: no --data or --in here, but --url",
    );
  }
  const named = choice.url ?? set(environment["TROUPE_URL"]);
  const stored = new CredentialsFile(credentialsPath(environment)).get(profileName(choice, environment));
  return originOf(named ?? stored?.url ?? defaultUrl);
}

function socketTarget(dataDirectory: string, accountId: string | null): ChosenTarget {
  const path = adminSocketPath(dataDirectory);
  if (!fitsSocket(path)) {
    throw new CommandError(
      exitCodes.usage,
      `${path} is too long for a socket: run the command in a directory nearer to it`,
    );
  }
  return { target: { kind: "socket", path, accountId }, profile: null };
}

function fromVariables(choice: TargetChoice, environment: Environment): ChosenTarget | null {
  if (choice.profile !== null) return null;
  const token = tokenOf(environment);
  const url = choice.url ?? set(environment["TROUPE_URL"]);
  if (token !== null) {
    return {
      target: { kind: "url", origin: originOf(url ?? defaultUrl), proof: { kind: "token", token } },
      profile: null,
    };
  }
  const data = set(environment["TROUPE_DATA"]);
  const isProfileNamed = set(environment["TROUPE_PROFILE"]) !== null;
  return url === null && data !== null && !isProfileNamed ? socketTarget(data, choice.accountId) : null;
}

function fromProfile(choice: TargetChoice, environment: Environment): ChosenTarget {
  const name = profileName(choice, environment);
  const stored = new CredentialsFile(credentialsPath(environment)).get(name);
  const url = choice.url ?? set(environment["TROUPE_URL"]);
  const hint = name === defaultProfile ? "" : ` --profile ${name}`;
  if (stored === null) {
    throw new CommandError(
      exitCodes.denied,
      `You are not signed in: troupe login${hint}, or --data DIRECTORY on the node's own machine.`,
    );
  }
  // A secret goes only to where it was got from.
  if (url !== null && originOf(url) !== stored.url) {
    throw new CommandError(
      exitCodes.denied,
      `You are signed in at ${stored.url}, not at ${originOf(url)}: troupe login${hint} --url ${originOf(url)}`,
    );
  }
  if (stored.kind === "token") {
    return {
      target: { kind: "url", origin: stored.url, proof: { kind: "token", token: stored.token } },
      profile: null,
    };
  }
  const { cookie, csrf } = stored;
  return { target: { kind: "url", origin: stored.url, proof: { kind: "session", cookie, csrf } }, profile: name };
}

/** TROUPE_TOKEN, or the first line of the file that TROUPE_TOKEN_FILE names. */
function tokenOf(environment: Environment): string | null {
  const token = set(environment["TROUPE_TOKEN"]);
  const file = set(environment["TROUPE_TOKEN_FILE"]);
  if (token !== null || file === null) return token;
  try {
    return set(readFileSync(file, "utf8").split(/\r?\n/, 1)[0]?.trim());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(exitCodes.noInput, `TROUPE_TOKEN_FILE cannot be read: ${reason}`, { cause: error });
  }
}
