/** Starting, stopping and bounds of the listeners, and the process-wide settings they need. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import type { HttpResponse } from "../model/http.ts";
import {
  Client,
  type FrontUnderTest,
  PatternBody,
  patternBytes,
  Signal,
  sendText,
  testEachFront,
  tls,
} from "./each-front.testing.ts";
import { listen } from "./http-server.ts";

const MiB = 1024 * 1024;
/** Longer than any test here takes on a busy machine. */
const drainMs = 100_000;

testEachFront("a stop lets a download finish, closes idle connections and takes no new ones", async (t, front) => {
  const body = new PatternBody(32 * MiB, true);
  const server = await front.listen((request, response) => {
    if (request.rawPath === "/big") response.stream({ status: 200, headers: [] }, body);
    else sendText(response, "ok");
  });
  const idle = front.connect();
  t.is((await idle.request("GET / HTTP/1.1\r\nHost: a")).status, 200);
  const loading = front.connect();
  loading.socket.pause();
  await loading.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  const second = front.connect();
  t.is((await second.request("GET / HTTP/1.1\r\nHost: a")).status, 200);
  t.is(server.openConnections(), 3);
  let isClosed = false;
  const closed = server.close(drainMs).then(() => {
    isClosed = true;
  });
  const refused = front.connect();
  await refused.closed();
  t.false(isClosed);
  loading.socket.resume();
  const answer = await loading.answer();
  t.true(Buffer.from(patternBytes(0, 32 * MiB)).equals(answer.body));
  await closed;
  t.is((await idle.closed()).length, 0);
  await loading.closed();
  t.is(server.openConnections(), 0);
  t.is(body.closeCount, 1);
  await server.close(0);
});

testEachFront("an answer given during a stop announces the end of its connection", async (t, front) => {
  const waiting = new Signal<HttpResponse>();
  const server = await front.listen((_request, response) => waiting.give(response));
  const client = front.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await waiting.given;
  const closed = server.close(drainMs);
  sendText(response, "last");
  const answer = await client.answer();
  t.is(answer.body.toString(), "last");
  t.is(answer.headers.get("connection"), "close");
  await closed;
  await client.closed();
});

testEachFront("a stop whose time is up destroys what is left", async (t, front) => {
  const waiting = new Signal<HttpResponse>();
  const server = await front.listen((_request, response) => waiting.give(response));
  const client = front.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await waiting.given;
  let abortedCount = 0;
  response.onAborted(() => {
    abortedCount += 1;
  });
  await server.close(50);
  t.is((await client.closed()).length, 0);
  t.is(abortedCount, 1);
  t.is(server.openConnections(), 0);
});

const servesMany = async (t: ExecutionContext, front: FrontUnderTest): Promise<void> => {
  const server = await front.listen((request, response) => {
    setImmediate(() => sendText(response, request.rawPath));
  });
  const clients = Array.from({ length: 200 }, () => front.connect());
  const answers = await Promise.all(
    clients.map((client, index) => client.request(`GET /${index} HTTP/1.1\r\nHost: a`)),
  );
  t.deepEqual(
    answers.map((answer) => answer.body.toString()),
    clients.map((_, index) => `/${index}`),
  );
  t.is(server.openConnections(), 200);
};
testEachFront("200 connections are served at once", servesMany, ["plain", "TLS"], test.serial);

