/** The bench's page: Markdown, made of measured rows. */

import type { PartCost } from "./parts.ts";

export interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the whole server process, user and system, per request. */
  readonly cpuMicros: number;
  readonly errors: number;
  /** RssAnon + RssShmem of the server after the row. */
  readonly memoryBytes: number;
}

export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly idleBytes: number;
  readonly rows: readonly Row[];
  readonly parts: readonly PartCost[];
}

const line = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

export function report({ machine, node, idleBytes, rows, parts }: Report): string {
  const table = rows.map((row) =>
    line(
      row.name,
      row.perSecond.toFixed(0),
      row.megabytesPerSecond.toFixed(0),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.cpuMicros.toFixed(1),
      (row.memoryBytes / 1e6).toFixed(0),
      row.errors,
    ),
  );
  const costs = parts.map((part) => line(part.name, part.cpuMicros.toFixed(1), part.wallMicros.toFixed(1)));
  return `# Benchmark

Written by \`npm run bench -- --long --write\`. Machine: ${machine}; Node.js ${node}; the load comes from a process beside the
server on the same machine. Every request is signed and every write is durable before it is acknowledged. The stable
figure is the server's CPU time per request; rates on a small shared machine are noisy. Medians of the rounds, the first
dropped. Idle memory (RssAnon + RssShmem): ${(idleBytes / 1e6).toFixed(0)} MB.

| | per second | MB/s | p50 ms | p99 ms | server CPU µs | memory MB | errors |
|---|---|---|---|---|---|---|---|
${table.join("\n")}

What the parts cost in the same run:

| part | CPU µs | wall µs |
|---|---|---|
${costs.join("\n")}
`;
}
