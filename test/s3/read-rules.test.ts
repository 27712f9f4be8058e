/** Reads: conditions and their precedence, ranges and parts, overrides of the answer's headers. */

import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { ExecutionContext } from "ava";
import { eachFront, element, outcome, type Stand } from "../support/each-front.ts";

const test = eachFront();

const body = "0123456789";
const past = "Mon, 01 Jan 2001 00:00:00 GMT";
const future = "Fri, 01 Jan 2100 00:00:00 GMT";

/** Puts the object and gives its ETag and time as headers name them. */
async function stored({ s3, bucket }: Stand): Promise<{ etag: string; modified: string }> {
  const { ETag: etag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: body }));
  const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  return { etag, modified: (LastModified ?? new Date()).toUTCString() };
}

type Row = readonly [headers: Record<string, string>, status: number, code?: string];

async function judge(t: ExecutionContext, { bucket, signed }: Stand, rows: readonly Row[]): Promise<void> {
  for (const [headers, status, code] of rows) {
    const title = JSON.stringify(headers);
    const got = await signed({ method: "GET", target: `/${bucket}/k`, headers });
    t.is(outcome(got), code === undefined ? String(status) : `${status} ${code}`, title);
    const head = await signed({ method: "HEAD", target: `/${bucket}/k`, headers });
    t.is(head.status, status, `HEAD ${title}`);
    t.is(head.body.length, 0);
    if (status === 304) t.is(got.body.length, 0);
  }
}

test("GetObject_conditions_alone_and_in_pairs", async (t, stand) => {
  const { etag, modified } = await stored(stand);
  const failed = "PreconditionFailed";
  await judge(t, stand, [
    [{ "if-match": `"no", ${etag}` }, 200],
    [{ "if-match": "*" }, 200],
    [{ "if-match": '"no","nor"' }, 412, failed],
    [{ "if-match": "" }, 412, failed],
    [{ "if-none-match": `W/${etag}` }, 304],
    [{ "if-none-match": `"no", ${etag}` }, 304],
    [{ "if-none-match": '"no"' }, 200],
    [{ "if-modified-since": future }, 304],
    [{ "if-modified-since": "yesterday" }, 200],
    [{ "if-unmodified-since": "yesterday" }, 200],
    [{ "if-match": etag, "if-unmodified-since": past }, 200],
    [{ "if-match": '"no"', "if-unmodified-since": future }, 412, failed],
    [{ "if-none-match": etag, "if-modified-since": past }, 304],
    [{ "if-none-match": '"no"', "if-modified-since": modified }, 200],
    [{ "if-match": etag, "if-none-match": etag }, 304],
    [{ "if-match": '"no"', "if-none-match": etag }, 412, failed],
    [{ "if-unmodified-since": past, "if-none-match": etag }, 412, failed],
    [{ "if-match": '"no"', range: "bytes=90-" }, 412, failed],
    [{ "if-none-match": etag, range: "bytes=90-" }, 304],
    [{ "if-match": etag, range: "bytes=90-" }, 416, "InvalidRange"],
  ]);
});

