/** A console port with the admin API over real HTTP and a control actor in memory, and a client that signs in. */

import type { ExecutionContext } from "ava";
import { openIdentities } from "#src/account/behaviour.ts";
import { Principals } from "#src/account/principals.ts";
import { TemporaryCredentials } from "#src/account/temporary-credentials.ts";
import { ManualClock } from "#src/actor/fixtures/manual-clock.ts";
import type { Diagnostics } from "#src/admin/diagnostics.ts";
import { AdminPolicies } from "#src/admin/policies.ts";
import { AdminPort } from "#src/admin/port.ts";
import { Proofs } from "#src/admin/proofs.ts";
import { AdminRecords } from "#src/admin/records.ts";
import { adminRows } from "#src/admin/table.ts";
import { createLog, type Log } from "#src/base/log.ts";
import { systemRandom } from "#src/base/random.ts";
import type { BucketConfiguration } from "#src/bucket/configuration.ts";
import type { LockedFound } from "#src/bucket/locked-versions.ts";
import type { DeadEvent } from "#src/bucket/messages.ts";
import { UsageReader } from "#src/bucket/usage-reader.ts";
import { ControlActor } from "#src/control/actor.ts";
import { EmbeddedControlStore } from "#src/control/embedded-store.ts";
import { createControlMemory } from "#src/control/environment.ts";
import { identityKeys, type UserRecord } from "#src/control/identity-records.ts";
import type { ControlMessageType, ControlReply, ControlRequest } from "#src/control/messages.ts";
import { ControlReader } from "#src/control/reader.ts";
import { ringSecretBox } from "#src/control/secret-box.ts";
import type { ControlOperation } from "#src/control/store.ts";
import { putTyped } from "#src/control/typed-records.ts";
import type { FrontUnderTest } from "#src/front/each-front.testing.ts";
import { KeyRing } from "#src/keyring/key-ring.ts";
import type { MailMessage } from "#src/mail/mail.ts";
import { makeBucket, makingPorts } from "#src/operations/bucket-making.ts";
import { createMemoryMetadata } from "#src/storage/memory-trees.ts";
import { signedHeaders } from "./signing.ts";
import { belongings, password, quickPasswords, world } from "./world.ts";

type MemoryMetadata = ReturnType<typeof createMemoryMetadata>;

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly rawHead: string;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A cookie and the token beside it. */
export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON, or as it is when it is a string or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: SignedIn;
}

export interface StandOptions {
  readonly publicUrl?: string;
  readonly isMailDelivered?: boolean;
  readonly isLocal?: boolean;
  readonly sites?: readonly string[];
  /** Versions that object lock protects, in every bucket. */
  readonly locked?: LockedFound;
  /** Of new buckets; default: none. */
  readonly defaultOwnership?: BucketConfiguration["ownershipControls"];
  /** Where every request seems to come from; default: its peer. */
  readonly address?: string;
}

export class Stand {
  readonly clock: ManualClock;
  readonly mails: MailMessage[] = [];
  /** Lines of the log, from debug on. */
  readonly logged: readonly string[];
  readonly port: AdminPort;
  readonly records: AdminRecords;
  readonly principals: Principals;
  readonly begunJobs: string[] = [];
  /** Of buckets, by name: what their turns would have. */
  readonly configurations = new Map<string, Partial<BucketConfiguration>>();
  /** Of every bucket. */
  deadEvents: DeadEvent[] = [];
  /** "<retry or drop> <bucket> <id>". */
  readonly redeemed: string[] = [];
  /** Of the one partition: empty. */
  readonly metadata: MemoryMetadata;
  readonly #front: FrontUnderTest;
  readonly #control: ControlActor;
  readonly #store: EmbeddedControlStore;
  #portNumber = 0;
  #idle: ReturnType<FrontUnderTest["connect"]> | null = null;

