/** The bench's command line, as plain data. */

import { Command, CommanderError, Option } from "commander";
import { defaultRegion, type Target } from "./request.ts";
import { allRows, type Case, chooseCases, longRows } from "./workload.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A server to measure: one that runs, or one to start. */
export type ServerChoice =
  | { readonly kind: "running"; readonly target: Target; readonly pids: readonly number[] }
  /** `command`: see `startNode`; null: this checkout's node. */
  | { readonly kind: "started"; readonly command: string | null };

export interface BenchOptions {
  readonly base: ServerChoice;
  /** null: no comparison. */
  readonly other: ServerChoice | null;
  readonly cases: readonly Case[];
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly drivers: number;
  readonly signsPayload: boolean;
  readonly bucket: string | null;
  readonly allowsNonEmpty: boolean;
  /** Directory below which started nodes keep their data; null: the system's for temporary files. */
  readonly data: string | null;
  /** Ratios of CPU time and rate must lie between 1/within and within; null: nothing is judged. */
  readonly within: number | null;
  readonly withCeilings: boolean;
  /** Files to write; null: none. */
  readonly json: string | null;
  readonly chart: string | null;
  /** Directory for profiles; null: none. */
  readonly profile: string | null;
  /** Whether docs/ is written. */
  readonly writesDocs: boolean;
}

export type BenchLine =
  | { readonly kind: "run"; readonly options: BenchOptions }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage error"; readonly text: string };

const examples = `
Rows: ${[...allRows, ...longRows].map(({ id }) => id).join(" ")}; ROW@N is a row at N connections.

Examples:
  npm run bench                                           a node of this checkout, every row (about 8 minutes)
  npm run bench -- --only put-4k,get-4k --connections 32  two rows
  npm run bench -- --compare                              this node against a second one: the method's own error
  npm run bench -- --compare-command "node ../old/dist/main.js" --only put-4k@32
  npm run bench -- --endpoint http://10.0.0.7:9000 --access-key KEY --secret-key SECRET
  npm run bench -- --profile /tmp/profile --only put-4k@32
  npm run bench -- --long --write                         the page and the chart in docs/

Credentials can also come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, which other users of the
machine cannot see. Everything written is deleted at the end.
`;

class Wrong extends Error {}

function number(flags: Flags, name: string, fallback: number, min: number, max: number): number {
  const text = flags[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (typeof text !== "string" || text.trim() === "" || !(value >= min && value <= max))
    throw new Wrong(`--${dashed(name)} ${JSON.stringify(text)}: must be a number from ${min} to ${max}`);
  return value;
}

function whole(flags: Flags, name: string, fallback: number, max: number): number {
  const value = number(flags, name, fallback, 1, max);
  if (!Number.isInteger(value)) throw new Wrong(`--${dashed(name)} ${value}: must be a whole number`);
  return value;
}

type Flags = Readonly<Record<string, unknown>>;
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const text = (flags: Flags, name: string): string | null => {
  const value = flags[name];
  return typeof value === "string" && value !== "" ? value : null;
};

function integers(list: string, name: string, max: number): number[] {
  return list.split(",").map((word) => {
    const value = Number(word);
    if (!/^\d+$/.test(word) || value < 1 || value > max)
      throw new Wrong(`--${name} ${JSON.stringify(list)}: must be whole numbers from 1 to ${max}, with commas between`);
    return value;
  });
}

const pidMax = 2 ** 22;
const connectionsMax = 1024;

/** Host, port and TLS of an endpoint. */
function endpoint(url: string, name: string, isUnverified: boolean): Pick<Target, "host" | "port" | "tls"> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "")
    throw new Wrong(`--${name} ${JSON.stringify(url)}: must be a URL like http://127.0.0.1:9000`);
  if (parsed.pathname !== "/" || parsed.search !== "" || parsed.username !== "")
    throw new Wrong(`--${name} ${JSON.stringify(url)}: must be scheme, host and port only`);
  const isTls = parsed.protocol === "https:";
  const port = parsed.port === "" ? (isTls ? 443 : 80) : Number(parsed.port);
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  return { host, port, ...(isTls ? { tls: { isUnverified } } : {}) };
}

