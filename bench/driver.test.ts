/** A load process against small servers of this test: what it sends, counts and survives. */

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { Load } from "./load.ts";
import { type DriverTask, mixScript, sharedScript } from "./scripts.ts";
import { mixPattern } from "./workload.ts";

const task: Omit<DriverTask, "share"> = {
  target: { host: "127.0.0.1", port: 0, accessKeyId: "A", secretAccessKey: "B" },
  operation: "PUT",
  folder: "size-4096",
  buckets: ["bucket"],
  prefix: "run/",
  sizeBytes: 4096,
  keyCount: 10,
  connections: 3,
  seconds: null,
  requestsMin: 0,
  signsPayload: true,
};

async function against(listener: RequestListener, changes: Partial<DriverTask>) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  const load = new Load(1);
  try {
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const run = await load.prepare({ ...task, target: { ...task.target, port }, ...changes });
    return await run();
  } finally {
    await load.end();
    server.closeAllConnections();
    server.close();
  }
}

test("every key is written once, with the bytes that were announced", async (t) => {
  const seen: string[] = [];
  const result = await against(
    (request, response) => {
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on("end", () => {
        seen.push(`${request.method} ${request.url} ${bytes}`);
        response.end();
      });
    },
    { operation: "FILL" },
  );
  t.is(result.requests, 10);
  t.deepEqual(result.errors, {});
  t.deepEqual(
    seen.sort(),
    Array.from({ length: 10 }, (_, at) => `PUT /bucket/run/size-4096/key-00000${at} 4096`),
  );
});

test("errors are counted by name, and only successes have a latency", async (t) => {
  let count = 0;
  const result = await against(
    (_, response) => {
      count += 1;
      response.statusCode = count % 2 === 0 ? 503 : 200;
      response.end(count % 2 === 0 ? "<Error><Code>SlowDown</Code></Error>" : "");
    },
    { operation: "GET", seconds: 0.2, requestsMin: 30 },
  );
  t.true(result.requests >= 15);
  t.is(result.requests + (result.errors["503 SlowDown"] ?? 0), count);
  t.deepEqual(Object.keys(result.errors), ["503 SlowDown"]);
});

test("a server that closes after every answer is served by new connections", async (t) => {
  const result = await against(
    (_, response) => {
      response.setHeader("connection", "close");
      response.end("x");
    },
    { operation: "GET", seconds: 0.2, requestsMin: 20 },
  );
  t.true(result.requests >= 20);
  t.deepEqual(result.errors, {});
  t.true(result.reconnects >= result.requests - 3);
});

test("a connection that breaks is an error, and the round goes on", async (t) => {
  let count = 0;
  const result = await against(
    (request, response) => {
      count += 1;
      if (count === 5) request.socket.destroy();
      else response.end("x");
    },
    { operation: "GET", seconds: 0.3, requestsMin: 20 },
  );
  t.is(
    Object.values(result.errors).reduce((sum, each) => sum + each, 0),
    1,
  );
  t.true(result.requests >= 19);
});

test("a server that cannot be reached is said to be so", async (t) => {
  const load = new Load(1);
  const target = { ...task.target, port: 1 };
  await t.throwsAsync(load.prepare({ ...task, target }), { message: /cannot be made: .*ECONNREFUSED/ });
  await load.end();
});

test("a mix keeps its shares, and never deletes what it has not just written", (t) => {
  const script = mixScript({ ...task, operation: "MIX", share: { index: 0, count: 1 } }, 2);
  const lines = script.map(({ head }) => head.toString("latin1").split(" ", 2));
  for (const [method, share] of Object.entries(mixPattern))
    t.is(lines.filter(([name]) => name === method).length / lines.length, share / 20, method);
  const living = new Set<string>();
  for (const [method, path = ""] of lines) {
    if (method === "PUT") living.add(path);
    if (method === "DELETE") t.true(living.delete(path), path);
  }
});

test("requests of a listing, and of the bare front", (t) => {
  const share = { index: 0, count: 1 };
  const list = sharedScript({ ...task, operation: "LIST", folder: "list", share });
  t.regex(list[0]?.head.toString() ?? "", /^GET \/bucket\?list-type=2&max-keys=1000&prefix=run%2Flist%2F HTTP/);
  const bare = sharedScript({ ...task, operation: "BARE", share });
  t.regex(bare[0]?.head.toString() ?? "", /^GET \/size-4096 HTTP\/1\.1\r\n/);
});