testEachFront(
  "a stop amid handshakes closes every connection",
  async (t, front) => {
    const server = await front.listen((_request, response) => sendText(response, "ok"));
    const clients = Array.from({ length: 100 }, () => front.connect());
    const sent = clients.map((client) => client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await Promise.race(sent);
    await server.close(0);
    await Promise.all(clients.map((client) => client.closed()));
    t.is(server.openConnections(), 0);
  },
  ["plain", "TLS"],
  test.serial,
);

testEachFront("connections beyond the bound are closed, and room that is made is used", async (t, front) => {
  await front.listen((_request, response) => sendText(response, "ok"), { connectionsMax: 3 });
  const clients = [front.connect(), front.connect(), front.connect()];
  for (const client of clients) t.is((await client.request("GET / HTTP/1.1\r\nHost: a")).status, 200);
  const refused = front.connect();
  t.is((await refused.closed()).length, 0);
  t.is((await clients[0]?.request("GET / HTTP/1.1\r\nHost: a"))?.status, 200);
  clients[0]?.socket.end();
  await clients[0]?.closed();
  for (;;) {
    const next = front.connect();
    const isServed = await next.request("GET / HTTP/1.1\r\nHost: a").then(
      () => true,
      () => false,
    );
    if (isServed) break;
  }
  t.pass();
});

testEachFront("a port in use and an unusable certificate are errors", async (t, front) => {
  const server = await front.listen((_request, response) => sendText(response, "ok"));
  await t.throwsAsync(front.listen((_request, response) => sendText(response, "two"), { port: server.port }));
  const missing = { certFile: tls.certFile, keyFile: "/nonexistent/key.pem" };
  await t.throwsAsync(
    front.listen((_request, response) => sendText(response, "x"), { tls: missing }),
    { code: "ENOENT" },
  );
  const swapped = { certFile: tls.keyFile, keyFile: tls.certFile };
  await t.throwsAsync(front.listen((_request, response) => sendText(response, "x"), { tls: swapped }));
});

testEachFront("the renderer of the composition root makes the refusals", async (t, front) => {
  await front.listen((_request, response) => sendText(response, "ok"), {
    renderError: (error) => ({ head: { status: error.status, headers: [["x-own", error.code]] }, body: "mine" }),
  });
  const answer = await front.connect().request("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-\r\nRange: bytes=1-");
  t.is(answer.status, 400);
  t.is(answer.headers.get("x-own"), "InvalidRequest");
  t.is(answer.body.toString(), "mine");
});

test("listeners share a port when they say so", async (t) => {
  const shared = { host: "127.0.0.1", implementation: "uws", sharesPort: true } as const;
  const first = await listen({ ...shared, port: 0 }, (_request, response) => sendText(response, "first"));
  const second = await listen({ ...shared, port: first.port }, (_request, response) => sendText(response, "second"));
  t.is(second.port, first.port);
  await first.close(0);
  const client = new Client(second.port, false);
  t.is((await client.request("GET / HTTP/1.1\r\nHost: a")).body.toString(), "second");
  await second.close(0);
  await t.throwsAsync(
    listen({ ...shared, implementation: "node", port: 0 }, (_request, response) => sendText(response, "x")),
    { name: "AssertionError" },
  );
});

test("auto takes uWebSockets.js where it loads", async (t) => {
  const server = await listen({ host: "127.0.0.1", port: 0, implementation: "auto" }, (_request, response) =>
    sendText(response, "ok"),
  );
  t.is(server.implementation, "uws");
  await server.close(0);
});

for (const implementation of ["uws", "node"] as const) {
  // In its own process: the library reads the environment of the process, which a worker thread cannot set.
  test(`heads of 15,000 bytes are read and of 20,000 refused with 431 [${implementation}]`, async (t) => {
    const script = `
      import { listen } from ${JSON.stringify(new URL("./http-server.js", import.meta.url).href)};
      const server = await listen({ host: "127.0.0.1", port: 0, implementation: "${implementation}" },
        (request, response) => response.send({ status: 200, headers: [] }, String(request.headers.get("x-big").length)));
      process.stdout.write(String(server.port));
      process.stdin.on("end", () => server.close(0)).resume();
    `;
    const child = execFile(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, UWS_HTTP_MAX_HEADERS_SIZE: "16384" },
    });
    const port = await new Promise<number>((resolve) => child.stdout?.once("data", (text) => resolve(Number(text))));
    const client = new Client(port, false);
    t.is((await client.request(`GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${"a".repeat(15_000)}`)).body.toString(), "15000");
    await client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${"a".repeat(20_000)}\r\n\r\n`);
    t.regex((await client.closed()).toString(), /^HTTP\/1\.1 431 /);
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    t.is(await exited, 0);
  });
}

test("an IPv6 peer is written in its short form", async (t) => {
  const { stdout } = await promisify(execFile)("cat", ["/proc/sys/net/ipv6/conf/lo/disable_ipv6"]).catch(() => ({
    stdout: "1",
  }));
  if (stdout.trim() !== "0") {
    t.pass("this machine has no IPv6");
    return;
  }
  for (const implementation of ["uws", "node"] as const) {
    const seen = new Signal<string>();
    const server = await listen({ host: "::1", port: 0, implementation }, (request, response) => {
      seen.give(request.remoteAddress);
      sendText(response, "ok");
    });
    const answer = await fetch(`http://[::1]:${server.port}/`);
    t.is(await answer.text(), "ok");
    t.is(await seen.given, "::1");
    await server.close(0);
  }
});
