/** The console port of a node: health probes and metrics, gathered from all its threads. For node.ts alone. */

import type { Supervisor } from "./actor/supervisor.ts";
import type { AdminPort } from "./admin/port.ts";
import { limits } from "./base/limits.ts";
import type { Log } from "./base/log.ts";
import { type ListenAddress, urlHost } from "./cli/address.ts";
import { productVersion } from "./cli/version.ts";
import type { Config } from "./config/schema.ts";
import { consolePort } from "./front/console-port.ts";
import { nodeGauges } from "./front/gauges.ts";
import { listen } from "./front/http-server.ts";
import { Metrics } from "./front/metrics.ts";
import type { FrontReport } from "./front-thread.ts";
import type { HttpServer } from "./model/http.ts";
import { consoleGuide } from "./node-guide.ts";
import type { AnyFront } from "./node-parts.ts";
import type { FreeSpace } from "./storage/free-space.ts";

export interface ConsoleParts {
  readonly address: ListenAddress;
  readonly implementation: "uws" | "node";
  readonly config: Config;
  readonly fronts: readonly AnyFront[];
  readonly supervisor: Supervisor;
  readonly freeSpace: FreeSpace;
  /** Of the S3 port, once it listens. */
  readonly endpoint: () => string;
  /** Whether the S3 port serves too. */
  readonly isReady: () => boolean;
  readonly log: Log;
  readonly admin: AdminPort;
}

/** @throws ListenError */
export async function openConsole(parts: ConsoleParts): Promise<HttpServer> {
  const { address, implementation, config, fronts, supervisor, freeSpace, endpoint, isReady, log, admin } = parts;
  let reports: readonly FrontReport[] = [];
  const gauges = nodeGauges({
    fronts: () => reports.map(({ snapshot }) => snapshot),
    supervisor: () => supervisor.snapshot(),
    freeSpace,
    held: config.metrics.usage ? () => reports.flatMap(({ held }) => held) : null,
  });
  const metrics = new Metrics({ version: productVersion(), gauges });
  const gather = async (): Promise<void> => {
    reports = await Promise.all(fronts.map((front) => front.report()));
    for (const { sums } of reports) metrics.add(sums);
  };
  const handler = consolePort({
    metrics,
    gather,
    admin,
    showGuide: consoleGuide({
      domains: config.domain,
      region: config.region,
      consoleUrl: () => config.console.publicUrl ?? `http://${urlHost(address.host)}:${server.port}`,
      listening: endpoint,
      log,
    }),
    isOpen: config.metrics.open,
    bearerToken: config.metrics.bearerToken,
    isReady,
    endpoint,
    onError: (error) => log.error({ error }, "metrics could not be gathered"),
  });
  const connectionsMax = limits.consoleConnectionsMax;
  const server = await listen({ ...address, implementation, connectionsMax }, handler, log);
  return server;
}
