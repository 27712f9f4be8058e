/** The command line: `parseCommandLine` says what was asked for, `run` does it. */

import { existsSync } from "node:fs";
import { assert } from "../base/assert.ts";
import { type LoadedConfig, loadConfig } from "../config/config.ts";
import { nearestName } from "../config/nearest-name.ts";
import { DocumentError } from "../config/problem.ts";
import { addKeyToRing } from "./add-ring-key.ts";
import { type ListenAddress, parseListenAddress } from "./address.ts";
import type { AdminCli, AdminLine, TextLine } from "./admin-line.ts";
import { Command, CommanderError } from "./commander.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { printedConfig } from "./print-config.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { productVersion } from "./version.ts";

export { exitCodes };

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a node is started with. */
export interface ServeOptions {
  readonly dataDirectory: string;
  readonly s3: ListenAddress;
  /** null: no console port. */
  readonly console: ListenAddress | null;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly identitiesFile: string | null;
  readonly loaded: LoadedConfig;
}

interface ConfigChoice {
  /** null = none. */
  readonly configFile: string | null;
  readonly settings: readonly string[];
}

/** A command line as plain data. */
export type CommandLine =
  | ({ readonly command: "serve" } & Omit<ServeOptions, "loaded"> & ConfigChoice)
  | ({ readonly command: "config check" } & ConfigChoice)
  | ({ readonly command: "config print"; readonly withSources: boolean } & ConfigChoice)
  | ({ readonly command: "keyring add"; readonly dataDirectory: string } & ConfigChoice)
  | { readonly command: "version" }
  | TextLine
  | AdminLine;

/** The file that is used when none is named and it exists. */
const defaultConfigFile = "cluster.config.json";

/**
 * Parses the arguments after the program's name. Without a subcommand it is `serve`.
 * @param environment options have variables as well: TROUPE_DATA, TROUPE_S3 and so on
 * @param exists tells whether a file exists
 * @param admin the commands for a node that runs; null: there are none
 */
export function parseCommandLine(
  argv: readonly string[],
  environment: Environment,
  exists: (file: string) => boolean = existsSync,
  admin: AdminCli | null = null,
): CommandLine {
  const ofAdmin = admin === null ? null : adminWords(argv, admin.names);
  if (admin !== null && ofAdmin !== null) return admin.parse(ofAdmin);
  let parsed: CommandLine | undefined;
  let output = "";
  let errors = "";
  const program = buildProgram({
    environment,
    exists,
    helpText: admin?.helpText ?? "",
    accept: (line) => {
      parsed = line;
    },
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      errors += text;
    },
  });
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.version") return { command: "version" };
    if (error.exitCode === 0) return { command: "help", text: output };
    if (error.code === "commander.excessArguments")
      return { command: "usage error", text: unknownCommand(argv, errors, admin?.names ?? []) };
    // A group without its subcommand shows its help as an error.
    return { command: "usage error", text: errors === "" ? output : errors };
  }
  return parsed ?? { command: "usage error", text: program.helpInformation() };
}

export interface RunOptions {
  /** Starts a node; rejects when it cannot be started. */
  serve(options: ServeOptions): Promise<void>;
  readonly environment?: Environment;
  /** Default: standard output. */
  readonly write?: (text: string) => void;
  /** Default: standard error. */
  readonly writeError?: (text: string) => void;
  /** Default: the process's. */
  readonly terminal?: Terminal;
}

const isAdminLine = (line: CommandLine): line is AdminLine =>
  ["admin", "login", "logout", "completion"].includes(line.command);

/** Who reads the output may have seen enough: `troupe user list | head -1`. */
function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Nothing that a node needs, and what it costs to load a start can feel. */
async function loadAdmin() {
  const [{ adminRows }, { adminCommands }, { adminCli }, { runAdmin }] = await Promise.all([
    import("../admin/table.ts"),
    import("./admin-tree.ts"),
    import("./admin-program.ts"),
    import("./run-admin.ts"),
  ]);
  const commands = adminCommands(adminRows);
  return { commands, cli: adminCli(commands), run: runAdmin };
}

/**
 * Does what the command line says. Never ends the process.
 * @param argv arguments after the program's name
 * @returns the exit code. Errors of `serve` other than a wrong configuration or identities file reject.
 */
