/** Signing in and out at a console, and what is kept of it. */

import { apiPrefix } from "../admin/router.ts";
import type { LoginLine } from "./admin-line.ts";
import { type Answer, type ClientProof, send, type Target } from "./client.ts";
import { CredentialsFile, credentialsPath, type Profile } from "./credentials-file.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { exitCodeOf, refusalOf, refusalText } from "./output.ts";
import { consoleOrigin, profileName, type TargetChoice } from "./target.ts";
import type { Terminal } from "./terminal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Stored {
  readonly profile: string;
  readonly kind: Profile["kind"];
  readonly url: string;
  /** null: not known of a token. */
  readonly email: string | null;
  readonly path: string;
}

/** The session in an answer, or null when the answer sets none. */
export function sessionOf({ cookies, text }: Answer): { readonly cookie: string; readonly csrf: string } | null {
  const cookie = cookies.find((pair) => /^(__Host-)?troupe=./.test(pair));
  const csrf = member(parsed(text), "csrf");
  return cookie === undefined || csrf === null ? null : { cookie, csrf };
}

function member(value: unknown, name: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" ? found : null;
}

/** Of an answer; undefined when it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function ask(
  origin: string,
  proof: ClientProof,
  call: { method: string; path: string; body: unknown },
): Promise<Answer> {
  const target: Target = { kind: "url", origin, proof };
  const body = call.body === null ? null : JSON.stringify(call.body);
  const answer = await send(target, { method: call.method, target: `${apiPrefix}${call.path}`, body }, null);
  if (answer.status < 300) return answer;
  const refusal = refusalOf(parsed(answer.text), answer.status);
  if (refusal === null) throw new CommandError(exitCodes.software, `${origin} is not a console of Troupe`);
  throw new CommandError(
    exitCodeOf(refusal),
    refusalText(refusal, null)
      .replace(/^error: /, "")
      .trimEnd(),
  );
}

/** @throws CommandError */
export async function login(line: LoginLine, environment: Environment, terminal: Terminal): Promise<Stored> {
  const { target } = line;
  const url = consoleOrigin(target, environment);
  const file = new CredentialsFile(credentialsPath(environment));
  const name = profileName(target, environment);
  const profile = line.byToken ? await byToken(url, terminal) : await byPassword(line, url, terminal);
  file.set(name, profile);
  return {
    profile: name,
    kind: profile.kind,
    url,
    email: profile.kind === "session" ? profile.email : line.email,
    path: file.path,
  };
}

async function byToken(url: string, terminal: Terminal): Promise<Profile> {
  const token = (await terminal.ask("API token", true)).trim();
  await ask(url, { kind: "token", token }, { method: "GET", path: "/me", body: null });
  return { kind: "token", url, token };
}

async function byPassword(line: LoginLine, url: string, terminal: Terminal): Promise<Profile> {
  const email = line.email ?? (await terminal.ask("E-mail", false));
  const password = await terminal.ask("Password", true);
  const account = line.accountId === null ? {} : { accountId: line.accountId };
  const body = { email, password, ...account };
  let answer = await ask(url, { kind: "none" }, { method: "POST", path: "/session", body });
  let session = sessionOf(answer);
  if (session !== null && member(parsed(answer.text), "stage") !== "complete") {
    const code = (await terminal.ask("Code of the second factor", false)).trim();
    answer = await ask(url, { kind: "session", ...session }, { method: "POST", path: "/session/mfa", body: { code } });
    session = sessionOf(answer);
  }
  if (session === null) throw new CommandError(exitCodes.software, `${url} gave no session`);
  if (line.makeToken === null) return { kind: "session", url, email, ...session };
  const proof: ClientProof = { kind: "session", ...session };
  const expiresAt = line.expiresAt === null ? null : fullTime(line.expiresAt);
  const wanted = { name: line.makeToken, scope: line.scope, expiresAt };
  try {
    const made = await ask(url, proof, { method: "POST", path: "/me/tokens", body: wanted });
    const token = member(parsed(made.text), "token");
    if (token === null) throw new CommandError(exitCodes.software, `${url} gave no token`);
    return { kind: "token", url, token };
  } finally {
    await ask(url, proof, { method: "DELETE", path: "/session", body: null });
  }
}

const fullTime = (text: string): string => (/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);

/**
 * Ends the session and forgets it; a token is only forgotten: other programs may use it.
 * @returns what was forgotten, or null when there was nothing
 * @throws CommandError
 */
export async function logout(choice: TargetChoice, environment: Environment): Promise<Profile | null> {
  const file = new CredentialsFile(credentialsPath(environment));
  const name = profileName(choice, environment);
  const stored = file.get(name);
  if (stored === null) return null;
  if (stored.kind === "session") {
    const { cookie, csrf } = stored;
    try {
      await ask(stored.url, { kind: "session", cookie, csrf }, { method: "DELETE", path: "/session", body: null });
    } catch (error) {
      // It has ended already, or its node is gone: what is here is forgotten all the same.
      const isOver =
        error instanceof CommandError &&
        [exitCodes.denied, exitCodes.unreachable].some((code) => code === error.exitCode);
      if (!isOver) throw error;
    }
  }
  file.remove(name);
  return stored;
}
