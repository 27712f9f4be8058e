/** The commands of the admin API against a console port and a control actor in memory: what a person or a script sees. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { AdminRow } from "#src/admin/declaration.ts";
import { adminRows } from "#src/admin/table.ts";
import { createLog } from "#src/base/log.ts";
import { adminCli } from "#src/cli/admin-program.ts";
import { adminCommands } from "#src/cli/admin-tree.ts";
import { run } from "#src/cli/command.ts";
import { CommandError, exitCodes } from "#src/cli/exit-codes.ts";
import type { Field } from "#src/cli/fields.ts";
import { openAdminSocket } from "#src/cli/socket.ts";
import { type AdminCall, encodeCall } from "#src/cli/values.ts";
import type { FrontUnderTest } from "#src/front/each-front.testing.ts";
import { listen } from "#src/front/http-server.ts";
import { cases } from "../admin/cases.ts";
import { Stand } from "../admin/stand.ts";
import { totpCode } from "../admin/totp-client.ts";
import { customer, direct, emailOf, operator, password, reseller } from "../admin/world.ts";

const log = createLog({ level: "fatal", destination: { write: () => undefined } });

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

interface Shell {
  readonly stand: Stand;
  readonly home: string;
  /** Runs a command line; `lines` are those of standard input. */
  troupe(words: string, lines?: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ran>;
  /** As `troupe`, which must end with 0; its output as JSON. */
  json(words: string, lines?: readonly string[]): Promise<Record<string, unknown>>;
}

/** Words are parted by spaces; `_` inside a word stands for a space. */
const wordsOf = (text: string): string[] =>
  text.split(" ").map((word) => (word === "''" ? "" : word.replaceAll("~", " ")));

async function open(t: ExecutionContext, options: Parameters<typeof Stand.open>[2] = {}): Promise<Shell> {
  const home = mkdtempSync(join(tmpdir(), "troupe-cli-"));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const front: FrontUnderTest = {
    implementation: "node",
    isSecure: false,
    listen: async (handler) => {
      const server = await listen({ host: "127.0.0.1", port: 0, implementation: "node" }, handler);
      t.teardown(() => server.close(0));
      return server;
    },
    connect: () => {
      throw new Error("requests are the command line's own");
    },
  };
  const stand = await Stand.open(t, front, options);
  const socket = await openAdminSocket({ dataDirectory: home, handler: stand.port.handleLocal, log });
  t.teardown(() => socket?.close(0));
  const troupe: Shell["troupe"] = async (words, lines = [], environment = {}) => {
    let out = "";
    let errors = "";
    const left = [...lines];
    const code = await run(wordsOf(words), {
      environment: { HOME: home, TROUPE_URL: stand.origin, ...environment },
      serve: async () => t.fail("nothing is served"),
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        errors += text;
      },
      terminal: {
        isInteractive: false,
        ask: async (question) => {
          const line = left.shift();
          if (line === undefined) throw new CommandError(exitCodes.usage, `${question}?`);
          return line;
        },
        readAll: () => left.join("\n"),
      },
    });
    return { code, out, errors };
  };
  const json: Shell["json"] = async (words, lines) => {
    const ran = await troupe(`--json ${words}`, lines);
    if (ran.code !== 0) throw new Error(`${words}: ${ran.code} ${ran.errors}`);
    return JSON.parse(ran.out) as Record<string, unknown>;
  };
  return { stand, home, troupe, json };
}

const commands = adminCommands(adminRows);

/** How a value of a good request is written on the command line. */
function written(field: Field, value: unknown): string[] {
  if (field.kind === "pairs")
    return (value as { key: string; value: string }[]).map((one) => `${one.key}=${one.value}`);
  if (field.kind === "lists") {
    return Object.entries(value as Record<string, string[]>).flatMap(([key, all]) => all.map((one) => `${key}=${one}`));
  }
  if (field.kind === "list") return value as string[];
  return [value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)];
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, step) => (typeof found === "object" && found !== null ? Reflect.get(found, step) : undefined),
    value,
  );
}

