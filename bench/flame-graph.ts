/** Flame graphs of V8 CPU profiles, as SVG: a click widens a frame, Escape shows all again. Pure. */

/** What is read of the Profiler domain's Profile. Source: Chrome DevTools Protocol, Profiler.Profile. */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** µs before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
  };
  readonly children?: readonly number[];
}

export interface FlameFrame {
  readonly label: string;
  /** Where the code comes from; decides the colour. */
  readonly origin: "own" | "package" | "node" | "native" | "thread";
  /** With all it called, in µs. */
  micros: number;
  readonly children: Map<string, FlameFrame>;
}

/** @returns µs spent in each node itself. The first delta is the time before the first sample: it belongs to none. */
function selfMicros({ samples, timeDeltas }: Profile): Map<number, number> {
  const times = new Map<number, number>();
  for (let index = 0; index < samples.length; index++) {
    const id = samples[index] ?? 0;
    // A sample stands for the time until the next one.
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0));
  }
  return times;
}

const isIdle = ({ callFrame }: ProfileNode): boolean => callFrame.functionName === "(idle)";

function originOf({ callFrame: { url, functionName } }: ProfileNode): FlameFrame["origin"] {
  if (url.includes("/node_modules/")) return "package";
  if (url.startsWith("node:")) return "node";
  return url === "" || functionName.startsWith("(") ? "native" : "own";
}

function labelOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const place = url.replace(/^.*\/(dist|node_modules)\//, "");
  return `${name} ${place}:${lineNumber + 1}`;
}

