/** Events as records of a Kafka topic, acknowledged by all replicas that are in sync. */

import { connect, type Socket } from "node:net";
import type { ISocketFactory, KafkaConfig, Producer, ProducerConfig } from "kafkajs";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { ConnectedTarget } from "./connected.ts";
import { loadDriver } from "./driver-error.ts";
import type { EventTarget, TargetSettings } from "./target.ts";

/** What is used of a producer. */
export type KafkaProducer = Pick<Producer, "connect" | "disconnect" | "send">;

export type MakeProducer = (client: KafkaConfig, producer: ProducerConfig) => KafkaProducer;

/** @throws MissingDriverError */
export const loadKafka = () => loadDriver("kafka://", "kafkajs", "2", () => import("kafkajs"));

async function systemProducer(): Promise<MakeProducer> {
  const { Kafka, logLevel, Partitioners } = (await loadKafka()).default;
  const createPartitioner = Partitioners.DefaultPartitioner;
  return (client, producer) =>
    new Kafka({ ...client, logLevel: logLevel.NOTHING }).producer({ ...producer, createPartitioner });
}

/** @param settings url: `kafka://host:port,host:port/topic` */
export function kafkaTarget(settings: TargetSettings, clock: Clock, maker = systemProducer): EventTarget {
  const { brokers, topic } = kafkaPlace(settings.url);
  return new ConnectedTarget(async () => {
    const make = await maker();
    const timeout = limits.eventSendMs;
    const retry = { retries: limits.eventKafkaRetriesMax, maxRetryTime: timeout };
    const sockets = new Sockets();
    const client = {
      clientId: "troupe",
      brokers,
      connectionTimeout: timeout,
      requestTimeout: timeout,
      retry,
      socketFactory: sockets.open,
    };
    const producer = make(client, { allowAutoTopicCreation: false, retry });
    const close = (): Promise<void> => {
      sockets.close();
      return producer.disconnect().finally(() => sockets.destroy());
    };
    try {
      await producer.connect();
    } catch (error) {
      await close();
      throw error;
    }
    return {
      send: async (message) => {
        await producer.send({ topic, acks: allInSync, timeout, messages: [{ value: message }] });
      },
      close,
    };
  }, clock);
}

/**
 * The connections of a producer. The driver only ends them, which a broker that hangs never answers, and it connects anew for
 * a message that failed, even when it has been told to disconnect.
 */
class Sockets {
  readonly #open = new Set<Socket>();
  #isClosed = false;

  readonly open: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    // Heard in a later tick, when the driver listens.
    if (this.#isClosed) return socket.destroy(new Error("the producer is closed"));
    socket.setKeepAlive(true, limits.eventKafkaKeepAliveMs);
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    return socket;
  };

  /** No connection is made any more. */
  close(): void {
    this.#isClosed = true;
  }

  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

const allInSync = -1;

export function kafkaPlace(url: string): { readonly brokers: string[]; readonly topic: string } {
  const [, brokers = "", topic = ""] = /^kafka:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return { brokers: brokers.split(","), topic };
}
