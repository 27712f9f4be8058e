/** What a front thread is given when it starts, and what it tells: plain data. */

import type { SharedSlabs } from "./actor/slabs.ts";
import type { LogSettings } from "./base/log.ts";
import type { Config } from "./config/schema.ts";
import type { TargetSettings } from "./events/target.ts";
import type { RingKey } from "./keyring/key-ring.ts";
import type { TlsFiles } from "./model/http.ts";
import type { ObjectOwnership } from "./s3/object-ownership.ts";
import type { UnsafeName } from "./unsafe.ts";

/** Plain data that every front of a node is given. */
export interface FrontData {
  readonly partitions: readonly { readonly directory: string; readonly metadata: string; readonly owner: number }[];
  readonly controlDirectory: string;
  /** Of the key ring: secret. */
  readonly ringKeys: readonly RingKey[];
  readonly slabs: SharedSlabs;
  readonly readEpochs: SharedArrayBuffer;
  readonly uploadEpochs: SharedArrayBuffer;
  readonly changeMarks: SharedArrayBuffer;
  readonly fronts: number;
  readonly bucketThreads: number;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly tls: TlsFiles | null;
    readonly implementation: "auto" | "uws" | "node";
    /** Of this front. */
    readonly connectionsMax: number;
    /** How long a stop waits for what is under way; then it is cut off. */
    readonly drainMs: number;
  };
  readonly region: string;
  readonly defaultOwnership: ObjectOwnership | null;
  /** Where events may go; secret. */
  readonly eventTargets: readonly TargetSettings[];
  /** Length of a day of lifecycle rules. */
  readonly dayMs: number;
  readonly endpoints: readonly string[];
  /** Tenants' host names end in these, lower case. */
  readonly domains: readonly string[];
  readonly websites: {
    /** Host names of the website endpoints, lower case. */
    readonly endpoints: readonly string[];
    /** Whether a host that is a bucket's name is its website. */
    readonly customHosts: boolean;
  };
  readonly trustedProxies: readonly string[];
  readonly encryption: Config["encryption"];
  readonly takesVersion2: boolean;
  readonly hostId: string;
  readonly tokenKey: Uint8Array;
  readonly log: LogSettings;
  readonly accessLog: string;
  /** Whether this front tells what buckets hold, for the metrics. */
  readonly metersUsage: boolean;
  readonly unsafe: readonly UnsafeName[];
}

/** What is asked of a bucket without a request. */
export type InsideAsk =
  | "bucket.close"
  | "bucket.configuration"
  | "bucket.configure"
  | "bucket.emptySome"
  | "bucket.locked"
  | "bucket.open"
  | "bucket.reopen"
  | "bucket.setQuota"
  | "events.dead"
  | "events.redeem";
