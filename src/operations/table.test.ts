import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { isSignedWord } from "../auth/sigv2.ts";
import { compileRoutes } from "../model/route.ts";
import { checkBucketActions } from "../policy/bucket-actions.ts";
import { parseBucketPolicy } from "../policy/document.ts";
import { operations } from "./table.ts";

const route = compileRoutes(operations);
const routed = (method: string, level: "service" | "bucket" | "object", ...words: string[]): string | undefined =>
  route(method, level, new Map(words.map((word) => [word.split("=")[0] ?? "", word.split("=")[1] ?? ""])), () => false)
    ?.name;

test("every file that declares an operation is in the table", (t) => {
  const directory = new URL(".", import.meta.url);
  const files = readdirSync(directory).filter((file) => /^[a-z-]+\.js$/.test(file));
  const declared = files
    .filter((file) => file !== "context.js")
    .flatMap((file) => readFileSync(new URL(file, directory), "utf8").match(/name: "[A-Z]\w+",\s+http: \{/g) ?? []);
  t.true(declared.length > 100);
  t.is(declared.length, operations.length);
});

test("names are unique, served rows are known by count", (t) => {
  t.is(new Set(operations.map(({ name }) => name)).size, operations.length);
  t.is(operations.filter(({ handler }) => handler !== null).length, 84);
});

test("a bucket policy can speak of the action of every operation on a bucket or an object", (t) => {
  for (const { name, level, action, versionAction } of operations) {
    if (level === "service") continue;
    for (const asked of [action, versionAction ?? action]) {
      if (!asked.startsWith("s3:")) continue;
      const Resource = `arn:aws:s3:::b${level === "object" || name === "DeleteObjects" ? "/*" : ""}`;
      const Statement = { Effect: "Allow", Principal: "*", Action: asked, Resource };
      t.notThrows(() => checkBucketActions(parseBucketPolicy(JSON.stringify({ Statement }), "b")), name);
    }
  }
});

test("unserved sub-resources are named, never served as something else", (t) => {
  t.is(routed("GET", "object", "torrent"), "GetObjectTorrent");
  t.is(routed("GET", "bucket", "policy"), "GetBucketPolicy");
  t.is(routed("GET", "bucket", "lifecycle"), "GetBucketLifecycleConfiguration");
  t.is(routed("DELETE", "bucket", "tagging"), "DeleteBucketTagging");
  t.is(routed("DELETE", "bucket", "policy"), "DeleteBucketPolicy");
  t.is(routed("PUT", "bucket", "foo"), "CreateBucket");
  t.is(routed("PUT", "bucket", "inventory"), "PutBucketInventoryConfiguration");
  t.is(routed("PUT", "object", "retention"), "PutObjectRetention");
  t.is(routed("GET", "service"), "ListBuckets");
  t.is(routed("POST", "bucket", "delete"), "DeleteObjects");
  t.is(routed("DELETE", "object", "uploadId=x"), "AbortMultipartUpload");
  for (const word of ["acl", "versioning", "notification", "logging", "versions", "uploads", "delete"])
    t.is(routed("DELETE", "bucket", word), undefined, word);
  for (const word of ["acl", "retention", "legal-hold", "uploads", "torrent", "attributes", "restore"])
    t.is(routed("DELETE", "object", word), undefined, word);
  for (const word of ["uploads", "torrent", "attributes", "restore"])
    t.is(routed("PUT", "object", word), undefined, word);
  t.is(routed("DELETE", "object", "versionId=x", "x-id=DeleteObject"), "DeleteObject");
  t.is(routed("POST", "bucket"), undefined);
  t.is(routed("POST", "service"), undefined);
});

test("bodies: streams for uploads, whole for documents, none elsewhere", (t) => {
  const use = (name: string) => operations.find((operation) => operation.name === name)?.readsBody;
  t.is(use("PutObject"), "stream");
  t.is(use("UploadPart"), "stream");
  t.is(use("DeleteObjects"), "xml");
  t.is(use("CreateBucket"), "xml");
  t.is(use("CompleteMultipartUpload"), "xml");
  t.is(use("PutBucketPolicy"), "xml");
  t.is(use("GetObject"), "none");
  t.is(use("CopyObject"), "none");
  t.is(use("CreateMultipartUpload"), "none");
});

test("every query word that tells operations apart is signed by signature version 2", (t) => {
  const words = operations.flatMap(({ http, input }) => [
    ...(http.uri.split("?")[1] ?? "").split("&").map((word) => word.split("=")[0] ?? ""),
    ...Object.values(input.members)
      .filter(({ traits }) => traits.required)
      .map(({ traits }) => traits.httpQuery ?? ""),
  ]);
  const routing = new Set(words.filter((word) => word !== "" && !["x-id", "list-type", "id"].includes(word)));
  t.true(routing.size > 30);
  t.deepEqual([...routing].filter((word) => !isSignedWord(word)).sort(), []);
});
