/**
 * 5,000 connections open at once and 256 busy ones are served without an error; ten uploads over 1 Mbit complete. A node
 * that may open few files refuses connections rather than requests.
 */

import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { CannotRun, runSuite, type SuiteContext } from "../support/suite.ts";

const idle = 5000;
const busy = 256;
const requestsPerBusy = 20;
const linkBytesPerSecond = 125_000;

/** Descriptors that the suite and its node need each. */
const descriptorsMin = 2 * (idle + 2 * busy);

/** Opens connections, some at a time; all of them stay open. */
async function open(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const opened = Array.from(
      { length: Math.min(250, count - sockets.length) },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect(port, "127.0.0.1", () => resolve(socket));
          socket.once("error", reject);
        }),
    );
    sockets.push(...(await Promise.all(opened)));
  }
  return sockets;
}

/** A raw request on an idle connection: the answer's first line. */
const ask = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    if (socket.destroyed || socket.readableEnded) reject(new Error("closed"));
    socket.once("data", (piece) => resolve(piece.toString("latin1").split("\r\n")[0] ?? ""));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });

await runSuite("connections", async (context) => {
  const { directory, say, check } = context;
  const descriptors = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1]);
  if (descriptors < descriptorsMin) throw new CannotRun(`a process may open only ${descriptors} files (ulimit -Hn)`);
  const node = await NodeProcess.start({ data: join(directory, "data") });
  const port = Number(new URL(node.endpoint).port);
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys, connections: busy });
  await client.send("PUT", "/connections");
  const sockets = await open(port, idle);
  const answers = await Promise.allSettled(sockets.map(ask));
  const served = answers.filter((answer) => answer.status === "fulfilled" && answer.value === "HTTP/1.1 200 OK").length;
  say(`${sockets.length} connections open at once, ${served} answered`);
  check("every idle connection is served", served === idle);
  let errors = 0;
  const body = Buffer.alloc(64 * 1024, 5);
  const work = async (worker: number): Promise<void> => {
    for (let number = 0; number < requestsPerBusy; number++) {
      const path = `/connections/${worker}-${number % 3}`;
      const put = await client.send("PUT", path, { body }).catch(() => null);
      const get = await client.send("GET", path).catch(() => null);
      if (put?.status !== 200 || get?.status !== 200 || !get.body.equals(body)) errors += 1;
    }
  };
  await Promise.all(Array.from({ length: busy }, (_, worker) => work(worker)));
  say(`${busy} busy connections, ${busy * requestsPerBusy * 2} requests, ${errors} errors`);
  check("256 busy connections see no error", errors === 0);
  for (const socket of sockets) socket.destroy();
  const slow = await Promise.all(Array.from({ length: 10 }, (_, index) => slowUpload(client, node.endpoint, index)));
  check(
    `ten uploads share a 1 Mbit link: ${slow.join(" ")}`,
    slow.every((status) => status === 200),
  );
  client.close();
  check("the node stops cleanly", (await node.stop()) === 0);
  await fewDescriptors(context);
});

/** 700 descriptors: connections are limited, so that reads and writes of those that are open do not fail. */
async function fewDescriptors({ directory, say, check }: SuiteContext): Promise<void> {
  const execPath = join(directory, "few-descriptors");
  writeFileSync(execPath, `#!/bin/sh\nulimit -n 700\nexec "${process.execPath}" "$@"\n`);
  chmodSync(execPath, 0o755);
  const data = join(directory, "few");
  const node = await NodeProcess.start({ data, execPath });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys, connections: 32 });
  const body = Buffer.alloc(6 * 1024 * 1024, 5);
  await client.send("PUT", "/few");
  // The client's connections come first, and stay open.
  const each = (run: (index: number) => Promise<boolean>): Promise<boolean[]> =>
    Promise.all(Array.from({ length: 32 }, (_, index) => run(index)));
  await each(async (index) => (await client.send("PUT", `/few/${index}`, { body })).status === 200);
  const sockets = await open(Number(new URL(node.endpoint).port), 1000);
  const answers = await Promise.allSettled(sockets.map(ask));
  const served = answers.filter((answer) => answer.status === "fulfilled").length;
  const outcomes = await each(async (index) => {
    const put = await client.send("PUT", `/few/again-${index}`, { body });
    const get = await client.send("GET", `/few/${index}`);
    return put.status === 200 && get.status === 200 && get.body.equals(body);
  }).catch((error: unknown) => {
    say(String(error));
    return [false];
  });
  const right = outcomes.every((fine) => fine);
  say(`with 700 descriptors ${served} of 1,000 idle connections are served, of others every request: ${right}`);
  check("few descriptors: idle connections are limited", served > 100 && served < 500);
  check("few descriptors: requests on open connections succeed", right);
  check("few descriptors: the log says so", readFileSync(`${data}.log`, "utf8").includes("ulimit -n"));
  for (const socket of sockets) socket.destroy();
  client.close();
  check("few descriptors: the node stops cleanly", (await node.stop()) === 0);
}

/** One of ten uploads that together have 1 Mbit/s: 150 KiB in small pieces, then a check of what is stored. */
async function slowUpload(client: S3Client, endpoint: string, index: number): Promise<number> {
  const { presign } = await import("../support/presign.ts");
  const body = Buffer.alloc(150 * 1024, index);
  const path = `/connections/slow-${index}`;
  const url = new URL(endpoint);
  const target = presign({ endpoint, ...testKeys }, "PUT", path);
  const socket = connect(Number(url.port), url.hostname);
  const answer = new Promise<string>((resolve, reject) => {
    socket.once("data", (piece) => resolve(piece.toString("latin1")));
    socket.once("error", reject);
    socket.once("close", () => resolve("closed"));
  });
  socket.write(`PUT ${target} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${body.length}\r\n\r\n`);
  const piece = linkBytesPerSecond / 10 / 10;
  for (let at = 0; at < body.length; at += piece) {
    socket.write(body.subarray(at, at + piece));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const line = (await answer).split("\r\n")[0] ?? "";
  socket.destroy();
  const stored = await client.send("GET", path);
  return line === "HTTP/1.1 200 OK" && stored.body.equals(body) ? 200 : Number(line.split(" ")[1] ?? 0);
}
