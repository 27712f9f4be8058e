import test from "ava";
import fc from "fast-check";
import { type Answer, AnswerReader, errorName } from "./answers.ts";

/** Reads the bytes cut in pieces at the places named. */
function read(wire: string, cuts: readonly number[], isHead = false): Answer[] {
  const bytes = Buffer.from(wire, "latin1");
  const reader = new AnswerReader();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const answers = places.slice(1).flatMap((end, index) => reader.take(bytes.subarray(places[index], end), isHead));
  const last = reader.close();
  return last === null ? answers : [...answers, last];
}

const wire = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nhello",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhe\r\no\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
  "HTTP/1.1 503 Slow\r\ncontent-length: 51\r\n\r\n<?xml?><Error><Code>SlowDown</Code><M>x</M></Error>",
  "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n17\r\n<Code>NoSuchKey</Code>.\r\n0\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: close\r\n\r\n",
].join("");

test("answers of every framing, cut anywhere", (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(wire.length), { maxLength: 12 }), (cuts) => {
      const answers = read(wire, cuts);
      t.deepEqual(
        answers.map(({ status }) => status),
        [200, 204, 200, 503, 404, 304, 200],
      );
      t.deepEqual(
        answers.map(({ isLast }) => isLast),
        [false, false, false, false, false, false, true],
      );
      t.is(errorName(answers[3] as Answer), "503 SlowDown");
      t.is(errorName(answers[4] as Answer), "404 NoSuchKey");
      t.is(answers[0]?.text, "");
    }),
  );
  t.is(read(wire, Array.from({ length: wire.length }, (_, index) => index)).length, 7);
});

test("answers to HEAD have no body", (t) => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n";
  t.is(read(head + head, [7, 50], true).length, 2);
});

test("an answer without a length ends with its connection", (t) => {
  t.deepEqual(read("HTTP/1.0 200 OK\r\n\r\nhello", [20]), [{ status: 200, text: "", isLast: true }]);
  const cut = new AnswerReader();
  cut.take(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"), false);
  t.true(cut.isWithin);
  t.is(cut.close(), null);
});

test("what is not HTTP is refused", (t) => {
  t.throws(() => new AnswerReader().take(Buffer.from("SSH-2.0-OpenSSH_9\r\n\r\n"), false), { message: /not HTTP/ });
  t.throws(() => new AnswerReader().take(Buffer.alloc(70_000, 0x61), false), { message: /does not end/ });
});

test("an error without a code is named by its status", (t) => {
  t.is(errorName({ status: 502, text: "<html>", isLast: false }), "502");
});