function encodedCase(t: ExecutionContext, row: AdminRow): AdminCall | null {
  const { body, query } = cases[row.name] ?? {};
  const command = commands.find((one) => one.row.name === row.name);
  if (command === undefined) return null;
  const search = new URLSearchParams(query);
  const valueIn = ({ part, path }: Field): unknown =>
    part === "params"
      ? `the-${path[0]}`
      : part === "query"
        ? (search.get(path[0] ?? "") ?? undefined)
        : memberAt(body, path);
  const argv = [...command.words];
  for (const field of command.options) {
    const value = valueIn(field);
    if (value === undefined || (field.kind === "none" && value !== null)) continue;
    const isBare = field.kind === "flag" || field.kind === "unflag" || field.kind === "none";
    if (isBare) argv.push(`--${field.option}`);
    else for (const word of written(field, value)) argv.push(`--${field.option}`, word);
  }
  argv.push("--", ...command.positionals.flatMap((field) => written(field, valueIn(field) ?? "")));
  const line = adminCli(commands).parse(argv);
  if (line.command !== "admin") {
    t.log(row.name, argv, line);
    throw new Error(`${row.name} cannot be written`);
  }
  const secrets = command.secrets.map((field) => [field, String(valueIn(field))] as const);
  return encodeCall(command, new Map([...line.given, ...secrets]), () => "");
}

/** Documents are sent as their text. */
const flat = (value: unknown): unknown =>
  typeof value !== "object" || value === null
    ? value
    : Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          /document|trustPolicy/i.test(name) && typeof member === "object" ? JSON.stringify(member) : member,
        ]),
      );

test("the good request of every row can be written as a command, and comes out as it is", (t) => {
  let count = 0;
  for (const row of adminRows) {
    const call = encodedCase(t, row);
    if (call === null) continue;
    const { body = {}, query } = cases[row.name] ?? {};
    const path = row.path.replaceAll(/\{(\w+)\}/g, "the-$1");
    const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
    t.is(`${call.method} ${call.target}`, `${row.method} /api/v1${path}${search}`, row.name);
    t.deepEqual(call.body === null ? null : JSON.parse(call.body), row.body === null ? null : flat(body), row.name);
    count += 1;
  }
  t.true(count > 80);
});

test("login, whoami, a change, and logout", async (t) => {
  const { stand, home, troupe, json } = await open(t);
  const before = await troupe("user list", [], { TROUPE_URL: "" });
  t.is(before.code, exitCodes.denied);
  t.regex(before.errors, /troupe login/);
  const signedIn = await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  t.is(signedIn.code, 0, signedIn.errors);
  t.is(signedIn.out, `Signed in at ${stand.origin} as ${emailOf(customer, "admin")}.\n`);
  const file = join(home, ".config", "troupe", "credentials.json");
  t.is(statSync(file).mode & 0o777, 0o600);
  t.false(readFileSync(file, "utf8").includes(password));
  t.is((await json("whoami"))["role"], "admin");
  const made = await troupe("user create ann@example.com --tag team=red");
  t.is(made.code, 0, made.errors);
  t.regex(made.out, /Email: +ann@example\.com/);
  const table = await troupe("user list");
  t.regex(table.out, /^NAME +EMAIL +ROLE +STATUS +GROUPS +ATTACHED POLICIES\n/);
  t.regex(table.out, /^ann@example\.com +ann@example\.com +user +invited/m);
  const all = await json("user list");
  t.is((all["items"] as unknown[]).length, 4);
  t.is((await json("user list --limit 1"))["next"] === null, false);
  t.is((await troupe("user list --limit 1")).errors.slice(0, 23), "There is more: --after ");
  t.deepEqual(await troupe("--json user delete ann@example.com"), { code: 0, out: "null\n", errors: "" });
  t.deepEqual(await troupe("logout"), { code: 0, out: "Signed out.\n", errors: "" });
  t.is((await troupe("whoami")).code, exitCodes.denied);
});

test("lists longer than a page are followed to their end", async (t) => {
  const { json, troupe } = await open(t);
  await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  for (let count = 0; count < 12; count += 1) await json(`group create g${String(count).padStart(5, "0")}`);
  const page = await json("group list --limit 5");
  t.is((page["items"] as unknown[]).length, 5);
  const rest = await json(`group list --after ${page["next"]}`);
  const all = await json("group list");
  t.deepEqual([...(page["items"] as unknown[]), ...(rest["items"] as unknown[])], all["items"]);
  t.is(all["next"], null);
});

