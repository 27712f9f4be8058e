/**
 * Events to real brokers, NATS with and without JetStream and Kafka: what is delivered, and that nothing is lost when a broker
 * is killed, refuses, or hangs while the node stops.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Kafka, logLevel } from "kafkajs";
import { systemClock } from "#src/base/clock.ts";
import { bucketId } from "#src/base/ids.ts";
import { limits } from "#src/base/limits.ts";
import { silentLog } from "#src/base/log.ts";
import { EventDispatcher } from "#src/events/dispatcher.ts";
import { openTarget } from "#src/events/targets.ts";
import { type Broker, kafkaBroker, natsServer, requireBrokers } from "../support/broker-process.ts";
import { NodeProcess, rootDirectory, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite, type SuiteContext } from "../support/suite.ts";

const topic = "object-events";
const prefixes = ["plain", "stream", "kafka"] as const;
const deadlineMs = 30_000;
const messagesPerKind = 8;

const tls = (name: string): string => join(rootDirectory, "test/fixtures/tls", name);

async function until(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Message of AWS's, as far as it is looked at here. Source: "Event message structure". */
interface Message {
  readonly Event?: string;
  readonly Records?: readonly [
    Readonly<Record<string, unknown>> & { readonly s3: { readonly object: { key: string } } },
  ];
}

const keyOf = (message: string): string => {
  const { Event, Records } = JSON.parse(message) as Message;
  return Records?.[0].s3.object.key ?? Event ?? "";
};

/** What has come to the subjects and the topic, read by clients of their own. */
class Readers {
  readonly messages: string[] = [];
  readonly #kafka: Kafka;
  #nats: NatsConnection | null = null;

  constructor(kafka: Broker) {
    this.#kafka = new Kafka({ brokers: [`127.0.0.1:${kafka.port}`], logLevel: logLevel.NOTHING });
  }

