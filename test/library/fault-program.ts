/**
 * A program with a node in it whose disk begins to fail: told to by the suite that runs it, once it has printed "arm".
 * The program must live, the failed node must have acknowledged nothing more, and another node must serve.
 */

import { existsSync } from "node:fs";
import { startNode } from "#src/library.ts";
import { S3Client } from "../support/s3-client.ts";

const [data = "", armed = ""] = process.argv.slice(2);
const node = await startNode({ data });
const client = new S3Client({ endpoint: node.endpoint, ...node.credentials, connections: 2 });
const put = async (key: string): Promise<number | "no answer"> =>
  client.send("PUT", `/bucket${key}`, key === "" ? {} : { body: Buffer.from("x") }).then(
    ({ status }) => status,
    () => "no answer" as const,
  );
const before = [await put(""), await put("/before")];
console.log("arm");
while (!existsSync(armed)) await new Promise((resolve) => setTimeout(resolve, 20));
const during = await put("/during");
const reason = await node.closed;
const after = await put("/after");
await node.close();
const isResetRefused = await node.reset().then(
  () => false,
  () => true,
);
client.close();
const other = await startNode();
const { status } = await fetch(`${other.endpoint}/health/ready`);
await other.close();
const again = await startNode({ data }).then(
  () => "started",
  (error: { readonly code: string }) => error.code,
);
console.log(JSON.stringify({ before, during, after, reason: reason?.message, isResetRefused, status, again }));
