/** Tags of objects and buckets over HTTP, through AWS's SDK: documents, headers, directives, counts, conditions, wrong inputs. */

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type Tag,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";
import { clientOf, operatorWith, userWith } from "../support/identities.ts";

const user = (name: string, statement: object) =>
  userWith(name, [{ Effect: "Allow", Resource: "arn:aws:s3:::*/*", ...statement }]);
const users = [
  user("reader", { Action: ["s3:GetObject"] }),
  user("copier", { Action: ["s3:GetObject", "s3:PutObject"] }),
  user("tagcopier", { Action: ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"] }),
  user("existing", {
    Action: ["s3:PutObjectTagging", "s3:DeleteObjectTagging", "s3:PutObject"],
    Condition: { StringEquals: { "s3:ExistingObjectTag/mine": "yes" } },
  }),
  user("requested", {
    Action: ["s3:PutObjectTagging"],
    Condition: {
      StringEquals: { "s3:RequestObjectTag/team": "red" },
      "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["team", "more"] },
    },
  }),
  userWith("untagger", [{ Effect: "Allow", Resource: "*", Action: ["s3:CreateBucket"] }]),
  userWith("maker", [
    {
      Effect: "Allow",
      Resource: "*",
      Action: ["s3:CreateBucket", "s3:TagResource"],
      Condition: {
        StringEquals: { "aws:RequestTag/unit": "red" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["unit", "more"] },
      },
    },
  ]),
];
const test = eachFront({ identities: { accounts: [operatorWith(users)] } });

type At = Pick<Stand, "s3" | "endpoint" | "bucket">;

const tagsOf = (tags: Readonly<Record<string, string>>): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

const put = ({ s3, bucket }: At, Tagging?: string) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "body", Tagging }));

const tag = ({ s3, bucket }: At, tags: Readonly<Record<string, string>>, VersionId?: string, client = s3) =>
  client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: "k", Tagging: { TagSet: tagsOf(tags) }, VersionId }));

const read = async ({ s3, bucket }: At, VersionId?: string) =>
  (await s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: "k", VersionId }))).TagSet;

test("PutObjectTagging_replaces_all_tags_and_nothing_else", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await put(at, "a=1&b=2");
  const before = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  t.is(before.TagCount, 2);
  const tags = { "with space": "ümlaut and more", empty: "", "a/b:c": "=+-@" };
  await tag(at, tags);
  t.deepEqual(await read(at), tagsOf(tags));
  const after = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  t.is(after.TagCount, 3);
  t.is(after.ETag, before.ETag);
  t.deepEqual(after.LastModified, before.LastModified);
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "k" }));
  t.deepEqual(await read(at), []);
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).TagCount, undefined);
});

test("PutObjectTagging_takes_the_largest_set_beside_a_body_that_fills_its_record", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  for (const length of [0, 7000, 7850, 20_000]) {
    const Body = "b".repeat(length);
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body }));
    const tags = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`${index}${"ä".repeat(127)}`, "ö".repeat(256)]),
    );
    await tag(at, tags);
    t.deepEqual(await read(at), tagsOf(tags));
    t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).ETag, ETag);
    await tag(at, { small: "again" });
    t.deepEqual(await read(at), tagsOf({ small: "again" }));
  }
});

test("PutObjectTagging_of_a_version_leaves_the_others", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  const { VersionId: none } = await put(at, "v=null");
  t.is(none, undefined);
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId: first } = await put(at, "v=1");
  const { VersionId: second } = await put(at, "v=2");
  t.is((await tag(at, { changed: "1" }, first)).VersionId, first);
  t.is((await tag(at, { changed: "null" }, "null")).VersionId, "null");
  t.deepEqual(await read(at), tagsOf({ v: "2" }));
  t.deepEqual(await read(at, first), tagsOf({ changed: "1" }));
  t.deepEqual(await read(at, "null"), tagsOf({ changed: "null" }));
  t.is((await tag(at, { changed: "2" })).VersionId, second);
  const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  t.is(await refusal(tag(at, { a: "b" })), "405 MethodNotAllowed");
  t.is(await refusal(tag(at, { a: "b" }, marker)), "405 MethodNotAllowed");
  t.is(await refusal(read(at)), "404 NoSuchKey");
  t.is(await refusal(tag(at, { a: "b" }, "0".repeat(26))), "404 NoSuchVersion");
  t.deepEqual(await read(at, second), tagsOf({ changed: "2" }));
});

