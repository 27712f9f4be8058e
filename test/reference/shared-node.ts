/** One real node that many sequences work on at the same time; any of them may kill it, and all go on after its restart. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, type NodeOptions, NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import {
  eventTarget,
  limitedDenials,
  logBucket,
  ownerAccount,
  replicaBucket,
  strangerAccount,
} from "./document-forms.ts";
import type { FormKeys } from "./form-body.ts";
import type { Request } from "./state.ts";
import { type Clients, type Observed, send } from "./wire.ts";

interface SharedNodeOptions {
  readonly data: string;
  /** Where the built product lies; default: this repository. */
  readonly root?: string;
}

const limitedKeys = { accessKeyId: "AKREFERENCELIMITED", secretAccessKey: "a-secret-of-the-limited-user" };
const strangerKeys = { accessKeyId: "AKREFERENCESTRANGER", secretAccessKey: "a-secret-of-the-stranger" };

const limitedUser = {
  name: "limited",
  email: "limited@example.com",
  role: "user",
  keys: [limitedKeys],
  policies: [
    {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: "*" },
        { Effect: "Deny", Action: limitedDenials, Resource: "*" },
      ],
    },
  ],
};

/** The bucket's account, whose keys the node was made with, and another. */
const accounts = [
  { accountId: ownerAccount, kind: "operator", key: testKeys },
  { accountId: strangerAccount, kind: "customer", key: strangerKeys },
].map(({ accountId, kind, key }) => ({
  accountId,
  canonicalId: `canonical-${accountId}`,
  ...(kind === "operator" ? {} : { parent: ownerAccount }),
  displayName: `account ${accountId}`,
  kind,
  root: {
    email: `root@${accountId}.example.com`,
    keys: [{ accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey }],
  },
  users: kind === "operator" ? [limitedUser] : [],
}));

const formKeys = ({ accessKeyId, secretAccessKey: secret }: typeof strangerKeys): FormKeys => ({ accessKeyId, secret });

const clientsOf = ({ endpoint }: NodeProcess): Clients => ({
  endpoint,
  keys: { owner: formKeys(testKeys), limited: formKeys(limitedKeys), stranger: formKeys(strangerKeys) },
  owner: new S3Client({ endpoint, ...testKeys, connections: 64 }),
  limited: new S3Client({ endpoint, ...limitedKeys, connections: 64 }),
  stranger: new S3Client({ endpoint, ...strangerKeys, connections: 64 }),
});

function closeAll({ owner, limited, stranger }: Clients): void {
  owner.close();
  limited.close();
  stranger.close();
}

/** A webhook that takes everything. */
async function takeEvents(): Promise<[server: Server, url: string]> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`];
}

/** A restart on a busy machine. */
const readyMs = 60_000;
const targetAttemptsMax = 50;
const targetPauseMs = 100;

export class SharedNode {
  crashes = 0;
  requests = 0;
  readonly #options: NodeOptions;
  readonly #eventSink: Server;
  #node: NodeProcess;
  #clients: Clients;
  #ready: Promise<void> = Promise.resolve();
  #isDown = false;

  private constructor(options: NodeOptions, eventSink: Server, node: NodeProcess) {
    this.#options = options;
    this.#eventSink = eventSink;
    this.#node = node;
    this.#clients = clientsOf(node);
  }

  static async start(options: SharedNodeOptions): Promise<SharedNode> {
    const identities = `${options.data}-identities.json`;
    writeFileSync(identities, JSON.stringify({ accounts }));
    const [eventSink, url] = await takeEvents();
    const settings = [
      'encryption.keys=[{"id":"first"},{"id":"second"}]',
      "encryption.customerKeysOverHttp=true",
      `events.targets=${JSON.stringify([{ name: eventTarget, url, allowsPrivate: true }])}`,
    ];
    const own = {
      ...options,
      port: await freePort(),
      arguments: [...settings.flatMap((setting) => ["--set", setting]), "--identities", identities],
    };
    const shared = new SharedNode(own, eventSink, await NodeProcess.start({ ...own, readyMs }));
    await shared.#makeTargets();
    return shared;
  }

  /** The buckets that documents of the sequences' buckets name. Repeated: a spoilt node may answer before its commit. */
  async #makeTargets(): Promise<void> {
    const { owner } = this.#clients;
    const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    const body = Buffer.from(versioning);
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    const requests = [
      () => owner.send("PUT", `/${logBucket}`),
      () => owner.send("PUT", `/${replicaBucket}`),
      () => owner.send("PUT", `/${replicaBucket}`, { query: { versioning: "" }, headers, body }),
    ];
    for (const request of requests) {
      let { status } = await request();
      for (let attempt = 1; status !== 200 && attempt < targetAttemptsMax; attempt++) {
        await pause(targetPauseMs);
        ({ status } = await request());
      }
      if (status !== 200) throw new Error(`the buckets of targets were not made: ${status}`);
    }
  }

  /** @returns the answer, or null when the node was killed before it came */
  async send(bucket: string, request: Request): Promise<Observed | null> {
    await this.#ready;
    const { crashes } = this;
    this.requests += 1;
    try {
      return await send(this.#clients, bucket, request);
    } catch (error) {
      if (this.crashes === crashes) throw error;
      await this.#ready;
      return null;
    }
  }

  /** kill -9 and restart on the same data. */
  async crash(): Promise<void> {
    if (!this.#isDown) {
      this.#isDown = true;
      this.crashes += 1;
      this.#ready = this.#restart();
    }
    await this.#ready;
  }

  async #restart(): Promise<void> {
    await this.#node.kill();
    closeAll(this.#clients);
    this.#node = await NodeProcess.start({ ...this.#options, readyMs });
    this.#clients = clientsOf(this.#node);
    this.#isDown = false;
  }

  async kill(): Promise<void> {
    this.#eventSink.close();
    await this.#ready.catch(() => undefined);
    closeAll(this.#clients);
    await this.#node.kill();
  }

  /** @returns the exit code after SIGTERM */
  async stop(): Promise<number | string> {
    this.#eventSink.close();
    closeAll(this.#clients);
    return this.#node.stop();
  }
}