test("what the node refuses has its exit code, and a problem for programs", async (t) => {
  const { troupe } = await open(t);
  t.is((await troupe(`login --email ${emailOf(customer, "admin")}`, ["wrong password"])).code, exitCodes.denied);
  await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  const missing = await troupe("user show nobody");
  t.is(missing.code, exitCodes.failed);
  t.regex(missing.errors, /^error: There is no such thing\. .*\(NoSuchEntity\)\n$/);
  const problem = await troupe("--json user show nobody");
  t.is(problem.out, "");
  t.is((JSON.parse(problem.errors) as { code: string }).code, "NoSuchEntity");
  t.is((await troupe("account list")).code, exitCodes.denied);
  const wrong = await troupe("user create not-an-address");
  t.is(wrong.code, exitCodes.usage);
  t.regex(wrong.errors, /<email> must be an e-mail address/);
  t.is((await troupe("user list --limit many")).code, exitCodes.usage);
  t.is((await troupe("policy create p --document @/nothing/there")).code, exitCodes.noInput);
  t.is((await troupe("policy create p --document {}")).code, exitCodes.failed);
});

test("the second factor is asked for", async (t) => {
  const { stand, troupe, json } = await open(t);
  await troupe(`login --email ${emailOf(customer, "user")}`, [password]);
  const { secret } = await json("mfa begin", [password]);
  const confirmed = await json(`mfa confirm ${totpCode(String(secret), stand.clock.nowMs())}`);
  t.is((confirmed["recoveryCodes"] as unknown[]).length, 10);
  await troupe("logout");
  const [recovery] = confirmed["recoveryCodes"] as string[];
  t.is((await troupe(`login --email ${emailOf(customer, "user")}`, [password])).code, exitCodes.usage);
  t.is((await troupe(`login --email ${emailOf(customer, "user")}`, [password, "000000"])).code, exitCodes.denied);
  t.is((await troupe("whoami")).code, exitCodes.denied);
  t.is((await troupe(`login --email ${emailOf(customer, "user")}`, [password, String(recovery)])).code, 0);
  t.is((await json("whoami"))["hasMfa"], true);
});

test("profiles, tokens and variables", async (t) => {
  const { stand, home, troupe, json } = await open(t);
  const root = `login --profile north --email ${emailOf(reseller, "root")} --make-token laptop --scope customers`;
  t.is((await troupe(root, [password])).code, 0);
  await troupe(`login --email ${emailOf(customer, "user")}`, [password]);
  const north = await json("--profile north account list");
  t.deepEqual(
    (north["items"] as { accountId: string }[]).map(({ accountId }) => accountId),
    [customer],
  );
  t.is((await troupe("account list")).code, exitCodes.denied);
  t.is((await troupe("account list", [], { TROUPE_PROFILE: "north" })).code, 0);
  const personal = await troupe("--profile north session list");
  t.is(personal.code, exitCodes.denied);
  t.regex(personal.errors, /takes a session, not an API token/);
  const file = JSON.parse(readFileSync(join(home, ".config/troupe/credentials.json"), "utf8")) as {
    profiles: { north: { kind: string; token: string } };
  };
  const { token } = file.profiles.north;
  t.is(file.profiles.north.kind, "token");
  t.is((await troupe("account list", [], { TROUPE_TOKEN: token })).code, 0);
  writeFileSync(join(home, "token"), `${token}\n`);
  t.is((await troupe("account list", [], { TROUPE_TOKEN_FILE: join(home, "token") })).code, 0);
  t.is((await troupe("account list", [], { TROUPE_TOKEN: "wrong" })).code, exitCodes.denied);
  t.is((await troupe("login --profile other --token", [token])).code, 0);
  t.is((await troupe("login --profile bad --token", ["wrong"])).code, exitCodes.denied);
  t.is((await troupe("--profile bad whoami")).code, exitCodes.denied);
  // A session made only to make a token does not stay.
  stand.records.refresh();
  t.is(stand.records.sessionsOf(reseller, "root").length, 0);
});

test("a stored secret goes only where it was got, and what does not answer is unreachable", async (t) => {
  const { troupe } = await open(t);
  await troupe(`login --email ${emailOf(customer, "user")}`, [password]);
  const other = await troupe("--url http://127.0.0.1:1 whoami");
  t.is(other.code, exitCodes.denied);
  t.regex(other.errors, /not at http:\/\/127\.0\.0\.1:1/);
  const nobody = await troupe("whoami", [], { TROUPE_URL: "http://127.0.0.1:1", TROUPE_TOKEN: "x" });
  t.is(nobody.code, exitCodes.unreachable);
  t.is((await troupe("--url ftp://host whoami")).code, exitCodes.usage);
  t.is((await troupe("login --url http://h/path", ["x"])).code, exitCodes.usage);
});