  /** Makes the stream and the topic. */
  async prepare(nats: Broker): Promise<void> {
    const client = await connect({ servers: `127.0.0.1:${nats.port}` });
    const stream = JSON.stringify({ name: "EVENTS", subjects: ["stream.>"], storage: "file" });
    const made = await client.request("$JS.API.STREAM.CREATE.EVENTS", stream);
    const { error } = made.json<{ error?: object }>();
    if (error !== undefined) throw new Error(JSON.stringify(error));
    await client.close();
    await until(() => this.#makeTopic().catch(() => false));
  }

  async #makeTopic(): Promise<boolean> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
    } finally {
      await admin.disconnect();
    }
  }

  async topics(): Promise<readonly string[]> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  }

  async subscribe(nats: Broker): Promise<void> {
    await this.#nats?.close();
    this.#nats = await connect({ servers: `127.0.0.1:${nats.port}`, reconnect: false });
    this.#nats.subscribe("plain.objects", { callback: (_error, message) => void this.messages.push(message.string()) });
    await this.#nats.flush();
  }

  async close(): Promise<void> {
    await this.#nats?.close();
  }

  /** All that the stream keeps. */
  async #streamed(nats: Broker): Promise<string[]> {
    const client = await connect({ servers: `127.0.0.1:${nats.port}`, reconnect: false });
    const info = (await client.request("$JS.API.STREAM.INFO.EVENTS")).json<{ state: { last_seq: number } }>();
    const found: string[] = [];
    for (let seq = 1; seq <= info.state.last_seq; seq++) {
      const answer = await client.request("$JS.API.STREAM.MSG.GET.EVENTS", JSON.stringify({ seq }));
      found.push(Buffer.from(answer.json<{ message: { data: string } }>().message.data, "base64").toString());
    }
    await client.close();
    return found;
  }

  /** All that the topic keeps. */
  async #logged(): Promise<string[]> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
    const expected = offsets.reduce((sum, { high }) => sum + Number(high), 0);
    const consumer = this.#kafka.consumer({ groupId: `suite-${Date.now()}` });
    const found: string[] = [];
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void found.push(message.value?.toString() ?? "") });
      await until(() => found.length >= expected);
    } finally {
      await consumer.disconnect();
    }
    return found;
  }

  async all(nats: Broker): Promise<string[]> {
    const [streamed, logged] = await Promise.all([this.#streamed(nats), this.#logged()]);
    return [...this.messages, ...streamed, ...logged];
  }
}

const rule = (prefix: string): string =>
  `<QueueConfiguration><Id>${prefix}</Id><Queue>arn:aws:sqs:us-east-1:111122223333:${prefix}</Queue>` +
  `<Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name><Value>${prefix}/</Value>` +
  "</FilterRule></S3Key></Filter></QueueConfiguration>";

/** A node whose events go to all of the brokers, started and stopped by the suite. */
class Stand {
  readonly #data: string;
  readonly #config: string;
  node: NodeProcess | null = null;

  constructor(directory: string, targets: readonly object[]) {
    this.#data = join(directory, "data");
    this.#config = join(directory, "cluster.config.json");
    writeFileSync(this.#config, JSON.stringify({ metrics: { open: true }, events: { targets } }));
  }

  async start(): Promise<NodeProcess> {
    this.node = await NodeProcess.start({
      data: this.#data,
      arguments: ["--config", this.#config],
      environment: { NODE_EXTRA_CA_CERTS: tls("authority.pem") },
    });
    return this.node;
  }

  async send(path: string, query: Readonly<Record<string, string>>, text: string): Promise<void> {
    const client = new S3Client({ endpoint: this.node?.endpoint ?? "", ...testKeys });
    const { status, body } = await client.send("PUT", path, { query, body: Buffer.from(text) });
    client.close();
    if (status !== 200) throw new Error(`PUT ${path}: ${status} ${body}`);
  }

  /** @returns the keys that were made, a number of each kind */
  async put(name: string, kinds: readonly string[], count: number): Promise<string[]> {
    const keys = kinds.flatMap((kind) => Array.from({ length: count }, (_, index) => `${kind}/${name}-${index}`));
    for (const key of keys) await this.send(`/events/${key}`, {}, "body");
    return keys;
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.node?.consoleEndpoint}/metrics`)).text();
    return Number(
      new RegExp(`^troupe_events_${name}(?:_total)?(?:\\{[^}]*\\})? (\\d+)`, "m").exec(text)?.[1] ?? Number.NaN,
    );
  }

  /** Whether all outboxes are empty, as far as the node has looked. */
  isQuiet = async (): Promise<boolean> => (await this.metric("waiting")) === 0;
}

function checkShape({ check }: SuiteContext, message: string): void {
  const { Records } = JSON.parse(message) as Message;
  const record = Records?.[0];
  const members =
    "eventVersion eventSource awsRegion eventTime eventName userIdentity requestParameters responseElements s3";
  check(`a record has AWS's members: ${message}`, Object.keys(record ?? {}).join(" ") === members);
  check("its source and name are AWS's", record?.["eventSource"] === "aws:s3");
  check("it tells of a Put", record?.["eventName"] === "ObjectCreated:Put");
  const { object } = record?.s3 ?? {};
  check("its object is told of", Object.keys(object ?? {}).join(" ") === "key size eTag sequencer");
}

/** One message by a driver of its own; what it was refused for, null when it was delivered. */
async function sendOnce(url: string, authorization: string | null = null): Promise<string | null> {
  const target = openTarget({ name: "once", url, authorization, allowsPrivate: false }, systemClock);
  try {
    await target.send('{"once":true}');
    return null;
  } catch (error) {
    return String(error);
  } finally {
    await target.close();
  }
}

/** An event of the given age at a target where nobody is: how it was settled. */
async function settledAt(url: string, sinceMs: number): Promise<{ readonly dead: number; readonly failed: number }> {
  const target = openTarget({ name: "gone", url, authorization: null, allowsPrivate: false }, systemClock);
  const bucket = bucketId("0123456789abcdef0123456789abcdef");
  const event = { name: "s3:TestEvent", timeMs: 0, bucket: "b", requestId: "R", hostId: "H" } as const;
  const outbox = [{ bucket, partition: 0, id: "1", event, sinceMs, rules: [{ id: "", target: "gone" }] }];
  const dispatcher = new EventDispatcher({
    targets: new Map([["gone", target]]),
    pending: () => outbox.splice(0),
    settle: async () => {},
    clock: systemClock,
    log: silentLog,
  });
  await until(() => dispatcher.counts.failed > 0);
  await until(() => dispatcher.counts.dead > 0 || sinceMs > Date.now() - limits.eventAgeMaxMs);
  const { dead, failed } = dispatcher.counts;
  await dispatcher.close();
  return { dead, failed };
}

/** What a server with users, permissions or TLS refuses, and lets through. */
async function checkRefusals({ directory, check }: SuiteContext, kafka: Broker, readers: Readers): Promise<void> {
  const user = '{ user: ann, password: "pass:word", permissions: { publish: ["open.>", "$JS.API.>"] } }';
  const named = await natsServer(join(directory, "named"), `authorization { users: [ ${user} ] }`);
  const token = await natsServer(join(directory, "token"), 'authorization { token: "a-token" }');
  await Promise.all([named.start(), token.start()]);
  const at = (server: Broker, subject: string): string => `nats://127.0.0.1:${server.port}/${subject}`;
  const refused = async (what: string, url: string, authorization: string | null, reason: RegExp): Promise<void> => {
    const error = await sendOnce(url, authorization);
    check(`${what} is refused: ${error}`, error !== null && reason.test(error));
  };
  check("a user and password are taken", (await sendOnce(at(named, "open.objects"), "ann:pass:word")) === null);
  check("a token is taken", (await sendOnce(at(token, "open.objects"), "a-token")) === null);
  await refused("a wrong password", at(named, "open.objects"), "ann:word", /authorization/i);
  await refused("nobody", at(named, "open.objects"), null, /authorization/i);
  await refused("a wrong token", at(token, "open.objects"), "b-token", /authorization/i);
  await refused("a subject of others", at(named, "closed.objects"), "ann:pass:word", /permissions violation/i);
  await Promise.all([named.kill(), token.kill()]);
  await refused("a missing topic", `kafka://127.0.0.1:${kafka.port}/absent`, null, /topic/i);
  check("a missing topic is not made", !(await readers.topics()).includes("absent"));
  for (const url of ["nats://127.0.0.1:1/s", "kafka://127.0.0.1:1/t"]) {
    const young = await settledAt(url, Date.now());
    check(`a young event is kept: ${url}`, young.failed > 0 && young.dead === 0);
    const old = await settledAt(url, Date.now() - limits.eventAgeMaxMs - 1);
    check(`an old one is a dead letter after one attempt: ${url}`, old.dead === 1 && old.failed === 1);
  }
}

await runSuite("brokers", async (context) => {
  const { directory, check, say } = context;
  requireBrokers();
  mkdirSync(join(directory, "secure"));
  const certificate = `tls { cert_file: "${tls("issued.pem")}", key_file: "${tls("issued-key.pem")}" }`;
  const nats = await natsServer(join(directory, "nats"), `jetstream { store_dir: "${join(directory, "jetstream")}" }`);
  const secure = await natsServer(join(directory, "secure"), certificate);
  const kafka = await kafkaBroker(join(directory, "kafka"));
  await Promise.all([nats.start(), secure.start(), kafka.start()]);
  const readers = new Readers(kafka);
  await readers.prepare(nats);
  await readers.subscribe(nats);
  const stand = new Stand(directory, [
    { name: "plain", url: `nats://127.0.0.1:${nats.port}/plain.objects` },
    { name: "stream", url: `nats://127.0.0.1:${nats.port}/stream.objects` },
    { name: "kafka", url: `kafka://127.0.0.1:${kafka.port}/${topic}` },
    { name: "secure", url: `nats://127.0.0.1:${secure.port}/secure.objects` },
  ]);
  await stand.start();
  await stand.send("/events", {}, "");
  const rules = prefixes.map(rule).join("");
  await stand.send("/events", { notification: "" }, `<NotificationConfiguration>${rules}</NotificationConfiguration>`);

  const found = async (keys: readonly string[]): Promise<string> => {
    const missing = async (): Promise<string[]> => {
      const seen = new Set((await readers.all(nats)).map(keyOf));
      return keys.filter((key) => !seen.has(key));
    };
    await until(stand.isQuiet);
    return (await missing()).join(" ");
  };
  const first = await stand.put("first", prefixes, messagesPerKind);
  await until(async () => (await stand.metric("delivered")) >= first.length + prefixes.length);
  const missingFirst = await found(first);
  check(`every event is delivered, missing: ${missingFirst}`, missingFirst === "");
  const messages = await readers.all(nats);
  for (const prefix of prefixes) {
    const message = messages.find((text) => keyOf(text) === `${prefix}/first-0`);
    if (message !== undefined) checkShape(context, message);
  }
  check("each target had its test event", messages.filter((text) => keyOf(text) === "s3:TestEvent").length === 3);
  check("each message came once", messages.length === first.length + prefixes.length);
  say(`${messages.length} messages to NATS, JetStream and Kafka`);

  await checkRefusals(context, kafka, readers);

  // Without JetStream nobody keeps what comes while nobody listens.
  const kept = ["stream", "kafka"];
  await Promise.all([nats.kill(), kafka.kill()]);
  const away = await stand.put("away", kept, messagesPerKind);
  check("attempts fail", await until(async () => (await stand.metric("failed")) > 0));
  await Promise.all([nats.start(), kafka.start()]);
  check("all is delivered to brokers that were killed", await until(async () => (await stand.metric("waiting")) === 0));
  const missingAway = await found([...first.filter(isKept), ...away]);
  check(`none is lost, missing: ${missingAway}`, missingAway === "");
  say(`${away.length} events while the brokers were away`);

  for (const broker of [nats, kafka]) broker.pause();
  const hanging = await stand.put("hanging", kept, 2);
  check("they are under way", await until(async () => (await stand.metric("waiting")) > 0));
  const code = await Promise.race([stand.node?.stop(), new Promise((resolve) => setTimeout(resolve, deadlineMs))]);
  check(`a node stops while its brokers hang: ${code}`, code === 0);
  for (const broker of [nats, kafka]) broker.goOn();
  await stand.start();
  await until(async () => (await stand.metric("delivered")) >= hanging.length);
  const missingHanging = await found(hanging);
  check(`the next start delivers, missing: ${missingHanging}`, missingHanging === "");

  const one = `<NotificationConfiguration>${rule("secure")}</NotificationConfiguration>`;
  await stand.send("/events", { notification: "" }, one);
  const before = await stand.metric("delivered");
  await stand.put("one", ["secure"], 1);
  check("a server that asks for TLS gets it", await until(async () => (await stand.metric("delivered")) >= before + 2));
  const unknown = await sendOnce(`nats://127.0.0.1:${secure.port}/secure.objects`);
  check(`a certificate of an unknown authority is refused: ${unknown}`, /certificate/i.test(unknown ?? ""));

  check("the node stops", (await stand.node?.stop()) === 0);
  await readers.close();
  await Promise.all([nats, secure, kafka].map((broker) => broker.kill()));
});

function isKept(key: string): boolean {
  return !key.startsWith("plain/");
}
