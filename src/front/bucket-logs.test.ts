import test from "ava";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { ManualClock, settled } from "../base/manual-clock.testing.ts";
import { systemRandom } from "../base/random.ts";
import type { BucketRecord } from "../control/records.ts";
import { S3Error } from "../s3/errors.ts";
import { BucketLogs, type BucketLogsOptions } from "./bucket-logs.ts";
import type { Exchanged } from "./exchanged.ts";

const record = (name: string, accountId = "111122223333"): BucketRecord => ({
  name,
  id: bucketId(Buffer.from(name.padEnd(16)).toString("hex")),
  accountId,
  partition: 0,
  createdMs: 0,
  location: null,
  state: "live",
  addressKey: new Uint8Array(32),
});

/** Buckets of which all but `quiet` are logged to `logs`. */
class Stand {
  readonly clock = new ManualClock();
  readonly buckets = new Map(["photos", "videos", "quiet", "logs"].map((name) => [name, record(name)]));
  readonly written: { readonly bucket: string; readonly key: string; readonly lines: string[] }[] = [];
  readonly warnings: object[] = [];
  prefix = "log/";
  refusal: Error | null = null;
  locks = false;
  /** What `put` waits for. */
  gate: Promise<void> = Promise.resolve();
  readonly logs: BucketLogs;

  constructor() {
    const ignore = (): void => undefined;
    const warn = (fields: object): void => void this.warnings.push(fields);
    const log: Log = { debug: ignore, info: ignore, warn, error: ignore, fatal: ignore, child: () => log };
    this.logs = new BucketLogs({
      clock: this.clock,
      random: systemRandom,
      log,
      hostId: "H",
      region: "us-east-1",
      bucket: (name) => this.buckets.get(name),
      canonicalIdOf: (accountId) => `canonical-${accountId}`,
      configurationOf: (({ name }: BucketRecord) => ({
        get: () => (name === "quiet" ? null : { targetBucket: "logs", targetPrefix: this.prefix, keyFormat: "simple" }),
      })) as unknown as BucketLogsOptions["configurationOf"],
      locksByDefault: () => this.locks,
      put: async ({ name }, key, body) => {
        await this.gate;
        if (this.refusal !== null) throw this.refusal;
        this.written.push({ bucket: name, key, lines: body.toString().split("\n").slice(0, -1) });
      },
    });
  }

  note(
    bucket: string,
    key: string,
    headers: readonly (readonly [string, string])[] = [],
    {
      operation = "GetObject",
      method = "GET",
      rawQuery = "",
      status = 200,
      answer = null,
      items = null,
    }: Partial<Pick<Exchanged, "operation" | "status" | "answer" | "items">> & {
      readonly method?: string;
      readonly rawQuery?: string;
    } = {},
  ): void {
    const request = {
      method,
      rawPath: `/${bucket}/${key}`,
      rawQuery,
      headers: new Map(headers),
      remoteAddress: "192.0.2.1",
    };
    this.logs.note({
      requestId: "R",
      operation,
      status,
      errorCode: null,
      request: request as unknown as Exchanged["request"],
      bucket,
      key,
      accessKeyId: null,
      requester: null,
      target: this.buckets.get(bucket) ?? null,
      payer: null,
      answer,
      items,
      bytesIn: 0,
      bytesOut: 5,
      durationMs: 3,
    });
  }
}

test("what has gathered is written by time, an object for each logged bucket", async (t) => {
  const stand = new Stand();
  for (const [bucket, key] of [
    ["photos", "a"],
    ["videos", "v"],
    ["quiet", "q"],
    ["photos", "b"],
    ["nobody", "n"],
  ] as const)
    stand.note(bucket, key);
  await stand.clock.advance(limits.bucketLogFlushMs - 1);
  t.deepEqual(stand.written, []);
  await stand.clock.advance(1);
  t.deepEqual(
    stand.written.map(({ bucket, lines }) => [
      bucket,
      lines.map((line) => / (\S+) REST\.GET\.OBJECT (\S+) /.exec(line)?.[2]),
    ]),
    [
      ["logs", ["a", "b"]],
      ["logs", ["v"]],
    ],
  );
  t.true(
    stand.written.every(({ key }) => /^log\/2026-01-02-03-05-05-[0-9A-F]{16}$/.test(key)),
    stand.written[0]?.key,
  );
  t.is(new Set(stand.written.map(({ key }) => key)).size, 2);
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.is(stand.written.length, 2);
});

