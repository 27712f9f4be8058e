/** Listings of objects: order, prefixes, delimiters, pages, tokens and encodings, in both versions. */

import {
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome } from "../support/each-front.ts";

const test = eachFront();

async function fill(s3: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  const rest = [...keys];
  const next = async (): Promise<void> => {
    for (let Key = rest.pop(); Key !== undefined; Key = rest.pop())
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
  };
  await Promise.all(Array.from({ length: 24 }, next));
}

/** Follows the tokens to the end. @returns keys and common prefixes, page by page, in the order of the answer */
async function pages(s3: S3Client, input: ListObjectsV2CommandInput): Promise<string[][]> {
  const found: string[][] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ ...input, ContinuationToken }));
    const names = [
      ...(page.Contents ?? []).map(({ Key = "" }) => Key),
      ...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
    ];
    if (names.length !== page.KeyCount) throw new Error(`KeyCount ${page.KeyCount} for ${names.length} names`);
    found.push(names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    ContinuationToken = page.NextContinuationToken;
    if ((page.IsTruncated === true) !== (ContinuationToken !== undefined))
      throw new Error("IsTruncated and token differ");
  } while (ContinuationToken !== undefined);
  return found;
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const tree = ["a", "b/1", "b/2", "b/c/3", "b0", "c", "d/", "d/e", "é", "\u{10000}", "\uffee", "z"];

test("ListObjectsV2_order_is_by_utf8_bytes", async (t, { s3, bucket }) => {
  await fill(s3, bucket, tree);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(
    Contents?.map(({ Key }) => Key),
    [...tree].sort(byBytes),
  );
  t.true(
    Contents?.every(({ ETag, Size, LastModified, StorageClass }) => {
      return (
        /^"[0-9a-f]{32}"$/.test(ETag ?? "") &&
        (Size ?? 0) > 0 &&
        LastModified !== undefined &&
        StorageClass === "STANDARD"
      );
    }),
  );
});

test("ListObjectsV2_prefix_and_delimiter", async (t, { s3, bucket }) => {
  await fill(s3, bucket, tree);
  const list = async (input: Partial<ListObjectsV2CommandInput>) => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ...input }));
    return {
      keys: page.Contents?.map(({ Key }) => Key) ?? [],
      prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [],
    };
  };
  t.deepEqual(await list({ Delimiter: "/" }), {
    keys: ["a", "b0", "c", "é", "\u{10000}", "\uffee", "z"].sort(byBytes),
    prefixes: ["b/", "d/"],
  });
  t.deepEqual(await list({ Delimiter: "/", Prefix: "b/" }), { keys: ["b/1", "b/2"], prefixes: ["b/c/"] });
  t.deepEqual(await list({ Delimiter: "/", Prefix: "d/" }), { keys: ["d/", "d/e"], prefixes: [] });
  t.deepEqual(await list({ Prefix: "b" }), { keys: ["b/1", "b/2", "b/c/3", "b0"], prefixes: [] });
  t.deepEqual(await list({ Prefix: "none" }), { keys: [], prefixes: [] });
  t.deepEqual(await list({ Delimiter: "/c/" }), {
    keys: tree.filter((key) => key !== "b/c/3").sort(byBytes),
    prefixes: ["b/c/"],
  });
});

test("ListObjectsV2_pages_of_every_size_agree", async (t, { s3, bucket }) => {
  await fill(s3, bucket, tree);
  for (const Delimiter of [undefined, "/"]) {
    const [whole = []] = await pages(s3, { Bucket: bucket, Delimiter });
    for (const MaxKeys of [1, 2, 3, 5, 1000]) {
      const found = await pages(s3, { Bucket: bucket, Delimiter, MaxKeys });
      t.deepEqual(found.flat(), whole, `${MaxKeys} ${Delimiter}`);
      t.true(found.every((page, index) => page.length === MaxKeys || index === found.length - 1));
    }
  }
});

test("ListObjectsV2_token_survives_changes_and_start_after_is_exclusive", async (t, { s3, bucket }) => {
  await fill(s3, bucket, ["a", "b", "c", "d"]);
  const first = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2 }));
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "b" }));
  await fill(s3, bucket, ["aa", "bb"]);
  const next = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: first.NextContinuationToken }),
  );
  t.deepEqual(
    next.Contents?.map(({ Key }) => Key),
    ["bb", "c", "d"],
  );
  const after = await s3.send(new ListObjectsV2Command({ Bucket: bucket, StartAfter: "bb" }));
  t.deepEqual(
    after.Contents?.map(({ Key }) => Key),
    ["c", "d"],
  );
});

test("ListObjectsV2_token_that_is_none_400", async (t, { bucket, signed }) => {
  for (const token of ["garbage", "AAAA", "x".repeat(600)]) {
    const target = `/${bucket}?continuation-token=${token}&list-type=2`;
    t.is(outcome(await signed({ method: "GET", target })), "400 InvalidArgument", token);
  }
});

