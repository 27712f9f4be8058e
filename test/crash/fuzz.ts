/**
 * Thousands of mutated requests: some broken after signing (the wire), some wrong but rightly signed (what lies
 * behind authentication). The process lives, never answers 500, and its memory is bounded. `--requests N` (6000),
 * `--seed N`.
 */

import { connect } from "node:net";
import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const bucket = "fuzz";
const memoryGrowthMax = 200_000_000;

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const nastyKeys = [
  "",
  "..",
  "../x",
  "%00",
  "a\u0000b",
  "a//b",
  ".",
  "x".repeat(1025),
  "é".repeat(600),
  "\ufffe",
  "a\rb",
  "a\nb",
  "+ %25",
  "~",
  "?",
  "#",
  "data.mdb",
];
const nastyQueries = [
  "uploads",
  "uploadId",
  "uploadId=",
  "partNumber=0&uploadId=x",
  "partNumber=10001&uploadId=x",
  "partNumber=1e3&uploadId=x",
  "max-keys=-1&list-type=2",
  "max-keys=99999999999999999999&list-type=2",
  "list-type=3",
  "continuation-token=garbage&list-type=2",
  "delete",
  "torrent",
  "policy",
  "acl",
  "versionId=x",
  "encoding-type=xml&list-type=2",
  "marker=%FF",
  "prefix=%C0%AF",
  "location",
  "tagging",
  "select&select-type=2",
  "list-type=2&list-type=2",
  "%zz",
  "a=%",
];
const nastyBodies = [
  "",
  "<",
  "<Delete/>",
  "<Delete><Object><Key>a</Key></Object>",
  `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`,
  '<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>',
  `${"<a>".repeat(5000)}`,
  "<CompleteMultipartUpload><Part><PartNumber>0</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
  "<CreateBucketConfiguration><LocationConstraint>x</LocationConstraint><Nonsense/></CreateBucketConfiguration>",
  "\ufeff<Delete></Delete>",
  "x".repeat(3_000_000),
];
const nastyHeaders: readonly (readonly [string, string])[] = [
  ["content-md5", "garbage"],
  ["x-amz-checksum-crc32", "AAAA"],
  ["x-amz-checksum-sha256", "not base64!"],
  ["x-amz-decoded-content-length", "-5"],
  ["x-amz-meta-a", "b".repeat(3000)],
  ["x-amz-copy-source", "/"],
  ["x-amz-copy-source", "%zz/../.."],
  ["range", "bytes=9-1"],
  ["range", "bytes=-"],
  ["range", "lines=1-2"],
  ["if-modified-since", "yesterday"],
  ["if-none-match", '"'],
  ["x-amz-storage-class", "PAPER"],
  ["x-amz-acl", "everyone"],
  ["x-amz-tagging", "a=b=c&&"],
  ["x-amz-object-lock-mode", "COMPLIANCE"],
  ["x-amz-server-side-encryption", "AES512"],
  ["content-encoding", "aws-chunked"],
  ["x-amz-trailer", "x-amz-checksum-nothing"],
  ["x-amz-copy-source-range", "bytes=0-1"],
  ["expect", "100-continue"],
];

/** Sends raw bytes; resolves with the status, or 0 when the connection was closed without an answer. */
function sendRaw(port: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Number(/HTTP\/1\.1 (\d{3})/.exec(received.replace("HTTP/1.1 100 Continue\r\n\r\n", ""))?.[1] ?? 0));
    };
    const timer = setTimeout(finish, 400);
    socket.on("data", (piece) => {
      received += piece.toString("latin1");
      if (/HTTP\/1\.1 [2-5]\d\d/.test(received)) finish();
    });
    socket.on("error", finish);
    socket.on("close", finish);
    socket.write(bytes);
  });
}

await runSuite("fuzz", async ({ directory, option, say, check }) => {
  const requests = option("requests", 6000);
  const seed = option("seed", Math.floor(Math.random() * 2 ** 31));
  say(`seed ${seed}`);
  const below = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const node = await NodeProcess.start({ data: join(directory, "data") });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  await client.send("PUT", `/${bucket}`);
  await client.send("PUT", `/${bucket}/witness`, { body: Buffer.from("witness") });
  const port = Number(new URL(node.endpoint).port);
  const host = new URL(node.endpoint).host;
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const note = (status: number, what: string): void => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500 && ![501, 503, 505].includes(status)) faults.push(`${status}: ${what}`);
  };
  const wire = async (): Promise<void> => {
    const method = pick(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get"]);
    const body = pick(nastyBodies).slice(0, 2000);
    const target = presign(
      { endpoint: node.endpoint, ...testKeys },
      method,
      `/${bucket}/${pick(["a", "witness", "b/c"])}`,
    );
    const text = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nx-amz-meta-a: b\r\n\r\n${body}`;
    const bytes = Buffer.from(text, "utf8");
    for (let count = below(4); count >= 0; count--) {
      const at = below(bytes.length);
      if (below(3) === 0) bytes.copyWithin(at, below(bytes.length));
      else bytes[at] = below(256);
    }
    note(
      await sendRaw(port, bytes.subarray(0, below(5) === 0 ? below(bytes.length) : bytes.length)),
      text.slice(0, 120),
    );
  };
  const signed = async (): Promise<void> => {
    const method = pick(["GET", "PUT", "POST", "DELETE", "HEAD"]);
    const path = pick([
      `/${bucket}/${pick(nastyKeys)}`,
      `/${bucket}`,
      "/",
      `/${pick(nastyKeys)}`,
      `/${bucket}/witness2`,
    ]);
    const query = below(2) === 0 ? Object.fromEntries(new URLSearchParams(pick(nastyQueries))) : {};
    const headers = Object.fromEntries(Array.from({ length: below(3) }, () => pick(nastyHeaders)));
    const body = method === "PUT" || method === "POST" ? Buffer.from(pick(nastyBodies)) : undefined;
    const answer = await client
      .send(method, path, { query, headers, ...(body ? { body } : {}), timeoutMs: 5000 })
      .catch((error: unknown) => ({ status: /timed out/.test(String(error)) ? 599 : 0 }));
    note(
      answer.status,
      `${method} ${JSON.stringify(path).slice(0, 60)} ${JSON.stringify(query)} ${JSON.stringify(headers).slice(0, 100)} ${body?.subarray(0, 40).toString()}`,
    );
  };
  const memoryBefore = node.memoryBytes();
  for (let sent = 0; sent < requests; sent += 32)
    await Promise.all(Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? wire() : signed())));
  say(
    [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join(", "),
  );
  for (const fault of faults.slice(0, 10)) say(fault);
  const growth = node.memoryBytes() - memoryBefore;
  say(`memory grew by ${(growth / 1e6).toFixed(0)} MB`);
  check("no answer is a server fault", faults.length === 0);
  check(
    "mutated requests were refused",
    [...statuses].some(([status, count]) => status >= 400 && status < 500 && count > requests / 10),
  );
  check("memory is bounded", growth < memoryGrowthMax);
  const witness = await client.send("GET", `/${bucket}/witness`);
  check("the node serves on", witness.status === 200 || witness.status === 404);
  check("the node stops cleanly", (await node.stop()) === 0);
});
