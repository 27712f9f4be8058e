/** docs/BENCHMARK.md, made of measured results. Pure. */

import { type CaseResult, errorCount, type Results } from "./results.ts";
import { figure, remarks } from "./table.ts";

const line = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

function row(result: CaseResult): string {
  const { name, connections, base } = result;
  return line(
    name,
    connections,
    base.perSecond.toFixed(base.perSecond < 100 ? 1 : 0),
    base.megabytesPerSecond > 0 ? figure(base.megabytesPerSecond) : "",
    figure(base.p50Ms),
    figure(base.p99Ms),
    figure(base.cpuMicros),
    base.memoryBytes === null ? "" : (base.memoryBytes / 1e6).toFixed(0),
    errorCount(base),
  );
}

const preface = `# Benchmark

![Throughput and latency by size of the objects and by number of connections](benchmark.svg)

## How to read it

- **Every request is signed** (SigV4 over head and body) **and every write is durable before it is acknowledged.** Nothing is
  tuned for the bench: it is the node that \`npm start\` runs.
- **CPU µs is the figure to trust**: user and system time of the whole server process divided by the requests it answered.
  It hardly depends on what else the machine does. Rates and latencies do, because the load comes from a process beside the
  server on the same machine and takes its share of the cores.
- **Compare with the ceilings of the same run, not with another machine.** "bare front" is the HTTP listener alone, which
  answers from memory and checks nothing. The parts below are what one MD5, one sync and one commit cost there and then: a
  durable PUT cannot cost less than its parts, nor a GET less than the bare front.
- One connection shows latency; many show throughput. Large objects get fewer connections, so that at most 128 MiB are under
  way. A mix is 45 % GET, 30 % HEAD, 15 % PUT, 10 % DELETE.
- Memory is RssAnon + RssShmem after the row: what the process itself holds, without mapped files.
- Errors are answers other than success, of all counted rounds. A row with errors is no result.

## How it is measured

Memory of the machine is touched once, requests of every kind warm the server up for ten seconds, the objects of a row are
written, and the server's own upkeep comes to rest. Then rounds follow each other; the first is dropped, and the medians
of the others are shown. Requests are signed before the clock starts. Bodies are random bytes, no two of a row alike.

\`--compare\` measures two servers in one run: their rounds alternate, A B, B A, and ratios are taken within each pair, so
that a disturbance that lasts longer than a round cancels out. It shows the median ratio and the interval that holds the
true one in 95 of 100 runs (from the order of the ratios, without assuming a distribution). Two equal servers give a ratio
near 1: \`npm run bench -- --compare\` shows how near, on your machine.

## How to repeat it

\`\`\`sh
npm run bench                                            # every row at 1, 8 and 64 connections
npm run bench -- --only put-4k,get-4k --connections 32   # two rows
npm run bench -- --compare --within 1.1                  # against a second node; ends with 1 when a ratio is outside
npm run bench -- --compare-command "node ../other/dist/main.js"
npm run bench -- --profile /tmp/profile --only put-4k@32 # CPU profiles and flame graphs
npm run bench -- --help
\`\`\`

Any S3 server can take the node's place, with \`--endpoint\`, \`--access-key\` and \`--secret-key\`; \`--server-pid\` adds its CPU
time and memory when it runs on the same machine. What was written is deleted at the end, also after Ctrl-C.
`;

/** @param results without a comparison */
export function report(results: Results): string {
  const { machine, nodeVersion, date, command, idleBytes, rounds, roundSeconds, cases, parts } = results;
  const notes = cases.flatMap((result) =>
    remarks(result).map((remark) => `- ${result.name}, ${result.connections} connections: ${remark}`),
  );
  const costs = parts.map((part) => line(part.name, figure(part.cpuMicros), figure(part.wallMicros)));
  const sections = [
    preface,
    `## Results

\`npm run bench${command === "" ? "" : ` -- ${command}`}\`, ${date.slice(0, 10)}, ${machine}, Node.js ${nodeVersion}; medians of ${rounds} rounds of
${roundSeconds} s. ${idleBytes === null ? "" : `Memory before the first request: ${(idleBytes / 1e6).toFixed(0)} MB.`}

| | connections | per second | MB/s | p50 ms | p99 ms | server CPU µs | memory MB | errors |
|---|---|---|---|---|---|---|---|---|
${cases.map(row).join("\n")}
`,
    notes.length === 0 ? "" : `${notes.join("\n")}\n`,
    parts.length === 0
      ? ""
      : `What the parts cost in the same run:

| part | CPU µs | wall µs |
|---|---|---|
${costs.join("\n")}
`,
  ];
  return sections.filter((section) => section !== "").join("\n");
}
