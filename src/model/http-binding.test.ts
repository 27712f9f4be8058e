import test from "ava";
import type { Headers } from "./http.ts";
import { decodeInput, encodeOutput } from "./http-binding.ts";
import { body, header, label, payload, prefixHeaders, query } from "./member.ts";
import { operationDeclarer } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import {
  boolean,
  enumeration,
  enumerationRefusedAs,
  list,
  long,
  map,
  natural,
  stream,
  string,
  structure,
  timestamp,
} from "./shape.ts";

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => name in values,
  entries: () => Object.entries(values),
});

const declare = operationDeclarer<unknown, string>();
const Get = declare({
  name: "Get",
  http: { method: "GET", uri: "/{Bucket}/{Key+}", status: 200, statusWith: { member: "ContentRange", status: 206 } },
  action: "s3:Get",
  input: structure("GetRequest", {
    Bucket: label(string),
    Key: label(string),
    MaxKeys: query("max-keys", natural),
    UploadId: query("uploadId", string, { required: true }),
    Since: header("If-Modified-Since", timestamp),
    Retain: header("x-amz-date-header", timestamp),
    StorageClass: header("x-amz-storage-class", enumerationRefusedAs("InvalidStorageClass", "STANDARD")),
    Attributes: header("x-amz-object-attributes", list(enumeration("ETag", "Size"))),
    Flag: header("x-amz-flag", boolean),
    Metadata: prefixHeaders("x-amz-meta-", map),
  }),
  output: structure("GetOutput", {
    Body: payload(stream),
    ContentLength: header("Content-Length", long),
    ContentRange: header("Content-Range", string),
    LastModified: header("Last-Modified", timestamp),
    Metadata: prefixHeaders("x-amz-meta-", map),
    Attributes: header("x-amz-object-attributes", list(string)),
  }),
  errors: [],
});

const decode = (queryWords: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
  decodeInput(Get, { bucket: "b", key: "k", query: new Map(Object.entries(queryWords)), headers: headersOf(headers) });

const refusal = (run: () => unknown): Refusal => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error("not refused");
};

test("labels, query, headers and prefix headers become the input", (t) => {
  const headers = {
    "if-modified-since": "Mon, 23 Nov 2026 04:58:00 GMT",
    "x-amz-storage-class": "STANDARD",
    "x-amz-object-attributes": "ETag, Size",
    "x-amz-flag": "true",
    "x-amz-meta-a": "1",
    "x-amz-meta-b": "2",
    "x-amz-other": "ignored",
  };
  t.deepEqual(decode({ "max-keys": "10", uploadId: "u" }, headers), {
    Bucket: "b",
    Key: "k",
    MaxKeys: 10,
    UploadId: "u",
    Since: Date.UTC(2026, 10, 23, 4, 58),
    StorageClass: "STANDARD",
    Attributes: ["ETag", "Size"],
    Flag: true,
    Metadata: [
      ["a", "1"],
      ["b", "2"],
    ],
  });
});

test("numbers, enumerations, booleans and dates are strict", (t) => {
  for (const text of ["abc", "", "-1", "1.5", "1e3", " 1", "+1", "0x10", "2147483648", "99999999999999999999"]) {
    const error = refusal(() => decode({ uploadId: "u", "max-keys": text }));
    t.is(error.code, "InvalidArgument", text);
    t.is(error.detail["ArgumentName"], "max-keys");
    t.is(error.detail["ArgumentValue"], text);
  }
  t.is(refusal(() => decode({ uploadId: "u" }, { "x-amz-storage-class": "COLD" })).code, "InvalidStorageClass");
  t.is(refusal(() => decode({ uploadId: "u" }, { "x-amz-object-attributes": "ETag,Colour" })).code, "InvalidArgument");
  t.is(refusal(() => decode({ uploadId: "u" }, { "x-amz-flag": "1" })).code, "InvalidArgument");
  t.is(refusal(() => decode({ uploadId: "u" }, { "x-amz-date-header": "yesterday" })).code, "InvalidArgument");
});

test("a condition's date that cannot be read is ignored; a missing required word is named", (t) => {
  t.is(decode({ uploadId: "u" }, { "if-modified-since": "yesterday" })["Since"], undefined);
  t.is(refusal(() => decode({})).detail["ArgumentName"], "uploadId");
});

test("metadata is limited by the bytes of names and values", (t) => {
  const of = (bytes: number) => decode({ uploadId: "u" }, { "x-amz-meta-ab": "x".repeat(bytes) });
  t.notThrows(() => of(2046));
  t.is(refusal(() => of(2047)).code, "MetadataTooLarge");
  t.is(refusal(() => of(1024 + 2000)).detail["MaxSizeAllowed"], "2048");
});

test("an output becomes status, headers and body", (t) => {
  const Body = Buffer.from("x");
  const answer = encodeOutput(Get, {
    Body,
    ContentLength: 1,
    LastModified: 0,
    Metadata: [["a", "1"]],
    Attributes: ["p", "q"],
  });
  t.deepEqual(answer, {
    status: 200,
    headers: [
      ["last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"],
      ["x-amz-meta-a", "1"],
      ["x-amz-object-attributes", "p, q"],
    ],
    body: Body,
    contentLength: 1,
  });
  t.is(encodeOutput(Get, { ContentRange: "bytes 0-0/1" }).status, 206);
  // A document's text may hold what no request's header can.
  for (const text of ["a\r\nset-cookie: b", "a\u007fb", "\u0000", "\u001f"]) {
    t.throws(() => encodeOutput(Get, { ContentRange: text }), { message: /holds no control character/ });
    t.throws(() => encodeOutput(Get, { Metadata: [["a", text]] }), { message: /holds no control character/ });
  }
  t.notThrows(() => encodeOutput(Get, { ContentRange: "a\tb" }));
});

test("a payload and a body of members are XML with a type; a missing required payload is refused", (t) => {
  const Put = declare({
    name: "Put",
    http: { method: "PUT", uri: "/{Bucket}", status: 200 },
    action: "s3:Put",
    input: structure("PutRequest", {
      Rule: payload(structure("Rule", { ID: body(string) }), { required: true, xmlName: "Configuration" }),
    }),
    output: structure("PutOutput", { ID: body(string) }, { xmlName: "Result" }),
    errors: [],
  });
  const parts = { bucket: "b", key: null, query: new Map<string, string>(), headers: headersOf({}) };
  t.is(Put.readsBody, "xml");
  t.is(Get.readsBody, "none");
  t.deepEqual(decodeInput(Put, { ...parts, body: Buffer.from("<Configuration><ID>a</ID></Configuration>") }), {
    Rule: { ID: "a" },
  });
  t.is(refusal(() => decodeInput(Put, parts)).code, "MissingRequestBodyError");
  const answer = encodeOutput(Put, { ID: "a" });
  t.deepEqual(answer.headers, [["content-type", "application/xml"]]);
  t.regex(String(answer.body), /<Result xmlns="[^"]+"><ID>a<\/ID><\/Result>$/);
});
