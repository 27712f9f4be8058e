/** The diagnostics of a node, gathered when they are asked for. For node.ts alone. */

import type { Supervisor } from "./actor/supervisor.ts";
import type { Diagnostics } from "./admin/diagnostics.ts";
import type { Clock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import type { RecentFaults } from "./base/recent-faults.ts";
import { printedConfig } from "./cli/print-config.ts";
import { productVersion } from "./cli/version.ts";
import type { LoadedConfig } from "./config/config.ts";
import type { FreeSpace } from "./storage/free-space.ts";

export interface DiagnosticParts {
  readonly loaded: LoadedConfig;
  readonly supervisor: Pick<Supervisor, "snapshot">;
  readonly freeSpace: Pick<FreeSpace, "freeBytes" | "totalBytes" | "isLow">;
  readonly faults: RecentFaults;
  readonly implementation: "uws" | "node";
  /** Of the S3 port. */
  readonly endpoint: () => string;
  readonly isReady: () => boolean;
  readonly clock: Clock;
}

export function nodeDiagnostics(parts: DiagnosticParts): () => Diagnostics {
  const { loaded, supervisor, freeSpace, faults, implementation, endpoint, isReady, clock } = parts;
  const startedAt = new Date(clock.nowMs()).toISOString();
  return () => {
    const { isUp, restarts } = supervisor.snapshot();
    const memory = process.memoryUsage();
    return {
      at: new Date(clock.nowMs()).toISOString(),
      versions: {
        troupe: productVersion(),
        node: process.versions.node,
        platform: `${process.platform} ${process.arch}`,
      },
      startedAt,
      endpoint: endpoint(),
      httpServer: implementation,
      isReady: isReady(),
      threads: isUp.map((up, thread) => ({ isUp: up, restarts: restarts[thread] ?? 0 })),
      memory: { rssBytes: memory.rss, heapBytes: memory.heapUsed, externalBytes: memory.external },
      disk: { freeBytes: freeSpace.freeBytes, totalBytes: freeSpace.totalBytes, isLow: freeSpace.isLow },
      config: JSON.parse(printedConfig(loaded, false)) as Record<string, unknown>,
      limits: { ...limits },
      faults: faults.list().map(({ atMs, level, message, detail }) => ({
        at: new Date(atMs).toISOString(),
        level,
        message,
        detail,
      })),
    };
  };
}
