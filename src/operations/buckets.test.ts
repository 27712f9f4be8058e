import { createHash } from "node:crypto";
import test from "ava";
import { packedObjects } from "../bucket/record-rows.testing.ts";
import type { BucketRecord } from "../control/records.ts";
import { firstRequest, perform, refusedWith, testBucket, type World } from "./operations.testing.ts";

const named = (name: string, location: string | null = null): BucketRecord => ({ ...testBucket, name, location });
const md5Of = (body: string): string => createHash("md5").update(body).digest("base64");
const element = (body: unknown, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(String(body))?.[1];
const elements = (body: unknown, name: string): (string | undefined)[] =>
  [...String(body).matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((match) => match[1]);

test("CreateBucket checks the name and stores the location", async (t) => {
  const world: World = {
    control: {
      "bucket.create": ({ name, location, setup = null }) => ({ record: named(name, location), created: true, setup }),
      "bucket.made": () => ({}),
    },
  };
  const create = (body: string, url = "/new-bucket") => perform("CreateBucket", { method: "PUT", url, body }, world);
  const constraint = (location: string) =>
    `<CreateBucketConfiguration><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`;
  const location = async (body: string): Promise<unknown> => firstRequest((await create(body)).sent)["location"];
  t.deepEqual((await create("")).answer.headers, [["location", "/new-bucket"]]);
  t.is(await location(""), null);
  t.is(await location("<CreateBucketConfiguration/>"), null);
  t.is(await location(constraint("")), null);
  t.is(await location(constraint("us-east-1")), null);
  t.is(await location(constraint("eu-west-1")), "eu-west-1");
  const refused = await refusedWith("CreateBucket", { method: "PUT", url: "/Bad_Name" }, world);
  t.is(refused.code, "InvalidBucketName");
  t.regex(refused.message, /^The specified bucket is not valid: ./);
  const lock = { method: "PUT", url: "/new-bucket", headers: { "x-amz-bucket-object-lock-enabled": "true" } };
  const locked = await perform("CreateBucket", lock, { ...world, bucket: { "bucket.open": () => ({}) } });
  const setup = { hasObjectLock: true, ownership: null, acl: null };
  t.is(firstRequest((await create("")).sent)["setup"], null);
  t.deepEqual(firstRequest(locked.sent)["setup"], setup);
  t.deepEqual(locked.sent.messages.slice(1), [
    ["bucket.open", setup],
    ["bucket.made", { name: "new-bucket", id: testBucket.id }],
  ]);
  t.is(
    (await refusedWith("CreateBucket", { method: "PUT", url: "/new-bucket", body: "<x/>" }, world)).code,
    "MalformedXML",
  );
});

test("CreateBucket of the account's own bucket changes its ACL alone, and nothing when it lacks the lock", async (t) => {
  const acl = { ownerId: "c".repeat(64), grants: [] };
  const world: World = {
    control: { "bucket.create": () => ({ record: testBucket, created: false, setup: null }) },
    bucket: { "bucket.configure": () => ({}) },
    configuration: { acl },
  };
  const ask = (headers: Readonly<Record<string, string>>) => ({ method: "PUT", url: "/bucket", headers });
  const again = await perform("CreateBucket", ask({ "x-amz-object-ownership": "ObjectWriter" }), world);
  t.deepEqual(again.sent.messages.slice(1), [["bucket.configure", { field: "acl", value: null }]]);
  const lock = ask({ "x-amz-bucket-object-lock-enabled": "true", "x-amz-acl": "public-read" });
  t.is((await refusedWith("CreateBucket", lock, { ...world, bucket: {} })).code, "BucketAlreadyOwnedByYou");
});

test("DeleteBucket of an empty bucket is final; a full one is opened again", async (t) => {
  const control: World["control"] = {
    "bucket.markDeleting": () => ({ record: testBucket }),
    "bucket.deleted": () => ({}),
    "bucket.restore": () => ({}),
  };
  const ask = { method: "DELETE", url: "/bucket" };
  const { answer, sent } = await perform("DeleteBucket", ask, {
    control,
    bucket: { "bucket.close": () => ({ empty: true }) },
  });
  t.is(answer.status, 204);
  t.deepEqual(
    sent.messages.map(([type]) => type),
    ["bucket.markDeleting", "bucket.close", "bucket.deleted"],
  );
  const order: string[] = [];
  const note = (step: string): Record<string, never> => {
    order.push(step);
    return {};
  };
  const full: World = {
    control: { ...control, "bucket.restore": () => note("restore") },
    bucket: { "bucket.close": () => ({ empty: false }), "bucket.reopen": () => note("reopen") },
  };
  t.is((await refusedWith("DeleteBucket", ask, full)).code, "BucketNotEmpty");
  t.deepEqual(order, ["reopen", "restore"]);
});

test("ListBuckets fills a page of one region", async (t) => {
  const at = (location: string | null) => (name: string) => ({ ...named(name), location });
  const world: World = {
    buckets: [...["a1", "a2"].map(at(null)), ...["a3", "a4", "a5"].map(at("north")), ...["a6"].map(at(null))],
  };
  const page = async (query: string) =>
    (await perform("ListBuckets", { method: "GET", url: `/?${query}` }, world)).answer.body;
  const first = await page("bucket-region=north&max-buckets=2");
  t.deepEqual(elements(first, "Name"), ["a3", "a4"]);
  const token = element(first, "ContinuationToken") ?? "";
  const second = await page(`bucket-region=north&max-buckets=2&continuation-token=${token}`);
  t.deepEqual(elements(second, "Name"), ["a5"]);
  t.is(element(second, "ContinuationToken"), undefined);
  t.deepEqual(elements(await page("bucket-region=us-east-1"), "Name"), ["a1", "a2", "a6"]);
  const none = await page("bucket-region=south&max-buckets=1");
  t.deepEqual([elements(none, "Name"), element(none, "ContinuationToken")], [[], undefined]);
});

test("ListBuckets pages by name", async (t) => {
  const world: World = { buckets: ["a1", "a2", "a3", "b1"].map((name) => named(name)) };
  const page = async (query: string) =>
    (await perform("ListBuckets", { method: "GET", url: `/?${query}` }, world)).answer.body;
  const first = await page("prefix=a&max-buckets=2");
  t.deepEqual(elements(first, "Name"), ["a1", "a2"]);
  const token = element(first, "ContinuationToken") ?? "";
  const second = await page(`prefix=a&max-buckets=2&continuation-token=${token}`);
  t.deepEqual(elements(second, "Name"), ["a3"]);
  t.is(element(second, "ContinuationToken"), undefined);
  t.is((await refusedWith("ListBuckets", { method: "GET", url: "/?max-buckets=0" }, world)).code, "InvalidArgument");
  const garbage = { method: "GET", url: "/?continuation-token=garbage" };
  t.is((await refusedWith("ListBuckets", garbage, world)).code, "InvalidArgument");
});

const listing = (isTruncated: boolean): World => ({
  bucket: {
    "object.list": () => ({ objects: packedObjects("a b", "c\r"), commonPrefixes: ["d/"], isTruncated, last: "d/" }),
  },
});
const list = async (name: string, query: string, world: World) =>
  perform(name, { method: "GET", url: `/bucket?${query}` }, world);

test("ListObjectsV2 counts, encodes and continues", async (t) => {
  const { answer, sent } = await list(
    "ListObjectsV2",
    "list-type=2&delimiter=/&encoding-type=url&max-keys=5000&start-after=a%2B",
    listing(true),
  );
  t.deepEqual(sent.messages, [["object.list", { prefix: "", delimiter: "/", after: "a+", keysMax: 1000 }]]);
  t.deepEqual(elements(answer.body, "Key"), ["a%20b", "c%0D"]);
  t.is(element(answer.body, "KeyCount"), "3");
  t.is(element(answer.body, "MaxKeys"), "1000");
  t.is(element(answer.body, "StartAfter"), "a%2B");
  t.is(element(answer.body, "DisplayName"), undefined);
  const token = element(answer.body, "NextContinuationToken") ?? "";
  const next = await list("ListObjectsV2", `list-type=2&continuation-token=${token}&fetch-owner=true`, listing(false));
  t.like(next.sent.messages[0]?.[1], { after: "d/" });
  t.is(element(next.answer.body, "NextContinuationToken"), undefined);
  t.is(element(next.answer.body, "DisplayName"), "owner");
  t.true(String(next.answer.body).includes("<Key>c&#13;</Key>"));
  const bad = { method: "GET", url: "/bucket?list-type=2&continuation-token=garbage" };
  t.is((await refusedWith("ListObjectsV2", bad, listing(false))).code, "InvalidArgument");
  const encoding = { method: "GET", url: "/bucket?list-type=2&encoding-type=base64" };
  t.is((await refusedWith("ListObjectsV2", encoding, listing(false))).code, "InvalidArgument");
});

test("ListObjects has a next marker only with a delimiter", async (t) => {
  const grouped = await list("ListObjects", "delimiter=/&marker=a", listing(true));
  t.is(element(grouped.answer.body, "NextMarker"), "d/");
  t.is(element(grouped.answer.body, "Marker"), "a");
  const plain = await list("ListObjects", "", listing(true));
  t.is(element(plain.answer.body, "NextMarker"), undefined);
  t.is(element(plain.answer.body, "Delimiter"), undefined);
});

test("DeleteObjects deletes what it may and reports the rest", async (t) => {
  const world: World = {
    bucket: {
      "object.deleteMany": ({ objects }) => ({
        outcomes: objects.map(({ versionId }) => ({
          ok: true,
          value: { existed: true, versionId: versionId ?? "made", isDeleteMarker: versionId === null },
        })),
      }),
    },
    denied: new Set(["secret"]),
  };
  const object = (key: string, rest = "") => `<Object><Key>${key}</Key>${rest}</Object>`;
  const ask = (inner: string, headers?: Readonly<Record<string, string>>) => {
    const body = `<Delete>${inner}</Delete>`;
    return { method: "POST", url: "/bucket?delete", body, headers: headers ?? { "content-md5": md5Of(body) } };
  };
  const mixed = object("a") + object("secret") + object("b", "<VersionId>v1</VersionId>") + object("x".repeat(1025));
  const { answer, sent } = await perform("DeleteObjects", ask(mixed), world);
  const asked = { key: "a", versionId: null, preconditions: {}, bypassGovernance: false, markerOwnerId: null };
  t.deepEqual(sent.messages, [["object.deleteMany", { objects: [asked] }]]);
  t.deepEqual(elements(answer.body, "Code"), ["AccessDenied", "NoSuchVersion", "KeyTooLongError"]);
  t.deepEqual(elements(answer.body, "DeleteMarkerVersionId"), ["made"]);
  const quiet = await perform("DeleteObjects", ask(`<Quiet>true</Quiet>${object("a")}`), world);
  t.deepEqual(elements(quiet.answer.body, "Key"), []);
  const code = async (inner: string, headers?: Readonly<Record<string, string>>) =>
    (await refusedWith("DeleteObjects", ask(inner, headers), world)).code;
  t.is(await code(object("a"), {}), "InvalidRequest");
  t.is(await code(object("a"), { "content-md5": md5Of("other") }), "BadDigest");
  t.is(await code(object("a"), { "x-amz-checksum-crc32": "AAAAAA==" }), "BadDigest");
  t.is(await code(object("a").repeat(1001)), "MalformedXML");
  t.is(await code(""), "MalformedXML");
});

test("GetBucketLocation and HeadBucket tell the region", async (t) => {
  const { answer } = await perform("GetBucketLocation", { method: "GET", url: "/bucket?location" }, {});
  t.regex(String(answer.body), /<LocationConstraint xmlns="[^"]+"\/>$/);
  const head = await perform("HeadBucket", { method: "HEAD", url: "/bucket" }, {});
  t.deepEqual(Object.fromEntries(head.answer.headers), {
    "x-amz-bucket-region": "us-east-1",
    "x-amz-access-point-alias": "false",
  });
});

test("every operation on a bucket judges the owner that the client expects", async (t) => {
  const ask = (owner: string) => ({
    method: "HEAD",
    url: "/bucket",
    headers: { "x-amz-expected-bucket-owner": owner },
  });
  t.is((await perform("HeadBucket", ask(testBucket.accountId), {})).answer.status, 200);
  t.is((await refusedWith("HeadBucket", ask("999999999999"), {})).code, "AccessDenied");
  t.is((await refusedWith("HeadBucket", ask("me"), {})).code, "InvalidBucketOwnerAWSAccountID");
});
