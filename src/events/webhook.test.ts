import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { ManualClock } from "../base/manual-clock.testing.ts";
import type { TargetSettings } from "./target.ts";
import { isInnerAddress, outerLookup, type Resolve, Webhook } from "./webhook.ts";

test("addresses of this machine and its network are told from others", (t) => {
  const inner = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::FFFF:A9FE:A9FE",
    "0:0:0:0:0:ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
  ];
  for (const address of inner) t.true(isInnerAddress(address), address);
  const outer = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "203.0.113.7",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "2606:4700::1111",
    "2a00:1450::1",
  ];
  for (const address of outer) t.false(isInnerAddress(address), address);
});

const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }));

test("a name is judged at every look-up, by all of its addresses", async (t) => {
  const answers = [v4("203.0.113.7"), v4("127.0.0.1"), v4("203.0.113.7", "10.0.0.1"), []];
  const resolve: Resolve = (_name, _options, done) => done(null, answers.shift() ?? []);
  const look = (all: boolean) =>
    new Promise<unknown>((found) =>
      outerLookup(resolve)("moody.example.com", { all }, (error, address) => found(error?.name ?? address)),
    );
  t.is(await look(false), "203.0.113.7");
  t.is(await look(false), "InnerAddressError");
  t.is(await look(true), "InnerAddressError");
  t.is(await look(true), "InnerAddressError");
  const failing: Resolve = (_name, _options, done) => done(new Error("no such name"), []);
  const error = await new Promise((found) => outerLookup(failing)("x", {}, found));
  t.is((error as Error).message, "no such name");
});

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

test("a name that has come to mean this machine is not sent to", async (t) => {
  let requests = 0;
  const at = await listener(t, (_request, response) => {
    requests += 1;
    response.end();
  });
  let looked = 0;
  const resolve: Resolve = (_name, _options, done) => {
    looked += 1;
    done(null, v4("127.0.0.1"));
  };
  const [, port] = at.split(":");
  const webhook = new Webhook(settings(`http://moody.example.com:${port}/`), systemClock, resolve);
  for (let send = 1; send <= 2; send++) {
    await t.throwsAsync(webhook.send("{}"), { name: "InnerAddressError" });
    // No connection is kept past the look-up that it was made by.
    t.is(looked, send);
  }
  t.is(requests, 0);
});

test("addresses in any spelling are judged without a look-up", async (t) => {
  const resolve: Resolve = () => t.fail("an address is not looked up");
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
  ]) {
    const webhook = new Webhook(settings(`http://${host}/`), systemClock, resolve);
    await t.throwsAsync(webhook.send("{}"), { name: "InnerAddressError" }, host);
  }
});

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
