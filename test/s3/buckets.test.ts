/** Buckets: create, look up, list, locate and delete, in path style and by host name. */

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal } from "../support/each-front.ts";

const test = eachFront();
const configuration = (location: string): string =>
  `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`;

test("CreateBucket_again_by_its_owner_200_elsewhere_409", async (t, { s3, bucket, signed }) => {
  await t.notThrowsAsync(s3.send(new CreateBucketCommand({ Bucket: bucket })));
  const request = { method: "PUT", target: `/${bucket}-eu`, body: configuration("eu-west-1") };
  t.is(outcome(await signed(request)), "200");
  t.is(outcome(await signed(request)), "409 BucketAlreadyOwnedByYou");
});

test("CreateBucket_location_constraint_absent_empty_or_any", async (t, { s3, bucket, signed }) => {
  for (const [index, body, location] of [
    [0, "", undefined],
    [1, "<CreateBucketConfiguration/>", undefined],
    [2, configuration(""), undefined],
    [3, configuration("us-east-1"), undefined],
    [4, configuration("eu-central-1"), "eu-central-1"],
    [5, configuration("basement"), "basement"],
  ] as const) {
    const name = `${bucket}-${index}`;
    const made = await signed({ method: "PUT", target: `/${name}`, body });
    t.is(outcome(made), "200", body);
    t.is(made.headers["location"], `/${name}`);
    const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket: name }));
    t.is(LocationConstraint as string | undefined, location, body);
    const head = await signed({ method: "HEAD", target: `/${name}` });
    t.is(head.headers["x-amz-bucket-region"], location ?? "us-east-1");
  }
});

test("CreateBucket_invalid_names_400", async (t, { signed }) => {
  for (const name of [
    "ab",
    "A-Bucket",
    "under_score",
    "-begin",
    "end-",
    "two..dots",
    "192.168.0.1",
    "x".repeat(64),
    "health",
  ])
    t.is(outcome(await signed({ method: "PUT", target: `/${name}` })), "400 InvalidBucketName", name);
});

test("CreateBucket_malformed_configuration_400", async (t, { bucket, signed }) => {
  for (const body of [
    "<",
    "<Other/>",
    "no xml",
    "<CreateBucketConfiguration><LocationConstraint></CreateBucketConfiguration>",
  ])
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}-x`, body })), "400 MalformedXML", body);
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}-x` })), "404");
});

test("CreateBucket_location_that_no_header_can_say_400", async (t, { bucket, signed }) => {
  for (const location of ["a&#127;b", "a&#13;&#10;x: y", "&#9;", "a b", "\u65e5\u672c", "x".repeat(65)]) {
    const answer = await signed({ method: "PUT", target: `/${bucket}-x`, body: configuration(location) });
    t.is(outcome(answer), "400 InvalidLocationConstraint", location);
  }
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}-x` })), "404");
});

test("CreateBucket_race_for_a_name_has_one_bucket", async (t, { bucket, signed }) => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => signed({ method: "PUT", target: `/${bucket}-race` })),
  );
  t.deepEqual([...new Set(answers.map(outcome))], ["200"]);
});

test("HeadBucket_exists_200_absent_404", async (t, { s3, bucket }) => {
  const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: bucket }));
  t.is(BucketRegion, "us-east-1");
  t.is(await refusal(s3.send(new HeadBucketCommand({ Bucket: `${bucket}-absent` }))), "404 NotFound");
});

test("any_operation_bucket_absent_404", async (t, { bucket, signed }) => {
  for (const [method, rest] of [
    ["GET", ""],
    ["GET", "?location"],
    ["GET", "?uploads"],
    ["GET", "/k"],
    ["PUT", "/k"],
    ["DELETE", "/k"],
    ["DELETE", ""],
    ["POST", "/k?uploads"],
  ] as const)
    t.is(
      outcome(await signed({ method, target: `/${bucket}-absent${rest}` })),
      "404 NoSuchBucket",
      `${method} ${rest}`,
    );
});

test("ListBuckets_all_by_prefix_and_in_pages", async (t, { s3, bucket }) => {
  const names = Array.from({ length: 5 }, (_, index) => `${bucket}-list-${index}`);
  for (const name of names) await s3.send(new CreateBucketCommand({ Bucket: name }));
  const all = await s3.send(new ListBucketsCommand({}));
  t.true(
    names.every((name) => all.Buckets?.some(({ Name, CreationDate }) => Name === name && CreationDate !== undefined)),
  );
  t.truthy(all.Owner?.ID);
  const seen: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListBucketsCommand({ Prefix: `${bucket}-list-`, MaxBuckets: 2, ContinuationToken }));
    t.true((page.Buckets?.length ?? 0) <= 2);
    seen.push(...(page.Buckets ?? []).map(({ Name }) => Name));
    ContinuationToken = page.ContinuationToken;
  } while (ContinuationToken !== undefined);
  t.deepEqual(seen, names);
});

test("DeleteBucket_not_empty_409_then_empty_204", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  t.is(await refusal(s3.send(new DeleteBucketCommand({ Bucket: bucket }))), "409 BucketNotEmpty");
  // The refused deletion changed nothing.
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "l", Body: "x" }));
  for (const Key of ["k", "l"]) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  t.is(outcome(await signed({ method: "DELETE", target: `/${bucket}` })), "204");
  t.is(outcome(await signed({ method: "DELETE", target: `/${bucket}` })), "404 NoSuchBucket");
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}` })), "200");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey");
});

test("DeleteBucket_with_an_open_upload", async (t, { bucket, signed }) => {
  const begun = await signed({ method: "POST", target: `/${bucket}/k?uploads` });
  t.is(begun.status, 200);
  const deleted = outcome(await signed({ method: "DELETE", target: `/${bucket}` }));
  // Amazon deletes a bucket with nothing but open uploads; what matters is that answer and state agree.
  t.is(deleted === "204" ? "404" : "200", outcome(await signed({ method: "HEAD", target: `/${bucket}` })));
});

test("host_names_address_buckets", async (t, { bucket, signed }) => {
  const host = `${bucket}.s3.localhost`;
  t.is(outcome(await signed({ method: "PUT", target: "/a/b", headers: { host }, body: "hosted" })), "200");
  t.is((await signed({ method: "GET", target: "/a/b", headers: { host: `${host}:9000` } })).body.toString(), "hosted");
  t.is(
    (await signed({ method: "GET", target: `/${bucket}/a/b`, headers: { host: "s3.localhost" } })).body.toString(),
    "hosted",
  );
  const listed = await signed({ method: "GET", target: "/?list-type=2", headers: { host: host.toUpperCase() } });
  t.is(element(listed, "Key"), "a/b");
  t.is(element(listed, "Name"), bucket);
  t.is(outcome(await signed({ method: "PUT", target: "/", headers: { host: `${bucket}.dots.s3.localhost` } })), "200");
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}.dots` })), "200");
  // A key that looks like the bucket is a key.
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/a/b`, headers: { host } })), "404 NoSuchKey");
});

test("ListObjects_trailing_slash_and_empty_words_are_the_bucket", async (t, { bucket, signed }) => {
  for (const target of [`/${bucket}/`, `/${bucket}/?list-type=2`, `/${bucket}?uploads=`, `/${bucket}/?uploads=`])
    t.is(outcome(await signed({ method: "GET", target })), "200", target);
});