test("a line says what was stored, which version was named, and that a copy is one", async (t) => {
  const stand = new Stand();
  const length = (bytes: number) => [["content-length", String(bytes)]] as const;
  const chunked = [...length(99), ["x-amz-decoded-content-length", "7"]] as const;
  stand.note("photos", "a", length(5), { operation: "PutObject", method: "PUT" });
  stand.note("photos", "b", chunked, { operation: "UploadPart", method: "PUT", rawQuery: "partNumber=1&uploadId=u" });
  stand.note("photos", "c", length(500), { operation: "PutObject", method: "POST" });
  stand.note("photos", "d", length(0), { operation: "CopyObject", method: "PUT" });
  stand.note("photos", "e", length(0), { operation: "UploadPartCopy", method: "PUT" });
  stand.note("photos", "f", [], { rawQuery: "x-id=GetObject&versionId=06h0 jk" });
  await stand.clock.advance(limits.bucketLogFlushMs);
  const told = stand.written[0]?.lines.map((line) =>
    /(REST\S+) (\S) ".*" 200 - 5 (\S+) 3 - "-" "-" (\S+) H /.exec(line)?.slice(1).join(" "),
  );
  t.deepEqual(told, [
    "REST.PUT.OBJECT a 5 -",
    "REST.PUT.PART b 7 -",
    "REST.POST.OBJECT c - -",
    "REST.COPY.OBJECT d - -",
    "REST.COPY.PART e - -",
    "REST.GET.OBJECT f - 06h0%20jk",
  ]);
});

test("a line says the size of the whole object that was read, and of no other answer", async (t) => {
  const stand = new Stand();
  const body = { length: 5, read: async () => new Uint8Array(), close: () => undefined };
  const head = { status: 200, headers: [], body: null, contentLength: 9 };
  const ranged = { status: 206, headers: [["content-range", "bytes 0-4/70"]] as const, body, contentLength: null };
  stand.note("photos", "a", [], { answer: { status: 200, headers: [], body, contentLength: null } });
  stand.note("photos", "b", [], { answer: ranged, status: 206 });
  stand.note("photos", "c", [], { answer: head, operation: "HeadObject", method: "HEAD" });
  stand.note("photos", "d", [], { answer: { ...head, body: "<Error/>", contentLength: null }, status: 404 });
  stand.note("photos", "e", [], { answer: head, operation: "GetObjectTagging" });
  await stand.clock.advance(limits.bucketLogFlushMs);
  const told = stand.written[0]?.lines.map((line) => /(\S) ".*" \d+ - 5 (\S+) 3 /.exec(line)?.slice(1).join(" "));
  t.deepEqual(told, ["a 5", "b 70", "c 9", "d -", "e -"]);
});

test("each object of a list has a line beside its request's, done or refused", async (t) => {
  const stand = new Stand();
  const items = () => [
    { key: "a", versionId: null, error: null },
    { key: "b c", versionId: "v1", error: new S3Error("AccessDenied") },
  ];
  stand.note("photos", "", [["user-agent", "U"]], { operation: "DeleteObjects", method: "POST", items });
  let asked = 0;
  stand.note("quiet", "", [], { operation: "DeleteObjects", method: "POST", items: () => items().slice(asked++) });
  await stand.clock.advance(limits.bucketLogFlushMs);
  const told = stand.written.flatMap(({ lines }) =>
    lines.map((line) => /R ([A-Z_.]+ .*) H /.exec(line)?.[1]?.replace(/"POST .*"(?= 200)/, "REQUEST")),
  );
  t.deepEqual(told, [
    'REST.POST.MULTI_OBJECT_DELETE - REQUEST 200 - 5 - 3 - "-" "U" -',
    'BATCH.DELETE.OBJECT a - 204 - - - - - "-" "-" -',
    'BATCH.DELETE.OBJECT b%20c - 403 AccessDenied - - - - "-" "-" v1',
  ]);
  t.is(asked, 0);
});