test("ListObjectsV2_max_keys_zero_large_and_wrong", async (t, { s3, bucket, signed }) => {
  await fill(s3, bucket, ["a", "b"]);
  const none = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }));
  t.like(none, { KeyCount: 0, IsTruncated: false, MaxKeys: 0 });
  const many = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5000 }));
  t.like(many, { KeyCount: 2, MaxKeys: 1000 });
  for (const word of ["-1", "x", "1.5", "99999999999999999999"])
    t.is(
      outcome(await signed({ method: "GET", target: `/${bucket}?list-type=2&max-keys=${word}` })),
      "400 InvalidArgument",
      word,
    );
});

test("ListObjectsV2_owner_only_when_fetched", async (t, { s3, bucket }) => {
  await fill(s3, bucket, ["a"]);
  const without = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  const withOwner = await s3.send(new ListObjectsV2Command({ Bucket: bucket, FetchOwner: true }));
  t.is(without.Contents?.[0]?.Owner, undefined);
  t.truthy(withOwner.Contents?.[0]?.Owner?.ID);
});

test("ListObjects_encoding_url_encodes_names_and_only_when_asked", async (t, { bucket, signed }) => {
  for (const key of ["a%20b", "a%2Bb", "a%25b", "a%26b", "%C3%BC/x", "c%0Ad"])
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${key}`, body: "x" })), "200");
  const encoded = await signed({
    method: "GET",
    target: `/${bucket}?delimiter=%2F&encoding-type=url&list-type=2&start-after=%21`,
  });
  const keys = [...encoded.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  t.deepEqual(keys, ["a%20b", "a%25b", "a%26b", "a%2Bb", "c%0Ad"]);
  t.true(encoded.body.toString().includes("<Prefix>%C3%BC/</Prefix>"));
  t.is(element(encoded, "StartAfter"), "%21");
  t.is(element(encoded, "EncodingType"), "url");
  const plain = (await signed({ method: "GET", target: `/${bucket}?list-type=2&prefix=a` })).body.toString();
  for (const key of ["a b", "a%b", "a&amp;b", "a+b"]) t.true(plain.includes(`<Key>${key}</Key>`), key);
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?encoding-type=xml` })), "400 InvalidArgument");
});

test("ListObjects_v1_markers", async (t, { s3, bucket }) => {
  await fill(s3, bucket, tree);
  const all = [...tree].sort(byBytes);
  const first = await s3.send(new ListObjectsCommand({ Bucket: bucket, MaxKeys: 4 }));
  t.deepEqual(
    first.Contents?.map(({ Key }) => Key),
    all.slice(0, 4),
  );
  t.is(first.IsTruncated, true);
  t.is(first.NextMarker, undefined);
  const next = await s3.send(new ListObjectsCommand({ Bucket: bucket, Marker: all[3] }));
  t.deepEqual(
    next.Contents?.map(({ Key }) => Key),
    all.slice(4),
  );
  t.is(next.Marker, all[3]);
  const folders: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await s3.send(new ListObjectsCommand({ Bucket: bucket, Delimiter: "/", MaxKeys: 1, Marker }));
    folders.push(
      ...(page.Contents ?? []).map(({ Key = "" }) => Key),
      ...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
    );
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  t.deepEqual(folders, ["a", "b/", "b0", "c", "d/", "z", "é", "\uffee", "\u{10000}"]);
});

test("ListObjectsV2_of_more_than_a_thousand", async (t, { s3, bucket }) => {
  const keys = Array.from({ length: 1043 }, (_, index) => `k/${String(index).padStart(5, "0")}`);
  await fill(s3, bucket, keys);
  const found = await pages(s3, { Bucket: bucket });
  t.deepEqual(
    found.map(({ length }) => length),
    [1000, 43],
  );
  t.deepEqual(found.flat(), keys);
});

test("ListObjectsV2_sees_every_acknowledged_write", async (t, { s3, bucket }) => {
  for (let index = 0; index < 30; index++) {
    await fill(s3, bucket, [`k${index}`]);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    t.is(KeyCount, index + 1);
  }
});

test("List_says_what_a_page_is_before_what_is_on_it", async (t, { s3, bucket, signed }) => {
  await fill(s3, bucket, ["a", "b/c"]);
  for (const query of ["", "&list-type=2"]) {
    const { body } = await signed({ method: "GET", target: `/${bucket}?delimiter=%2F${query}` });
    const names = [...body.toString().matchAll(/<(Name|Prefix|MaxKeys|IsTruncated|Contents|CommonPrefixes)>/g)];
    const order = names.map((match) => match[1]).join(" ");
    t.is(order, "Name Prefix MaxKeys IsTruncated Contents CommonPrefixes Prefix");
  }
});
