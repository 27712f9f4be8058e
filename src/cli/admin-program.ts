/** Parses the commands of the admin API, which come from its table, and those for signing in. */

import type { AdminCli, AdminLine, TextLine } from "./admin-line.ts";
import type { AdminCommand } from "./admin-tree.ts";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "./commander.ts";
import { type Shell, shells } from "./completion.ts";
import { exitCodeHelp } from "./exit-codes.ts";
import type { Field } from "./fields.ts";
import { aliases } from "./names.ts";
import type { TargetChoice } from "./target.ts";
import type { Given } from "./values.ts";

/** First word → what it is about. */
const abouts: Readonly<Record<string, string>> = {
  account: "accounts: the own one, resellers and customers below it",
  "act-as": "take on the role of the Root of an account below",
  audit: "the audit log",
  bucket: "buckets",
  completion: "print a completion script for a shell",
  group: "groups and their members",
  invite: "accept an invitation",
  job: "jobs",
  key: "your access keys",
  login: "sign in at a console, and remember it",
  logout: "sign out, and forget it",
  mfa: "your second factor",
  password: "your password",
  policy: "managed policies, and why something is denied",
  role: "roles",
  session: "your sessions",
  "stop-acting": "go back to your own account",
  support: "whom to ask, the documentation, and what the node says of itself",
  token: "your API tokens, for programs",
  usage: "what is stored and transferred",
  user: "users, their keys and policies",
  whoami: "who calls, in which account and role",
};

type Accept = (line: AdminLine) => void;
type Flags = Readonly<Record<string, unknown>>;

export function adminCli(commands: readonly AdminCommand[]): AdminCli {
  const firsts = [...new Set([...commands.map(({ words }) => words[0] ?? ""), "login", "logout", "completion"])].sort();
  const width = Math.max(...firsts.map((name) => name.length)) + 2;
  const lines = firsts.map((name) => `  ${name.padEnd(width)}${aboutOf(name, commands)}\n`);
  return {
    names: [...firsts, ...Object.values(aliases)],
    helpText: `\nCommands for a node that runs:\n${lines.join("")}\n${exitCodeHelp}`,
    parse: (argv) => parse(commands, argv),
  };
}

function aboutOf(name: string, commands: readonly AdminCommand[]): string {
  const only = commands.find(({ words }) => words.length === 1 && words[0] === name);
  return abouts[name] ?? (only === undefined ? `${name}s` : lowerFirst(only.row.summary));
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

function parse(commands: readonly AdminCommand[], argv: readonly string[]): AdminLine | TextLine {
  let parsed: AdminLine | null = null;
  let output = "";
  let errors = "";
  const program = buildProgram(commands, (line) => {
    parsed = line;
  });
  const texts = {
    writeOut: (text: string): void => {
      output += text;
    },
    writeErr: (text: string): void => {
      errors += text;
    },
  };
  for (const command of withChildren(program)) command.exitOverride().configureOutput(texts);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { command: "help", text: output };
    return { command: "usage error", text: errors === "" ? output : errors };
  }
  return parsed ?? { command: "usage error", text: program.helpInformation() };
}

const withChildren = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(withChildren)];