test("PutObjectTagging_wrong_sets", async (t, { bucket, signed, ...stand }) => {
  await put({ bucket, ...stand }, "kept=1");
  const element = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  const many = (count: number) => Array.from({ length: count }, (_, index) => element(`k${index}`, "v")).join("");
  const target = `/${bucket}/k?tagging`;
  for (const [tags, expected] of [
    [many(11), "400 BadRequest"],
    [element("a", "1") + element("a", "2"), "400 InvalidTag"],
    [element("k".repeat(129), "v"), "400 InvalidTag"],
    [element("k", "v".repeat(257)), "400 InvalidTag"],
    [element("", "v"), "400 InvalidTag"],
    [element("aws:k", "v"), "400 InvalidTag"],
    [element("k", "a&lt;b"), "400 InvalidTag"],
    ["<Tag><Key>k</Key></Tag>", "400 MalformedXML"],
    ["<Tag><Key>k</Key><Value>v</Value><More/></Tag>", "400 MalformedXML"],
  ] as const) {
    const body = `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${tags}</TagSet></Tagging>`;
    t.is(outcome(await signed({ method: "PUT", target, body })), expected, tags);
  }
  t.is(outcome(await signed({ method: "PUT", target, body: "<Tagging/>" })), "400 MalformedXML");
  t.is(outcome(await signed({ method: "PUT", target, body: "<Other/>" })), "400 MalformedXML");
  t.deepEqual(await read({ bucket, ...stand }), tagsOf({ kept: "1" }));
  const none = { method: "PUT", target: `/${bucket}/none?tagging`, body: "<Tagging><TagSet/></Tagging>" };
  t.is(outcome(await signed(none)), "404 NoSuchKey");
});

test("CopyObject_tagging_directive_COPY_and_REPLACE", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await put(at, "a=1");
  const copy = async (more: object) => {
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k`, ...more }));
    return (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "copy" }))).TagSet;
  };
  t.deepEqual(await copy({}), tagsOf({ a: "1" }));
  t.deepEqual(await copy({ TaggingDirective: "COPY", Tagging: "b=2" }), tagsOf({ a: "1" }));
  t.deepEqual(await copy({ TaggingDirective: "REPLACE", Tagging: "b=2" }), tagsOf({ b: "2" }));
  t.deepEqual(await copy({ TaggingDirective: "REPLACE" }), []);
});

test("CopyObject_copies_tags_for_those_alone_who_may_read_and_write_them", async (t, at) => {
  const { bucket: Bucket } = at;
  await put(at, "a=1");
  const copy = (name: string, more: object = {}) =>
    refusal(
      clientOf(at, name).send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k`, ...more })),
    );
  t.is(await copy("copier"), "403 AccessDenied");
  t.is(await copy("copier", { TaggingDirective: "REPLACE" }), "no error");
  t.is(await copy("tagcopier"), "no error");
});

test("HeadObject_tagging_count_takes_the_permission_to_read_tags", async (t, at) => {
  await put(at, "a=1");
  const seen = await clientOf(at, "reader").send(new HeadObjectCommand({ Bucket: at.bucket, Key: "k" }));
  t.is(seen.TagCount, undefined);
});

