/** What a handler sees of a request, and which requests it never sees. */

import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { type FrontUnderTest, readWhole, Signal, sendText, testEachFront } from "./each-front.testing.ts";

/** Starts a listener that answers "ok" and keeps what its handler was called with. */
async function listenAndKeep(front: FrontUnderTest): Promise<HttpRequest[]> {
  const seen: HttpRequest[] = [];
  await front.listen((request, response) => {
    // Not to be had after the answer unless it was read before.
    void request.remoteAddress;
    seen.push(request);
    sendText(response, "ok");
  });
  return seen;
}

testEachFront("path and query arrive byte for byte", async (t, front) => {
  const seen = await listenAndKeep(front);
  const client = front.connect();
  const targets = ["/b/a%2Bb", "//", "/a/../b/./c", "/a%2fb%2F", "/~x", "/*", "/a?", "/a?x", "/a?k=%20+&v=a/b?c"];
  // Node's parser takes ASCII only; clients of S3 escape everything else.
  if (front.implementation === "uws") targets.push("/b/é/日本?é");
  for (const target of targets) {
    const bytes = Buffer.from(target, "utf8").toString("latin1");
    t.is((await client.request(`GET ${bytes} HTTP/1.1\r\nHost: a`)).status, 200);
  }
  t.deepEqual(
    seen.map((request) => [request.rawPath, request.rawQuery]),
    targets.map((target) => [target.split("?")[0], target.slice(target.split("?")[0]?.length).slice(1)]),
  );
});

testEachFront("a path of 400 segments arrives", async (t, front) => {
  const seen = await listenAndKeep(front);
  const path = "/s".repeat(400);
  t.is((await front.connect().request(`GET ${path} HTTP/1.1\r\nHost: a`)).status, 200);
  t.is(seen[0]?.rawPath, path);
});

testEachFront("method, peer, scheme and headers", async (t, front) => {
  const seen = await listenAndKeep(front);
  const utf8 = Buffer.from("aéb", "utf8").toString("latin1");
  const lines = ["Host: h:1", "X-Amz-Meta-A:  one ", "x-amz-meta-a: two", `X-Utf: ${utf8}`, "X-Empty:", "x-tab: a\tb"];
  const answer = await front.connect().request(`DELETE /b/k HTTP/1.1\r\n${lines.join("\r\n")}`);
  t.is(answer.status, 200);
  const request = seen[0];
  t.is(request?.method, "DELETE");
  t.is(request?.remoteAddress, "127.0.0.1");
  t.is(request?.secure, front.isSecure);
  t.is(request?.body.contentLength, 0);
  t.is(request?.headers.get("x-amz-meta-a"), "one,two");
  t.is(request?.headers.get("x-utf"), "aéb");
  t.is(request?.headers.get("x-none"), undefined);
  t.true(request?.headers.has("x-empty"));
  t.deepEqual(
    [...(request?.headers.entries() ?? [])],
    [
      ["host", "h:1"],
      ["x-amz-meta-a", "one,two"],
      ["x-utf", "aéb"],
      ["x-empty", ""],
      ["x-tab", "a\tb"],
    ],
  );
});