/** The commands of one parse. */
export function buildProgram(commands: readonly AdminCommand[], accept: Accept): Command {
  const program = new Command("troupe")
    .description("S3-compatible object storage")
    .configureHelp({ showGlobalOptions: true })
    .helpCommand("help [command]", "show help for a command")
    .option("--json", "print JSON, for programs")
    .option("--get <member>", "print one member of the answer alone: user.arn, items.0.name")
    .option("--url <url>", "where the console answers (TROUPE_URL)")
    .option("--profile <name>", "which of the stored sign-ins to use (TROUPE_PROFILE; default)")
    .option("--data <directory>", "use the socket of the node that runs with this directory: no sign-in (TROUPE_DATA)")
    .option("--in <account-id>", "with --data: be in this account, not in the operator's")
    .option("--idempotency-key <key>", "of a POST: a repeat with the same key does nothing twice");
  addLogin(program, accept);
  addLogout(program, accept);
  addCompletion(program, accept);
  const nouns = new Map<string, Command>();
  for (const command of commands) {
    const [first = "", second] = command.words;
    if (second === undefined) {
      addCommand(program, first, command, accept);
      continue;
    }
    const noun = nouns.get(first) ?? program.command(first).description(aboutOf(first, commands));
    if (!nouns.has(first) && aliases[first] !== undefined) noun.alias(aliases[first]);
    nouns.set(first, noun);
    addCommand(noun, second, command, accept);
  }
  for (const command of withChildren(program)) {
    command.configureHelp({ showGlobalOptions: command !== program });
    command.showHelpAfterError(`(${nameOf(command)} --help shows what there is)`);
  }
  return program;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

function targetOf(flags: Flags): TargetChoice {
  return {
    url: textOf(flags["url"]),
    dataDirectory: textOf(flags["data"]),
    accountId: textOf(flags["in"]),
    profile: textOf(flags["profile"]),
  };
}

function addCommand(parent: Command, word: string, call: AdminCommand, accept: Accept): void {
  const command = parent.command(word).description(lowerFirst(call.row.summary));
  for (const field of call.positionals) command.addArgument(argumentOf(field));
  const options = call.options.map((field) => ({ field, option: optionOf(field) }));
  for (const { option } of options) command.addOption(option);
  command.addHelpText("after", helpAfter(call));
  command.action((...parts: unknown[]) => {
    const given = new Map<Field, Given>();
    for (const [index, field] of call.positionals.entries()) {
      const value = parts[index];
      if (isGiven(value)) given.set(field, value);
    }
    for (const { field, option } of options) {
      const name = option.attributeName();
      if (command.getOptionValueSource(name) !== "cli") continue;
      const value: unknown = command.getOptionValue(name);
      given.set(field, isGiven(value) ? value : true);
    }
    const flags: Flags = command.optsWithGlobals();
    accept({
      command: "admin",
      call,
      given,
      target: targetOf(flags),
      isJson: flags["json"] === true,
      member: textOf(flags["get"]),
      idempotencyKey: textOf(flags["idempotencyKey"]),
    });
  });
}

const isGiven = (value: unknown): value is string | readonly string[] =>
  typeof value === "string" || Array.isArray(value);

function helpAfter({ words, row, examples, secrets }: AdminCommand): string {
  const name = `troupe ${words.join(" ")}`;
  const asks = secrets.map((field) => field.option.replaceAll("-", " ")).join(", ");
  const proof = row.admits.who.includes("local") ? "" : "\nIt takes a session: sign in with troupe login.\n";
  const secret = asks === "" ? "" : `\nAsks for: ${asks}. Without a terminal, a line of standard input each.\n`;
  const shownExamples = examples.length === 0 ? [""] : examples;
  const lines = shownExamples.map(
    (example) => `  ${name}${example === "" ? exampleOf({ words, row }) : ` ${example}`}\n`,
  );
  return `${proof}${secret}\nExamples:\n${lines.join("")}`;
}

/** Arguments of an example that nobody has written: their names. */
function exampleOf({ row }: Pick<AdminCommand, "words" | "row">): string {
  const labels = [...row.path.matchAll(/\{(\w+)\}/g)].map((match) => (match[1] ?? "").toUpperCase());
  return labels.map((label) => ` ${label}`).join("") + (row.method === "GET" ? " --json" : "");
}

const isRepeated = ({ kind }: Field): boolean => ["list", "pairs", "map", "lists"].includes(kind);

function valueName({ kind }: Field): string {
  if (kind === "document" || kind === "json") return "json|@file";
  if (kind === "pairs" || kind === "map" || kind === "lists") return "key=value";
  return (
    { time: "time", integer: "number", number: "number", size: "bytes", boolean: "true|false" }[kind as string] ??
    "value"
  );
}

function describe(field: Field): string {
  const { description, fallback, isNullable, isRequired } = field;
  const notes = [
    isRepeated(field) ? "may be repeated" : "",
    fallback === null ? "" : `default: ${fallback}`,
    isNullable && (isRequired || fallback === null) ? "'' = none" : "",
  ].filter((note) => note !== "");
  const said = description === "" ? field.option.replaceAll("-", " ") : lowerFirst(description);
  const text = field.kind === "unflag" && description !== "" ? `not: ${said}` : said;
  return notes.length === 0 ? text : `${text} (${notes.join("; ")})`;
}

function argumentOf(field: Field): Argument {
  const name = isRepeated(field)
    ? `[${field.option}...]`
    : field.isRequired
      ? `<${field.option}>`
      : `[${field.option}]`;
  const argument = new Argument(name, describe(field));
  return field.choices.length > 0 && !field.isNullable && !isRepeated(field)
    ? argument.choices(field.choices)
    : argument;
}

function optionOf(field: Field): Option {
  const isBare = field.kind === "flag" || field.kind === "unflag" || field.kind === "none";
  const option = new Option(isBare ? `--${field.option}` : `--${field.option} <${valueName(field)}>`, describe(field));
  option.makeOptionMandatory(field.isRequired && !isBare);
  if (isRepeated(field)) return option.argParser(collector(field));
  return field.choices.length > 0 && !field.isNullable ? option.choices(field.choices) : option;
}

function collector({ choices }: Field): (word: string, before: readonly string[] | undefined) => readonly string[] {
  return (word, before = []) => {
    if (choices.length > 0 && word !== "" && !choices.includes(word)) {
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
    }
    return [...before, word];
  };
}

function addLogin(program: Command, accept: Accept): void {
  program
    .command("login")
    .description(abouts["login"] ?? "")
    .option("--email <address>", "who signs in; asked for without")
    .option("--account <account-id>", "which account, for an address that is known in several")
    .addOption(
      new Option("--token", "keep an API token, which is asked for, in place of a password").conflicts("makeToken"),
    )
    .option("--make-token <name>", "make an API token and keep it in place of the session")
    .addOption(new Option("--scope <scope>", "of the new token").choices(["usage", "customers", "all"]).default("all"))
    .option("--expires-at <time>", "of the new token")
    .addHelpText("after", loginHelp)
    .action((_flags: unknown, command: Command) => {
      const flags: Flags = command.optsWithGlobals();
      accept({
        command: "login",
        target: targetOf(flags),
        isJson: flags["json"] === true,
        email: textOf(flags["email"]),
        accountId: textOf(flags["account"]),
        byToken: flags["token"] === true,
        makeToken: textOf(flags["makeToken"]),
        scope: textOf(flags["scope"]) ?? "all",
        expiresAt: textOf(flags["expiresAt"]),
      });
    });
}

function addLogout(program: Command, accept: Accept): void {
  program
    .command("logout")
    .description(abouts["logout"] ?? "")
    .addHelpText("after", "\nExamples:\n  troupe logout\n  troupe logout --profile north\n")
    .action((_flags: unknown, command: Command) => {
      const flags: Flags = command.optsWithGlobals();
      accept({ command: "logout", target: targetOf(flags), isJson: flags["json"] === true });
    });
}

function addCompletion(program: Command, accept: Accept): void {
  program
    .command("completion")
    .description(abouts["completion"] ?? "")
    .addArgument(new Argument("<shell>", "which shell").choices([...shells]))
    .addHelpText("after", completionHelp)
    .action((shell: Shell) => accept({ command: "completion", shell }));
}

const loginHelp = `
Asks for the e-mail address, the password and, where there is one, the code of the second factor. Without a terminal,
password and code are lines of standard input. What is kept is in \${XDG_CONFIG_HOME:-~/.config}/troupe/credentials.json,
for you alone. A session ends after half an hour without use; a token lives until it expires or is deleted.

Examples:
  troupe login --url https://console.example.com
  troupe login --profile north --email root@north.example
  troupe login --email ops@example.com --make-token laptop --expires-at 2027-12-31
  printf '%s\\n' "$PASSWORD" | troupe login --email ops@example.com
`;

const completionHelp = `
Examples:
  troupe completion bash > ~/.local/share/bash-completion/completions/troupe
  troupe completion zsh > "\${fpath[1]}/_troupe"
  troupe completion fish > ~/.config/fish/completions/troupe.fish
`;
