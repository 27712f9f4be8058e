/** POST Object: forms as browsers send them, signed in both versions and not at all. */

import { createHmac } from "node:crypto";
import type { ExecutionContext } from "ava";
import { eachFront, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { policyText, postForm, signedFields } from "../support/post-form.ts";

const test = eachFront();
const { accessKeyId, secretAccessKey } = testKeys;

async function bucketOf(t: ExecutionContext, stand: Stand, name: string): Promise<string> {
  const made = await stand.signed({ method: "PUT", target: `/${name}` });
  t.is(made.status, 200);
  return name;
}

const read = (stand: Stand, bucket: string, key: string) =>
  stand.signed({ method: "GET", target: `/${bucket}/${key}` });

const keyOf = (bucket: string, key = "k") => [{ bucket }, ["starts-with", "$key", key]];

test("PostObject_signed_4: stored with its fields, 204", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-signed");
  const more = { "Content-Type": "text/html", "x-amz-meta-colour": "blue", success_action_status: "204" };
  const conditions = [...keyOf(bucket), ...Object.entries(more).map(([name, value]) => ({ [name]: value }))];
  const answer = await postForm(stand.endpoint, bucket, { key: "k/a b", ...more, ...signedFields({ conditions }) });
  t.is(answer.status, 204, answer.text);
  t.is(answer.headers.get("location"), `${stand.endpoint}/${bucket}/k/a%20b`);
  const object = await read(stand, bucket, "k/a%20b");
  t.is(object.body.toString(), "hello");
  t.is(object.headers["content-type"], "text/html");
  t.is(object.headers["x-amz-meta-colour"], "blue");
  t.is(answer.headers.get("etag"), String(object.headers["etag"]));
});

test("PostObject_signed_2: taken where version 2 is", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-version2");
  const policy = policyText(keyOf(bucket), 60_000);
  const signature = createHmac("sha1", secretAccessKey).update(policy).digest("base64");
  t.is(
    (await postForm(stand.endpoint, bucket, { key: "k", policy, AWSAccessKeyId: accessKeyId, signature })).status,
    204,
  );
  t.is((await read(stand, bucket, "k")).body.toString(), "hello");
});

test("PostObject_filename_variable, PostObject_success_action_status_201", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-filename");
  const conditions = [...keyOf(bucket, "user/"), { success_action_status: "201" }];
  const key = ["user/$", "{filename}"].join("");
  const fields = { key, success_action_status: "201", ...signedFields({ conditions }) };
  const answer = await postForm(stand.endpoint, bucket, fields, { bytes: "x", name: "photo ü.png" });
  t.is(answer.status, 201, answer.text);
  t.regex(
    answer.text,
    /<PostResponse><Location>[^<]+<\/Location><Bucket>post-filename<\/Bucket><Key>user\/photo ü.png<\/Key><ETag>/,
  );
  t.is((await read(stand, bucket, "user/photo%20%C3%BC.png")).status, 200);
});

test("PostObject_success_action_redirect_303", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-redirect");
  const success_action_redirect = "https://example.com/done";
  const conditions = [...keyOf(bucket), { success_action_redirect }];
  const answer = await postForm(stand.endpoint, bucket, {
    key: "k",
    success_action_redirect,
    ...signedFields({ conditions }),
  });
  t.is(answer.status, 303);
  t.regex(
    answer.headers.get("location") ?? "",
    /^https:\/\/example\.com\/done\?bucket=post-redirect&key=k&etag=%22[0-9a-f]{32}%22$/,
  );
});

test("PostObject_content_length_range: judged by the bytes that come, at both ends, large files too", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-range");
  const fields = () => ({
    key: "k",
    ...signedFields({ conditions: [...keyOf(bucket), ["content-length-range", 3, 300_000]] }),
  });
  const send = async (length: number) =>
    (await postForm(stand.endpoint, bucket, fields(), { bytes: "x".repeat(length) })).code ?? "stored";
  t.is(await send(2), "EntityTooSmall");
  t.is((await read(stand, bucket, "k")).status, 404);
  t.is(await send(3), "stored");
  t.is(await send(300_000), "stored");
  t.is((await read(stand, bucket, "k")).body.length, 300_000);
  t.is(await send(300_001), "EntityTooLarge");
  t.is(await send(3_000_000), "EntityTooLarge");
  t.is((await read(stand, bucket, "k")).body.length, 300_000);
});

