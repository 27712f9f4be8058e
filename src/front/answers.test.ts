/** What a client gets of an answer: whole, without a body, streamed, and cut. */

import { createHash } from "node:crypto";
import type { HttpResponse } from "../model/http.ts";
import { type Client, PatternBody, patternBytes, Signal, sendText, testEachFront } from "./each-front.testing.ts";

const MiB = 1024 * 1024;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

testEachFront("HEAD announces a length without a body, and the connection goes on", async (t, front) => {
  const streamed = new PatternBody(777, false);
  await front.listen((request, response) => {
    const head = { status: 200, headers: [["etag", '"e"']] } as const;
    if (request.rawPath === "/announced") response.send(head, undefined, 12_345);
    else if (request.rawPath === "/body") response.send(head, "12345");
    else if (request.rawPath === "/stream") response.stream(head, streamed);
    else if (request.rawPath === "/open") response.open(head).end("x");
    else response.send(head);
  });
  const client = front.connect();
  const lengths = { "/announced": "12345", "/body": "5", "/stream": "777", "/open": undefined, "/none": undefined };
  for (const [path, length] of Object.entries(lengths)) {
    const answer = await client.request(`HEAD ${path} HTTP/1.1\r\nHost: a`);
    t.is(answer.status, 200);
    t.is(answer.headers.get("content-length"), length, path);
    t.is(answer.headers.get("etag"), '"e"');
  }
  t.is((await client.request("GET /body HTTP/1.1\r\nHost: a")).body.toString(), "12345");
  t.is(streamed.readBytes, 0);
  t.is(streamed.closeCount, 1);
});

testEachFront("204 and 304 have no body, and the connection goes on", async (t, front) => {
  await front.listen((request, response) => {
    const status = Number(request.rawPath.slice(1));
    response.send({ status, headers: [["x-a", "b"]] }, undefined, status === 304 ? 99 : undefined);
  });
  const client = front.connect();
  const deleted = await client.request("DELETE /204 HTTP/1.1\r\nHost: a");
  t.is(deleted.status, 204);
  t.false(deleted.headers.has("content-length"));
  t.false(deleted.headers.has("transfer-encoding"));
  const unchanged = await client.request("GET /304 HTTP/1.1\r\nHost: a");
  t.is(unchanged.headers.get("content-length"), "99");
  t.regex(unchanged.rawHead, /^HTTP\/1\.1 304 Not Modified\r\n/);
  const empty = await client.request("GET /200 HTTP/1.1\r\nHost: a");
  t.is(empty.headers.get("content-length"), "0");
  t.truthy(empty.headers.get("date"));
});

testEachFront("a header value that could start another line is refused", async (t, front) => {
  const thrown: unknown[] = [];
  await front.listen((_request, response) => {
    for (const [name, value] of [
      ["x-a", "b\r\nset-cookie: c"],
      ["x-a", "b\nc"],
      ["x-a", "b\0"],
      ["x-a", "b\x7f"],
      ["x a", "b"],
      ["x-a:", "b"],
      ["Content-Length", "5"],
      ["transfer-encoding", "chunked"],
    ] as const) {
      thrown.push(
        t.throws(() => response.send({ status: 200, headers: [[name, value]] }, "bad"), { name: "AssertionError" }),
      );
    }
    t.throws(() => response.send({ status: 99, headers: [] }), { name: "AssertionError" });
    const body = new PatternBody(5, false);
    t.throws(() => response.stream({ status: 200, headers: [["a\n", ""]] }, body), { name: "AssertionError" });
    t.is(body.closeCount, 1);
    response.send({ status: 200, headers: [["x-utf", "é日"]] }, "good");
    t.throws(() => sendText(response, "twice"), { name: "AssertionError" });
  });
  const answer = await front.connect().request("GET / HTTP/1.1\r\nHost: a");
  t.is(answer.body.toString(), "good");
  t.is(answer.headers.get("x-utf"), "é日");
  t.false(answer.headers.has("set-cookie"));
  t.is(thrown.length, 8);
});

