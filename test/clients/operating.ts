/**
 * Runs docs/OPERATING.md from top to bottom as written, against a fresh node, by the command line alone. Then it checks what
 * the page promises: the operator, the reseller, both customers and their users each reach what is theirs, and are refused
 * what is not.
 */

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, rootDirectory } from "../support/node-process.ts";
import { CannotRun, runSuite } from "../support/suite.ts";

/** What the page leaves in variables, and is asked for here. */
const variables = ["NORTH", "BIRCH", "ACME", "READ_PHOTOS"] as const;
type Variable = (typeof variables)[number];

const ok = 0;
/** There is nothing of that name, as far as the caller may know. */
const unknown = 1;
const denied = 77;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

interface Shell {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

function troupe({ directory, environment }: Shell, words: string, input = ""): Ran {
  const ran = spawnSync("troupe", words.split(" "), { cwd: directory, env: environment, input, encoding: "utf8" });
  return { code: ran.status, out: ran.stdout, errors: ran.stderr };
}

/** The page as one script: its own words, stopping at the first line that fails. */
function scriptOf(page: string): string {
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const keep = variables.map((name) => `printf '%s\\n' "$${name}" > ${name}.variable`);
  return ["set -euo pipefail", "trap 'echo \"line $LINENO failed: $BASH_COMMAND\" >&2' ERR", ...blocks, ...keep].join(
    "\n",
  );
}

function runPage(
  shell: Shell,
  script: string,
): Promise<{ readonly code: number | null; readonly output: string; readonly pid: number }> {
  const { directory, environment } = shell;
  // A group of its own: the node that the page starts goes on, and is ended with it.
  const child = spawn("bash", ["-c", script], {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (piece: Buffer): void => {
    output += piece.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output, pid: child.pid ?? 0 }));
  });
}