export async function run(argv: readonly string[], options: RunOptions): Promise<number> {
  const environment = options.environment ?? process.env;
  const write = options.write ?? ((text) => void process.stdout.write(text));
  const writeError = options.writeError ?? ((text) => void process.stderr.write(text));
  const admin = isNodeLine(argv) ? null : await loadAdmin();
  const line = parseCommandLine(argv, environment, existsSync, admin?.cli ?? null);
  if (line.command === "usage error") {
    writeError(line.text);
    return exitCodes.usage;
  }
  if (line.command === "help" || line.command === "version") {
    write(line.command === "help" ? line.text : `troupe ${productVersion()}\n`);
    return exitCodes.ok;
  }
  if (isAdminLine(line)) {
    assert(admin !== null, "such a line is parsed by these commands only");
    const terminal = options.terminal ?? processTerminal();
    if (options.write === undefined) process.stdout.on("error", passOverClosedPipe);
    return admin.run(line, { environment, terminal, commands: admin.commands, write, writeError });
  }
  try {
    const loaded = loadConfig(line.configFile, { environment, settings: line.settings });
    for (const warning of loaded.warnings) writeError(`warning: ${warning}\n`);
    if (line.command === "config check") write(`${line.configFile ?? "The configuration"}: no errors\n`);
    else if (line.command === "keyring add") write(addKeyToRing(line.dataDirectory, loaded.config.keyring.file));
    else if (line.command === "config print") write(printedConfig(loaded, line.withSources));
    else await options.serve({ ...line, loaded });
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof DocumentError) && !(error instanceof CommandError)) throw error;
    writeError(`${error.message}\n`);
    return error instanceof CommandError ? error.exitCode : exitCodes.config;
  }
}

