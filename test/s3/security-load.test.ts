/** Requests that would take a server's time or memory out of proportion: each is refused, and the server goes on. */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, CreateMultipartUploadCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { outcome } from "../support/each-front.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { type HandMadeRequest, sendSigned } from "../support/signed-request.ts";

const memoryGrowthMax = 200_000_000;
/** As many as this process may open beside its other files. */
const filesMax = Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
const idleConnections = Math.min(2_000, Math.floor(filesMax / 4));

interface World {
  readonly node: NodeProcess;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly signed: (request: HandMadeRequest) => Promise<string>;
}

const residentBytes = ({ pid }: NodeProcess): number =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

/** A node of its own for each HTTP server: what it holds is measured. */
function eachNode(title: string, run: (t: ExecutionContext, world: World) => Promise<void>): void {
  for (const implementation of ["uws", "node"]) {
    test.serial(`${title} [${implementation}]`, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), "troupe-load-"));
      t.teardown(() => rmSync(directory, { recursive: true }));
      const data = join(directory, "data");
      const node = await NodeProcess.start({ data, arguments: ["--set", `front.implementation=${implementation}`] });
      t.teardown(() => node.signal("SIGKILL"));
      const { endpoint } = node;
      const s3 = new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: testKeys,
        maxAttempts: 1,
      });
      const bucket = "load";
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: Buffer.alloc(100_000, 1) }));
      const signed = async (request: HandMadeRequest) => outcome(await sendSigned(endpoint, request));
      const before = residentBytes(node);
      await run(t, { node, s3, bucket, signed });
      t.is(await signed({ method: "HEAD", target: `/${bucket}/k` }), "200", "it goes on");
      t.true(residentBytes(node) - before < memoryGrowthMax, `grew by ${residentBytes(node) - before} bytes`);
      s3.destroy();
      t.is(await node.stop(), 0);
      const log = readFileSync(`${data}.log`, "utf8").split("\n");
      t.deepEqual(
        log.filter((line) => /"level":"(error|fatal)"/.test(line)),
        [],
      );
    });
  }
}

const md5 = (body: string) => ({ "content-md5": createHash("md5").update(body).digest("base64") });

eachNode("documents_that_are_deep_wide_or_define_entities_are_refused", async (t, { s3, bucket, signed }) => {
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "parts" }));
  const laughs = Array.from({ length: 10 }, (_none, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`);
  const documents: readonly (readonly [what: string, body: string])[] = [
    ["1,000 deep", `${"<Delete>".repeat(1000)}${"</Delete>".repeat(1000)}`],
    ["1,000 deep and open", "<a>".repeat(1000)],
    [
      "billion laughs",
      `<!DOCTYPE Delete [<!ENTITY l0 "lol">${laughs.join("")}]><Delete><Object><Key>&l10;</Key></Object></Delete>`,
    ],
    [
      "external entity",
      '<!DOCTYPE Delete [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>',
    ],
    ["external document type", '<!DOCTYPE Delete SYSTEM "http://127.0.0.1:1/x.dtd"><Delete/>'],
    ["1,001 keys", `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`],
  ];
  for (const [what, body] of documents) {
    t.is(
      await signed({ method: "POST", target: `/${bucket}?delete`, body, headers: md5(body) }),
      "400 MalformedXML",
      what,
    );
  }
  const part = '<Part><PartNumber>NUMBER</PartNumber><ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag></Part>';
  const parts = Array.from({ length: 10_001 }, (_none, index) => part.replace("NUMBER", String(index + 1)));
  const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const completed = await signed({ method: "POST", target: `/${bucket}/parts?uploadId=${UploadId}`, body });
  t.regex(completed, /^400 /, "10,001 parts");
  t.regex(
    await signed({ method: "PUT", target: `/${bucket}/parts?partNumber=10001&uploadId=${UploadId}`, body: "x" }),
    /^400 /,
  );
});

eachNode("policies_too_long_and_of_thousands_of_stars_end", async (t, { bucket, signed }) => {
  const policy = (Resource: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource }],
    });
  const put = (body: string) => signed({ method: "PUT", target: `/${bucket}?policy`, body });
  const long = policy(`arn:aws:s3:::${bucket}/${"a".repeat(20 * 1024)}`);
  t.regex(await put(long), /^400 /, "more than 20 KiB");
  t.is(await put(policy(`arn:aws:s3:::${bucket}/${"*a".repeat(2000)}b`)), "204");
  const target = `/${bucket}/${"a".repeat(1000)}`;
  t.is(await signed({ method: "GET", target }), "404 NoSuchKey");
  const statuses = await Promise.all(Array.from({ length: 50 }, () => signed({ method: "GET", target })));
  t.deepEqual(new Set(statuses), new Set(["404 NoSuchKey"]));
});

eachNode("lengths_and_ranges_beyond_measure_are_refused", async (t, { node, bucket, signed }) => {
  const framed = {
    method: "PUT",
    target: `/${bucket}/framed`,
    payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    headers: { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "10" },
  };
  for (const size of ["ffffffffffffffff", "fffffffffffffffffffffffff", "7fffffffffffffff", "-1", "0x10", ""])
    t.regex(await signed({ ...framed, body: `${size}\r\nx` }), /^400 /, `a chunk of ${size}`);
  t.regex(
    await signed({
      ...framed,
      headers: { ...framed.headers, "x-amz-decoded-content-length": "9".repeat(30) },
      body: "0\r\n\r\n",
    }),
    /^4\d\d /,
  );
  for (const length of ["9".repeat(15), "9".repeat(30), "-1", "1e9", "0x10"]) {
    const answer = await wire(node, `PUT /${bucket}/long HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
    t.regex(answer, /^HTTP\/1.1 4\d\d/, `Content-Length ${length}`);
  }
  const range = `bytes=${Array.from({ length: 1000 }, (_none, index) => `${index}-${index}`).join(",")}`;
  // S3 gives one range or the whole; never as many parts.
  t.regex(await signed({ method: "GET", target: `/${bucket}/k`, headers: { range } }), /^(200|206|416|400)/);
  t.is(await signed({ method: "GET", target: `/${bucket}/framed` }), "404 NoSuchKey");
});

