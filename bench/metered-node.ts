/** A node whose own figures the bench reads while it measures. */

import { get } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, type Server, startNode } from "./server.ts";

export interface MeteredNode {
  readonly server: Server;
  /** Metrics by name, the series of one name added up. */
  metrics(): Promise<ReadonlyMap<string, number>>;
}

/** @throws BenchError when it ends, or is not ready in time */
export async function startMetered(
  data: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<MeteredNode> {
  const console = await freePort();
  const main = join(fileURLToPath(new URL(".", import.meta.url)), "../main.js");
  const server = await startNode({
    name: "node",
    data,
    command: `'${process.execPath}' '${main}' serve --data {data} --s3 127.0.0.1:{port} --console 127.0.0.1:${console}`,
    environment: { ...environment, TROUPE_METRICS_OPEN: "true" },
  });
  return { server, metrics: async () => parseMetrics(await textOf(console, "/metrics")) };
}

/** Sums by name of a text in the format of Prometheus. Pure. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [, name = "", value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

function textOf(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("error", reject);
      answer.on("end", () => resolve(text));
    }).on("error", reject);
  });
}
