/**
 * Events as messages of a NATS subject, acknowledged: by JetStream when a stream takes the subject, else by the server's
 * answer to a flush, which says that the server has it. Sources: NATS client protocol; JetStream wire API ("STREAM.NAMES",
 * publish acknowledgements).
 */

import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { ConnectedTarget, type Connection } from "./connected.ts";
import { loadDriver } from "./driver-error.ts";
import type { EventTarget, TargetSettings } from "./target.ts";

/** @throws MissingDriverError */
export const loadNats = (): Promise<typeof import("@nats-io/transport-node")> =>
  loadDriver("nats://", "@nats-io/transport-node", "3", () => import("@nats-io/transport-node"));

/** @param settings url: `nats://host:port/subject`; authorization: `user:password`, or a token */
export function natsTarget(settings: TargetSettings, clock: Clock): EventTarget {
  const { server, subject } = natsPlace(settings.url);
  return new ConnectedTarget(async () => {
    const { connect } = await loadNats();
    const client = await connect({
      servers: [server],
      name: "troupe",
      timeout: limits.eventSendMs,
      // The next message connects anew.
      reconnect: false,
      // Brokers that the configuration does not name are not gone to.
      ignoreClusterUpdates: true,
      ...credentialsOf(settings.authorization),
    });
    return connectionTo(client, subject);
  }, clock);
}

export function natsPlace(url: string): { readonly server: string; readonly subject: string } {
  const { host, pathname } = new URL(url);
  return { server: host, subject: decodeURIComponent(pathname.slice(1)) };
}

function credentialsOf(authorization: string | null) {
  if (authorization === null) return {};
  const colon = authorization.indexOf(":");
  if (colon < 0) return { token: authorization };
  return { user: authorization.slice(0, colon), pass: authorization.slice(colon + 1) };
}

async function connectionTo(client: NatsConnection, subject: string): Promise<Connection> {
  const isStored = await hasStream(client, subject).catch(async (error: unknown) => {
    await client.close();
    throw error;
  });
  const publish = async (message: string): Promise<void> => {
    if (isStored) return requireStored(await client.request(subject, message, { timeout: limits.eventSendMs }));
    client.publish(subject, message);
    await client.flush();
    // A refusal precedes the answer, and is told of in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
  };
  // A flush does not end with its connection, and succeeds after a message that the server refused.
  const underWay = new Set<(error: Error) => void>();
  const rejectAll = (error: Error): void => {
    for (const reject of underWay) reject(error);
  };
  void client.closed().then((error) => {
    rejectAll(error instanceof Error ? error : new Error("the connection has ended"));
  });
  void tellRefusals(client, rejectAll);
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        underWay.add(reject);
        publish(message)
          .then(resolve, reject)
          .finally(() => underWay.delete(reject));
      }),
    close: () => client.close(),
  };
}

/** What the server refuses on a connection that goes on, as a message on a subject that the user may not publish to. */
async function tellRefusals(client: NatsConnection, tell: (error: Error) => void): Promise<void> {
  for await (const status of client.status()) if (status.type === "error") tell(status.error);
}

/** Whether a stream takes the subject. Without JetStream nobody answers. */
async function hasStream(client: NatsConnection, subject: string): Promise<boolean> {
  const asked = JSON.stringify({ subject });
  let answer: Msg;
  try {
    answer = await client.request("$JS.API.STREAM.NAMES", asked, { timeout: limits.eventSendMs });
  } catch (error) {
    if (isNobody(error)) return false;
    throw error;
  }
  const { error, streams } = answer.json<{ error?: { description?: string }; streams?: readonly string[] | null }>();
  if (error !== undefined) throw new Error(`JetStream does not say which streams there are: ${error.description}`);
  return (streams ?? []).length > 0;
}

/** The driver's name for the server's status 503. */
const noResponders = "NoResponders";

function isNobody(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === noResponders || (error.cause instanceof Error && error.cause.name === noResponders);
}

/** Example of an acknowledgement: `{"stream":"EVENTS","seq":7}`. */
function requireStored(answer: Msg): void {
  const { error, stream } = answer.json<{ error?: { description?: string }; stream?: string }>();
  if (error !== undefined) throw new Error(`JetStream did not store it: ${error.description}`);
  if (typeof stream !== "string") throw new Error("what answered is no stream");
}