test("PostObject: what its policy does not say is refused, and nothing is stored", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-refused");
  const other = await bucketOf(t, stand, "post-other");
  const conditions = keyOf(bucket);
  const codeOf = async (into: string, fields: Readonly<Record<string, string>>) =>
    (await postForm(stand.endpoint, into, fields)).code;
  t.is(await codeOf(bucket, { key: "other", ...signedFields({ conditions }) }), "AccessDenied");
  t.is(await codeOf(other, { key: "k", ...signedFields({ conditions }) }), "AccessDenied");
  t.is(await codeOf(bucket, { key: "k", "x-amz-meta-a": "1", ...signedFields({ conditions }) }), "AccessDenied");
  t.is(await codeOf(bucket, { key: "k", ...signedFields({ conditions, expiresMs: -1000 }) }), "AccessDenied");
  t.is(await codeOf(bucket, { key: "k", ...signedFields({ conditions, secret: "wrong" }) }), "SignatureDoesNotMatch");
  t.is(await codeOf(bucket, { key: "k" }), "AccessDenied");
  t.is(await codeOf(bucket, { ...signedFields({ conditions }) }), "UserKeyMustBeSpecified");
  t.is(
    await codeOf("post-absent", { key: "k", ...signedFields({ conditions: keyOf("post-absent") }) }),
    "NoSuchBucket",
  );
  t.is(
    (await postForm(stand.endpoint, bucket, { key: "k", ...signedFields({ conditions }) }, null)).code,
    "IncorrectNumberOfFilesInPostRequest",
  );
  t.is(await codeOf(bucket, { key: "k".repeat(1100), ...signedFields({ conditions }) }), "KeyTooLongError");
  for (const each of [bucket, other]) {
    const listed = await stand.signed({ method: "GET", target: `/${each}?list-type=2` });
    t.regex(listed.body.toString(), /<KeyCount>0<\/KeyCount>/);
  }
});

test("PostObject_anonymous: only where a policy lets everybody write", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-public");
  t.is((await postForm(stand.endpoint, bucket, { key: "k" })).code, "AccessDenied");
  const policy = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/in/*` }],
  };
  const put = { method: "PUT", target: `/${bucket}?policy`, body: Buffer.from(JSON.stringify(policy)) };
  t.is((await stand.signed(put)).status, 204);
  t.is((await postForm(stand.endpoint, bucket, { key: "in/k" })).status, 204);
  t.is((await postForm(stand.endpoint, bucket, { key: "out/k" })).code, "AccessDenied");
  // Nobody owns it, so the bucket's owner sees it and does not read it.
  const listed = await stand.signed({ method: "GET", target: `/${bucket}?list-type=2` });
  t.regex(listed.body.toString(), /<Key>in\/k<\/Key>/);
  t.is((await read(stand, bucket, "in/k")).status, 403);
});

test("PostObject_tagging_and_checksum", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-tagging");
  const tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>";
  const conditions = [...keyOf(bucket), ["starts-with", "$tagging", ""], ["starts-with", "$x-amz-checksum-crc32", ""]];
  const fields = (crc: string) => ({ key: "k", tagging, "x-amz-checksum-crc32": crc, ...signedFields({ conditions }) });
  t.is((await postForm(stand.endpoint, bucket, fields("AAAAAA=="))).code, "BadDigest");
  t.is((await read(stand, bucket, "k")).status, 404);
  t.is((await postForm(stand.endpoint, bucket, fields("NhCmhg=="))).status, 204);
  const tags = await stand.signed({ method: "GET", target: `/${bucket}/k?tagging` });
  t.regex(tags.body.toString(), /<Key>a<\/Key><Value>b c<\/Value>/);
});

test("PostObject_not_multipart_412", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-no-form");
  for (const headers of [{}, { "content-type": "application/x-www-form-urlencoded" }]) {
    const answer = await fetch(`${stand.endpoint}/${bucket}`, { method: "POST", headers, body: "key=k" });
    t.is(answer.status, 412);
    t.regex(
      await answer.text(),
      /<Code>PreconditionFailed<\/Code>.*<Condition>Bucket POST must be of the enclosure-type/,
    );
  }
});

test("PostObject: a form that is cut short stores nothing", async (t, stand) => {
  const bucket = await bucketOf(t, stand, "post-cut");
  const fields = { key: "k", ...signedFields({ conditions: keyOf(bucket) }) };
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `${parts.join("")}--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello`;
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  const answer = await fetch(`${stand.endpoint}/${bucket}`, { method: "POST", headers, body: head });
  t.is(answer.status, 400);
  t.is((await read(stand, bucket, "k")).status, 404);
});
