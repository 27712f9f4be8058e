/**
 * Thousands of mutated requests at a node of each HTTP server: some broken after signing (the wire), some wrong but
 * rightly signed (what lies behind authentication), some with broken framing of the body. The process lives, never
 * answers 500, leaves no connection hanging, gives back every slot and ticket, and its memory is bounded.
 * `--requests N` (6000 for each server), `--seed N`.
 */

import { createHash } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { S3Client } from "../support/s3-client.ts";
import { awsChunked, sendSigned } from "../support/signed-request.ts";
import { runSuite, type SuiteContext } from "../support/suite.ts";

const bucket = "fuzz";
const memoryGrowthMax = 200_000_000;
/** A connection without an answer so far is ended by the client: it waits for bytes that do not come. */
const quietMs = 120;
/** By then the server must have closed it: more than its longest wait for the rest of a body that nobody wants. */
const closedMs = 20_000;

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
  "uploadId=REAL",
  "partNumber=1&uploadId=REAL",
  "partNumber=10000&uploadId=REAL",
  "partNumber=0&uploadId=REAL",
  "max-parts=-1&uploadId=REAL",
  "part-number-marker=x&uploadId=REAL",
  "uploads&key-marker=%F0%9F%98%80&upload-id-marker=x",
  "max-uploads=0&uploads",
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
  "versionId=",
  "versionId=null",
  "versionId=00000000000000000000000000",
  "versioning",
  "versions&key-marker=a&version-id-marker=x",
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
/** Right documents, of which some bytes are then changed. */
const goodBodies = [
  "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>null</VersionId></Object></Delete>",
  '<?xml version="1.0" encoding="UTF-8"?><CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></CompleteMultipartUpload>',
  "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>",
  "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  '<AccessControlPolicy><Owner><ID>x</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>',
  "<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>",
  '<Delete><Object><Key>a</Key><VersionId>00000000000000000000000000</VersionId></Object><Object><Key>b</Key><ETag>"x"</ETag><Size>1</Size></Object></Delete>',
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
  ["x-amz-acl", "public-read"],
  ["x-amz-grant-read", 'id="'],
  ["x-amz-grant-full-control", "emailAddress=x,uri="],
  ["x-amz-tagging", "a=b=c&&"],
  ["x-amz-object-lock-mode", "COMPLIANCE"],
  ["x-amz-server-side-encryption", "AES512"],
  ["content-encoding", "aws-chunked"],
  ["x-amz-trailer", "x-amz-checksum-nothing"],
  ["x-amz-copy-source-range", "bytes=0-1"],
  ["x-amz-copy-source", "fuzz/keeper?versionId=x"],
  ["x-amz-if-match-size", "-1"],
  ["x-amz-if-match-last-modified-time", "yesterday"],
  ["expect", "100-continue"],
];

interface WireAnswer {
  /** 0: no answer, because the connection was closed or waits for more. */
  readonly status: number;
  /** Resolves when the server has closed the connection; false when it has not in `closedMs`. */
  readonly closed: Promise<boolean>;
}

/** Sends raw bytes, reads the first answer, and ends the client's side. */
function sendRaw(port: number, bytes: Buffer): Promise<WireAnswer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const closed = new Promise<boolean>((resolve) => {
    const late = setTimeout(() => {
      resolve(false);
      socket.destroy();
    }, closedMs);
    const finish = (): void => {
      clearTimeout(late);
      resolve(true);
      socket.destroy();
    };
    socket.on("end", finish);
    socket.on("close", finish);
  });
  return new Promise((resolve) => {
    let received = "";
    const finish = (): void => {
      clearTimeout(timer);
      const status = Number(/HTTP\/1\.1 ([2-5]\d\d)/.exec(received)?.[1] ?? 0);
      socket.end();
      resolve({ status, closed });
    };
    const timer = setTimeout(finish, quietMs);
    socket.on("data", (piece) => {
      if (received.length < 4096) received += piece.toString("latin1");
      if (/HTTP\/1\.1 [2-5]\d\d/.test(received)) finish();
    });
    socket.on("error", finish);
    socket.on("end", finish);
    socket.write(bytes);
  });
}

type Below = (below: number) => number;

