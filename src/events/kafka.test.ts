/** The Kafka target against a stand-in of the producer. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import test from "ava";
import { limits } from "../base/limits.ts";
import { ManualClock, settled } from "../base/manual-clock.testing.ts";
import { loadDriver, MissingDriverError } from "./driver-error.ts";
import { type KafkaProducer, kafkaPlace, kafkaTarget, loadKafka, type MakeProducer } from "./kafka.ts";

const url = "kafka://one.internal:9092,two.internal:9093/object-events";

class Stand {
  readonly clock = new ManualClock();
  readonly calls: string[] = [];
  readonly made: Parameters<MakeProducer>[] = [];
  readonly sent: unknown[] = [];
  refusal: Error | null = null;
  /** Answers of `send`; undefined: at once. */
  held: Promise<void> | undefined;
  readonly target = kafkaTarget(
    { name: "broker", url, authorization: null, allowsPrivate: false },
    this.clock,
    async () =>
      (...asked) => {
        this.made.push(asked);
        return this.#producer();
      },
  );

  #producer(): KafkaProducer {
    return {
      connect: async () => void this.calls.push("connect"),
      disconnect: async () => void this.calls.push("disconnect"),
      send: async (record) => {
        this.calls.push("send");
        this.sent.push(record);
        await this.held;
        if (this.refusal !== null) throw this.refusal;
        return [];
      },
    };
  }
}

test("a URL names brokers and a topic", (t) => {
  t.deepEqual(kafkaPlace(url), { brokers: ["one.internal:9092", "two.internal:9093"], topic: "object-events" });
});

test("a message is a record that all replicas in sync acknowledge, over one connection", async (t) => {
  const { target, made, sent, calls } = new Stand();
  await Promise.all([target.send("{}"), target.send("[]")]);
  t.deepEqual(calls, ["connect", "send", "send"]);
  t.deepEqual(sent, [
    { topic: "object-events", acks: -1, timeout: limits.eventSendMs, messages: [{ value: "{}" }] },
    { topic: "object-events", acks: -1, timeout: limits.eventSendMs, messages: [{ value: "[]" }] },
  ]);
  const [client, producer] = made[0] ?? [];
  t.like(client, { brokers: ["one.internal:9092", "two.internal:9093"], requestTimeout: limits.eventSendMs });
  t.is(client?.retry?.retries, limits.eventKafkaRetriesMax);
  t.like(producer, { allowAutoTopicCreation: false });
  await target.close();
  t.is(calls.at(-1), "disconnect");
});

test("after a refusal the connection is dropped, and the next message makes another", async (t) => {
  const stand = new Stand();
  stand.refusal = new Error("not enough replicas");
  await t.throwsAsync(stand.target.send("{}"), { message: "not enough replicas" });
  stand.refusal = null;
  await stand.target.send("{}");
  t.deepEqual(stand.calls, ["connect", "send", "disconnect", "connect", "send"]);
});

test("a broker that does not answer is given up on", async (t) => {
  const stand = new Stand();
  stand.held = new Promise(() => undefined);
  const refused = t.throwsAsync(stand.target.send("{}"), { message: /took longer/ });
  await settled();
  await stand.clock.advance(limits.eventSendMs);
  await refused;
  t.deepEqual(stand.calls, ["connect", "send", "disconnect"]);
  t.is(stand.clock.alarms, 0);
});

test("the installed driver has what is used of it", async (t) => {
  const { Kafka, Partitioners } = (await loadKafka()).default;
  const client = new Kafka({ clientId: "t", brokers: ["127.0.0.1:1"] });
  const producer: KafkaProducer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  for (const method of ["connect", "disconnect", "send"] as const) t.is(typeof producer[method], "function");
});

test("a driver that is not installed is named, with what to do", async (t) => {
  // Not a literal: the compiler would look for it.
  const absent = ["no", "such", "package"].join("-");
  const error = await t.throwsAsync(
    loadDriver("kafka://", "kafkajs", "2", () => import(absent)),
    { instanceOf: MissingDriverError },
  );
  t.regex(error?.message ?? "", /npm install kafkajs@2/);
  await t.throwsAsync(
    loadDriver("kafka://", "kafkajs", "2", async () => {
      throw new TypeError("broken in itself");
    }),
    { instanceOf: TypeError },
  );
});

test("a producer that was dropped opens no connection any more", async (t) => {
  const stand = new Stand();
  await stand.target.send("{}");
  const open = stand.made[0]?.[0].socketFactory;
  if (open === undefined) throw new Error("connections are the target's own");
  const server = createServer().listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connect = (): Socket => open({ host: "127.0.0.1", port, ssl: undefined as never, onConnect: () => undefined });
  const kept = connect();
  await once(kept, "connect");
  const closed = once(kept, "close");
  await stand.target.close();
  await closed;
  const [error] = await once(connect(), "error");
  t.regex(String(error), /closed/);
});
