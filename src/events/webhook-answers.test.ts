/** What of a webhook's answers counts as a delivery. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
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
