/** docs/CLIENTS.md: what the matrix found, written by its run. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../../support/node-process.ts";
import { clients, unobtainable } from "./registry.ts";
import type { Outcome } from "./run.ts";

export const clientsPageFile = join(rootDirectory, "docs/CLIENTS.md");

const introduction = `# Clients

Clients that nobody of this project wrote, with their default settings, against real nodes. This page is written by the run:
\`node dist/test/clients/matrix.js --write\`, with \`--long\` also those that take long to build. Two transports have HTTP and TLS
(an authority of its own, given to the client), both HTTP servers, and Node.js 20 and 22; eight are every combination.

Every client stores and reads objects of 0 B, 1 B, 5 MiB - 1 B, 8 MiB - 1 B, 8 MiB, 8 MiB + 1 B and 17 MiB, under keys with
spaces, plus and percent signs, quotes and letters beyond ASCII, as far as it offers that. What it stored is read back by
another client and compared by sha256. Requests are presigned as each client does by default: with signature version 2 by boto3
and what is built on it (in us-east-1), aws-sdk-js v2 and s3cmd, with version 4 by the others.

| client | version | from | exercised | result |
|---|---|---|---|---|
`;

const featuresIntroduction = `

## Features

What clients do with the rest of S3: access, tags, locks, lifecycle, encryption, forms, websites and the other sub-resources of
buckets. A client does this over TLS at least, with \`--long\` over HTTP and TLS on both HTTP servers. What the nodes answer is
judged by the client's own reading of it, by requests without credentials, and by another client's reading.

| client | version | features exercised | result |
|---|---|---|---|
`;

/** A row without its result: what the registry knows. */
export const rowStart = (name: string, version: string, from: string): string => `| ${name} | ${version} | ${from} |`;

export const featureRowStart = (name: string, version: string): string => `| ${name} | ${version} |`;

function resultOf({ result, reason = "" }: Outcome, transports: number): string {
  if (result === "passed") return `passed on ${transports} transport${transports === 1 ? "" : "s"}`;
  return result === "failed" ? "failed" : `not here: ${reason}`;
}

/** Writes the page; clients that were not run keep the row that they had. */
export function writePage(outcomes: readonly Outcome[]): void {
  const before = existsSync(clientsPageFile) ? readFileSync(clientsPageFile, "utf8").split("\n") : [];
  const heading = before.indexOf("## Features");
  const beforeFeatures = heading === -1 ? [] : before.slice(heading);
  const rows = clients.map((client) => {
    const start = rowStart(client.name, client.version, client.obtained);
    const outcome = outcomes.find((candidate) => candidate.client === client);
    if (outcome === undefined) return before.find((line) => line.startsWith(start)) ?? `${start} | not run |`;
    return `${start} ${outcome.exercised.join("; ")} | ${resultOf(outcome, outcome.transports.length)} |`;
  });
  const featureRows = clients
    .filter(({ features }) => features !== undefined)
    .map((client) => {
      const start = featureRowStart(client.name, client.version);
      const outcome = outcomes.find((candidate) => candidate.client === client);
      if (outcome === undefined) return beforeFeatures.find((line) => line.startsWith(start)) ?? `${start} not run | |`;
      return `${start} ${outcome.features.join("; ")} | ${resultOf(outcome, outcome.featureTransports)} |`;
    });
  const others = unobtainable.map(({ name, reason }) => `- ${name}: ${reason}.`);
  const text = `${introduction}${rows.join("\n")}${featuresIntroduction}${featureRows.join("\n")}\n\n## Not obtained\n\n${others.join("\n")}\n`;
  writeFileSync(clientsPageFile, text);
}
