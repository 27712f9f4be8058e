import test from "ava";
import { systemClock } from "../base/clock.ts";
import type { BodySink, Headers, RequestBody } from "../model/http.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import { S3Error } from "../s3/errors.ts";
import { type FormData, readForm } from "./form-data.ts";
import { answerOf, fieldsOf, headersOf, keyOf } from "./post-form.ts";

const variable = ["$", "{filename}"].join("");
const boundary = "----form";

const headersWith = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});

const formHeaders = headersWith({ "content-type": `multipart/form-data; boundary=${boundary}` });

const field = (name: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (name: string, bytes: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${bytes}\r\n`;
const end = `--${boundary}--\r\n`;

/** A body that comes in pieces of some bytes, and counts how often it was told to wait. */
const bodyOf = (text: string, pieceBytes: number) => {
  const bytes = Buffer.from(text);
  let at = 0;
  let isPaused = false;
  let sink: BodySink | null = null;
  const pauses = { count: 0 };
  const pump = (): void => {
    while (sink !== null && !isPaused && at < bytes.length) {
      const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
      at += piece.length;
      sink.data(piece);
      // A front's bytes are good during the call only.
      piece.fill(0);
    }
    if (sink !== null && !isPaused && at >= bytes.length) {
      const ended = sink;
      sink = null;
      ended.end();
    }
  };
  const body: RequestBody = {
    contentLength: bytes.length,
    consume: (given) => {
      sink = given;
      pump();
    },
    pause: () => {
      isPaused = true;
      pauses.count += 1;
    },
    resume: () => {
      isPaused = false;
      setImmediate(pump);
    },
  };
  return { body, pauses };
};

const collect = ({ file: given }: FormData): Promise<string> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    given?.body.consume({
      data: (chunk) => void pieces.push(Buffer.from(chunk)),
      end: () => resolve(Buffer.concat(pieces).toString()),
      aborted: () => reject(new Error("aborted")),
    });
  });

const read = (text: string, pieceBytes = 7) => readForm(bodyOf(text, pieceBytes).body, formHeaders, systemClock);

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof S3Error ? error.code : String(error);
  }
};

test("fields, then the file, whatever the pieces", async (t) => {
  const text =
    field("key", "a/ü.txt") + field("acl", "private") + file("ünü.txt", "hello\r\n--no") + field("late", "x") + end;
  for (const pieceBytes of [1, 2, 3, 7, 64, 5000]) {
    const form = await read(text, pieceBytes);
    t.deepEqual(form.fields, [
      ["key", "a/ü.txt"],
      ["acl", "private"],
    ]);
    t.is(form.file?.name, "ünü.txt");
    t.is(await collect(form), "hello\r\n--no");
    await form.ended;
  }
});

test("a large file passes on its back-pressure", async (t) => {
  const bytes = "0123456789abcdef".repeat(40_000);
  const { body, pauses } = bodyOf(field("key", "k") + file("f", bytes) + end, 16_384);
  const form = await readForm(body, formHeaders, systemClock);
  t.is(await collect(form), bytes);
  t.true(pauses.count > 0);
  await form.ended;
});

test("a form without a file, and an empty file", async (t) => {
  t.is((await read(field("key", "k") + end)).file, null);
  t.is(await collect(await read(field("key", "k") + file("", "") + end)), "");
});

test("a file field without a file name is the file", async (t) => {
  const form = await read(field("key", "k") + field("file", "content") + end);
  t.is(form.file?.name, "");
  t.is(await collect(form), "content");
});

test("a form that is cut short is refused, wherever it is cut", async (t) => {
  const text = field("key", "k") + file("f", "hello") + end;
  for (const length of [0, 10, 60, field("key", "k").length + 20]) {
    t.is(await codeOf(read(text.slice(0, length))), "MalformedPOSTRequest", String(length));
  }
  const form = await read(text.slice(0, -(end.length + 4)));
  t.is(await codeOf(collect(form)), "Error: aborted");
  t.is(await codeOf(form.ended), "MalformedPOSTRequest");
});

test("fields are bounded in bytes and in number", async (t) => {
  t.is(await codeOf(read(field("key", "k".repeat(30_000)) + end, 4096)), "MaxPostPreDataLengthExceededError");
  const many = Array.from({ length: 300 }, (_, index) => field(`f${index}`, "x")).join("");
  t.is(await codeOf(read(many + end, 4096)), "MaxPostPreDataLengthExceededError");
});

test("what is no form is refused", async (t) => {
  const without = headersWith({ "content-type": "multipart/form-data" });
  t.is(await codeOf(readForm(bodyOf("x", 1).body, without, systemClock)), "MalformedPOSTRequest");
});

test("the file's name is put in, the bucket is bound, and no field comes twice", (t) => {
  const of = (fields: readonly (readonly [string, string])[]) =>
    fieldsOf({ fields, file: { name: "$&a.png", body: bodyOf("", 1).body } }, "b");
  const filled = of([
    ["Key", `user/${variable}`],
    ["policy", variable],
  ]);
  t.is(keyOf(filled), "user/$&a.png");
  t.is(filled.get("policy"), variable);
  t.is(filled.get("bucket"), "b");
  t.throws(() => of([["acl", "private"]]), { message: /specified field name/ });
  t.throws(
    () =>
      of([
        ["key", "k"],
        ["KEY", "l"],
      ]),
    { instanceOf: S3Error },
  );
  t.throws(
    () =>
      of([
        ["key", "k"],
        ["bucket", "c"],
      ]),
    { instanceOf: S3Error },
  );
  t.notThrows(() =>
    of([
      ["key", "k"],
      ["bucket", "b"],
    ]),
  );
});

test("fields become the headers of a PutObject, and no others", (t) => {
  const tagging = "<Tagging><TagSet><Tag><Key>a b</Key><Value>c&amp;d</Value></Tag></TagSet></Tagging>";
  const fields = new Map([
    ["key", "k"],
    ["acl", "public-read"],
    ["tagging", tagging],
    ["content-type", "text/html"],
    ["x-amz-meta-a", "1"],
    ["x-amz-copy-source", "/other/key"],
    ["x-amz-signature", "s"],
    ["authorization", "x"],
    ["if-match", "x"],
  ]);
  t.deepEqual(Object.fromEntries(headersOf(fields, "host").entries()), {
    host: "host",
    "x-amz-acl": "public-read",
    "x-amz-tagging": "a%20b=c%26d",
    "content-type": "text/html",
    "x-amz-meta-a": "1",
  });
  t.throws(() => headersOf(new Map([["x-amz-meta-a", "1\r\nx: y"]]), "host"), { instanceOf: S3Error });
  t.throws(() => headersOf(new Map([["tagging", "<Tagging>"]]), "host"));
});

test("the form says how it is answered", (t) => {
  const put: EncodedAnswer = { status: 200, headers: [["etag", '"e"']], body: null, contentLength: null };
  const answer = (fields: Readonly<Record<string, string>>) =>
    answerOf({ fields: new Map(Object.entries(fields)), bucket: "b", key: "a b" }, put, "http://host/b");
  const location = ["location", "http://host/b/a%20b"];
  t.like(answer({}), { status: 204, headers: [["etag", '"e"'], location] });
  t.is(answer({ success_action_status: "200" }).status, 200);
  t.is(answer({ success_action_status: "404" }).status, 204);
  const created = answer({ success_action_status: "201" });
  t.is(created.status, 201);
  t.true(String(created.body).endsWith("<Key>a b</Key><ETag>&quot;e&quot;</ETag></PostResponse>"));
  const redirected = answer({ success_action_redirect: "https://example.com/done?x=1", success_action_status: "201" });
  t.is(redirected.status, 303);
  t.deepEqual(redirected.headers.at(-1), ["location", "https://example.com/done?x=1&bucket=b&key=a+b&etag=%22e%22"]);
  for (const odd of ["javascript:alert(1)", "//host", "no url"])
    t.is(answer({ success_action_redirect: odd }).status, 204);
});