  private constructor(
    front: FrontUnderTest,
    options: StandOptions,
    parts: {
      readonly clock: ManualClock;
      readonly control: ControlActor;
      readonly store: EmbeddedControlStore;
      readonly reader: ControlReader;
      readonly principals: Principals;
      readonly temporary: TemporaryCredentials;
      readonly metadata: MemoryMetadata;
      readonly log: Log;
      readonly logged: readonly string[];
    },
  ) {
    this.clock = parts.clock;
    this.#front = front;
    this.#control = parts.control;
    this.#store = parts.store;
    this.principals = parts.principals;
    this.metadata = parts.metadata;
    this.logged = parts.logged;
    this.records = new AdminRecords(parts.reader);
    const { publicUrl = null, isMailDelivered = true, sites = [] } = options;
    const making = makingPorts(
      (type, request) => this.#control.handle(type, request),
      async ({ name }, _type, { ownership }) => {
        if (ownership !== null) this.configurations.set(name, { ownershipControls: ownership });
      },
    );
    this.port = new AdminPort({
      rows: adminRows,
      services: {
        reader: this.records,
        policies: new AdminPolicies(parts.principals),
        temporary: parts.temporary,
        clock: parts.clock,
        random: systemRandom,
        mail: { isDelivered: isMailDelivered, post: (mail) => this.mails.push(mail) > 0 },
        log: parts.log,
        region: "us-east-1",
        sites,
        setBucketQuota: async () => undefined,
        bucketConfiguration: async ({ name }, field) =>
          (this.configurations.get(name)?.[field] ?? null) as BucketConfiguration[typeof field] | null,
        configureBucket: async ({ name }, { field, value }) => {
          this.configurations.set(name, { ...this.configurations.get(name), [field]: value ?? undefined });
        },
        makeBucket: (wanted) => makeBucket(making, wanted),
        deadEvents: async (_bucket, { after, limit }) => {
          const events = this.deadEvents.filter(({ id }) => id > (after ?? "")).slice(0, limit);
          const last = events.at(-1)?.id ?? "";
          return { events, next: this.deadEvents.some(({ id }) => id > last) ? last : null };
        },
        redeemEvents: async ({ name }, { ids, isSentAgain }) => {
          const chosen = this.deadEvents.filter(({ id }) => ids === null || ids.includes(id));
          this.deadEvents = this.deadEvents.filter((event) => !chosen.includes(event));
          for (const { id } of chosen) this.redeemed.push(`${isSentAgain ? "retry" : "drop"} ${name} ${id}`);
          return { count: chosen.length };
        },
        defaultOwnership: options.defaultOwnership ?? null,
        lockedIn: async () => options.locked ?? { listed: [], count: 0 },
        // What a job does is tested with the runner.
        beginJob: (jobId) => this.begunJobs.push(jobId),
        usage: {
          control: parts.reader,
          reader: new UsageReader([parts.metadata.snapshot()]),
          clock: parts.clock,
          yieldTurn: async () => undefined,
        },
        finishDeletion: async ({ name }) => (await this.#control.handle("bucket.deleted", { name })).ok,
        tenantOf: () => null,
        allowsPlainHttp: false,
        consoleUrl: publicUrl ?? "http://console.test:9001",
        diagnostics: () => diagnostics,
      },
      proofs: new Proofs(this.records, parts.principals),
      askControl: (type, message) => this.#control.handle(type, message),
      placeOf: ({ remoteAddress, secure }) => ({ address: options.address ?? remoteAddress, secure }),
      publicUrl,
    });
  }

  /** Starts a listener with a world of four accounts; the end of the test closes it. */
  static async open(t: ExecutionContext, front: FrontUnderTest, options: StandOptions = {}): Promise<Stand> {
    const environment = createControlMemory();
    const clock = new ManualClock();
    const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
    t.teardown(() => store.close());
    const keyRing = KeyRing.inMemory(systemRandom);
    const secrets = ringSecretBox(keyRing);
    const ports = { store, clock, random: systemRandom, passwords: quickPasswords, secrets };
    const logged: string[] = [];
    const log = createLog({ level: "debug", destination: { write: (line: string) => void logged.push(line) } });
    await store.txn([], world());
    await store.txn([], belongings(secrets));
    const control = await ControlActor.open({ ...ports, partitions: 1, identities: await openIdentities(ports), log });
    const reader = new ControlReader(environment.snapshot());
    const temporary = new TemporaryCredentials({ keyRing, clock, random: systemRandom });
    const principals = new Principals({ records: reader, secrets, temporary, clock });
    const metadata = createMemoryMetadata();
    const parts = { clock, control, store, reader, principals, temporary, metadata, log, logged };
    const stand = new Stand(front, options, parts);
    const handler = options.isLocal === true ? stand.port.handleLocal : stand.port.handle;
    stand.#portNumber = (await front.listen(handler)).port;
    return stand;
  }

  /** The origin of the console's own pages. */
  get origin(): string {
    return `${this.#front.isSecure ? "https" : "http"}://127.0.0.1:${this.#portNumber}`;
  }

  get cookieName(): string {
    return this.#front.isSecure ? "__Host-troupe" : "troupe";
  }

  async send({ method, path, body, headers = {}, as }: Asked): Promise<Reply> {
    const client = this.#idle ?? this.#front.connect();
    this.#idle = null;
    const text = bytesOf(body);
    const all: Record<string, string> = {
      host: `127.0.0.1:${this.#portNumber}`,
      ...(text === null ? {} : { "content-type": "application/json", "content-length": String(text.length) }),
      ...(as === undefined
        ? {}
        : { cookie: `${this.cookieName}=${as.cookie}`, "x-troupe-csrf": as.csrf, origin: this.origin }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const at = path.startsWith("/apidoc/") || path.startsWith("/api") ? path : `/api/v1${path}`;
    const head = Buffer.from(`${method} ${at} HTTP/1.1\r\n${lines.join("")}\r\n`);
    await client.send(Buffer.concat([head, text ?? Buffer.alloc(0)]));
    const answer = await client.answer();
    // A connection is used again, as browsers do, unless the answer says that it ends.
    if (answer.headers.get("connection") === "close") client.socket.destroy();
    else this.#idle = client;
    const isJson = /json/.test(answer.headers.get("content-type") ?? "");
    const { status, rawHead } = answer;
    const answered = answer.body.toString();
    return {
      status,
      headers: answer.headers,
      rawHead,
      text: answered,
      json: isJson && answered !== "" ? (JSON.parse(answered) as Record<string, unknown>) : {},
    };
  }

  /** The headers that sign a request by version 4, at the stand's time. */
  signature({ method, path, body }: Asked, accessKeyId: string, secret: string): Record<string, string> {
    const bytes = bytesOf(body) ?? new Uint8Array(0);
    const host = `127.0.0.1:${this.#portNumber}`;
    const nowMs = this.clock.nowMs();
    return signedHeaders({ method, path: `/api/v1${path}`, query: "", host, bytes, nowMs, accessKeyId, secret });
  }

  /** Sends a signed request. */
  signed(asked: Asked, accessKeyId: string, secret: string): Promise<Reply> {
    return this.send({ ...asked, headers: this.signature(asked, accessKeyId, secret) });
  }

  /** The session that an answer has set. */
  signedIn(reply: Reply): SignedIn {
    const cookie = new RegExp(`^set-cookie: ${this.cookieName}=([^;]*)`, "im").exec(reply.rawHead)?.[1];
    const { csrf } = reply.json;
    if (cookie === undefined || typeof csrf !== "string")
      throw new Error(`not signed in: ${reply.status} ${reply.text}`);
    return { cookie, csrf };
  }

  async signIn(email: string, secret = password): Promise<SignedIn> {
    const reply = await this.send({ method: "POST", path: "/session", body: { email, password: secret } });
    return this.signedIn(reply);
  }

  async ask<T extends ControlMessageType>(type: T, message: ControlRequest<T>): Promise<ControlReply<T>> {
    const outcome = await this.#control.handle(type, message);
    if (!outcome.ok) throw new Error(`${type}: ${outcome.code} ${JSON.stringify(outcome.detail)}`);
    return outcome.value;
  }

  /** Changes a user's record behind the actor's back. */
  async alterUser(accountId: string, name: string, changes: Partial<UserRecord>): Promise<void> {
    this.records.refresh();
    const user = this.records.user(accountId, name);
    if (user === undefined) throw new Error(`no user ${name}`);
    await this.#store.txn([], [putTyped(identityKeys.user(accountId, name), { ...user, ...changes })]);
  }

  async write(operations: readonly ControlOperation[]): Promise<void> {
    await this.#store.txn([], operations);
  }

  /** Rows of the audit log of an account, oldest first. */
  audit(accountId: string) {
    this.records.refresh();
    return this.records.audit(accountId, { after: "", limit: 1000 }).items;
  }
}

function bytesOf(body: unknown): Uint8Array | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

const diagnostics: Diagnostics = {
  at: "2026-01-31T12:00:00.000Z",
  versions: { troupe: "0.0.0", node: "22.0.0", platform: "linux x64" },
  startedAt: "2026-01-31T12:00:00.000Z",
  endpoint: "http://s3.test:9000",
  httpServer: "node",
  isReady: true,
  threads: [{ isUp: true, restarts: 0 }],
  memory: { rssBytes: 1, heapBytes: 1, externalBytes: 1 },
  disk: { freeBytes: 1, totalBytes: 2, isLow: false },
  config: {},
  limits: {},
  faults: [],
};
