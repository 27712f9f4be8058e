/** Does what a command of the admin API says, and shows the answer. */

import { readFileSync } from "node:fs";
import { limits } from "../base/limits.ts";
import type { AdminLine } from "./admin-line.ts";
import type { AdminCommand } from "./admin-tree.ts";
import { type Answer, send, type Target } from "./client.ts";
import { completionScript } from "./completion.ts";
import { CredentialsFile, credentialsPath } from "./credentials-file.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import type { Field } from "./fields.ts";
import { exitCodeOf, humanText, refusalOf, refusalText } from "./output.ts";
import { login, logout, parsed, sessionOf } from "./sign-in.ts";
import { type ChosenTarget, chooseTarget, consoleOrigin, type TargetChoice } from "./target.ts";
import type { Terminal } from "./terminal.ts";
import { type AdminCall, encodeCall, type Given } from "./values.ts";

export interface AdminHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** The commands that there are, for their completion. */
  readonly commands: readonly AdminCommand[];
  write(text: string): void;
  writeError(text: string): void;
}

type CallLine = Extract<AdminLine, { readonly command: "admin" }>;

/** @returns the exit code */
export async function runAdmin(line: AdminLine, host: AdminHost): Promise<number> {
  const isJson = line.command !== "completion" && line.isJson;
  try {
    if (line.command === "completion") {
      host.write(completionScript(line.shell, host.commands));
      return exitCodes.ok;
    }
    if (line.command === "admin") return await call(line, host);
    if (line.command === "login") {
      const stored = await login(line, host.environment, host.terminal);
      const who = stored.email ?? "with a token";
      host.write(isJson ? json(stored) : `Signed in at ${stored.url} ${stored.email === null ? who : `as ${who}`}.\n`);
      return exitCodes.ok;
    }
    const forgotten = await logout(line.target, host.environment);
    const note = forgotten?.kind === "token" ? " The API token itself still works: troupe token delete ends it." : "";
    host.write(isJson ? json({ forgotten: forgotten?.kind ?? null }) : `Signed out.${note}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    host.writeError(isJson ? json({ error: error.message, exitCode: error.exitCode }) : `error: ${error.message}\n`);
    return error.exitCode;
  }
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`;

async function call(line: CallLine, host: AdminHost): Promise<number> {
  const { call: command, isJson } = line;
  const { target, profile } = targetOf(command, line.target, host);
  refuseWrongProof(command, target);
  const given = new Map([...line.given, ...(await askSecrets(command, host.terminal))]);
  const readText = (file: string): string => (file === "-" ? host.terminal.readAll() : readFile(file));
  const { row } = command;
  const isAll = isPaged(command, given);
  const encoded = encodeCall(command, given, readText);
  const request = isAll ? withQuery(encoded, { limit: String(limits.adminPageMax) }) : encoded;
  const answer = await send(target, request, row.isIdempotent ? line.idempotencyKey : null);
  if (answer.status >= 300) return refuse(command, answer, host, isJson);
  keepSession(answer, profile, host);
  if (row.reply === null) {
    if (isJson) host.write("null\n");
    return exitCodes.ok;
  }
  if ("kind" in row.reply && (row.reply.kind === "text" || answer.contentType === "text/csv")) {
    host.write(isJson ? json(answer.text) : answer.text);
    return exitCodes.ok;
  }
  const value = parsed(answer.text);
  if (value === undefined)
    throw new CommandError(exitCodes.software, "the answer is not JSON: is this the console's URL?");
  const whole = isAll ? await allPages(command, request, target, value) : value;
  if (line.member !== null) {
    host.write(isJson ? json(member(whole, line.member)) : `${memberText(member(whole, line.member))}\n`);
    return exitCodes.ok;
  }
  if (!isJson && cursorOf(whole) !== null) {
    host.writeError(`There is more: --after ${cursorOf(whole)}\n`);
  }
  host.write(isJson ? json(whole) : humanText(command, whole));
  return exitCodes.ok;
}

/** @throws CommandError failed when the answer has no such member: nothing printed would be taken for a value */
function member(value: unknown, name: string): unknown {
  let found = value;
  for (const step of name.split(".")) {
    const isInside = typeof found === "object" && found !== null && Object.hasOwn(found, step);
    found = isInside ? Reflect.get(found as object, step) : undefined;
  }
  if (found === undefined || found === null) throw new CommandError(exitCodes.failed, `the answer has no ${name}`);
  return found;
}

const memberText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function targetOf({ row }: AdminCommand, choice: TargetChoice, { environment }: AdminHost): ChosenTarget {
  if (!row.admits.who.includes("none")) return chooseTarget(choice, environment);
  const origin = consoleOrigin(choice, environment);
  return { target: { kind: "url", origin, proof: { kind: "none" } }, profile: null };
}

/** Said here, since the socket knows no person and a token no session: the node would say it less plainly. */
function refuseWrongProof({ row, words }: AdminCommand, target: Target): void {
  const { who } = row.admits;
  const name = `troupe ${words.join(" ")}`;
  if (who.includes("none")) return;
  if (target.kind === "socket" && !who.includes("local")) {
    throw new CommandError(exitCodes.denied, `${name} is about a person: sign in with troupe login, without --data`);
  }
  if (target.kind === "url" && target.proof.kind === "token" && !who.includes("token")) {
    throw new CommandError(exitCodes.denied, `${name} takes a session, not an API token: troupe login`);
  }
}

async function askSecrets({ secrets, row }: AdminCommand, terminal: Terminal): Promise<Map<Field, Given>> {
  const given = new Map<Field, Given>();
  for (const field of secrets) {
    const question = field.option.charAt(0).toUpperCase() + field.option.slice(1).replaceAll("-", " ");
    const secret = await terminal.ask(question, true);
    // Who is at no console has none to give.
    if (secret === "" && !field.isRequired) continue;
    // A new password that was mistyped unseen would lock its owner out.
    const isNew = field.option === "new-password" || row.admits.who.includes("none");
    if (isNew && terminal.isInteractive && (await terminal.ask(`${question} again`, true)) !== secret) {
      throw new CommandError(exitCodes.usage, "The two are not the same; nothing was done.");
    }
    given.set(field, secret);
  }
  return given;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(exitCodes.noInput, `${file} cannot be read: ${reason}`, { cause: error });
  }
}

/** Acting as an account, and ending it, renew the session. */
function keepSession(answer: Answer, profile: string | null, { environment }: AdminHost): void {
  if (profile === null) return;
  const session = sessionOf(answer);
  const file = new CredentialsFile(credentialsPath(environment));
  const stored = file.get(profile);
  if (session !== null && stored?.kind === "session") file.set(profile, { ...stored, ...session });
}

function refuse(command: AdminCommand, answer: Answer, host: AdminHost, isJson: boolean): number {
  const refusal = refusalOf(parsed(answer.text), answer.status);
  if (refusal === null) {
    throw new CommandError(
      exitCodes.software,
      `status ${answer.status}, and no answer of this API: is this the console's URL?`,
    );
  }
  host.writeError(isJson ? `${answer.text.trimEnd()}\n` : refusalText(refusal, command));
  if (!isJson && refusal.code === "NotSignedIn") host.writeError("The session may have ended: troupe login\n");
  return exitCodeOf(refusal);
}

interface PageValue {
  readonly items: readonly unknown[];
  readonly next: string | null;
}

const isPage = (value: unknown): value is PageValue =>
  typeof value === "object" && value !== null && "items" in value && "next" in value && Array.isArray(value.items);

const cursorOf = (value: unknown): string | null => (isPage(value) ? value.next : null);

function withQuery(request: AdminCall, query: Readonly<Record<string, string>>): AdminCall {
  const separator = request.target.includes("?") ? "&" : "?";
  return { ...request, target: `${request.target}${separator}${new URLSearchParams(query)}` };
}

/** Who asks for a page gets that page. */
const isPaged = ({ row }: AdminCommand, given: ReadonlyMap<Field, Given>): boolean =>
  "after" in row.query.shape &&
  ![...given.keys()].some(({ part, option }) => part === "query" && /^(after|limit)$/.test(option));

/** Follows the cursors, until there are `limits.cliItemsMax` items. */
async function allPages(command: AdminCommand, request: AdminCall, target: Target, first: unknown): Promise<unknown> {
  if (!isPage(first)) return first;
  const items = [...first.items];
  let { next } = first;
  while (next !== null && items.length < limits.cliItemsMax) {
    const answer = await send(target, withQuery(request, { after: next }), null);
    const page = parsed(answer.text);
    if (answer.status >= 300) {
      const refusal = refusalOf(page, answer.status);
      if (refusal !== null)
        throw new CommandError(exitCodeOf(refusal), refusalText(refusal, command).slice("error: ".length).trimEnd());
    }
    if (!isPage(page)) throw new CommandError(exitCodes.software, "a page of the list is not one");
    for (const item of page.items) items.push(item);
    ({ next } = page);
  }
  return { ...first, items, next };
}
