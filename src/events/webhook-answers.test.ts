/** What of a webhook's answers counts as a delivery. */

import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createListener, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { ManualClock } from "../base/manual-clock.testing.ts";
import type { TargetSettings } from "./target.ts";
import { Webhook } from "./webhook.ts";

const settings = (url: string, more: Partial<TargetSettings> = {}): TargetSettings => ({
  name: "hook",
  url,
  authorization: null,
  allowsPrivate: false,
  ...more,
});

/** A receiver that says what it likes, once it has been spoken to. */
async function talker(t: ExecutionContext, talk: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createListener((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.once("data", () => talk(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function listener(t: ExecutionContext, onRequest: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(onRequest as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("only 2xx is a delivery; redirects are not followed", async (t) => {
  let status = 200;
  const seen: string[] = [];
  const at = await listener(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers["content-type"]} ${request.headers.authorization}`);
    request.resume().on("end", () => {
      response.writeHead(status, { location: `http://${at}/elsewhere` });
      response.end();
    });
  });
  const authorization = "Bearer of news";
  const webhook = new Webhook(settings(`http://${at}/hook?x=1`, { allowsPrivate: true, authorization }), systemClock);
  await webhook.send("{}");
  for (status of [302, 400, 503]) await t.throwsAsync(webhook.send("{}"), { message: `it answered ${status}` });
  status = 204;
  await webhook.send("{}");
  t.deepEqual(new Set(seen), new Set(["POST /hook?x=1 application/json Bearer of news"]));
  t.is(seen.length, 5);
});

test("a target that does not answer is given up on", async (t) => {
  const clock = new ManualClock();
  const arrived = new Promise<string>((resolve) => {
    void listener(t, () => resolve("")).then((at) => {
      const webhook = new Webhook(settings(`http://${at}/`, { allowsPrivate: true }), clock);
      sending = webhook.send("{}");
    });
  });
  let sending: Promise<void> = Promise.resolve();
  await arrived;
  const refused = t.throwsAsync(sending, { message: "no answer in time" });
  await clock.advance(limits.eventSendMs);
  await refused;
  t.is(clock.alarms, 0);
});

const answersThatAreNone: Readonly<Record<string, string>> = {
  "another protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
  "an end after an interim answer": "HTTP/1.1 100 Continue\r\n\r\n",
  "half a header": "HTTP/1.1 200 OK\r\nContent-",
  "headers without end": `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(100_000)}`,
  "no HTTP": "SSH-2.0-OpenSSH_9.2\r\n",
};

for (const [what, answer] of Object.entries(answersThatAreNone)) {
  test(`no delivery, and no wait: ${what}`, async (t) => {
    const clock = new ManualClock();
    const url = await talker(t, (socket) => socket.end(answer));
    await t.throwsAsync(new Webhook(settings(url, { allowsPrivate: true }), clock).send("{}"));
    t.is(clock.alarms, 0);
  });
}

test("a target that answers drop by drop, or interim answers for ever, is given up on", async (t) => {
  for (const drop of ["x", "HTTP/1.1 102 Processing\r\n\r\n"]) {
    const clock = new ManualClock();
    let drops = 0;
    let isGone = false;
    const url = await talker(t, (socket) => {
      const answer = (): void => {
        if (socket.destroyed) return;
        drops += 1;
        socket.write(drops === 1 && drop === "x" ? "HTTP/1.1 200 OK\r\nx: " : drop, () => setImmediate(answer));
      };
      socket.on("close", () => {
        isGone = true;
      });
      answer();
    });
    const refused = t.throwsAsync(new Webhook(settings(url, { allowsPrivate: true }), clock).send("{}"), {
      message: "no answer in time",
    });
    while (drops < 20) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(limits.eventSendMs);
    await refused;
    t.is(clock.alarms, 0);
    while (!isGone) await new Promise((resolve) => setImmediate(resolve));
  }
});

test("a look-up that does not answer is given up on", async (t) => {
  const clock = new ManualClock();
  const webhook = new Webhook(settings("http://hooks.example.com/"), clock, () => undefined);
  const refused = t.throwsAsync(webhook.send("{}"), { message: "no answer in time" });
  await clock.advance(limits.eventSendMs);
  await refused;
  t.is(clock.alarms, 0);
});
