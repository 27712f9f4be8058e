/** One chart of lines over logarithmic axes, as SVG. Pure. */

import { escapeXml } from "./flame-graph.ts";

export interface Line {
  readonly name: string;
  /** CSS class of its colour. */
  readonly colour: string;
  readonly isDashed: boolean;
  /** Positive values, by rising x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  nameOfX(x: number): string;
}

/** Size of a panel, and its margins around the axes. */
export const panelSize = { width: 560, height: 330 } as const;
const margin = { left: 62, right: 112, top: 48, bottom: 34 } as const;
const labelHeight = 15;

const plot = {
  width: panelSize.width - margin.left - margin.right,
  height: panelSize.height - margin.top - margin.bottom,
} as const;

/** Places values between two ends by their logarithm; in the middle when there is only one. */
function scale(low: number, high: number, length: number): (value: number) => number {
  const span = Math.log(high) - Math.log(low);
  return (value) => (span === 0 ? length / 2 : ((Math.log(value) - Math.log(low)) / span) * length);
}

function tickName(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}

/**
 * Round values within the ends: powers of ten, and 2 and 5 times them when they would be fewer than three.
 * @returns ends and ticks
 */
export function ticks(low: number, high: number): { readonly low: number; readonly high: number; readonly at: number[] } {
  const steps = Math.log10(high / low) < 2 ? [1, 2, 5] : [1];
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++)
    for (const step of steps) all.push(step * 10 ** power);
  const first = all.filter((value) => value <= low * 1.0001).at(-1) ?? low;
  const last = all.find((value) => value >= high * 0.9999) ?? high;
  return { low: first, high: last, at: all.filter((value) => value >= first && value <= last) };
}

/** Moves labels apart, keeping their order, within the height. */
export function spreadLabels(wanted: readonly number[], gap: number, max: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  let floor = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    placed[index] = Math.max(placed[index] ?? 0, floor);
    floor = (placed[index] ?? 0) + gap;
  }
  let ceiling = max;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index] ?? 0, ceiling);
    ceiling = (placed[index] ?? 0) - gap;
  }
  return placed;
}

const px = (value: number): string => value.toFixed(1);

function drawLine(line: Line, at: (point: readonly [number, number]) => [number, number], name: (x: number) => string, unit: string): string {
  const spots = line.points.map((point) => ({ point, at: at(point) }));
  const path = spots.map(({ at: [x, y] }, index) => `${index === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");
  const dots = spots.map(
    ({ point, at: [x, y] }) =>
      `<circle cx="${px(x)}" cy="${px(y)}" r="3"><title>${escapeXml(`${line.name}, ${name(point[0])}: ${tickName(point[1])} ${unit}`)}</title></circle>`,
  );
  return `<g class="line ${line.colour}${line.isDashed ? " dashed" : ""}"><path d="${path}"/>${dots.join("")}</g>`;
}

/** @returns an SVG group of `panelSize`; empty when there is nothing to show */
export function drawPanel({ title, unit, lines, nameOfX }: Panel): string {
  const shown = lines.filter(({ points }) => points.length > 0);
  const points = shown.flatMap((line) => line.points);
  if (points.length === 0) return "";
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const axis = ticks(Math.min(...ys), Math.max(...ys));
  const [first = 1] = xs;
  const placeX = scale(first, xs.at(-1) ?? first, plot.width);
  const placeY = scale(axis.low, axis.high, plot.height);
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    margin.left + placeX(x),
    margin.top + plot.height - placeY(y),
  ];
  const right = margin.left + plot.width;
  const bottom = margin.top + plot.height;
  const grid = axis.at.map((value) => {
    const [, y] = at([first, value]);
    return `<line class="grid" x1="${margin.left}" x2="${right}" y1="${px(y)}" y2="${px(y)}"/><text class="tick" text-anchor="end" x="${margin.left - 8}" y="${px(y + 4)}">${tickName(value)}</text>`;
  });
  const below = xs.map((x) => {
    const [left] = at([x, axis.low]);
    return `<text class="tick" text-anchor="middle" x="${px(left)}" y="${bottom + 20}">${escapeXml(nameOfX(x))}</text>`;
  });
  const ends = shown.map((line) => at(line.points.at(-1) ?? [first, axis.low]));
  const heights = spreadLabels(ends.map(([, y]) => y), labelHeight, bottom);
  const labels = shown.map(
    (line, index) =>
      `<text class="label ${line.colour}" x="${px((ends[index]?.[0] ?? right) + 9)}" y="${px((heights[index] ?? 0) + 4)}">${escapeXml(line.name)}</text>`,
  );
  return [
    `<text class="title" x="${margin.left}" y="20">${escapeXml(title)}</text><text class="tick" x="${margin.left}" y="37">${escapeXml(unit)}</text>`,
    ...grid,
    ...below,
    ...shown.map((line) => drawLine(line, at, nameOfX, unit)),
    ...labels,
  ].join("\n");
}
