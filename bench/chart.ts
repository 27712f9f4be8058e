/** The bench's chart: throughput and latency, by size of the objects and by number of connections. Pure. */

import { escapeXml } from "./flame-graph.ts";
import { drawPanel, type Line, type Panel, panelSize } from "./line-panel.ts";
import type { CaseResult, Results } from "./results.ts";
import { type Operation, sizeName } from "./workload.ts";

type Figure = (result: CaseResult) => number;

const shownName = (operation: Operation): string => (operation === "BARE" ? "bare front" : operation);

/** One line through the cases, in the order of x; values that are not positive have no place on the axes. */
function lineOf(cases: readonly CaseResult[], operation: Operation, x: Figure, y: Figure, percentile = ""): Line {
  const points = cases
    .filter((result) => result.operation === operation)
    .map((result): readonly [number, number] => [x(result), y(result)])
    .filter(([, value]) => value > 0)
    .sort((a, b) => a[0] - b[0]);
  const name = percentile === "" ? shownName(operation) : `${shownName(operation)} ${percentile}`;
  const isDashed = operation === "BARE" || percentile === "p99";
  return { name, colour: operation.toLowerCase(), isDashed, points };
}

/** Of each operation and size, the case with the most or the fewest connections. */
function atConnections(cases: readonly CaseResult[], which: "most" | "fewest"): CaseResult[] {
  const chosen = new Map<string, CaseResult>();
  for (const result of cases) {
    const before = chosen.get(result.id);
    const isBetter =
      before === undefined ||
      (which === "most" ? result.connections > before.connections : result.connections < before.connections);
    if (isBetter) chosen.set(result.id, result);
  }
  return [...chosen.values()];
}

const counts = (cases: readonly CaseResult[]): string => {
  const all = [...new Set(cases.map(({ connections }) => connections))].sort((a, b) => a - b);
  return all.length === 1 ? `${all[0]} connection${all[0] === 1 ? "" : "s"}` : `${all[0]} to ${all.at(-1)} connections`;
};

function latencyLines(cases: readonly CaseResult[], x: Figure): Line[] {
  return (["PUT", "GET"] as const).flatMap((operation) => [
    lineOf(cases, operation, x, ({ base }) => base.p99Ms, "p99"),
    lineOf(cases, operation, x, ({ base }) => base.p50Ms, "p50"),
  ]);
}

function panels(all: readonly CaseResult[]): Panel[] {
  const cases = all.filter(({ buckets, agedSeconds }) => buckets === 1 && agedSeconds === 0);
  const bySize: Figure = ({ sizeBytes }) => sizeBytes;
  const byConnections: Figure = ({ connections }) => connections;
  const sized = cases.filter(({ operation }) => operation === "PUT" || operation === "GET" || operation === "BARE");
  const [most, fewest] = [atConnections(sized, "most"), atConnections(sized, "fewest")];
  const small = cases.filter(({ sizeBytes, operation }) => sizeBytes === 4096 && operation !== "LIST");
  return [
    {
      title: `Throughput by size, ${counts(most)}`,
      unit: "MB/s",
      nameOfX: sizeName,
      lines: (["BARE", "GET", "PUT"] as const).map((operation) =>
        lineOf(most, operation, bySize, ({ base }) => base.megabytesPerSecond),
      ),
    },
    { title: `Latency by size, ${counts(fewest)}`, unit: "ms", nameOfX: sizeName, lines: latencyLines(fewest, bySize) },
    {
      title: "Throughput by connections, objects of 4 KiB",
      unit: "requests per second",
      nameOfX: String,
      lines: (["BARE", "HEAD", "GET", "MIX", "DELETE", "PUT"] as const).map((operation) =>
        lineOf(small, operation, byConnections, ({ base }) => base.perSecond),
      ),
    },
    {
      title: "Latency by connections, objects of 4 KiB",
      unit: "ms",
      nameOfX: String,
      lines: latencyLines(small, byConnections),
    },
  ];
}

const style = `
svg { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; background: #fff }
.title { font-weight: 600; font-size: 14px; fill: #1f2328 } .tick, .foot { fill: #57606a } .label { font-weight: 600 }
.grid { stroke: #d8dee4; stroke-width: 1 }
.line path { fill: none; stroke: var(--colour); stroke-width: 2 } .line circle { fill: var(--colour) }
.label { fill: var(--colour) } .dashed path { stroke-dasharray: 5 4 }
.put { --colour: #bc4c00 } .get { --colour: #0860c4 } .head { --colour: #0a7a52 } .delete { --colour: #a13a85 }
.mix { --colour: #7d5a00 } .bare { --colour: #6e7781 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 }
  .title { fill: #e6edf3 } .tick, .foot { fill: #9aa4af } .grid { stroke: #2b3138 }
  .put { --colour: #ff9d57 } .get { --colour: #6cb6ff } .head { --colour: #56d39b } .delete { --colour: #f0a0d4 }
  .mix { --colour: #e3c04e } .bare { --colour: #9aa4af }
}`;

const footHeight = 26;

/** @returns a whole SVG document; panels without a figure are left out */
export function chart({ cases, machine, date }: Pick<Results, "cases" | "machine" | "date">): string {
  const drawn = panels(cases)
    .map(drawPanel)
    .filter((panel) => panel !== "");
  const columns = Math.min(2, Math.max(1, drawn.length));
  const width = columns * panelSize.width;
  const height = Math.ceil(drawn.length / columns) * panelSize.height + footHeight;
  const placed = drawn.map((panel, index) => {
    const [x, y] = [(index % columns) * panelSize.width, Math.floor(index / columns) * panelSize.height];
    return `<g transform="translate(${x} ${y})">\n${panel}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Throughput and latency">
<style>${style}</style>
${placed.join("\n")}
<text class="foot" x="${width - 12}" y="${height - 9}" text-anchor="end">${escapeXml(machine)}, ${date.slice(0, 10)}; both axes are logarithmic; dashed: 99th percentile, or the bare front</text>
</svg>
`;
}