eachNode("clients_that_go_right_after_their_head_leave_nothing", async (t, { node, s3, bucket, signed }) => {
  const heads = [
    `GET /${bucket}/k HTTP/1.1\r\nHost: a\r\n\r\n`,
    `PUT /${bucket}/gone HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`,
    `PUT /${bucket}/gone HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `POST /${bucket}?delete HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n`,
    `POST /${bucket} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 500\r\n\r\n--b\r\n`,
    "GET / HTTP/1.1\r\nHost",
  ];
  for (let round = 0; round < 50; round++) {
    await Promise.all(heads.map(async (head) => (await opened(node, head)).destroy()));
  }
  t.is(await signed({ method: "GET", target: `/${bucket}/gone` }), "404 NoSuchKey");
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "after", Body: "x" }));
});

eachNode("idle_connections_and_heads_that_never_end_are_closed_or_harmless", async (t, { node, s3, bucket }) => {
  const sockets = await Promise.all(Array.from({ length: idleConnections }, () => opened(node, "")));
  const slow = await Promise.all(
    Array.from({ length: 50 }, () => opened(node, `GET /${bucket}/k HTTP/1.1\r\nHost: a\r\nX-Slow: `)),
  );
  const drip = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write("x");
  }, 500);
  t.teardown(() => clearInterval(drip));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "meanwhile", Body: "x" }));
  const closed = slow.map((socket) => new Promise<void>((resolve) => socket.on("close", () => resolve())));
  await Promise.all(closed);
  t.pass("the server closed every one of them");
  for (const socket of sockets) socket.destroy();
});

function opened({ endpoint }: NodeProcess, head: string): Promise<Socket> {
  const { port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(head, () => resolve(socket)));
    // A refusal may come as a reset; before the connection stands it is a fault of the test.
    socket.on("error", reject);
    socket.resume();
  });
}

/** Sends a head, and gives what comes back until the server closes or has answered. */
async function wire(node: NodeProcess, head: string): Promise<string> {
  const socket = await opened(node, head);
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (piece: Buffer) => {
      text += piece.toString("latin1");
      if (text.includes("\r\n\r\n")) {
        socket.destroy();
        resolve(text);
      }
    });
    socket.on("close", () => resolve(text));
  });
}
