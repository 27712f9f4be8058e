/** The tables that the terminal shows while the bench runs. Pure. */

import type { Measured } from "./measure.ts";
import { type CaseResult, errorCount, type Results, saturatedShare } from "./results.ts";
import type { Spread } from "./statistics.ts";

/** Three significant digits, without an exponent. */
export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "-";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

const megabytes = (bytes: number | null): string => (bytes === null ? "-" : (bytes / 1e6).toFixed(0));

export function ratioText(spread: Spread | null): string {
  if (spread === null || spread.count === 0) return "-";
  return `${spread.median.toFixed(3)} [${spread.low.toFixed(2)} ${spread.high.toFixed(2)}]`;
}

interface Column {
  readonly name: string;
  readonly width: number;
  cell(result: CaseResult): string;
}

const shared: readonly Column[] = [
  { name: "", width: -35, cell: ({ name }) => name },
  { name: "conns", width: 5, cell: ({ connections }) => String(connections) },
];

const alone: readonly Column[] = [
  ...shared,
  { name: "per second", width: 11, cell: ({ base }) => base.perSecond.toFixed(base.perSecond < 100 ? 1 : 0) },
  { name: "MB/s", width: 8, cell: ({ base }) => (base.megabytesPerSecond > 0 ? figure(base.megabytesPerSecond) : "-") },
  { name: "p50 ms", width: 8, cell: ({ base }) => figure(base.p50Ms) },
  { name: "p99 ms", width: 8, cell: ({ base }) => figure(base.p99Ms) },
  { name: "CPU µs", width: 9, cell: ({ base }) => figure(base.cpuMicros) },
  { name: "MB", width: 6, cell: ({ base }) => megabytes(base.memoryBytes) },
  { name: "errors", width: 7, cell: ({ base }) => String(errorCount(base)) },
];

const paired: readonly Column[] = [
  ...shared,
  { name: "CPU µs A", width: 9, cell: ({ base }) => figure(base.cpuMicros) },
  { name: "B", width: 9, cell: ({ other }) => figure(other?.cpuMicros ?? null) },
  { name: "CPU B/A", width: 19, cell: ({ ratios }) => ratioText(ratios?.cpu ?? null) },
  { name: "rate B/A", width: 19, cell: ({ ratios }) => ratioText(ratios?.rate ?? null) },
  { name: "p50 B/A", width: 19, cell: ({ ratios }) => ratioText(ratios?.p50 ?? null) },
  { name: "p99 B/A", width: 19, cell: ({ ratios }) => ratioText(ratios?.p99 ?? null) },
  {
    name: "errors",
    width: 7,
    cell: ({ base, other }) => String(errorCount(base) + (other === null ? 0 : errorCount(other))),
  },
];

const columnsOf = (isPaired: boolean): readonly Column[] => (isPaired ? paired : alone);
const pad = (text: string, width: number): string => (width < 0 ? text.padEnd(-width) : text.padStart(width));

export function tableHead(isPaired: boolean): string {
  return columnsOf(isPaired)
    .map(({ name, width }) => pad(name, width))
    .join(" ");
}

export function tableLine(result: CaseResult): string {
  return columnsOf(result.other !== null)
    .map(({ width, cell }) => pad(cell(result), width))
    .join(" ");
}

function remarksOf(side: string, { errors, busyShare, rounds }: Measured, connections: number): string[] {
  const remarks = Object.entries(errors).map(([name, count]) => `${side}${count} × ${name}`);
  if (busyShare > saturatedShare)
    remarks.push(
      `${side}a load process was ${(busyShare * 100).toFixed(0)} % busy: rate and latency are partly its own (--drivers), CPU µs is not`,
    );
  const reconnects = Math.max(...rounds.map((round) => round.reconnects));
  if (reconnects > connections) remarks.push(`${side}the server closes connections: ${reconnects} opened in a round`);
  return remarks;
}

/** What must not be overlooked beside a line: errors, a load process that was the limit, connections that do not last. */
export function remarks({ base, other, connections }: CaseResult): string[] {
  if (other === null) return remarksOf("", base, connections);
  return [...remarksOf("A: ", base, connections), ...remarksOf("B: ", other, connections)];
}

/** What follows the table. */
export function closing({ parts, idleBytes, cases }: Results): string {
  const lines = parts.map(({ name, cpuMicros, wallMicros }) => `${pad(name, -50)} ${pad(figure(cpuMicros), 9)} ${pad(figure(wallMicros), 9)}`);
  const text = lines.length === 0 ? [] : [`${pad("Parts, in the same run", -50)} ${pad("CPU µs", 9)} ${pad("wall µs", 9)}`, ...lines];
  if (idleBytes !== null) text.push(`Memory before the first request: ${megabytes(idleBytes)} MB`);
  if (cases.some(({ ratios }) => ratios !== null))
    text.push(
      "Ratios are medians over the pairs of rounds, with the interval that holds the true one in 95 of 100 runs; below 1, B uses less.",
    );
  return text.join("\n");
}
