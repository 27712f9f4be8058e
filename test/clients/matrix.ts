/**
 * The client matrix: clients that nobody here wrote, with their default settings, against real nodes over HTTP and TLS,
 * on both HTTP servers: objects, then the features that a client offers. `--only restic,rclone` chooses, `--patience 5` multiplies the budgets, `--long` runs also what takes long to build, on all transports,
 * `--write` writes docs/CLIENTS.md.
 */

import { readFileSync } from "node:fs";
import { runSuite } from "../support/suite.ts";
import { writePage } from "./matrix/page.ts";
import { clients } from "./matrix/registry.ts";
import { Matrix, type Outcome, startNodes, transportName, unservedIn } from "./matrix/run.ts";

const workers = 2;

await runSuite("matrix", async ({ directory, option, has, say, check }) => {
  const isLong = has("long");
  const at = process.argv.indexOf("--only");
  const only = at === -1 ? null : (process.argv[at + 1] ?? "").split(",");
  const named = (name: string): boolean =>
    only?.some((word) => name.toLowerCase().includes(word.toLowerCase())) ?? false;
  const chosen = clients.filter(({ name, long }) => (only === null ? isLong || !long : named(name)));
  const served = await startNodes(directory, isLong);
  const matrix = new Matrix(directory, served, option("patience", 1));
  const outcomes: Outcome[] = [];
  const queue = [...chosen];
  const work = async (): Promise<void> => {
    for (let client = queue.shift(); client !== undefined; client = queue.shift()) {
      const outcome = await matrix.run(client, say);
      outcomes.push(outcome);
      if (outcome.reason !== undefined) say(`${client.name}: ${outcome.result}: ${outcome.reason}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const inOrder = chosen.flatMap((client) => outcomes.filter((outcome) => outcome.client === client));
  say("");
  for (const { client, result, exercised, features, transports, seconds } of inOrder)
    say(
      `${result.padEnd(8)} ${`${client.name} ${client.version}`.padEnd(28)} ${seconds.toFixed(0).padStart(4)} s  ` +
        `${transports.length} transports  ${[...exercised, ...features].join("; ")}`,
    );
  for (const { client, result } of inOrder) if (result !== "not here") check(client.name, result === "passed");
  for (const { node, transport, data } of served) {
    const name = transportName(transport);
    check(`${name}: the node stops cleanly`, (await node.stop()) === 0);
    const log = readFileSync(`${data}.log`, "utf8");
    const faults = log.split("\n").filter((line) => /"level":"(error|fatal)"/.test(line));
    check(`${name}: no fault is logged: ${faults.slice(0, 3).join("\n")}`, faults.length === 0);
    const answers = unservedIn(readFileSync(`${data}.access`, "utf8"));
    for (const what of answers.unserved) say(`${name}: not served: ${what}`);
    check(`${name}: no client got a 5xx`, answers.faults === 0);
  }
  if (has("write")) writePage(inOrder);
});