/** Ends the node that the page left running. */
async function endGroup(pid: number): Promise<boolean> {
  const isAlive = (): boolean => {
    try {
      process.kill(-pid, 0);
      return true;
    } catch (error) {
      // ESRCH: nobody of the group is left.
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
      throw error;
    }
  };
  if (!isAlive()) return false;
  process.kill(-pid, "SIGTERM");
  for (let waited = 0; isAlive() && waited < 300; waited += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  return !isAlive();
}

/** Command line, and the exit codes that it may end with. */
type Expectation = readonly [words: string, codes: readonly number[]];

function expectations(of: Readonly<Record<Variable, string>>): readonly Expectation[] {
  const { NORTH, BIRCH, ACME, READ_PHOTOS } = of;
  const refused = [unknown, denied];
  return [
    // What is theirs.
    ["--data data account list", [ok]],
    [`--data data --in ${ACME} user list`, [ok]],
    ["--profile north customer list", [ok]],
    [`--profile north customer show ${ACME}`, [ok]],
    ["--profile acme user list", [ok]],
    ["--profile ann user list", [ok]],
    ["--profile ann bucket show acme-photos", [ok]],
    ["--profile birch bucket show birch-backups", [ok]],
    ["--profile birch usage show --from 2026-01-01 --to 2026-01-02 --format csv", [ok]],
    ["--profile birch job list", [ok]],
    ["--profile bob key list", [ok]],
    // The reseller: not the operator's, not a customer of the operator's, no keys, nothing of its own account above.
    [`--profile north customer show ${BIRCH}`, refused],
    [`--profile north customer suspend ${BIRCH}`, refused],
    [`--profile north act-as ${BIRCH}`, refused],
    [`--profile north customer show ${NORTH}`, refused],
    [`--profile north customer suspend ${NORTH}`, refused],
    ["--profile north key create", [denied]],
    ["--profile north audit list --account all", [denied]],
    [`--profile north audit list --account ${BIRCH}`, refused],
    // A customer: nobody's accounts, no other customer's things.
    ["--profile acme account list", [denied]],
    ["--profile acme customer create Other --email other@example.com", [denied]],
    [`--profile acme customer show ${BIRCH}`, [denied]],
    [`--profile acme act-as ${BIRCH}`, [denied]],
    [`--profile acme act-as ${NORTH}`, [denied]],
    ["--profile acme bucket show birch-backups", refused],
    ["--profile acme bucket delete birch-backups", refused],
    ["--profile acme bucket create birch-backups", refused],
    ["--profile acme user show backup", refused],
    [`--profile acme audit list --account ${NORTH}`, refused],
    ["--profile acme user delete root", refused],
    ["--profile birch bucket show acme-photos", refused],
    ["--profile birch bucket super-delete acme-photos acme-photos", refused],
    [`--profile birch usage show --from 2026-01-01 --to 2026-01-02 --account ${ACME}`, refused],
    ["--profile birch user show ann@acme.example", refused],
    [`--profile birch user attach-policy backup ${READ_PHOTOS}`, refused],
    [`--profile birch customer show ${ACME}`, [denied]],
    // An Admin: everything but Root.
    ["--profile ann user delete root", refused],
    ["--profile ann user update root --role user", refused],
    ["--profile ann user create-key root", refused],
    ["--profile ann user reset-mfa root", refused],
    ["--profile ann account list", [denied]],
    // A User: what the policies say, and nothing else.
    ["--profile bob user list", [denied]],
    ["--profile bob user create eve@acme.example", [denied]],
    ["--profile bob user update bob@acme.example --role admin", [denied]],
    ["--profile bob group add-user readers ann@acme.example", [denied]],
    ["--profile bob bucket create bobs-bucket", [denied]],
    ["--profile bob bucket delete acme-photos", [denied]],
    [`--profile bob policy create-version read-photos {}`, [denied]],
    ["--profile bob user create-key ann@acme.example", [denied]],
    ["--profile bob audit list", [denied]],
    [`--profile bob act-as ${BIRCH}`, [denied]],
    // Nobody.
    ["--profile nobody whoami", [denied]],
    ["--url http://127.0.0.1:1 --profile acme whoami", [denied]],
  ];
}

/** The socket is its owner's alone; the token reads, and changes nothing. */
function checkProofs(
  shell: Shell,
  of: Readonly<Record<Variable, string>>,
  check: (claim: string, holds: boolean) => void,
): void {
  const mode = (name: string): number => statSync(join(shell.directory, name)).mode & 0o777;
  check("the socket is its owner's alone", mode("data/admin.sock") === 0o600);
  check("the credentials are their owner's alone", mode("home/.config/troupe/credentials.json") === 0o600);
  const credentials = readFileSync(join(shell.directory, "home/.config/troupe/credentials.json"), "utf8");
  check("no password is kept", !/northern lights|birch bark|anvils are|ann likes|bob reads/.test(credentials));
  const token = readFileSync(join(shell.directory, "billing.token"), "utf8").trim();
  const program: Shell = { ...shell, environment: { ...shell.environment, TROUPE_TOKEN: token } };
  for (const [words, code] of [
    ["whoami", ok],
    ["customer list", denied],
    [`customer suspend ${of.ACME}`, denied],
    ["user list", denied],
    ["token list", denied],
  ] as const) {
    const ran = troupe(program, words);
    check(`the token for usage: ${words} ends with ${code}: ${ran.code} ${ran.errors}`, ran.code === code);
  }
}

/** What a key of a user may do is what its policies say, also by signature. */
function checkAudit(
  shell: Shell,
  { ACME }: Readonly<Record<Variable, string>>,
  check: (claim: string, holds: boolean) => void,
): void {
  const ran = troupe(shell, `--json --data data audit list --account ${ACME}`);
  check(`the operator reads Acme's audit log: ${ran.errors}`, ran.code === ok);
  interface Row {
    readonly action: string;
    readonly outcome: string;
    readonly by: {
      readonly name: string;
      readonly kind: string;
      readonly original: { readonly accountId: string } | null;
    };
  }
  const { items } = JSON.parse(ran.out === "" ? '{"items":[]}' : ran.out) as { items: readonly Row[] };
  const has = (holds: (row: Row) => boolean): boolean => items.some(holds);
  check(
    "it says who made what",
    has(({ action, by }) => action === "user.create" && by.name === "ann@acme.example"),
  );
  check(
    "it says what was refused",
    has(({ outcome, by }) => outcome === "denied" && by.name === "bob@acme.example"),
  );
  check("every row names an actor", items.length > 10 && items.every(({ by }) => by.name !== ""));
}

await runSuite("operating", async ({ directory, say, check }) => {
  if (!existsSync("/bin/bash") && !existsSync("/usr/bin/bash")) throw new CannotRun("bash is needed");
  const page = readFileSync(join(rootDirectory, "docs/OPERATING.md"), "utf8");
  const bin = join(directory, "bin");
  mkdirSync(bin);
  mkdirSync(join(directory, "home"));
  writeFileSync(
    join(bin, "troupe"),
    `#!/bin/sh\nexec "${process.execPath}" "${join(rootDirectory, "dist/main.js")}" "$@"\n`,
  );
  chmodSync(join(bin, "troupe"), 0o755);
  const consolePort = await freePort();
  const shell: Shell = {
    directory,
    environment: {
      PATH: `${bin}:${process.env["PATH"]}`,
      HOME: join(directory, "home"),
      UV_THREADPOOL_SIZE: "16",
      TROUPE_S3: `127.0.0.1:${await freePort()}`,
      TROUPE_CONSOLE: `127.0.0.1:${consolePort}`,
      TROUPE_URL: `http://127.0.0.1:${consolePort}`,
      TROUPE_STORAGE_BALLAST_BYTES: "0",
    },
  };
  const ran = await runPage(shell, scriptOf(page));
  try {
    check(`every line of the page runs: ${ran.output}`, ran.code === 0);
    if (ran.code !== 0) return;
    const read = (name: Variable): string => readFileSync(join(directory, `${name}.variable`), "utf8").trim();
    const of = { NORTH: read("NORTH"), BIRCH: read("BIRCH"), ACME: read("ACME"), READ_PHOTOS: read("READ_PHOTOS") };
    for (const [words, codes] of expectations(of)) {
      // What a command asks for before it does something dreadful.
      const { code, errors } = troupe(shell, words, "birch bark burns best\n");
      check(
        `troupe ${words} ends with ${codes.join(" or ")}: ${code} ${errors}`,
        code !== null && codes.includes(code),
      );
    }
    checkProofs(shell, of, check);
    checkAudit(shell, of, check);
    say(`${expectations(of).length} commands of the operator, the reseller, customers and users`);
  } finally {
    check("the node was running, and ends when it is told to", await endGroup(ran.pid));
  }
  check("a stopped node leaves no socket", !existsSync(join(directory, "data/admin.sock")));
  check("a command without a node says so", troupe(shell, "--data data whoami").code === 69);
});
