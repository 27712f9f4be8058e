/** How a node ends: what is under way is finished, and only a second thought cuts it short. */

import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { S3Client } from "../support/s3-client.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const body = Buffer.alloc(100_000, 7);

/** A node with an upload under way, of which half has been sent. */
async function busyNode(t: ExecutionContext): Promise<{ node: NodeProcess; socket: Socket; data: string }> {
  const directory = mkdtempSync(join(tmpdir(), "troupe-signals-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const data = join(directory, "data");
  const node = await NodeProcess.start({ data });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  await client.send("PUT", "/bucket");
  client.close();
  const { port, host } = new URL(node.endpoint);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => undefined);
  t.teardown(() => socket.destroy());
  const target = presign({ endpoint: node.endpoint, ...testKeys }, "PUT", "/bucket/k");
  const begun = new Promise<string>((resolve) => socket.once("data", (piece) => resolve(piece.toString("latin1"))));
  const length = `Content-Length: ${body.length}\r\nExpect: 100-continue`;
  socket.write(`PUT ${target} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n\r\n`);
  t.regex(await begun, /^HTTP\/1.1 100 /);
  socket.write(body.subarray(0, 50_000));
  return { node, socket, data };
}

test("a signal that comes twice at once drains: what is under way is finished", async (t) => {
  const { node, socket, data } = await busyNode(t);
  node.signal("SIGTERM");
  node.signal("SIGTERM");
  await wait(300);
  const answer = new Promise<string>((resolve) => socket.once("data", (piece) => resolve(piece.toString("latin1"))));
  socket.write(body.subarray(50_000));
  t.regex(await answer, /^HTTP\/1.1 200 /);
  t.is(await node.exited, 0);
  const again = await NodeProcess.start({ data });
  const client = new S3Client({ endpoint: again.endpoint, ...testKeys });
  t.true((await client.send("GET", "/bucket/k")).body.equals(body));
  client.close();
  t.is(await again.stop(), 0);
});

test("a second signal after a while ends the node at once", async (t) => {
  const { node } = await busyNode(t);
  node.signal("SIGINT");
  await wait(2500);
  node.signal("SIGINT");
  t.is(await node.exited, 70);
});