test("GetObject_condition_on_a_missing_key_404", async (t, { bucket, signed }) => {
  for (const headers of [{ "if-match": "*" }, { "if-none-match": "*" }, { "if-modified-since": past }])
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}/absent`, headers })), "404 NoSuchKey");
});

test("GetObject_304_names_the_object", async (t, stand) => {
  const { etag, modified } = await stored(stand);
  const { bucket, signed } = stand;
  const answer = await signed({ method: "GET", target: `/${bucket}/k`, headers: { "if-none-match": etag } });
  t.is(answer.headers["etag"], etag);
  t.is(answer.headers["last-modified"], modified);
});

test("GetObject_if_range_gives_the_range_of_the_same_object_only", async (t, stand) => {
  const { etag, modified } = await stored(stand);
  await judge(t, stand, [
    [{ range: "bytes=0-1", "if-range": etag }, 206],
    [{ range: "bytes=0-1", "if-range": modified }, 206],
    [{ range: "bytes=0-1", "if-range": '"no"' }, 200],
    [{ range: "bytes=0-1", "if-range": `W/${etag}` }, 200],
    [{ range: "bytes=0-1", "if-range": past }, 200],
    [{ range: "bytes=90-", "if-range": '"no"' }, 200],
  ]);
});

test("GetObject_ranges_of_an_empty_object", async (t, stand) => {
  const { s3, bucket } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "" }));
  await judge(t, stand, [
    [{ range: "bytes=0-" }, 416, "InvalidRange"],
    [{ range: "bytes=-1" }, 416, "InvalidRange"],
    [{ range: "bytes=0-0,0-0" }, 200],
    [{ range: "bytes=-" }, 200],
  ]);
});

test("GetObject_range_416_says_the_size", async (t, stand) => {
  await stored(stand);
  const { bucket, signed } = stand;
  const answer = await signed({ method: "GET", target: `/${bucket}/k`, headers: { range: "bytes=10-" } });
  t.is(outcome(answer), "416 InvalidRange");
  t.is(element(answer, "ActualObjectSize"), "10");
  t.is(element(answer, "RangeRequested"), "bytes=10-");
});

for (const [query, headers, expected] of [
  ["partNumber=1", { range: "bytes=0-1" }, "400 InvalidRequest"],
  ["partNumber=0", {}, "400 InvalidArgument"],
  ["partNumber=10001", {}, "400 InvalidArgument"],
  ["partNumber=x", {}, "400 InvalidArgument"],
  ["partNumber=", {}, "400 InvalidArgument"],
  ["partNumber=2", {}, "416 InvalidPartNumber"],
  ["partNumber=1", {}, "206"],
] as [string, Record<string, string>, string][]) {
  test(`GetObject_${query}_${Object.keys(headers).join("_")}_of_a_whole_object_${expected}`, async (t, stand) => {
    await stored(stand);
    const { bucket, signed } = stand;
    const answer = await signed({ method: "GET", target: `/${bucket}/k?${query}`, headers });
    t.is(outcome(answer), expected);
    t.is(answer.headers["x-amz-mp-parts-count"], undefined);
  });
}

test("GetObject_response_overrides", async (t, stand) => {
  await stored(stand);
  const { bucket, signed } = stand;
  const overrides = {
    "cache-control": "no-store",
    "content-disposition": 'attachment; filename="a b.txt"',
    "content-encoding": "x-own",
    "content-language": "de",
    "content-type": "text/x; charset=utf-8",
    expires: "Thu, 01 Dec 2033 16:00:00 GMT",
  };
  const query = Object.entries(overrides)
    .map(([name, value]) => `response-${name}=${encodeURIComponent(value)}`)
    .join("&");
  for (const method of ["GET", "HEAD"]) {
    const answer = await signed({ method, target: `/${bucket}/k?${query}` });
    t.is(answer.status, 200);
    for (const [name, value] of Object.entries(overrides)) t.is(answer.headers[name], value, `${method} ${name}`);
  }
  const bare = await signed({ method: "GET", target: `/${bucket}/k?response-content-type=` });
  t.is(bare.headers["content-type"], "application/octet-stream");
});

test("GetObject_response_override_that_is_no_header_400", async (t, stand) => {
  await stored(stand);
  const { bucket, signed } = stand;
  for (const value of ["a%0D%0Ax-evil%3A1", "a%00b", "a%7Fb"])
    t.regex(
      outcome(await signed({ method: "GET", target: `/${bucket}/k?response-content-type=${value}` })),
      /^400 Invalid/,
      value,
    );
});

test("GetObject_response_override_beyond_latin_1_is_sent_as_utf_8", async (t, stand) => {
  await stored(stand);
  const { bucket, signed } = stand;
  const value = 'attachment; filename="漢.txt"';
  const target = `/${bucket}/k?response-content-disposition=${encodeURIComponent(value)}`;
  const answer = await signed({ method: "GET", target });
  t.is(Buffer.from(String(answer.headers["content-disposition"]), "latin1").toString("utf8"), value);
});