testEachFront("bodies of all sizes arrive whole, sent and streamed, now and later", async (t, front) => {
  await front.listen((request, response) => {
    const length = Number(request.rawQuery);
    const answer = (): void => {
      const head = { status: 200, headers: [] };
      if (request.rawPath === "/send") {
        const scratch = patternBytes(0, length);
        response.send(head, scratch);
        scratch.fill(0xff);
      } else response.stream(head, new PatternBody(length, request.rawPath === "/async"));
    };
    if (request.headers.has("x-later")) setImmediate(answer);
    else answer();
  });
  const client = front.connect();
  for (const length of [0, 1, 4096, 16_384, 16_385, 131_072, 600_000, 5 * MiB + 1]) {
    const expected = digest(patternBytes(0, length));
    for (const path of ["/send", "/sync", "/async"]) {
      for (const later of ["", "\r\nx-later: 1"]) {
        const answer = await client.request(`GET ${path}?${length} HTTP/1.1\r\nHost: a${later}`);
        t.is(answer.headers.get("content-length"), String(length));
        t.is(digest(answer.body), expected, `${path} ${length} ${later}`);
      }
    }
  }
});

testEachFront("an answer of unknown length is chunked", async (t, front) => {
  await front.listen((_request, response) => {
    const pieces = response.open({ status: 200, headers: [["content-type", "application/xml"]] });
    pieces.write(" ");
    setImmediate(() => {
      pieces.write("");
      pieces.write(" ");
      pieces.end("<a/>");
      pieces.write("too late");
    });
  });
  const client = front.connect();
  for (let round = 0; round < 2; round++) {
    const answer = await client.request("GET / HTTP/1.1\r\nHost: a");
    t.is(answer.headers.get("transfer-encoding"), "chunked");
    t.is(answer.body.toString(), "  <a/>");
  }
});

for (const isAsync of [false, true]) {
  const kind = isAsync ? "awaited" : "at hand";
  testEachFront(`little is read ahead for a client that does not read: bytes ${kind}`, async (t, front) => {
    const length = 64 * MiB;
    const body = new PatternBody(length, isAsync);
    await front.listen((_request, response) => response.stream({ status: 200, headers: [] }, body));
    const client = front.connect();
    client.socket.pause();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await isSteady(() => body.readBytes);
    t.true(body.readBytes > 0);
    t.true(body.readBytes < 24 * MiB, `${body.readBytes} bytes were read for nobody`);
    const hash = createHash("sha256");
    let due = length;
    let received = 0;
    client.socket.removeAllListeners("data");
    const whole = new Signal<void>();
    let head = Buffer.alloc(0);
    client.socket.on("data", (chunk: Buffer) => {
      let bytes = chunk;
      if (due === length && received === 0) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return;
        bytes = head.subarray(end + 4);
      }
      received += bytes.length;
      hash.update(bytes);
      due -= bytes.length;
      if (due === 0) whole.give();
    });
    client.socket.resume();
    await whole.given;
    t.is(hash.digest("hex"), patternDigest(length));
    await body.closed;
    t.is(body.closeCount, 1);
  });
}

testEachFront("a client that goes away ends a streamed answer once", async (t, front) => {
  const body = new PatternBody(256 * MiB, false);
  const aborted = new Signal<HttpResponse>();
  await front.listen((_request, response) => {
    response.onAborted(() => aborted.give(response));
    response.stream({ status: 200, headers: [] }, body);
  });
  const client = front.connect();
  client.socket.pause();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await isSteady(() => body.readBytes);
  client.socket.destroy();
  const response = await aborted.given;
  await body.closed;
  t.true(response.aborted);
  await isSteady(() => body.readBytes);
  t.is(body.closeCount, 1);
});

for (const [kind, read] of [
  ["throws", () => fail()],
  ["rejects", async () => fail()],
  ["gives nothing", () => new Uint8Array(0)],
  ["gives too much", (bytesMax: number) => new Uint8Array(bytesMax + 1)],
] as const) {
  testEachFront(`a body whose read ${kind} destroys the connection`, async (t, front) => {
    let closeCount = 0;
    let readCount = 0;
    const failures: string[] = [];
    const logged = new Signal<string>();
    const ignore = (): void => undefined;
    const log = { debug: ignore, info: ignore, warn: ignore, fatal: ignore, child: () => log, error: recordError };
    function recordError(_fields: object, message: string): void {
      logged.give(message);
    }
    await front.listen(
      (_request, response) => {
        response.onAborted(() => failures.push("aborted"));
        response.stream(
          { status: 200, headers: [] },
          {
            length: MiB,
            read: (bytesMax) => (readCount++ === 0 ? new Uint8Array(1000) : read(bytesMax)),
            close: () => {
              closeCount += 1;
            },
          },
        );
      },
      {},
      log,
    );
    const client = front.connect();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const received = await client.closed();
    t.true(received.length < MiB);
    t.regex(await logged.given, /could not be read/);
    t.is(closeCount, 1);
    t.is(readCount, 2);
    t.deepEqual(failures, ["aborted"]);
  });
}

