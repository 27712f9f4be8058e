import test from "ava";
import { label, query } from "./member.ts";
import { type Method, operationDeclarer } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import { compileRoutes } from "./route.ts";
import { string, structure } from "./shape.ts";

const declare = operationDeclarer<unknown, string>();
const Nothing = structure("Unit", {});

const row = (name: string, method: Method, uri: string, required: readonly string[] = [], requiresHeader?: string) =>
  declare({
    name,
    http: { method, uri, status: 200, ...(requiresHeader === undefined ? {} : { requiresHeader }) },
    action: "s3:Test",
    input: structure(`${name}Request`, {
      Bucket: label(string),
      ...Object.fromEntries(required.map((word) => [word, query(word, string, { required: true })])),
    }),
    output: Nothing,
    errors: [],
  });

const table = [
  row("PutObject", "PUT", "/{Bucket}/{Key+}"),
  row("CopyObject", "PUT", "/{Bucket}/{Key+}", [], "x-amz-copy-source"),
  row("UploadPart", "PUT", "/{Bucket}/{Key+}", ["partNumber", "uploadId"]),
  row("UploadPartCopy", "PUT", "/{Bucket}/{Key+}", ["partNumber", "uploadId"], "x-amz-copy-source"),
  row("PutObjectTagging", "PUT", "/{Bucket}/{Key+}?tagging"),
  row("GetObject", "GET", "/{Bucket}/{Key+}"),
  row("GetObjectTorrent", "GET", "/{Bucket}/{Key+}?torrent"),
  row("ListObjects", "GET", "/{Bucket}"),
  row("ListObjectsV2", "GET", "/{Bucket}?list-type=2"),
  row("ListAnalytics", "GET", "/{Bucket}?analytics"),
  row("GetAnalytics", "GET", "/{Bucket}?analytics", ["id"]),
  row("PutAnalytics", "PUT", "/{Bucket}?analytics", ["id"]),
  row("CreateBucket", "PUT", "/{Bucket}"),
];
const route = compileRoutes(table);

const routed = (method: string, level: "bucket" | "object", words: string, ...headers: string[]): string | null => {
  const pairs =
    words === "" ? [] : words.split("&").map((word) => [word.split("=")[0] ?? "", word.split("=")[1] ?? ""] as const);
  return route(method, level, new Map(pairs), (name) => headers.includes(name))?.name ?? null;
};

test("method, level, query words and headers tell the operation", (t) => {
  t.is(routed("PUT", "object", ""), "PutObject");
  t.is(routed("PUT", "object", "", "x-amz-copy-source"), "CopyObject");
  t.is(routed("PUT", "object", "partNumber=1&uploadId=u"), "UploadPart");
  t.is(routed("PUT", "object", "partNumber=1&uploadId=u", "x-amz-copy-source"), "UploadPartCopy");
  t.is(routed("GET", "bucket", "list-type=2"), "ListObjectsV2");
  t.is(routed("GET", "bucket", "list-type=1"), "ListObjects");
  t.is(routed("GET", "bucket", "analytics"), "ListAnalytics");
  t.is(routed("GET", "bucket", "analytics&id=1"), "GetAnalytics");
  t.is(routed("PATCH", "object", ""), null);
});

test("x-id and words of other levels are ignored", (t) => {
  t.is(routed("GET", "object", "x-id=GetObject"), "GetObject");
  t.is(routed("GET", "object", "v=3"), "GetObject");
  t.is(routed("PUT", "bucket", "foo"), "CreateBucket");
  t.is(routed("PUT", "object", "analytics"), "PutObject");
  t.is(routed("PUT", "object", "list-type=2"), "PutObject");
  t.is(routed("GET", "object", "torrent&x-id=GetObject"), "GetObjectTorrent");
});

test("a sub-resource of which a required word is missing never falls through", (t) => {
  t.is(routed("PUT", "object", "uploadId=u"), "UploadPart");
  t.is(routed("PUT", "object", "partNumber=1"), "UploadPart");
  t.is(routed("PUT", "bucket", "analytics"), "PutAnalytics");
});

test("what changes something never falls through from another method's sub-resource", (t) => {
  t.is(routed("PUT", "object", "torrent"), null);
  t.is(routed("PUT", "object", "torrent", "x-amz-copy-source"), null);
  t.is(routed("PUT", "bucket", "x-id=CreateBucket&analytics&id=1"), "PutAnalytics");
  t.is(routed("GET", "object", "tagging"), "GetObject");
});

test("two rows that accept the same request do not start", (t) => {
  t.throws(() => compileRoutes([...table, row("Other", "PUT", "/{Bucket}/{Key+}", ["uploadId", "partNumber"])]), {
    message: /Other and UploadPart accept the same request/,
  });
});

test("a request names one sub-resource, of whatever level", (t) => {
  const conflict = (method: string, level: "bucket" | "object", words: string) => {
    const error = t.throws(() => routed(method, level, words), { instanceOf: Refusal });
    return { code: error?.code, ...error?.detail };
  };
  const expected = (words: string, first: string) => ({
    code: "InvalidArgument",
    Message: `Conflicting query string parameters: ${words}`,
    ArgumentName: "ResourceType",
    ArgumentValue: first,
  });
  t.deepEqual(conflict("GET", "object", "torrent&tagging"), expected("tagging, torrent", "tagging"));
  t.deepEqual(conflict("PATCH", "bucket", "tagging&torrent"), expected("tagging, torrent", "tagging"));
  t.deepEqual(conflict("PUT", "object", "tagging&analytics"), expected("analytics, tagging", "analytics"));
  t.is(routed("PUT", "object", "tagging&versionId=v&x-id=PutObjectTagging"), "PutObjectTagging");
  t.is(routed("GET", "bucket", "analytics&id=1&list-type=2"), "GetAnalytics");
});