/** The names of one server's options: those of the second begin with "compare". */
interface Names {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly pid: string;
}

const baseNames: Names = { accessKey: "accessKey", secretKey: "secretKey", region: "region", pid: "serverPid" };
const otherNames: Names = {
  accessKey: "compareAccessKey",
  secretKey: "compareSecretKey",
  region: "compareRegion",
  pid: "comparePid",
};

function running(url: string, name: string, flags: Flags, names: Names, environment: Environment): ServerChoice {
  const given = (option: string, variable: string): string => {
    const value = text(flags, option) ?? environment[variable] ?? "";
    if (value === "") throw new Wrong(`--${name} needs --${dashed(option)} (or ${variable})`);
    return value;
  };
  const token = text(flags, names.accessKey) === null ? environment["AWS_SESSION_TOKEN"] : undefined;
  const target: Target = {
    ...endpoint(url, name, flags["insecure"] === true),
    accessKeyId: given(names.accessKey, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: given(names.secretKey, "AWS_SECRET_ACCESS_KEY"),
    region: text(flags, names.region) ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? defaultRegion,
    ...(token === undefined || token === "" ? {} : { sessionToken: token }),
  };
  const pids = text(flags, names.pid);
  return { kind: "running", target, pids: pids === null ? [] : integers(pids, dashed(names.pid), pidMax) };
}

function baseServer(flags: Flags, environment: Environment): ServerChoice {
  const url = text(flags, "endpoint");
  const command = text(flags, "command");
  if (url !== null && command !== null) throw new Wrong("--endpoint and --command exclude each other");
  if (url !== null) return running(url, "endpoint", flags, baseNames, environment);
  for (const option of Object.values(baseNames))
    if (text(flags, option) !== null) throw new Wrong(`--${dashed(option)} is of no use without --endpoint`);
  return { kind: "started", command };
}

function otherServer(flags: Flags, environment: Environment): ServerChoice | null {
  const command = text(flags, "compareCommand");
  const url = text(flags, "compare");
  if (url !== null && command !== null) throw new Wrong("--compare URL and --compare-command exclude each other");
  if (url !== null) {
    // Without keys of its own the second server takes those of the first.
    const accessKey = text(flags, "accessKey");
    const fallback = accessKey === null ? {} : { compareAccessKey: accessKey, compareSecretKey: flags["secretKey"] };
    return running(url, "compare", { ...fallback, ...flags }, otherNames, environment);
  }
  return flags["compare"] === true || command !== null ? { kind: "started", command } : null;
}

function optionsOf(flags: Flags, environment: Environment): BenchOptions {
  const base = baseServer(flags, environment);
  const other = otherServer(flags, environment);
  const isComparing = other !== null;
  const connections = text(flags, "connections") ?? (isComparing ? "16" : "1,8,64");
  const only = text(flags, "only");
  const bucket = text(flags, "bucket");
  const cases = chooseCases({
    only: only === null ? null : only.split(","),
    connections: integers(connections, "connections", connectionsMax),
    isLong: flags["long"] === true,
    withCeilings: !isComparing,
  });
  if (typeof cases === "string") throw new Wrong(cases);
  if (bucket !== null && cases.some(({ buckets }) => buckets > 1)) throw new Wrong("a row of many buckets needs new ones, without --bucket");
  const within = flags["within"] === undefined ? null : number(flags, "within", 1.1, 1.001, 100);
  if (within !== null && !isComparing) throw new Wrong("--within judges a comparison: it needs --compare");
  const profile = flags["profile"] === true ? "profile" : text(flags, "profile");
  if (profile !== null && (base.kind === "running" || isComparing))
    throw new Wrong("--profile is for a node that the bench starts, and not for comparisons");
  return {
    base,
    other,
    cases,
    seconds: number(flags, "seconds", isComparing ? 0.5 : 1, 0.05, 600),
    rounds: whole(flags, "rounds", isComparing ? 12 : 5, 1000),
    warmUpSeconds: number(flags, "warmUp", 10, 0, 600),
    drivers: whole(flags, "drivers", 1, 64),
    signsPayload: flags["payload"] !== "unsigned",
    bucket,
    allowsNonEmpty: flags["allowNonEmpty"] === true,
    data: text(flags, "data"),
    within,
    withCeilings: !isComparing && flags["ceilings"] !== false,
    json: text(flags, "json"),
    chart: text(flags, "chart"),
    profile,
    writesDocs: flags["write"] === true,
  };
}

function program(): Command {
  return new Command("npm run bench --")
    .description("Measures an S3 server: this checkout's node unless told otherwise")
    .usage("[options]")
    .option("--only <rows>", "rows to measure, with commas between")
    .option("--connections <counts>", "connection counts (1,8,64; 16 when comparing)")
    .option("--seconds <n>", "length of a round (1; 0.5 when comparing)")
    .option("--rounds <n>", "counted rounds of a row; one more comes first and is dropped (5; 12 when comparing)")
    .option("--warm-up <n>", "seconds of requests of every kind before the first round (10)")
    .option("--drivers <n>", "load processes the connections are shared out to (1)")
    .addOption(new Option("--payload <kind>", "whether signatures cover the bytes (signed)").choices(["signed", "unsigned"]))
    .option("--long", "also the rows that need a minute, or many buckets")
    .option("--no-ceilings", "without bare front, MD5, fdatasync and LMDB commit")
    .optionsGroup("A server that runs already:")
    .option("--endpoint <url>", "its URL; path-style requests are sent")
    .option("--access-key <key>", "access key (AWS_ACCESS_KEY_ID)")
    .option("--secret-key <secret>", "secret key (AWS_SECRET_ACCESS_KEY)")
    .option("--region <region>", `region to sign for (AWS_REGION; ${defaultRegion})`)
    .option("--server-pid <pids>", "its processes on this machine, for CPU time and memory; descendants count as well")
    .option("--bucket <name>", "an empty bucket to use (a new one, removed at the end)")
    .option("--allow-non-empty", "use --bucket even when it holds objects; they are left alone")
    .option("--insecure", "accept any TLS certificate")
    .optionsGroup("A node that is started:")
    .option("--command <command>", "shell command that starts it, with {port}, {console} and {data} (this checkout's)")
    .option("--data <directory>", "where it keeps its data: the disk that is measured (the system's for temporary files)")
    .option("--profile [directory]", "CPU profiles of its threads and a flame graph of every row (./profile)")
    .optionsGroup("Two servers in turns:")
    .option("--compare [url]", "against the server at URL, or a second node")
    .option("--compare-access-key <key>", "its access key (the first one's)")
    .option("--compare-secret-key <secret>", "its secret key (the first one's)")
    .option("--compare-region <region>", "its region")
    .option("--compare-pid <pids>", "its processes")
    .option("--compare-command <command>", "against the node that this starts: another checkout, other settings")
    .option("--within <ratio>", "end with 1 when a ratio of CPU time, or without it of rates, is not between 1/RATIO and RATIO")
    .optionsGroup("Results:")
    .option("--json <file>", "every round as JSON")
    .option("--chart <file>", "throughput and latency as SVG")
    .option("--write", "docs/BENCHMARK.md and its chart")
    .helpOption("-h, --help", "show this")
    .addHelpText("after", examples)
    .allowExcessArguments(false);
}

/** @param argv arguments after the program's name */
export function parseBenchLine(argv: readonly string[], environment: Environment): BenchLine {
  let output = "";
  let errors = "";
  const command = program()
    .exitOverride()
    .configureOutput({
      writeOut: (piece) => {
        output += piece;
      },
      writeErr: (piece) => {
        errors += piece;
      },
    })
    .showHelpAfterError("(--help shows what there is)");
  try {
    command.parse([...argv], { from: "user" });
    return { kind: "run", options: optionsOf(command.opts(), environment) };
  } catch (error) {
    if (error instanceof Wrong) return { kind: "usage error", text: `error: ${error.message}\n` };
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? { kind: "help", text: output } : { kind: "usage error", text: errors };
  }
}