testEachFront("destroy gives no answer; closeAfter gives one and then ends", async (t, front) => {
  await front.listen((request, response) => {
    const end = (): void => {
      if (request.rawPath === "/destroy") response.destroy();
      else {
        response.closeAfter();
        sendText(response, "last");
      }
    };
    if (request.rawQuery === "now") end();
    else setImmediate(end);
  });
  for (const when of ["now", "later"]) {
    const destroyed = front.connect();
    await destroyed.send(`GET /destroy?${when} HTTP/1.1\r\nHost: a\r\n\r\n`);
    t.is((await destroyed.closed()).length, 0);
    const closing = front.connect();
    const answer = await closing.request(`GET /close?${when} HTTP/1.1\r\nHost: a`);
    t.is(answer.body.toString(), "last");
    t.is(answer.headers.get("connection"), "close");
    t.is((await closing.closed()).length, 0);
  }
});

testEachFront("a client that asks for it has its connection closed", async (t, front) => {
  await front.listen((_request, response) => sendText(response, "ok"));
  const client: Client = front.connect();
  t.is((await client.request("GET / HTTP/1.1\r\nHost: a\r\nConnection: close")).body.toString(), "ok");
  t.is((await client.closed()).length, 0);
});

function fail(): never {
  throw new Error("the disk is gone");
}

function patternDigest(length: number): string {
  const hash = createHash("sha256");
  for (let offset = 0; offset < length; offset += MiB)
    hash.update(patternBytes(offset, Math.min(MiB, length - offset)));
  return hash.digest("hex");
}

/** Resolves when `count` has not changed for 20 looks 10 ms apart. */
async function isSteady(count: () => number): Promise<void> {
  let last = count();
  for (let looks = 0; looks < 20; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (count() !== last) looks = 0;
    last = count();
  }
}

testEachFront(
  "what the connection has taken is told at the end: whole, streamed, without a body, and cut",
  async (t, front) => {
    const told = new Map<string, Signal<number>>();
    const toldOf = (path: string): Signal<number> => {
      const known = told.get(path) ?? new Signal<number>();
      told.set(path, known);
      return known;
    };
    const body = (path: string, length: number) => ({
      ...{ length, read: (bytesMax: number) => patternBytes(0, bytesMax) },
      close: (sentBytes = -1) => toldOf(path).give(sentBytes),
    });
    await front.listen((request, response) => {
      const { rawPath } = request;
      const head = { status: 200, headers: [] };
      if (rawPath.startsWith("/stream")) {
        response.stream(head, body(rawPath, rawPath === "/stream" ? 3 * MiB + 5 : 256 * MiB));
        return;
      }
      if (rawPath === "/open") {
        const open = response.open(head);
        open.write("é");
        open.end("xyz");
      } else if (rawPath === "/none") response.send({ status: 204, headers: [] });
      else response.send(head, patternBytes(0, rawPath === "/small" ? 700 : rawPath === "/large" ? 300_000 : 64 * MiB));
      response.whenOver((sentBytes) => toldOf(rawPath).give(sentBytes));
    });
    const client = front.connect();
    for (const [path, count] of Object.entries({
      "/stream": 3 * MiB + 5,
      "/open": 5,
      "/none": 0,
      "/small": 700,
      "/large": 300_000,
    })) {
      const answer = await client.request(`GET ${path} HTTP/1.1\r\nHost: a`);
      t.is(answer.body.length, count, path);
      t.is(await toldOf(path).given, count, path);
    }
    await client.request("HEAD /small?x HTTP/1.1\r\nHost: a");
    for (const path of ["/stream/cut", "/cut"]) {
      const leaving = front.connect();
      leaving.socket.once("data", () => leaving.socket.destroy());
      await leaving.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const sentBytes = await toldOf(path).given;
      t.true(sentBytes >= 0 && sentBytes < 64 * MiB, `${path}: ${sentBytes}`);
    }
  },
);