/** Refused with an S3 error document by the front itself; then the connection ends. */
const refusedWithXml: readonly [title: string, status: number, code: string, request: string][] = [
  ["two Host", 400, "InvalidRequest", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  [
    "two Authorization",
    400,
    "InvalidRequest",
    "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: x\r\n\r\n",
  ],
  ["two x-amz-date", 400, "InvalidRequest", "GET / HTTP/1.1\r\nHost: a\r\nX-Amz-Date: 1\r\nx-amz-date: 2\r\n\r\n"],
  [
    "two x-amz-content-sha256",
    400,
    "InvalidRequest",
    "PUT / HTTP/1.1\r\nHost: a\r\nx-amz-content-sha256: 1\r\nx-amz-content-sha256: 2\r\nContent-Length: 0\r\n\r\n",
  ],
  ["DEL in a value", 400, "InvalidRequest", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\x7fc\r\n\r\n"],
  ["no UTF-8 in the path", 400, "InvalidURI", "GET /a\xff HTTP/1.1\r\nHost: a\r\n\r\n"],
];

for (const [title, status, code, request] of refusedWithXml) {
  testEachFront(`${title}: ${status} ${code}, and nothing after it is served`, async (t, front) => {
    const seen = await listenAndKeep(front);
    const client = front.connect();
    await client.send(request);
    const answer = await client.answer();
    t.is(answer.status, status);
    t.is(answer.headers.get("content-type"), "application/xml");
    t.regex(
      answer.body.toString(),
      new RegExp(`<Error><Code>${code}</Code>.*<RequestId>[0-9A-F]{16}</RequestId></Error>$`),
    );
    t.true(answer.body.toString().includes(answer.headers.get("x-amz-request-id") ?? "none"));
    t.deepEqual(await client.closed(), Buffer.alloc(0));
    t.deepEqual(seen, []);
  });
}

testEachFront("a request behind one that is refused is not served", async (t, front) => {
  const seen = await listenAndKeep(front);
  const client = front.connect();
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.closed();
  t.deepEqual(seen, []);
});

/** Refused by the library's parser in its own words, or not answered at all: the handler must not be called. */
const neverServed: readonly [title: string, request: string][] = [
  ["two Content-Length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
  [
    "Content-Length and Transfer-Encoding",
    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["an empty Transfer-Encoding", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc"],
  ["another Transfer-Encoding", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
  ["Content-Length +3", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"],
  ["an empty Content-Length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"],
  ["Content-Length above 2^64", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc"],
  ["obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"],
  ["NUL", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n"],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n"],
  ["bare LF", "GET / HTTP/1.1\nHost: a\n\n"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n"],
  ["HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"],
  ["absolute form", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a control character in the path", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"],
];

testEachFront("malformed requests never reach the handler and do no harm", async (t, front) => {
  const seen = await listenAndKeep(front);
  for (const [title, request] of neverServed) {
    const client = front.connect();
    await client.send(request);
    client.socket.end();
    const rest = (await client.closed()).toString("latin1");
    t.regex(rest, /^(HTTP\/1\.1 (400|431|501|505) |$)/, title);
    if (front.implementation === "node") t.regex(rest, /<Error><Code>/, title);
    t.deepEqual(seen, [], title);
  }
  t.is((await front.connect().request("GET /sound HTTP/1.1\r\nHost: a")).status, 200);
});

testEachFront("98 header lines arrive and 99 are refused with 431", async (t, front) => {
  const seen = await listenAndKeep(front);
  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `\r\nx-${index}: v`).join("");
  const many = await front.connect().request(`GET / HTTP/1.1\r\nHost: a${lines(97)}`);
  t.is(many.status, 200);
  t.is([...(seen[0]?.headers.entries() ?? [])].length, 98);
  const client = front.connect();
  await client.send(`GET / HTTP/1.1\r\nHost: a${lines(98)}\r\n\r\n`);
  t.regex((await client.closed()).toString("latin1"), /^HTTP\/1\.1 431 /);
  t.is(seen.length, 1);
});

testEachFront("requests one behind the other on one connection are answered in order", async (t, front) => {
  await front.listen((request, response) => {
    if (request.body.contentLength === 0) sendText(response, request.rawPath);
    else void readWhole(request).then((body) => sendText(response, body.toString()));
  });
  const client = front.connect();
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  t.is((await client.answer()).body.toString(), "/1");
  t.is((await client.answer()).body.toString(), "/2");
  await client.send("PUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nthree");
  t.is((await client.answer()).body.toString(), "three");
  t.is((await client.request("GET /4 HTTP/1.1\r\nHost: a")).body.toString(), "/4");
});

testEachFront("a client that closes its side ends the exchange", async (t, front) => {
  const called = new Signal<HttpResponse>();
  const aborted = new Signal<void>();
  await front.listen((_request, response) => {
    response.onAborted(() => aborted.give());
    called.give(response);
  });
  const client = front.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await called.given;
  t.false(response.aborted);
  client.socket.end();
  await aborted.given;
  t.true(response.aborted);
  let isCalledAgain = false;
  response.onAborted(() => {
    isCalledAgain = true;
  });
  t.true(isCalledAgain, "a late listener is called at once");
  response.send({ status: 200, headers: [] }, "nobody hears it");
  response.destroy();
});