test("acting as an account below changes the session that is kept", async (t) => {
  const { troupe, json } = await open(t);
  await troupe(`login --email ${emailOf(reseller, "root")}`, [password]);
  t.is((await troupe(`act-as ${direct}`)).code, exitCodes.denied);
  t.is((await troupe(`act-as ${customer}`)).code, 0);
  const acting = await json("whoami");
  t.is((acting["account"] as { accountId: string }).accountId, customer);
  t.true(acting["isActing"]);
  t.is((await troupe("user create-key user")).code, exitCodes.denied);
  t.is((await troupe("stop-acting")).code, 0);
  t.is((await json("whoami"))["isActing"], false);
});

test("the socket of the node's own machine needs no sign-in, and knows no person", async (t) => {
  const { stand, home, troupe, json } = await open(t);
  const me = await json(`--data ${home} whoami`);
  t.is(me["identity"], null);
  t.is((me["account"] as { accountId: string }).accountId, operator);
  t.is((await troupe(`--data ${home} user list`)).code, 0);
  const there = await json(`--data ${home} --in ${customer} user create eve@example.com`);
  t.is((there["user"] as { arn: string }).arn, `arn:aws:iam::${customer}:user/eve@example.com`);
  t.is((await troupe("user list", [], { TROUPE_DATA: home, TROUPE_URL: "" })).code, 0);
  const personal = await troupe(`--data ${home} key create`);
  t.is(personal.code, exitCodes.denied);
  t.is((await troupe(`--data ${home} password request-reset a@b.c`)).code, exitCodes.usage);
  t.is((await troupe(`--data ${home} login`)).code, exitCodes.usage);
  t.is((await troupe(`--data ${home} --url http://h whoami`)).code, exitCodes.usage);
  t.is((await troupe(`--data ${home} --in 999999999999 whoami`)).code, exitCodes.failed);
  t.is((await troupe(`--in ${customer} whoami`, [], { TROUPE_TOKEN: "x" })).code, exitCodes.usage);
  const none = await troupe(`--data ${home}/none whoami`);
  t.is(none.code, exitCodes.unreachable);
  t.regex(none.errors, /No node runs with this data directory/);
  const rows = stand.audit(customer).filter(({ by }) => by.kind === "system");
  t.deepEqual(
    rows.map(({ action, by }) => [action, by.via]),
    [["user.create", "system"]].slice(0, rows.length),
  );
  t.true(rows.length > 0);
});

test("an invitation is accepted with the token of its link", async (t) => {
  const { troupe, json } = await open(t, { isMailDelivered: false });
  await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  const made = await json("user create ann@example.com");
  const link = String((made["invitation"] as { link: string }).link);
  const token = link.split("#").at(-1) ?? "";
  await troupe("logout");
  const accepted = await troupe(`invite accept ${link}`, ["the password of ann"]);
  t.is(accepted.code, 0, accepted.errors);
  t.is((await troupe("login --profile ann --email ann@example.com", ["the password of ann"])).code, 0);
  t.is((await json("--profile ann whoami"))["role"], "user");
  t.is((await troupe(`invite accept ${token}`, ["another password of ann"])).code, exitCodes.failed);
});

test("one member of an answer, for scripts", async (t) => {
  const { troupe } = await open(t);
  await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  const made = await troupe("user create ann@example.com --get user.arn");
  t.is(made.out, `arn:aws:iam::${customer}:user/ann@example.com\n`);
  t.is((await troupe("user list --get items.0.name")).out, "admin\n");
  t.is((await troupe("user list --get items.0.tags --json")).out, "[]\n");
  for (const none of ["items.99.name", "items.0.constructor", "next"]) {
    const ran = await troupe(`user list --get ${none}`);
    t.deepEqual([ran.code, ran.out, ran.errors], [exitCodes.failed, "", `error: the answer has no ${none}\n`]);
  }
});

test("an audit log for a spreadsheet, and a text for programs", async (t) => {
  const { troupe } = await open(t);
  await troupe(`login --email ${emailOf(customer, "admin")}`, [password]);
  await troupe("group create spreadsheet");
  const csv = await troupe("audit export");
  t.regex(csv.out, /^at,action,outcome/);
  t.regex(csv.out, /group\.create/);
  const text = await troupe("--json audit export");
  t.is(JSON.parse(text.out), csv.out);
});

test("a session that has ended is said to have ended", async (t) => {
  const { stand, troupe } = await open(t);
  await troupe(`login --email ${emailOf(customer, "user")}`, [password]);
  stand.clock.advance(13 * 60 * 60 * 1000);
  const ended = await troupe("whoami");
  t.is(ended.code, exitCodes.denied);
  t.regex(ended.errors, /troupe login/);
});