test("PutObjectTagging_condition_on_existing_tags", async (t, at) => {
  const client = clientOf(at, "existing");
  await put(at, "mine=no");
  t.is(await refusal(tag(at, { mine: "yes" }, undefined, client)), "403 AccessDenied");
  const untag = () => client.send(new DeleteObjectTaggingCommand({ Bucket: at.bucket, Key: "k" }));
  t.is(await refusal(untag()), "403 AccessDenied");
  await tag(at, { mine: "yes" });
  await tag(at, { mine: "yes", other: "1" }, undefined, client);
  await untag();
  t.is(await refusal(tag(at, { mine: "yes" }, undefined, client)), "403 AccessDenied");
  const write = new PutObjectCommand({ Bucket: at.bucket, Key: "k", Body: "x", Tagging: "mine=yes" });
  t.is(await refusal(client.send(write)), "403 AccessDenied");
});

test("PutObjectTagging_condition_on_requested_tags", async (t, at) => {
  const client = clientOf(at, "requested");
  await put(at);
  t.is(await refusal(tag(at, { team: "blue" }, undefined, client)), "403 AccessDenied");
  t.is(await refusal(tag(at, { team: "red", secret: "x" }, undefined, client)), "403 AccessDenied");
  await tag(at, { team: "red", more: "1" }, undefined, client);
  t.deepEqual(await read(at), tagsOf({ team: "red", more: "1" }));
});

const make = (s3: Stand["s3"], Bucket: string, tags: Readonly<Record<string, string>>, more: object = {}) =>
  s3.send(new CreateBucketCommand({ Bucket, ...more, CreateBucketConfiguration: { Tags: tagsOf(tags) } }));

test("CreateBucket_with_tags_has_them_from_the_first", async (t, { s3, bucket }) => {
  const get = async (Bucket: string) => (await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
  for (const [index, more] of [{}, { ObjectLockEnabledForBucket: true }].entries()) {
    const name = `${bucket}-${index}`;
    await make(s3, name, { unit: "red", empty: "" }, more);
    t.deepEqual(await get(name), tagsOf({ unit: "red", empty: "" }));
    await make(s3, name, { unit: "blue" });
    t.deepEqual(await get(name), tagsOf({ unit: "red", empty: "" }), "its own bucket again");
  }
  for (const [expected, tags] of [
    [
      "400 InvalidTag",
      [
        { Key: "a", Value: "1" },
        { Key: "a", Value: "2" },
      ],
    ],
    ["400 InvalidTag", [{ Key: "aws:x", Value: "1" }]],
    ["400 InvalidTag", [{ Key: "", Value: "1" }]],
    ["400 BadRequest", Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" }))],
  ] as const) {
    const Bucket = `${bucket}-refused`;
    const made = s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags: [...tags] } }));
    t.is(await refusal(made), expected);
    t.is(await refusal(get(Bucket)), "404 NoSuchBucket");
  }
});

test("CreateBucket_with_tags_takes_s3_TagResource_and_meets_aws_RequestTag", async (t, { bucket, ...stand }) => {
  const untagger = clientOf(stand, "untagger");
  t.is(await refusal(make(untagger, `${bucket}-u`, { unit: "red" })), "403 AccessDenied");
  await make(untagger, `${bucket}-u`, {});
  const maker = clientOf(stand, "maker");
  for (const tags of [{}, { unit: "blue" }, { unit: "red", other: "x" }]) {
    t.is(await refusal(make(maker, `${bucket}-m`, tags)), "403 AccessDenied", JSON.stringify(tags));
  }
  await make(maker, `${bucket}-m`, { unit: "red", more: "x" });
  untagger.destroy();
  maker.destroy();
});

test("PutBucketTagging_GetBucketTagging_DeleteBucketTagging", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  const get = async () => (await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
  const set = (TagSet: Tag[]) => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  t.is(await refusal(get()), "404 NoSuchTagSet");
  const fifty = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
  await set(fifty);
  t.deepEqual(await get(), fifty);
  t.is(await refusal(set([...fifty, { Key: "one more", Value: "" }])), "400 BadRequest");
  t.is(await refusal(set([{ Key: "aws:k", Value: "" }])), "400 InvalidTag");
  t.is(await refusal(set([fifty[0], fifty[0]].filter((each) => each !== undefined))), "400 InvalidTag");
  t.deepEqual(await get(), fifty);
  await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
  await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
  t.is(await refusal(get()), "404 NoSuchTagSet");
});