/** Changes up to four places of `bytes`: a byte, or a stretch that is copied elsewhere. */
function mutate(bytes: Buffer, below: Below): Buffer {
  if (bytes.length === 0) return bytes;
  for (let count = below(4); count >= 0; count--) {
    const at = below(bytes.length);
    if (below(3) === 0) bytes.copyWithin(at, below(bytes.length), below(bytes.length) + 1);
    else bytes[at] = below(256);
  }
  return bytes;
}

interface Target {
  readonly node: NodeProcess;
  readonly client: S3Client;
  uploadId: string;
  readonly below: Below;
  readonly note: (status: number, what: string) => void;
  readonly closings: Promise<boolean>[];
}

/** Broken on the wire, after it was signed. */
async function wire({ node, below, note, closings }: Target): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const { port, host } = new URL(node.endpoint);
  const method = pick(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get"]);
  const body = pick(nastyBodies).slice(0, 2000);
  const path = `/${bucket}/${pick(["a", "witness", "b/c"])}`;
  const target = presign({ endpoint: node.endpoint, ...testKeys }, method, path);
  const framing =
    below(3) === 0
      ? `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      : `Content-Length: ${body.length}\r\n\r\n${body}`;
  const text = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nx-custom: b\r\n${framing}`;
  const bytes = mutate(Buffer.from(text, "utf8"), below);
  const { status, closed } = await sendRaw(
    Number(port),
    bytes.subarray(0, below(5) === 0 ? below(bytes.length) : bytes.length),
  );
  closings.push(closed);
  note(status, text.slice(0, 120));
}

/** Wrong, but rightly signed. */
async function signed({ client, uploadId, below, note }: Target): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const method = pick(["GET", "PUT", "POST", "DELETE", "HEAD"]);
  const path = pick([
    `/${bucket}/${pick(nastyKeys)}`,
    `/${bucket}`,
    "/",
    `/${pick(nastyKeys)}`,
    `/${bucket}/witness2`,
    `/${bucket}/upload`,
  ]);
  const words = pick(nastyQueries).replace("REAL", uploadId);
  const query = below(2) === 0 ? Object.fromEntries(new URLSearchParams(words)) : {};
  const headers: Record<string, string> = Object.fromEntries(
    Array.from({ length: below(3) }, () => pick(nastyHeaders)),
  );
  const hasBody = method === "PUT" || method === "POST";
  const text = below(2) === 0 ? Buffer.from(pick(nastyBodies)) : mutate(Buffer.from(pick(goodBodies)), below);
  if (hasBody && below(2) === 0) headers["content-md5"] = createHash("md5").update(text).digest("base64");
  const answer = await client
    .send(method, path, { query, headers, ...(hasBody ? { body: text } : {}), timeoutMs: 10_000 })
    .catch((error: unknown) => ({ status: /timed out/.test(String(error)) ? 599 : 0 }));
  const seen = [
    method,
    JSON.stringify(path).slice(0, 60),
    JSON.stringify(query),
    JSON.stringify(headers).slice(0, 100),
  ];
  note(answer.status, `${seen.join(" ")} ${hasBody ? text.subarray(0, 60).toString() : ""}`);
}

/** A body in AWS's framing, of which some bytes are changed, or which announces something else. */
async function framed({ node, uploadId, below, note }: Target): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const data = Buffer.alloc(below(3) * 50_000 + below(300), below(256));
  const mode = pick([
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  ]);
  const trailers = mode.endsWith("TRAILER") ? ([["x-amz-checksum-crc32", pick(["AAAAAA==", "x", ""])]] as const) : [];
  const chunkBytes = pick([100, 8192, 65_536]);
  const isUnsigned = mode.startsWith("STREAMING-UNSIGNED");
  const length = below(4) === 0 ? pick(["0", "1", "-1", "x", "99999999999999"]) : String(data.length);
  const target = pick([
    `/${bucket}/framed`,
    `/${bucket}/upload?partNumber=2&uploadId=${uploadId}`,
    `/${bucket}?delete`,
  ]);
  const answer = await sendSigned(node.endpoint, {
    method: target.endsWith("delete") ? "POST" : "PUT",
    target,
    payload: mode,
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": length,
      ...(trailers.length === 0 ? {} : { "x-amz-trailer": "x-amz-checksum-crc32" }),
    },
    frame: (signing) => {
      const body = awsChunked(data, { signing: isUnsigned ? null : signing, chunkBytes, trailers });
      const bytes = below(3) === 0 ? body : mutate(body, below);
      return below(5) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
    },
    ...(below(2) === 0 ? { pieceBytes: 1 + below(30_000) } : {}),
  }).catch((error: unknown) => ({ status: /timed out/.test(String(error)) ? 599 : 0 }));
  note(answer.status, `${target} ${mode} ${length} for ${data.length}`);
}

