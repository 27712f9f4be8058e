/** What `startNode` of the library does: options to a node that is a guest in this process, and its errors as `StartError`. */

import { resolve } from "node:path";
import { z } from "zod";
import { parseIdentities } from "./account/identities.ts";
import { randomText } from "./account/key-pair.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import { systemRandom } from "./base/random.ts";
import { loadConfig } from "./config/config.ts";
import { DocumentError } from "./config/problem.ts";
import type { IdentitiesDocument } from "./control/identities-document.ts";
import { ListenError } from "./front/listen-error.ts";
import { type Credentials, type LogEntry, StartError, type StartNodeOptions, type TroupeNode } from "./library.ts";
import { Node } from "./node.ts";
import { DataDirectoryError } from "./storage/data-directory.ts";
import { DirectoryLockedError } from "./storage/directory-lock.ts";
import { DiskError, systemDisk } from "./storage/disk.ts";
import { DamagedEnvironmentError } from "./storage/lmdb-file.ts";
import { makeMemoryDirectory, removeMemoryDirectory } from "./storage/memory-directory.ts";

const optionsSchema = z.strictObject({
  data: z.string().min(1).default("memory"),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(0),
  region: z.string().optional(),
  domain: z.union([z.string(), z.array(z.string())]).optional(),
  front: z.enum(["auto", "uws", "node"]).optional(),
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  accounts: z.looseObject({}).optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  logger: z.custom<(entry: LogEntry) => void>((value) => typeof value === "function", "must be a function").optional(),
});

type Options = z.output<typeof optionsSchema>;

/** For one process among others: what a whole machine would be given is too much for a test. */
const guestDefaults = {
  front: { threads: 1 },
  threads: { buckets: 1 },
  storage: { partitions: 1, ballastBytes: 0 },
  slabs: { bytes: 16 * 1024 * 1024 },
};

/** @throws StartError */
export async function startEmbeddedNode(given: StartNodeOptions): Promise<TroupeNode> {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success) throw new StartError("INVALID_OPTIONS", z.prettifyError(parsed.error), parsed.error);
  try {
    return await start(parsed.data);
  } catch (error) {
    throw toStartError(error);
  }
}

async function start(options: Options): Promise<TroupeNode> {
  const loaded = loadConfig(null, { document: configOf(options) });
  const isMemory = options.data === "memory";
  const accounts =
    options.accounts === undefined ? null : parseIdentities(JSON.stringify(options.accounts), "accounts");
  const identities = accounts ?? (isMemory ? generatedAccount() : null);
  const dataDirectory = isMemory ? await makeMemoryDirectory(systemDisk, systemClock) : resolve(options.data);
  const remove = async (): Promise<void> => {
    if (isMemory) await removeMemoryDirectory(dataDirectory);
  };
  let end: (reason: Error | null) => void = () => undefined;
  const closed = new Promise<Error | null>((settle) => {
    end = settle;
  });
  let hasEnded = false;
  const { logger } = options;
  try {
    const node = await Node.start({
      options: {
        dataDirectory,
        s3: { host: options.host, port: options.port },
        console: null,
        tls: options.tls ?? null,
        identitiesFile: null,
        loaded,
      },
      environment: {},
      guest: {
        identities,
        onLine: logger === undefined ? null : (line) => logger(JSON.parse(line) as LogEntry),
        isTemporary: isMemory,
        drainMs: limits.guestDrainMs,
      },
      onFatal: (_, reason) => {
        hasEnded = true;
        void remove().finally(() => end(reason instanceof Error ? reason : new Error(String(reason))));
      },
    });
    return handleOf(node, {
      region: loaded.config.region,
      credentials: keyIn(identities) ?? node.credentials ?? (await node.operatorKey()),
      closed,
      hasEnded: () => hasEnded,
      end: async () => {
        hasEnded = true;
        await remove();
        end(null);
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Life {
  readonly region: string;
  readonly credentials: Credentials | null;
  readonly closed: Promise<Error | null>;
  readonly hasEnded: () => boolean;
  /** After everything has been closed. */
  readonly end: () => Promise<void>;
}

async function handleOf(node: Node, life: Life): Promise<TroupeNode> {
  const { credentials, region, closed } = life;
  let closing: Promise<void> | null = null;
  let resetting: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    if (life.hasEnded()) return;
    await resetting?.catch(() => undefined);
    // A node that fails meanwhile leaves some of this undone for ever.
    await Promise.race([node.stop().finally(life.end), closed]);
  };
  const failure = async (): Promise<never> => {
    throw new Error("the node has ended", { cause: await closed });
  };
  const close = (): Promise<void> => {
    closing ??= stop();
    return closing;
  };
  if (credentials === null) {
    await close();
    throw new StartError("INVALID_OPTIONS", "accounts: no operator has a key, so that nobody could use the node");
  }
  return {
    endpoint: node.endpoint,
    port: Number(new URL(node.endpoint).port),
    region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    front: node.implementation,
    closed,
    reset: () => {
      if (closing !== null || life.hasEnded()) return Promise.reject(new Error("the node has ended"));
      resetting ??= Promise.race([node.reset(), failure()]).finally(() => {
        resetting = null;
      });
      return resetting;
    },
    close,
  };
}

function configOf({ config, region, domain, front }: Options): Record<string, unknown> {
  const direct = {
    ...(region === undefined ? {} : { region }),
    ...(domain === undefined ? {} : { domain }),
    ...(front === undefined ? {} : { front: { implementation: front } }),
  };
  return merged(merged(guestDefaults, config), direct);
}

/** `over` wins; objects are merged member by member. */
function merged(below: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(over)) {
    const before = result[name];
    result[name] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One operator with a key and no password: to hash one takes longer than everything else of the start. */
function generatedAccount(): IdentitiesDocument {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const key = {
    accessKeyId: randomText(systemRandom, 20, letters),
    secretAccessKey: randomText(systemRandom, 40, `${letters}${letters.toLowerCase()}`),
  };
  const account = {
    accountId: randomText(systemRandom, 12, "0123456789"),
    canonicalId: systemRandom.bytes(32).toString("hex"),
    displayName: "operator",
    kind: "operator" as const,
    root: { email: "root@localhost", keys: [key] },
  };
  return { accounts: [account] };
}

/** The first key of the first account that has one, its Root's before its users'. */
function keyIn(document: IdentitiesDocument | null): Credentials | null {
  const keys = document?.accounts.flatMap(({ root, users = [] }) =>
    [root, ...users].flatMap((user) => user.keys ?? []),
  );
  return keys?.[0] ?? null;
}

function toStartError(error: unknown): StartError {
  if (error instanceof StartError) return error;
  if (!(error instanceof Error)) return new StartError("FAILED", String(error), error);
  if (error instanceof DocumentError) return new StartError("INVALID_OPTIONS", error.message, error);
  if (error instanceof ListenError) return new StartError("CANNOT_LISTEN", error.message, error);
  if (error instanceof DirectoryLockedError) return new StartError("DIRECTORY_LOCKED", error.message, error);
  const isOfDirectory =
    error instanceof DataDirectoryError || error instanceof DiskError || error instanceof DamagedEnvironmentError;
  if (isOfDirectory) {
    return new StartError("DIRECTORY_UNUSABLE", `the data directory cannot be used: ${error.message}`, error);
  }
  return new StartError("FAILED", error.message, error);
}
