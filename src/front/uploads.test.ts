/** How request bodies reach their sink, and what becomes of those that are too slow, too early, cut or refused. */

import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { patternBytes, readWhole, Signal, sendText, testEachFront } from "./each-front.testing.ts";

const MiB = 1024 * 1024;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Answers with the digest of the request's body. */
function sendDigest(request: HttpRequest, response: HttpResponse): void {
  readWhole(request).then(
    (body) => sendText(response, digest(body)),
    () => undefined,
  );
}

/** `bytes` in HTTP chunks of growing size, ended. */
function chunked(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let size = 1;
  for (let offset = 0; offset < bytes.length; offset += size, size = Math.min(size * 3, 100_000)) {
    const part = bytes.subarray(offset, offset + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

testEachFront("bodies arrive whole, with a length and chunked, consumed at once and later", async (t, front) => {
  await front.listen((request, response) => {
    if (request.rawPath === "/late") setImmediate(() => sendDigest(request, response));
    else sendDigest(request, response);
  });
  const client = front.connect();
  for (const length of [0, 1, 4096, 70_000, 3 * MiB]) {
    const body = Buffer.from(patternBytes(0, length));
    for (const path of ["/now", "/late"]) {
      await client.send(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
      if (length > 0) await client.send(body);
      t.is((await client.answer()).body.toString(), digest(body), `${path} ${length}`);
      const framed = chunked(body);
      await client.send(`PUT ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n`);
      await client.send(framed.subarray(0, framed.length >> 1));
      await client.send(framed.subarray(framed.length >> 1));
      t.is((await client.answer()).body.toString(), digest(body), `${path} chunked ${length}`);
    }
  }
});

testEachFront("the announced length: a number, null when chunked, 0 when nothing is announced", async (t, front) => {
  const seen: [number | null, boolean][] = [];
  await front.listen((request, response) => {
    seen.push([request.body.contentLength, request.headers.has("content-length")]);
    sendDigest(request, response);
  });
  const client = front.connect();
  const empty = digest(new Uint8Array(0));
  for (const rest of [
    "Content-Length: 3\r\n\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "X: y\r\n\r\n",
    "Content-Length: 0\r\n\r\n",
  ]) {
    await client.send(`PUT /k HTTP/1.1\r\nHost: a\r\n${rest}`);
    const answer = await client.answer();
    t.is(answer.body.toString(), rest.endsWith("abc") ? digest(Buffer.from("abc")) : empty);
  }
  t.deepEqual(seen, [
    [3, true],
    [null, false],
    [0, false],
    [0, true],
  ]);
});

testEachFront("Expect: 100-continue gets its 100 and then its answer", async (t, front) => {
  await front.listen(sendDigest);
  const client = front.connect();
  for (const body of ["hello", ""]) {
    await client.send(`PUT /k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    if (body.length > 0 || front.implementation === "uws") t.is((await client.answer()).status, 100);
    await client.send(body);
    const answer = await client.answer();
    t.is(answer.status, 200);
    t.is(answer.body.toString(), digest(Buffer.from(body)));
    if (answer.headers.get("connection") === "close") return;
  }
});

testEachFront("an upload that is refused before its body is sent can be answered", async (t, front) => {
  await front.listen((_request, response) => response.send({ status: 403, headers: [] }, "no"));
  const client = front.connect();
  await client.send("PUT /k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  let answer = await client.answer();
  if (answer.status === 100) answer = await client.answer();
  t.is(answer.status, 403);
  t.is(answer.headers.get("connection"), "close");
});

testEachFront(
  "no data comes before consume or during a pause, and little is taken from the client",
  async (t, front) => {
    const length = 64 * MiB;
    const request = new Signal<HttpRequest>();
    await front.listen((incoming, response) => {
      incoming.body.pause();
      incoming.body.resume();
      request.give(incoming);
      done = () => sendText(response, "done");
    });
    let done = (): void => undefined;
    const client = front.connect();
    await client.send(`PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
    const { body } = await request.given;
    const piece = Buffer.from(patternBytes(0, length));
    void client.send(piece);
    const sentWhileHeld = await steady(() => client.socket.bytesWritten - client.socket.writableLength);
    t.true(sentWhileHeld < length, `${sentWhileHeld} bytes were taken for nobody`);
    const hash = createHash("sha256");
    let receivedBytes = 0;
    let isPaused = false;
    let callsWhilePaused = 0;
    const end = new Signal<void>();
    body.consume({
      data: (chunk) => {
        if (isPaused) callsWhilePaused += 1;
        hash.update(chunk);
        receivedBytes += chunk.length;
        isPaused = true;
        body.pause();
        setImmediate(() => {
          isPaused = false;
          body.resume();
        });
      },
      end: () => {
        if (isPaused) callsWhilePaused += 1;
        end.give();
      },
      aborted: () => t.fail(),
    });
    await end.given;
    t.is(receivedBytes, length);
    t.is(callsWhilePaused, 0);
    t.is(hash.digest("hex"), digest(piece));
    done();
    t.is((await client.answer()).body.toString(), "done");
  },
);

testEachFront(
  "a client that goes away in its upload aborts the sink once, also when it consumes late",
  async (t, front) => {
    const started = new Signal<[HttpRequest, HttpResponse]>();
    await front.listen((request, response) => started.give([request, response]));
    const client = front.connect();
    await client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    const [request, response] = await started.given;
    const first = new Signal<void>();
    const gone = new Signal<void>();
    const events: string[] = [];
    response.onAborted(() => gone.give());
    request.body.consume({
      data: () => first.give(),
      end: () => events.push("end"),
      aborted: () => events.push("aborted"),
    });
    await first.given;
    client.socket.destroy();
    await gone.given;
    request.body.pause();
    request.body.resume();
    sendText(response, "nobody hears it");
    t.deepEqual(events, ["aborted"]);
    t.true(response.aborted);

    // A library that does not read does not see the client leave: it is found when the body is read.
    const late = new Signal<HttpRequest>();
    await front.listen((incoming) => late.give(incoming));
    const leaver = front.connect();
    await leaver.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    const held = await late.given;
    leaver.socket.destroy();
    await leaver.closed();
    const end = new Signal<string>();
    held.body.consume({ data: () => undefined, end: () => end.give("end"), aborted: () => end.give("aborted") });
    t.is(await end.given, "aborted");
  },
);

testEachFront("a small body that nobody reads leaves the connection usable", async (t, front) => {
  await front.listen((request, response) => response.send({ status: 403, headers: [] }, request.rawPath));
  const client = front.connect();
  for (const path of ["/1", "/2", "/3"]) {
    await client.send(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`);
    await client.send(Buffer.alloc(100_000));
    const answer = await client.answer();
    t.is(answer.body.toString(), path);
    t.not(answer.headers.get("connection"), "close");
  }
});

for (const when of ["at once", "after some data"]) {
  testEachFront(`a large upload that is refused ${when} gets its whole answer and then the end`, async (t, front) => {
    const events: string[] = [];
    await front.listen((request, response) => {
      const refuse = (): void => response.send({ status: 403, headers: [] }, "x".repeat(20_000));
      if (when === "at once") {
        refuse();
        return;
      }
      request.body.consume({
        data: () => {
          events.push("data");
          if (events.length === 1) refuse();
        },
        end: () => events.push("end"),
        aborted: () => events.push("aborted"),
      });
    });
    const client = front.connect();
    await client.send(`PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: ${5 * MiB}\r\n\r\n`);
    // A client that reads only after it has sent all must not be blocked or reset.
    await client.send(Buffer.alloc(5 * MiB));
    const answer = await client.answer();
    t.is(answer.status, 403);
    t.is(answer.body.length, 20_000);
    t.is(answer.headers.get("connection"), "close");
    t.deepEqual(events, when === "at once" ? [] : ["data", "aborted"]);
  });
}

testEachFront("a body below the minimum rate is given up: RequestTimeout, aborted", async (t, front) => {
  const sweeps: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    every: (_intervalMs, run) => {
      sweeps.push(run);
      return { cancel: () => undefined };
    },
  };
  const events: string[] = [];
  const aborted = new Signal<void>();
  const arrived = new Signal<void>();
  await front.listen(
    (request, response) => {
      response.onAborted(() => aborted.give());
      request.body.consume({
        data: () => arrived.give(),
        end: () => events.push("end"),
        aborted: () => events.push("aborted"),
      });
    },
    { clock },
  );
  const client = front.connect();
  await client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const windowSweeps = Math.ceil(limits.bodyIdleMs / limits.idleSweepMs);
  const bytesMin = (limits.bodyRateBytesPerSecondMin * limits.bodyIdleMs) / 1000;
  await client.send(Buffer.alloc(bytesMin));
  await arrived.given;
  for (let sweep = 0; sweep < windowSweeps; sweep++) for (const run of sweeps) run();
  t.deepEqual(events, [], "the rate was just met");
  for (let sweep = 0; sweep < windowSweeps; sweep++) for (const run of sweeps) run();
  await aborted.given;
  const answer = await client.answer();
  t.is(answer.status, 400);
  t.regex(answer.body.toString(), /<Code>RequestTimeout<\/Code>/);
  t.is(answer.headers.get("connection"), "close");
  t.deepEqual(events, ["aborted"]);
});

testEachFront("a body that its sink has paused is not too slow", async (t, front) => {
  const sweeps: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    every: (_intervalMs, run) => {
      sweeps.push(run);
      return { cancel: () => undefined };
    },
  };
  const started = new Signal<HttpRequest>();
  await front.listen(
    (request, response) => {
      request.body.consume({
        data: () => started.give(request),
        end: () => sendText(response, "ok"),
        aborted: () => t.fail(),
      });
    },
    { clock },
  );
  const client = front.connect();
  await client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  const request = await started.given;
  request.body.pause();
  const sweepsOfHours = (2 * 60 * 60 * 1000) / limits.idleSweepMs;
  for (let sweep = 0; sweep < sweepsOfHours; sweep++) for (const run of sweeps) run();
  request.body.resume();
  await client.send("def");
  t.is((await client.answer()).body.toString(), "ok");
});

/** The value of `count` when it has not changed for 20 looks 10 ms apart. */
async function steady(count: () => number): Promise<number> {
  let last = count();
  for (let looks = 0; looks < 20; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (count() !== last) looks = 0;
    last = count();
  }
  return last;
}
