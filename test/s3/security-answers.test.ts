/** Headers that only the inside may set, and bytes that would split an answer. */

import { ListBucketsCommand, PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { eachFront, element, outcome } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { postForm, signedFields } from "../support/post-form.ts";
import { presign } from "../support/presign.ts";

const test = eachFront();
const root = { accessKeyId: testKeys.accessKeyId, secretAccessKey: testKeys.secretAccessKey };

/** What only this product itself, or a replicating peer, may say of a version. */
const inside: Readonly<Record<string, string>> = {
  "x-amz-replication-status": "REPLICA",
  "x-troupe-replication-status": "REPLICA",
  "x-troupe-replication-source": "site-b",
  "x-troupe-version": "00000000000000000000000000",
  "x-troupe-internal": "true",
  "x-troupe-account": "100000000000",
  "x-amz-version-id": "00000000000000000000000000",
  "x-amz-delete-marker": "true",
  "x-amz-mp-parts-count": "7",
  "x-amz-expiration": 'expiry-date="Fri, 01 Jan 2100 00:00:00 GMT", rule-id="x"',
  "x-amz-restore": 'ongoing-request="false"',
  "last-modified": "Mon, 01 Jan 2001 00:00:00 GMT",
  etag: '"d41d8cd98f00b204e9800998ecf8427e"',
};

test("headers_of_the_inside_are_passed_over_or_refused", async (t, stand) => {
  const { s3, bucket, signed, plain } = stand;
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
  for (const [name, value] of Object.entries(inside)) {
    const target = `/${bucket}/${name}`;
    const put = await signed({ method: "PUT", target, body: "hello", headers: { [name]: value } });
    t.true(put.status === 200 || put.status === 400, `${name}: ${outcome(put)}`);
    if (put.status === 400) continue;
    const { headers } = await signed({ method: "HEAD", target });
    t.is(headers["etag"], '"5d41402abc4b2a76b9719d911017c592"', name);
    t.not(headers["x-amz-version-id"], "00000000000000000000000000", name);
    for (const absent of [
      "x-amz-replication-status",
      "x-amz-delete-marker",
      "x-amz-mp-parts-count",
      "x-amz-expiration",
      "x-amz-restore",
    ])
      t.is(headers[absent], undefined, `${name}: ${absent}`);
    t.deepEqual(
      Object.keys(headers).filter((each) => each.startsWith("x-troupe")),
      [],
      name,
    );
    t.true(Date.parse(String(headers["last-modified"])) > Date.UTC(2020), name);
    t.is((await plain({ method: "HEAD", target, headers: { [name]: value } })).status, 403, `${name} gives no right`);
  }
});

test("responses_cannot_be_split_by_overrides_metadata_tags_or_names", async (t, stand) => {
  const { s3, bucket, signed, plain, endpoint } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const split = "a%0D%0Aset-cookie%3A%20b%3Dc";
  for (const word of ["type", "disposition", "language", "encoding", "expires"].map((name) =>
    name === "expires" ? "response-expires" : `response-content-${name}`,
  )) {
    for (const value of [split, "a%0D", "a%0Ab", "a%00b"]) {
      const answer = await signed({ method: "GET", target: `/${bucket}/k?${word}=${value}` });
      t.is(answer.status, 400, `${word}=${value}: ${outcome(answer)}`);
      t.is(answer.headers["set-cookie"], undefined);
    }
    const unsigned = await plain({ method: "GET", target: `/${bucket}/k?${word}=text` });
    t.true(unsigned.status === 400 || unsigned.status === 403, `${word} unsigned: ${outcome(unsigned)}`);
  }
  const url = presign({ endpoint, ...root }, "GET", `/${bucket}/k`);
  t.is(
    (await plain({ method: "GET", target: `${url}&response-content-type=text/html` })).status,
    403,
    "added to a URL",
  );
  for (const target of [`/${bucket}%0d%0aset-cookie:a=b/k`, `/${bucket}%0d%0aset-cookie:a=b`, `/${split}`]) {
    const answer = await signed({ method: "GET", target });
    t.is(answer.status, 400, target);
    t.is(answer.headers["set-cookie"], undefined);
  }
  const tagged = await signed({
    method: "PUT",
    target: `/${bucket}/t`,
    body: "x",
    headers: { "x-amz-tagging": `a=${split}` },
  });
  t.is(tagged.status, 400, outcome(tagged));
  const place = await signed({
    method: "PUT",
    target: `/${bucket}/r`,
    body: "x",
    headers: { "x-amz-website-redirect-location": "/a%0d%0ab" },
  });
  t.true(place.status === 200 || place.status === 400);
  const redirected = await signed({ method: "HEAD", target: `/${bucket}/r` });
  t.is(redirected.headers["set-cookie"], undefined);
});

test("form_fields_with_line_ends_400", async (t, { bucket, endpoint, signed }) => {
  for (const name of ["x-amz-meta-a", "Content-Type", "Content-Disposition", "Cache-Control"]) {
    const conditions = [{ bucket }, ["starts-with", "$key", ""], ["starts-with", `$${name}`, ""]];
    const posted = await postForm(endpoint, bucket, {
      key: "k",
      [name]: "a\r\nset-cookie: b=c",
      ...signedFields({ conditions }),
    });
    t.is(posted.status, 400, `${name}: ${posted.text}`);
  }
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey");
});

test("metadata_that_is_not_ASCII_comes_back_encoded", async (t, { bucket, endpoint, plain, signed }) => {
  const text = "Grüße, мир";
  const url = presign({ endpoint, ...root }, "PUT", `/${bucket}/k`, `x-amz-meta-a=${encodeURIComponent(text)}`);
  t.is(outcome(await plain({ method: "PUT", target: url, body: "x" })), "200");
  const got = String((await signed({ method: "HEAD", target: `/${bucket}/k` })).headers["x-amz-meta-a"]);
  const encoded = /^=\?UTF-8\?B\?([\w+/=]+)\?=$/i.exec(got)?.[1] ?? "";
  t.is(Buffer.from(encoded, "base64").toString(), text, got);
  const split = presign({ endpoint, ...root }, "PUT", `/${bucket}/split`, "x-amz-meta-a=b%0D%0Aset-cookie%3A%20c%3Dd");
  t.is((await plain({ method: "PUT", target: split, body: "x" })).status, 400);
});

test("names_of_buckets_that_are_reserved_or_no_names_400_everywhere", async (t, { s3, endpoint, signed }) => {
  for (const name of [
    ".",
    "..",
    ".minio.sys",
    "xn--a",
    "a_b",
    "A-bucket",
    "a..b",
    "192.168.0.1",
    "-ab",
    "x-s3alias-s3alias",
  ]) {
    const made = await signed({ method: "PUT", target: `/${name}` });
    t.true(made.status >= 400 && made.status < 500, `${name}: ${outcome(made)}`);
    const key = "k";
    const posted = await postForm(endpoint, name, {
      key,
      ...signedFields({ conditions: [{ bucket: name }, { key }] }),
    });
    t.true(posted.status >= 400 && posted.status < 500, `form to ${name}: ${posted.status}`);
  }
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  t.true(Buckets.every(({ Name = "" }) => Name.startsWith("bucket-")));
  t.is(element(await signed({ method: "GET", target: "/admin-bucket-that-is-none" }), "Code"), "NoSuchBucket");
});

test("headers_that_are_not_ASCII_are_the_same_bytes_with_and_without_a_body", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const text = 'attachment; filename="ü"';
  const target = `/${bucket}/k?response-content-disposition=${encodeURIComponent(text)}`;
  for (const method of ["GET", "HEAD"]) {
    const { headers } = await signed({ method, target });
    t.is(Buffer.from(String(headers["content-disposition"]), "latin1").toString(), text, method);
  }
});