test("a target that has got a default retention takes no lines: they are counted and said", async (t) => {
  const stand = new Stand();
  stand.locks = true;
  stand.note("photos", "a");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.deepEqual(stand.written, []);
  t.is(stand.logs.droppedLines, 1);
  t.like(stand.warnings, [{ bucket: "photos", target: "logs", lines: 1 }]);
  stand.locks = false;
  stand.note("photos", "b");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.is(stand.written.length, 1);
});

test("a change of the configuration begins another object", async (t) => {
  const stand = new Stand();
  stand.note("photos", "a");
  stand.prefix = "other/";
  stand.note("photos", "b");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.deepEqual(stand.written.map(({ key }) => key.split("/")[0]).sort(), ["log", "other"]);
});

/** Makes a line long. */
const long = [["user-agent", "u".repeat(limits.bucketLogTextCharsMax)]] as const;

test("what is large is written before its time", async (t) => {
  const stand = new Stand();
  const enough = Math.ceil(limits.bucketLogBytesMax / limits.bucketLogTextCharsMax);
  for (let index = 0; index < enough; index++) stand.note("photos", "a", long);
  await settled();
  t.is(stand.written.length, 1);
  t.true((stand.written[0]?.lines.length ?? 0) <= enough);
  t.is(stand.logs.droppedLines, 0);
});

test("a key that is none is cut, and a flood of one bucket's lines drops none of another's", async (t) => {
  const stand = new Stand();
  stand.gate = new Promise(() => undefined);
  const key = "é".repeat(1_000_000);
  const items = () => [{ key, versionId: null, error: null }];
  const line = limits.keyBytesMax * "%C3%A9".length;
  const tooMany = Math.ceil(limits.bucketLogsPerBucketBytesMax / line) + 1;
  for (let index = 0; index < tooMany; index++) {
    stand.note("photos", "", [], { operation: "DeleteObjects", method: "POST", items });
  }
  const dropped = stand.logs.droppedLines;
  t.true(dropped > 0 && dropped < tooMany);
  stand.note("videos", "v");
  t.is(stand.logs.droppedLines, dropped);
});

test("memory is bounded while the target is slow: lines past it are dropped and counted, and later ones taken again", async (t) => {
  const stand = new Stand();
  let open = (): void => undefined;
  stand.gate = new Promise((resolve) => {
    open = resolve;
  });
  const tooMany = Math.ceil(limits.bucketLogsBytesMax / limits.bucketLogTextCharsMax) + 10;
  for (let index = 0; index < tooMany; index++) stand.note("photos", "a", long);
  const dropped = stand.logs.droppedLines;
  t.true(dropped > 0);
  t.deepEqual(stand.written, []);
  open();
  await stand.clock.advance(limits.bucketLogFlushMs);
  const lines = stand.written.reduce((sum, each) => sum + each.lines.length, 0);
  t.is(lines + dropped, tooMany);
  stand.note("photos", "after");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.is(stand.logs.droppedLines, dropped);
  t.true(stand.written.at(-1)?.lines[0]?.includes(" after "));
});

test("what a target does not take is counted and said, and does not stop the others", async (t) => {
  const stand = new Stand();
  stand.refusal = new Error("AccessDenied");
  stand.note("photos", "a");
  stand.note("photos", "b");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.is(stand.logs.droppedLines, 2);
  t.like(stand.warnings, [{ bucket: "photos", target: "logs", lines: 2 }]);
  stand.refusal = null;
  stand.note("videos", "v");
  await stand.clock.advance(limits.bucketLogFlushMs);
  t.is(stand.written.length, 1);
});

test("a target that is gone, or has become another account's, gets nothing", async (t) => {
  const stand = new Stand();
  for (const target of [undefined, record("logs", "444455556666")]) {
    stand.buckets.delete("logs");
    if (target !== undefined) stand.buckets.set("logs", target);
    stand.note("photos", "a");
    await stand.clock.advance(limits.bucketLogFlushMs);
  }
  t.deepEqual(stand.written, []);
  t.is(stand.logs.droppedLines, 2);
});

test("close writes what has gathered, waits for it, and stops", async (t) => {
  const stand = new Stand();
  stand.note("photos", "a");
  await stand.logs.close();
  t.is(stand.written.length, 1);
  t.is(stand.clock.alarms, 0);
});
