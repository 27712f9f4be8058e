/**
 * Troupe as a library: nodes inside another program's process, above all an S3 server for its tests.
 * This file holds the public API and nothing else; what does the work is loaded by the first start, so that importing
 * the package costs nothing and `require` works too.
 */

import type { IdentitiesDocument } from "./control/identities-document.ts";

export type {
  IdentitiesDocument,
  IdentityAccount,
  IdentityKey,
  IdentityUser,
} from "./control/identities-document.ts";

/** What a node is started with. Everything is optional. */
export interface StartNodeOptions {
  /**
   * Where the data is kept.
   *
   * - `"memory"` (default): in a private directory that is removed by `close()`, in memory (tmpfs) where 1 GiB or more is free
   *   there, else under the system's directory for temporary files. Nothing is flushed. All bodies together may take what
   *   is free there, less 5 % (2 GiB at most); a write beyond it answers 507 InsufficientStorage.
   * - The path of a directory, made if it is missing (its parent must exist): durable as `troupe serve` is, and of the same
   *   format. One node at a time uses it.
   */
  readonly data?: "memory" | (string & {});
  /** Address to listen on. Default `"127.0.0.1"`. */
  readonly host?: string;
  /** Port of the S3 endpoint, 0 to 65535. Default 0: a free one. */
  readonly port?: number;
  /** Region that is announced; requests signed for any region are accepted. Default `"us-east-1"`. */
  readonly region?: string;
  /** Domain, or several: buckets answer at `<bucket>.s3.<domain>` too. Default `"localhost"`. */
  readonly domain?: string | readonly string[];
  /** HTTP server: uWebSockets.js, node:http, or (default, `"auto"`) the first where its binary loads. */
  readonly front?: "auto" | "uws" | "node";
  /** Serves HTTPS with this certificate chain and key (paths of PEM files). */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /**
   * Accounts, users and keys: the JSON of an identities file (docs/IDENTITIES.md). Default: one account with a generated
   * key; a durable directory keeps it.
   */
  readonly accounts?: IdentitiesDocument;
  /**
   * Further configuration: the JSON of a `cluster.config.json` (docs/CONFIGURATION.md). A node in another process starts from
   * smaller defaults than `troupe serve`: one bucket thread, one partition, 16 MiB of slabs, no ballast.
   * The environment (`TROUPE_*`) has no say.
   */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Takes every line of the log, from `config.log.level` (default `"info"`) on. Default: nothing is logged. */
  readonly logger?: (entry: LogEntry) => void;
}

/** A line of the log. Further members depend on the message; none of them is a secret. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error" | "fatal";
  /** ISO 8601. */
  readonly time: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** An access key, in the shape that AWS's SDKs take. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A node that serves. */
export interface TroupeNode {
  /** URL for S3 clients, without a slash at its end: `http://127.0.0.1:40123`. The same for the node's whole life. */
  readonly endpoint: string;
  /** The bound port. */
  readonly port: number;
  /** As announced to clients. */
  readonly region: string;
  /** The first key of `accounts`, else the one that was generated or found in the directory. */
  readonly credentials: Credentials;
  /** The HTTP server that was chosen. */
  readonly front: "uws" | "node";
  /**
   * Resolves when the node has ended: with `null` after `close()`, with the reason when the node has stopped itself, because
   * a commit failed or did not end in 10 s, or a thread died six times in 30 s. Never rejects.
   *
   * A node that stops itself cuts its connections, acknowledges nothing more and frees its port. It lets the process go on,
   * but leaves a thread and open files behind, and a durable directory locked, until the process ends: after a failed commit
   * nothing of them can be trusted.
   */
  readonly closed: Promise<Error | null>;
  /**
   * Deletes every bucket with all that it holds, and brings accounts, users and keys back to what they were at the start.
   * The endpoint stays. A write under way at that moment is refused or goes with its bucket. Space is freed soon after.
   * Calls at the same time are one. Rejects when the node has ended.
   */
  reset(): Promise<void>;
  /**
   * Stops accepting, lets requests under way end for up to 2 s, and gives back the port, threads, files and, with
   * `data: "memory"`, the data. Afterwards nothing of the node keeps the process alive. May be repeated.
   */
  close(): Promise<void>;
}

/** Why a node did not start. Nothing of it is left behind. */
export class StartError extends Error {
  override readonly name = "StartError";
  /**
   * - `INVALID_OPTIONS`: an option, a key of `config` or an account cannot be used; the message lists all of them.
   * - `DIRECTORY_UNUSABLE`: the data directory cannot be read or written, holds something else, or is damaged.
   * - `DIRECTORY_LOCKED`: another node uses it, in this process or another.
   * - `CANNOT_LISTEN`: the port is in use, not permitted, or the host is no address of this machine.
   * - `FAILED`: anything else; `cause` has it.
   */
  readonly code: "INVALID_OPTIONS" | "DIRECTORY_UNUSABLE" | "DIRECTORY_LOCKED" | "CANNOT_LISTEN" | "FAILED";

  constructor(code: StartError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Starts a node in this process; resolves when it serves. Several may run side by side. It installs no handler of the
 * process's signals or errors, prints nothing, does not exit, and reads no environment variable of its own.
 * Its front runs in the calling thread: code that blocks it (`execFileSync` of an S3 client, say) blocks the node.
 * @throws StartError
 * @example
 * const node = await startNode();
 * const s3 = new S3Client({ endpoint: node.endpoint, region: node.region, credentials: node.credentials, forcePathStyle: true });
 * // ...
 * await node.reset(); // between tests
 * await node.close();
 */
export async function startNode(options: StartNodeOptions = {}): Promise<TroupeNode> {
  const { startEmbeddedNode } = await import("./embedded-node.ts");
  return startEmbeddedNode(options);
}
