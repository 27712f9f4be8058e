/** docs/CLIENTS.md: what the matrix found, written by its run. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../../support/node-process.ts";
import { clients, unobtainable } from "./registry.ts";
import type { Outcome } from "./run.ts";

export const clientsPageFile = join(rootDirectory, "docs/CLIENTS.md");

const introduction = `# Clients

Clients that nobody of this project wrote, run with their default settings against real nodes. This page is written by the
run (\`node dist/test/clients/matrix.js --long --write\`); a client is listed as passed when it passed on every transport: HTTP
and TLS (a certificate of its own, given to the client), both HTTP servers, Node.js 20 and 22.

Every client stores and reads objects of 0 B, 1 B, 5 MiB - 1 B, 8 MiB - 1 B, 8 MiB, 8 MiB + 1 B and 17 MiB, under keys with
spaces, plus and percent signs, quotes and letters beyond ASCII, as far as it offers that. What it stored is read back by
another client and compared by sha256.

| client | version | from | exercised | result |
|---|---|---|---|---|
`;

/** A row without its result: what the registry knows. */
export const rowStart = (name: string, version: string, from: string): string => `| ${name} | ${version} | ${from} |`;

/** Writes the page; clients that were not run keep the row that they had. */
export function writePage(outcomes: readonly Outcome[]): void {
  const before = existsSync(clientsPageFile) ? readFileSync(clientsPageFile, "utf8").split("\n") : [];
  const rows = clients.map((client) => {
    const start = rowStart(client.name, client.version, client.obtained);
    const outcome = outcomes.find((candidate) => candidate.client === client);
    if (outcome === undefined) return before.find((line) => line.startsWith(start)) ?? `${start} | not run |`;
    const reason = outcome.result === "not here" ? `: ${outcome.reason ?? ""}` : "";
    return `${start} ${outcome.exercised.join("; ")} | ${outcome.result}${reason} |`;
  });
  const others = unobtainable.map(({ name, reason }) => `- ${name}: ${reason}.`);
  const text = `${introduction}${rows.join("\n")}\n\n## Not obtained\n\n${others.join("\n")}\n`;
  writeFileSync(clientsPageFile, text);
}