/** @returns the thread's calls from the top down, without its idle time; equal calls of a frame are one */
export function frameTree(name: string, profile: Profile): FlameFrame {
  const times = selfMicros(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const root: FlameFrame = { label: name, origin: "thread", micros: 0, children: new Map() };
  const add = (node: ProfileNode, into: FlameFrame): number => {
    if (isIdle(node)) return 0;
    const label = labelOf(node);
    const frame = into.children.get(label) ?? { label, origin: originOf(node), micros: 0, children: new Map() };
    into.children.set(label, frame);
    let sum = times.get(node.id) ?? 0;
    for (const id of node.children ?? []) {
      const child = nodes.get(id);
      if (child !== undefined) sum += add(child, frame);
    }
    frame.micros += sum;
    return sum;
  };
  for (const id of profile.nodes[0]?.children ?? []) {
    const node = nodes.get(id);
    if (node !== undefined) root.micros += add(node, root);
  }
  return root;
}

/** @returns the share of time that was not idle, and each function's own share of the busy time, largest first */
export function selfTimes(profile: Profile): {
  readonly busyShare: number;
  readonly functions: readonly { readonly label: string; readonly share: number }[];
} {
  const times = selfMicros(profile);
  const byLabel = new Map<string, number>();
  let [all, busy] = [0, 0];
  for (const node of profile.nodes) {
    const micros = times.get(node.id) ?? 0;
    all += micros;
    if (isIdle(node)) continue;
    busy += micros;
    byLabel.set(labelOf(node), (byLabel.get(labelOf(node)) ?? 0) + micros);
  }
  const functions = [...byLabel].map(([label, micros]) => ({ label, share: busy === 0 ? 0 : micros / busy }));
  functions.sort((a, b) => b.share - a.share);
  return { busyShare: all === 0 ? 0 : busy / all, functions };
}

const width = 1400;
const rowHeight = 18;
const headHeight = 46;
/** Narrower frames are left out: nobody could see or hit them. */
const widthMin = 0.3;

interface Box {
  readonly frame: FlameFrame;
  /** Share of the whole where it begins. */
  readonly left: number;
  readonly depth: number;
}

function boxes(roots: readonly FlameFrame[], total: number): Box[] {
  const found: Box[] = [];
  const place = (frames: Iterable<FlameFrame>, left: number, depth: number): void => {
    let at = left;
    for (const frame of [...frames].sort((a, b) => b.micros - a.micros)) {
      const share = frame.micros / total;
      if (share * width >= widthMin) {
        found.push({ frame, left: at, depth });
        place(frame.children.values(), at, depth + 1);
      }
      at += share;
    }
  };
  place(roots, 0, 0);
  return found;
}

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Shows a frame over the full width: positions are shares of the whole, kept in data attributes. */
const script = `
const all = [...document.querySelectorAll("g[data-left]")].map((g) => ({ g, left: +g.dataset.left, share: +g.dataset.share,
  depth: +g.dataset.depth, rect: g.querySelector("rect"), text: g.querySelector("text"), label: g.dataset.label }));
const show = (left, share, depth) => {
  for (const box of all) {
    const from = Math.max(box.left, left), to = Math.min(box.left + box.share, left + share);
    const seen = to - from > share * 1e-6;
    box.g.style.display = seen ? "" : "none";
    if (!seen) continue;
    const x = ((from - left) / share) * WIDTH, w = ((to - from) / share) * WIDTH;
    box.rect.setAttribute("x", x); box.rect.setAttribute("width", Math.max(0.2, w - 0.5));
    box.rect.style.opacity = box.depth < depth ? 0.45 : 1;
    box.text.setAttribute("x", x + 3);
    const fits = Math.floor((w - 6) / 6.6);
    box.text.textContent = fits < 3 ? "" : box.label.slice(0, fits);
  }
};
for (const box of all) box.g.addEventListener("click", () => show(box.left, box.share, box.depth));
addEventListener("keydown", (event) => { if (event.key === "Escape") show(0, 1, 0); });
`;

const style = `
svg { font: 11px ui-monospace, Menlo, Consolas, monospace; background: #fff }
text { fill: #1b1b1b; pointer-events: none }
.title { font: 600 15px system-ui, sans-serif } .hint { font: 12px system-ui, sans-serif; fill: #57606a }
.own { fill: #f4a261 } .package { fill: #e9c46a } .node { fill: #8ecae6 } .native { fill: #cfd4da } .thread { fill: #b8d8ba }
g[data-left] { cursor: pointer } g[data-left]:hover rect { stroke: #1b1b1b; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 } text { fill: #f0f3f6 } .hint { fill: #9aa4af }
  .own { fill: #9c5a21 } .package { fill: #7d6620 } .node { fill: #245f80 } .native { fill: #454d57 } .thread { fill: #2f5d36 }
  g[data-left]:hover rect { stroke: #f0f3f6 }
}`;

/** @param roots one for each thread; side by side, as wide as they were busy */
export function flameGraph(title: string, roots: readonly FlameFrame[]): string {
  const total = Math.max(1, roots.reduce((sum, root) => sum + root.micros, 0));
  const found = boxes(roots, total);
  const depthMax = Math.max(0, ...found.map(({ depth }) => depth));
  const height = headHeight + (depthMax + 1) * rowHeight + 8;
  const groups = found.map(({ frame, left, depth }) => {
    const share = frame.micros / total;
    const label = escapeXml(frame.label);
    const y = headHeight + depth * rowHeight;
    const fits = Math.floor((share * width - 6) / 6.6);
    const text = fits < 3 ? "" : escapeXml(frame.label.slice(0, fits));
    const x = (left * width).toFixed(2);
    return `<g data-left="${left.toPrecision(9)}" data-share="${share.toPrecision(9)}" data-depth="${depth}" data-label="${label}"><title>${label}: ${(share * 100).toFixed(2)} %, ${(frame.micros / 1000).toFixed(1)} ms</title><rect class="${frame.origin}" x="${x}" y="${y}" width="${Math.max(0.2, share * width - 0.5).toFixed(2)}" height="${rowHeight - 1}" rx="1"/><text x="${(left * width + 3).toFixed(2)}" y="${y + 13}">${text}</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${style}</style>
<text class="title" x="4" y="18">${escapeXml(title)}</text>
<text class="hint" x="4" y="37">busy time of all threads, ${(total / 1000).toFixed(0)} ms; orange: the server, yellow: packages, blue: Node.js, grey: native code and collector. Click: wider; Escape: all.</text>
${groups.join("\n")}
<script><![CDATA[${script.replaceAll("WIDTH", String(width))}]]></script>
</svg>
`;
}
