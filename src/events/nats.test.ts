/** The NATS target against a server that speaks as much of the protocol as a publisher meets. */

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { ManualClock } from "../base/manual-clock.testing.ts";
import { natsPlace, natsTarget } from "./nats.ts";
import type { EventTarget } from "./target.ts";

/** Source: https://docs.nats.io/reference/reference-protocols/nats-protocol. */
class Server {
  /** "<subject> <payload>" of what was published to other subjects than JetStream's. */
  readonly published: string[] = [];
  readonly connects: Record<string, unknown>[] = [];
  /** Streams that take every subject; null: no JetStream. */
  streams: readonly string[] | null = null;
  /** What a stream answers to a message; null: nothing. */
  acknowledgement: object | null = { stream: "EVENTS", seq: 1 };
  isMute = false;
  readonly sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  static async open(t: ExecutionContext): Promise<Server> {
    const server = new Server();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => {
      server.cut();
      server.#server.close();
    });
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events.photos`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const info = { server_id: "S", version: "2.10.0", proto: 1, headers: true, max_payload: 1_048_576 };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    let rest = "";
    let inbox = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      rest += text;
      for (;;) {
        const end = rest.indexOf("\r\n");
        if (end < 0) return;
        const [verb = "", ...words] = rest.slice(0, end).split(" ");
        let payload = "";
        if (verb === "PUB" || verb === "HPUB") {
          const size = Number(words.at(-1));
          if (rest.length < end + 2 + size + 2) return;
          payload = rest.slice(end + 2, end + 2 + size);
          rest = rest.slice(end + 2 + size + 2);
        } else {
          rest = rest.slice(end + 2);
        }
        if (verb === "SUB") inbox = words.at(-1) ?? "";
        this.#take(socket, verb, words, payload, inbox);
      }
    });
  }

  #take(socket: Socket, verb: string, words: readonly string[], payload: string, subscription: string): void {
    if (verb === "CONNECT") this.connects.push(JSON.parse(words.join(" ")) as Record<string, unknown>);
    if (verb === "PING" && !this.isMute) socket.write("PONG\r\n");
    if (verb !== "PUB") return;
    const [subject = "", reply] = words;
    const answer = (body: string): void => {
      socket.write(`MSG ${reply} ${subscription} ${body.length}\r\n${body}\r\n`);
    };
    if (subject === "$JS.API.STREAM.NAMES") {
      const status = "NATS/1.0 503\r\n\r\n";
      if (this.streams !== null) answer(JSON.stringify({ streams: this.streams }));
      else socket.write(`HMSG ${reply} ${subscription} ${status.length} ${status.length}\r\n${status}\r\n`);
      return;
    }
    this.published.push(`${subject} ${payload}`);
    if (reply !== undefined && words.length === 3 && this.acknowledgement !== null) {
      answer(JSON.stringify(this.acknowledgement));
    }
  }
}

function targetAt(t: ExecutionContext, { url }: Server, authorization: string | null = null): EventTarget {
  const target = natsTarget({ name: "broker", url, authorization, allowsPrivate: false }, systemClock);
  t.teardown(() => target.close());
  return target;
}

test("a URL names a server and a subject", (t) => {
  t.deepEqual(natsPlace("nats://broker.internal:4222/events.photos"), {
    server: "broker.internal:4222",
    subject: "events.photos",
  });
});

test("without JetStream a message is delivered when the server has answered a flush", async (t) => {
  const server = await Server.open(t);
  const target = targetAt(t, server);
  await target.send('{"a":1}');
  await target.send('{"b":2}');
  t.deepEqual(server.published, ['events.photos {"a":1}', 'events.photos {"b":2}']);
  t.is(server.connects.length, 1);
  t.is(server.connects[0]?.["name"], "troupe");
});

test("a stream that takes the subject must acknowledge", async (t) => {
  const server = await Server.open(t);
  server.streams = ["EVENTS"];
  const target = targetAt(t, server);
  await target.send("{}");
  t.deepEqual(server.published, ["events.photos {}"]);
  server.acknowledgement = { error: { code: 503, description: "insufficient resources" } };
  await t.throwsAsync(target.send("{}"), { message: /insufficient resources/ });
  server.acknowledgement = { hello: "a subscriber that is no stream" };
  await t.throwsAsync(target.send("{}"), { message: /no stream/ });
  server.acknowledgement = { stream: "EVENTS", seq: 2 };
  await target.send("{}");
});

test("JetStream without a stream for the subject is as none", async (t) => {
  const server = await Server.open(t);
  server.streams = [];
  server.acknowledgement = null;
  await targetAt(t, server).send("{}");
  t.deepEqual(server.published, ["events.photos {}"]);
});

test("a user and password, or a token, are told", async (t) => {
  const server = await Server.open(t);
  await targetAt(t, server, "ann:pass:word").send("{}");
  await targetAt(t, server, "a-token").send("{}");
  t.like(server.connects[0], { user: "ann", pass: "pass:word" });
  t.like(server.connects[1], { auth_token: "a-token" });
});

test("a connection that was cut is made anew by a later message, and not before", async (t) => {
  const server = await Server.open(t);
  const target = targetAt(t, server);
  await target.send("first");
  server.cut();
  await t.throwsAsync(
    (async () => {
      // The cut may not have been noticed by the first of them.
      for (let tries = 0; tries < 3; tries++) await target.send("lost");
    })(),
  );
  t.is(server.connects.length, 1);
  await target.send("second");
  t.is(server.connects.length, 2);
  t.is(server.published.at(-1), "events.photos second");
});

test("a server that does not answer is given up on", async (t) => {
  const server = await Server.open(t);
  const clock = new ManualClock();
  const settings = { name: "broker", url: server.url, authorization: null, allowsPrivate: false };
  const target = natsTarget(settings, clock);
  t.teardown(() => target.close());
  await target.send("first");
  server.isMute = true;
  const refused = t.throwsAsync(target.send("second"), { message: /took longer/ });
  for (let tries = 0; server.published.length < 2 && tries < 200; tries++) await clock.advance(0);
  await clock.advance(limits.eventSendMs);
  await refused;
  t.is(clock.alarms, 0);
});

test("nobody at the address is a failure of this message alone", async (t) => {
  const target = natsTarget(
    { name: "broker", url: "nats://127.0.0.1:1/s", authorization: null, allowsPrivate: false },
    systemClock,
  );
  for (let send = 0; send < 2; send++) await t.throwsAsync(target.send("{}"));
  await target.close();
});