const kinds = [wire, signed, framed];

/** What is lent for requests must be back when there are none. */
async function leftovers(node: NodeProcess): Promise<string> {
  const text = await (await fetch(`${node.consoleEndpoint}/metrics`)).text();
  const gauge = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return ["slab_slots_free", "slab_slots_awaited", "writes_admitted", "asks_pending"]
    .map((name) => `${name} ${gauge(`troupe_${name}`)}`)
    .join(", ");
}

async function fuzz(
  implementation: string,
  { directory, option, say, check }: SuiteContext,
  seed: number,
): Promise<void> {
  const requests = option("requests", 6000);
  const node = await NodeProcess.start({
    data: join(directory, implementation),
    arguments: ["--set", `front.implementation=${implementation}`, "--set", "metrics.open=true"],
  });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  await client.send("PUT", `/${bucket}`);
  // No request names it, so it must stay, and the bucket with it.
  const keeper = Buffer.alloc(100_000, 7);
  await client.send("PUT", `/${bucket}/keeper`, { body: keeper });
  const beginUpload = async (): Promise<string> => {
    const begun = await client.send("POST", `/${bucket}/upload`, { query: { uploads: "" } });
    return /<UploadId>([^<]+)</.exec(begun.body.toString())?.[1] ?? "";
  };
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const target: Target = {
    node,
    client,
    uploadId: await beginUpload(),
    below: generator(seed),
    note: (status, what) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500 && ![501, 503, 505].includes(status)) faults.push(`${status}: ${what}`);
    },
    closings: [],
  };
  const lentBefore = await leftovers(node);
  const memoryBefore = node.memoryBytes();
  for (let sent = 0; sent < requests; sent += 33) {
    // Some requests abort or complete it.
    if (sent % 330 === 0) target.uploadId = await beginUpload();
    await Promise.all(Array.from({ length: 33 }, (_, index) => kinds[index % kinds.length]?.(target)));
  }
  const hanging = (await Promise.all(target.closings)).filter((isClosed) => !isClosed).length;
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  say(`${implementation}: ${counts.join(", ")}`);
  for (const fault of faults.slice(0, 10)) say(fault);
  const growth = node.memoryBytes() - memoryBefore;
  say(`${implementation}: memory grew by ${(growth / 1e6).toFixed(0)} MB`);
  check(`${implementation}: no answer is a server fault`, faults.length === 0);
  const refused = [...statuses].some(([status, count]) => status >= 400 && status < 500 && count > requests / 10);
  check(`${implementation}: mutated requests were refused`, refused);
  check(`${implementation}: requests that are right came through`, (statuses.get(200) ?? 0) > requests / 50);
  check(`${implementation}: every connection that the client ends is closed: ${hanging} are not`, hanging === 0);
  check(`${implementation}: memory is bounded`, growth < memoryGrowthMax);
  const kept = await client.send("GET", `/${bucket}/keeper`);
  check(`${implementation}: the node serves on, and what no request named is as it was`, kept.body.equals(keeper));
  const lent = await leftovers(node);
  const isBack = lent === lentBefore && !lent.includes("NaN");
  check(`${implementation}: slots and tickets are back: ${lent}, before ${lentBefore}`, isBack);
  check(`${implementation}: the node stops cleanly`, (await node.stop()) === 0);
}

await runSuite("fuzz", async (context) => {
  const seed = context.option("seed", Math.floor(Math.random() * 2 ** 31));
  context.say(`seed ${seed}`);
  for (const implementation of ["uws", "node"]) await fuzz(implementation, context, seed);
});
