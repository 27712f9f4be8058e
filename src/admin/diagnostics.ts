/** What a node says of itself to who has to find out what is wrong: its form, without anything that is secret. */

import { z } from "zod";
import { time } from "./schemas.ts";

export const diagnosticsForm = z.strictObject({
  at: time,
  versions: z.strictObject({
    troupe: z.string(),
    node: z.string(),
    platform: z.string().describe("Operating system and architecture."),
  }),
  startedAt: time,
  endpoint: z.string().describe("Of the S3 port."),
  httpServer: z.enum(["uws", "node"]),
  isReady: z.boolean(),
  threads: z.array(z.strictObject({ isUp: z.boolean(), restarts: z.int() })).describe("Of the buckets."),
  memory: z.strictObject({ rssBytes: z.int(), heapBytes: z.int(), externalBytes: z.int() }).describe("Of the process."),
  disk: z
    .strictObject({ freeBytes: z.int(), totalBytes: z.int(), isLow: z.boolean() })
    .describe("The volume of the data directory; isLow: writes are refused."),
  config: z.record(z.string(), z.unknown()).describe("In force; secrets are masked."),
  limits: z.record(z.string(), z.number()),
  faults: z
    .array(
      z.strictObject({
        at: time,
        level: z.enum(["warn", "error", "fatal"]),
        message: z.string(),
        detail: z.string().describe("JSON text, cut when it is long."),
      }),
    )
    .describe("The last warnings and errors of the main thread, oldest first; other threads' are in the log."),
});

export type Diagnostics = z.input<typeof diagnosticsForm>;
