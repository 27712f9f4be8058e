/** Webhooks get nowhere inside: addresses in every spelling, names that change their mind, redirects. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { isInnerAddress, type Lookup, Webhook } from "./webhook.ts";

const inner = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.18.0.1",
  "198.19.255.255",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "0:0:0:0:0:0:0:1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:A9FE:A9FE",
  "0:0:0:0:0:ffff:127.0.0.1",
  "0000:0000:0000:0000:0000:ffff:7f00:0001",
  "::0:ffff:10.0.0.1",
  "::127.0.0.1",
  "::7f00:1",
  "::a9fe:a9fe",
  "64:ff9b::7f00:1",
  "64:ff9b::169.254.169.254",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "2001:0:1::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%lo",
  "::1%lo",
  "febf::1",
  "fec0::1",
  "ff02::1",
  // None of these is an address: what is none is not connected to.
  "",
  "localhost",
  "2130706433",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "127.1",
  "1.2.3.4.5",
];

const outer = [
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700::1111",
  "2a00::1",
  "::ffff:8.8.8.8",
  "0:0:0:0:0:ffff:808:808",
];

test("addresses of this machine and its network are told from all others, in every spelling", (t) => {
  for (const address of inner) t.true(isInnerAddress(address), address);
  for (const address of outer) t.false(isInnerAddress(address), address);
});

interface Listener {
  readonly port: number;
  asked: number;
}

/** Somebody inside, who must not be asked. */
async function listen(t: ExecutionContext, location: string | null = null): Promise<Listener> {
  const server = createServer((_request, response) => {
    listener.asked += 1;
    response.writeHead(location === null ? 200 : 307, location === null ? {} : { location });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const listener = { port: (server.address() as AddressInfo).port, asked: 0 };
  return listener;
}

const webhook = (url: string, lookup?: Lookup, allowsPrivate = false): Webhook =>
  new Webhook({ name: "hook", url, authorization: null, allowsPrivate }, systemClock, lookup);

/** Answers in a later turn, as a look-up does: an address that cannot be reached at once is then an error of the request. */
const answering =
  (addresses: () => readonly string[]): Lookup =>
  (_host, _options, callback) => {
    setImmediate(() =>
      callback(
        null,
        addresses().map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    );
  };

test("no spelling of an inner address in the URL is connected to", async (t) => {
  const listener = await listen(t);
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "0",
    "127.0.0.1.",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[::]",
    "localhost",
    "LOCALHOST",
    "user:word@127.0.0.1",
  ]) {
    await t.throwsAsync(webhook(`http://${host}:${listener.port}/`).send("{}"), { name: "InnerAddressError" }, host);
  }
  t.is(listener.asked, 0);
});

test("a name is judged by the addresses that are connected to, each time", async (t) => {
  const listener = await listen(t);
  let asked = 0;
  // The first answer lies outside, at a port where nobody listens; the next one is this machine.
  const rebinding = answering(() => {
    asked += 1;
    return [asked === 1 ? "192.0.2.1" : "127.0.0.1"];
  });
  const url = `http://rebinding.example:${listener.port}/`;
  const impatient = { ...systemClock, after: (_ms: number, run: () => void) => systemClock.after(50, run) };
  const hook = new Webhook({ name: "hook", url, authorization: null, allowsPrivate: false }, impatient, rebinding);
  await t.throwsAsync(hook.send("{}"));
  await t.throwsAsync(hook.send("{}"), { name: "InnerAddressError" });
  t.is(asked, 2, "nothing is remembered between messages");
  t.is(listener.asked, 0);
});

test("one inner address among several is enough to refuse, as is none at all", async (t) => {
  const listener = await listen(t);
  const answers = (...addresses: string[]) => answering(() => addresses);
  const url = `http://several.example:${listener.port}/`;
  for (const lookup of [
    answers("127.0.0.1"),
    answers("93.184.216.34", "127.0.0.1"),
    answers("::ffff:127.0.0.1"),
    answers("fe80::1%lo"),
    answers(),
  ]) {
    await t.throwsAsync(webhook(url, lookup).send("{}"), { name: "InnerAddressError" });
  }
  t.is(listener.asked, 0);
});

test("redirects are not followed", async (t) => {
  const within = await listen(t);
  const redirecting = await listen(t, `http://127.0.0.1:${within.port}/secret`);
  const hook = webhook(`http://127.0.0.1:${redirecting.port}/`, undefined, true);
  await t.throwsAsync(hook.send("{}"), { message: /307/ });
  t.is(redirecting.asked, 1);
  t.is(within.asked, 0);
});