interface Building {
  readonly environment: Environment;
  readonly exists: (file: string) => boolean;
  readonly helpText: string;
  readonly accept: (line: CommandLine) => void;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

function buildProgram(building: Building): Command {
  const program = new Command("troupe")
    .description("S3-compatible object storage")
    .version("", "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: building.write, writeErr: building.writeError })
    .showHelpAfterError("(troupe --help shows what there is)")
    .helpCommand("help [command]", "show help for a command")
    .addHelpText("after", building.helpText + programExamples);
  addServe(program, building);
  addConfig(program.command("config").description("look at the configuration"), building);
  addKeyring(program.command("keyring").description("the keys that seal secrets and data keys"), building);
  program
    .command("version")
    .description("print the version")
    .action(() => building.accept({ command: "version" }));
  return program;
}

function addServe(program: Command, building: Building): void {
  const serve = program
    .command("serve", { isDefault: true })
    .description("run a node (this is what happens without a command)")
    .option("--data <directory>", "where everything is kept (TROUPE_DATA; ./data)")
    .option("--s3 <address>", "where S3 clients connect (TROUPE_S3; 127.0.0.1:9000)")
    .option("--console <address>", "where console and metrics answer (TROUPE_CONSOLE; 127.0.0.1:9001)")
    .option("--identities <file>", "accounts, users and keys to make or update (TROUPE_IDENTITIES)")
    .option("--tls-cert <file>", "certificate chain, PEM (TROUPE_TLS_CERT)")
    .option("--tls-key <file>", "its private key, PEM (TROUPE_TLS_KEY)")
    .addHelpText("after", serveExamples);
  addConfigOptions(serve).action((flags: Record<string, unknown>, command: Command) => {
    const given = (name: string, variable: string): string | undefined => {
      const flag = flags[name];
      if (typeof flag === "string") return flag;
      const value = building.environment[variable];
      return value === "" ? undefined : value;
    };
    const address = (name: string, variable: string, fallback: string): ListenAddress => {
      const text = given(name, variable) ?? fallback;
      const parsed = parseListenAddress(text);
      if (typeof parsed !== "string") return parsed;
      return command.error(`error: --${name} (${variable}) ${JSON.stringify(text)}: ${parsed}`);
    };
    const certFile = given("tlsCert", "TROUPE_TLS_CERT") ?? null;
    const keyFile = given("tlsKey", "TROUPE_TLS_KEY") ?? null;
    if ((certFile === null) !== (keyFile === null)) command.error("error: --tls-cert and --tls-key go together");
    building.accept({
      command: "serve",
      dataDirectory: given("data", "TROUPE_DATA") ?? "./data",
      s3: address("s3", "TROUPE_S3", "127.0.0.1:9000"),
      console: address("console", "TROUPE_CONSOLE", "127.0.0.1:9001"),
      tls: certFile === null || keyFile === null ? null : { certFile, keyFile },
      identitiesFile: given("identities", "TROUPE_IDENTITIES") ?? null,
      ...configChoice(flags, building),
    });
  });
}

function addConfig(config: Command, building: Building): void {
  addConfigOptions(config.command("check").description("report every error in the configuration")).action(
    (flags: Record<string, unknown>) => building.accept({ command: "config check", ...configChoice(flags, building) }),
  );
  addConfigOptions(config.command("print").description("print the configuration in force, without its secrets"))
    .option("--sources", "say where each value comes from")
    .action((flags: Record<string, unknown>) => {
      const withSources = flags["sources"] === true;
      building.accept({ command: "config print", withSources, ...configChoice(flags, building) });
    });
}

function addKeyring(keyring: Command, building: Building): void {
  addConfigOptions(keyring.command("add").description("add a key to the ring's file: a new version of every named key"))
    .option("--data <directory>", "the node's data directory (TROUPE_DATA; ./data)")
    .action((flags: Record<string, unknown>) => {
      const { data } = flags;
      const named = typeof data === "string" ? data : building.environment["TROUPE_DATA"];
      const dataDirectory = named === undefined || named === "" ? "./data" : named;
      building.accept({ command: "keyring add", dataDirectory, ...configChoice(flags, building) });
    });
}

function addConfigOptions(command: Command): Command {
  const collect = (value: string, before: readonly string[]) => [...before, value];
  return command
    .option("--config <file>", `the configuration (TROUPE_CONFIG; ${defaultConfigFile} if it is there)`)
    .option("--set <key=value>", "one key of the configuration; may be repeated", collect, []);
}

function configChoice(flags: Readonly<Record<string, unknown>>, building: Building): ConfigChoice {
  const { config, set } = flags;
  const named = typeof config === "string" ? config : building.environment["TROUPE_CONFIG"];
  const fallback = building.exists(defaultConfigFile) ? defaultConfigFile : null;
  return {
    configFile: named === undefined || named === "" ? fallback : named,
    settings: Array.isArray(set) ? set.filter((item) => typeof item === "string") : [],
  };
}

const commandNames = ["serve", "config", "keyring", "version", "help"];

/** Options that a word follows: that word is no command. */
const valued = new Set(
  "data s3 console identities tls-cert tls-key config set url profile in get idempotency-key"
    .split(" ")
    .map((name) => `--${name}`),
);

/** Indexes of the words that are no option, nor the value of one. */
function plainWords(argv: readonly string[]): readonly number[] {
  return [...argv.keys()].filter((at) => argv[at]?.startsWith("-") === false && !valued.has(argv[at - 1] ?? ""));
}

/** The arguments for the admin API's commands, or null when none of them is meant. `help X` becomes `X --help`. */
function adminWords(argv: readonly string[], names: readonly string[]): readonly string[] | null {
  const [first = -1, second = -1] = plainWords(argv);
  if (names.includes(argv[first] ?? "")) return argv;
  const isHelp = argv[first] === "help" && names.includes(argv[second] ?? "");
  return isHelp ? [...argv.filter((_, at) => at !== first), "--help"] : null;
}

/** Whether the line can only be about the node itself, which needs to know of no other commands. */
export function isNodeLine(argv: readonly string[]): boolean {
  const [first] = plainWords(argv);
  const asksHelp = argv.some((word) => word === "--help" || word === "-h");
  return first === undefined ? !asksHelp : ["serve", "config", "keyring", "version"].includes(argv[first] ?? "");
}

/** Words that no command takes reach the default command as excess arguments: say what is meant. */
function unknownCommand(argv: readonly string[], errors: string, others: readonly string[]): string {
  const word = argv[plainWords(argv)[0] ?? -1] ?? "";
  if (word === "" || commandNames.includes(word)) return errors;
  const near = nearestName(word, [...commandNames, ...others]);
  return `error: unknown command ${JSON.stringify(word)}${near === undefined ? "" : `; did you mean ${near}?`}\n`;
}

const programExamples = `
Examples:
  troupe                               run a node with its data in ./data
  troupe serve --data /srv/troupe      the same, with its data elsewhere
  troupe config check --config my.json look for errors in a configuration
  troupe help serve                    all options of a node
  troupe --data ./data user list       the users of the node that runs here
  troupe login --url https://HOST      sign in at another
`;

const serveExamples = `
An address is HOST:PORT, [IPv6]:PORT, :PORT or PORT; port 0 takes a free one.

Examples:
  troupe serve --data /srv/troupe --s3 127.0.0.1:9000 --console 127.0.0.1:9001
  troupe serve --s3 [::]:443 --tls-cert chain.pem --tls-key key.pem
  troupe serve --config cluster.config.json --set log.level=debug --set log.access=stdout
`;
