/** ListObjectVersions over HTTP: order, latest, markers, groups, encodings and wrong inputs, as AWS's SDK and the wire see them. */

import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, type Stand } from "../support/each-front.ts";

const test = eachFront();

type At = Pick<Stand, "s3" | "bucket">;
type Input = Partial<ListObjectVersionsCommandInput>;

const setVersioning = ({ s3, bucket }: At, Status: "Enabled" | "Suspended") =>
  s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));

/** @returns the new version's id */
const put = async ({ s3, bucket }: At, Key: string, Body = Key): Promise<string> =>
  (await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))).VersionId ?? "null";

/** @returns the delete marker's id */
const remove = async ({ s3, bucket }: At, Key: string, VersionId?: string): Promise<string> =>
  (await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))).VersionId ?? "null";

const list = ({ s3, bucket }: At, input: Input = {}): Promise<ListObjectVersionsCommandOutput> =>
  s3.send(new ListObjectVersionsCommand({ Bucket: bucket, ...input }));

const textOf = (page: ListObjectVersionsCommandOutput): string[] => [
  ...(page.Versions ?? []).map(({ Key, VersionId, IsLatest }) => `${Key} ${VersionId}${IsLatest === true ? " *" : ""}`),
  ...(page.DeleteMarkers ?? []).map(
    ({ Key, VersionId, IsLatest }) => `${Key} ${VersionId} gone${IsLatest === true ? " *" : ""}`,
  ),
  ...(page.CommonPrefixes ?? []).map(({ Prefix }) => `prefix ${Prefix}`),
];

/** Follows the markers to the end. */
async function pages(at: At, input: Input): Promise<string[][]> {
  const found: string[][] = [];
  let next: Input = input;
  for (;;) {
    const page = await list(at, next);
    found.push(textOf(page));
    if (page.IsTruncated !== true) {
      if (page.NextKeyMarker !== undefined || page.NextVersionIdMarker !== undefined)
        throw new Error("a whole page has a next marker");
      return found;
    }
    next = { ...input, KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

/** Keys, ids and kinds in the order of the document. */
const elementsOf = (xml: string): string[] =>
  [...xml.matchAll(/<(Version|DeleteMarker)>.*?<Key>(.*?)<\/Key><VersionId>(.*?)<\/VersionId>/gs)].map(
    ([, kind, key, id]) => `${kind} ${key} ${id}`,
  );

test("ListObjectVersions_bucket_never_versioned_shows_null_versions", async (t, at) => {
  await put(at, "b");
  await put(at, "a", "three");
  const page = await list(at);
  t.deepEqual(textOf(page), ["a null *", "b null *"]);
  t.like(page, { IsTruncated: false, MaxKeys: 1000, Name: at.bucket, Prefix: "", KeyMarker: "", VersionIdMarker: "" });
  const [version] = page.Versions ?? [];
  t.like(version, { Size: 5, StorageClass: "STANDARD", ChecksumType: "FULL_OBJECT" });
  t.deepEqual(version?.ChecksumAlgorithm, ["CRC32"]);
  t.regex(version?.ETag ?? "", /^"[0-9a-f]{32}"$/);
  t.truthy(version?.Owner?.ID);
  t.true(version?.LastModified instanceof Date);
  t.deepEqual(await pages(at, { MaxKeys: 1 }), [["a null *"], ["b null *"]]);
  t.is((await list(at, { MaxKeys: 1 })).NextVersionIdMarker, "null");
});

test("ListObjectVersions_newest_first_with_markers_among_versions", async (t, at) => {
  await put(at, "k", "null version");
  await setVersioning(at, "Enabled");
  const first = await put(at, "k");
  const marker = await remove(at, "k");
  const second = await put(at, "k");
  const gone = await put(at, "a");
  const goneMarker = await remove(at, "a");
  const page = await list(at);
  t.deepEqual(
    page.Versions?.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]),
    [
      ["a", gone, false],
      ["k", second, true],
      ["k", first, false],
      ["k", "null", false],
    ],
  );
  t.deepEqual(
    page.DeleteMarkers?.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]),
    [
      ["a", goneMarker, true],
      ["k", marker, false],
    ],
  );
  t.truthy(page.DeleteMarkers?.[0]?.Owner?.ID);
  const { body } = await at.signed({ method: "GET", target: `/${at.bucket}?versions` });
  const xml = body.toString().replaceAll(/<ETag>.*?<StorageClass>\w+<\/StorageClass>|<Owner>.*?<\/Owner>/gs, "");
  t.deepEqual(elementsOf(xml), [
    `DeleteMarker a ${goneMarker}`,
    `Version a ${gone}`,
    `Version k ${second}`,
    `DeleteMarker k ${marker}`,
    `Version k ${first}`,
    "Version k null",
  ]);
  t.false(
    body
      .toString()
      .match(/<DeleteMarker>.*?<\/DeleteMarker>/s)?.[0]
      ?.includes("Size"),
  );
});

test("ListObjectVersions_pages_of_every_size_agree", async (t, at) => {
  for (const key of ["d/1", "d/2", "k", "l"]) await put(at, key);
  await setVersioning(at, "Enabled");
  for (const key of ["d/1", "k", "k", "m"]) await put(at, key);
  await remove(at, "l");
  await setVersioning(at, "Suspended");
  await put(at, "k");
  await put(at, "n");
  await remove(at, "m");
  for (const input of [
    {},
    { Delimiter: "/" },
    { Prefix: "k" },
    { Prefix: "d/", Delimiter: "/" },
    { Delimiter: "::" },
  ]) {
    const [whole = []] = await pages(at, input);
    t.true(whole.length > 2);
    for (const MaxKeys of [1, 2, 3, 5]) {
      const found = await pages(at, { ...input, MaxKeys });
      t.deepEqual(found.flat().sort(), [...whole].sort(), `${MaxKeys} ${JSON.stringify(input)}`);
      t.true(found.every((page, index) => page.length === MaxKeys || index === found.length - 1));
    }
  }
});

test("ListObjectVersions_markers_of_what_is_gone_continue_in_place", async (t, at) => {
  await setVersioning(at, "Enabled");
  const [oldest, middle, newest] = [await put(at, "k"), await put(at, "k"), await put(at, "k")];
  const other = await put(at, "l");
  const first = await list(at, { MaxKeys: 2 });
  t.like(first, { NextKeyMarker: "k", NextVersionIdMarker: middle, IsTruncated: true });
  await remove(at, "k", middle);
  await put(at, "k");
  const next = { KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker };
  t.deepEqual(textOf(await list(at, next)), [`k ${oldest}`, `l ${other} *`]);
  t.deepEqual(textOf(await list(at, { KeyMarker: "k" })), [`l ${other} *`]);
  t.deepEqual(textOf(await list(at, { KeyMarker: "j", VersionIdMarker: newest })).length, 4);
  t.deepEqual(textOf(await list(at, { KeyMarker: "z" })), []);
});

test("ListObjectVersions_prefixes_count_and_are_passed_whole", async (t, at) => {
  await setVersioning(at, "Enabled");
  for (const key of ["a", "b/1", "b/1", "b/2", "c"]) await put(at, key);
  await remove(at, "b/2");
  const page = await list(at, { Delimiter: "/", MaxKeys: 2 });
  t.deepEqual(
    page.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ["b/"],
  );
  t.like(page, { IsTruncated: true, NextKeyMarker: "b/", Delimiter: "/" });
  t.is(page.NextVersionIdMarker, undefined);
  const rest = await list(at, { Delimiter: "/", KeyMarker: page.NextKeyMarker });
  t.deepEqual(
    rest.Versions?.map(({ Key }) => Key),
    ["c"],
  );
  t.is(rest.CommonPrefixes, undefined);
});

test("ListObjectVersions_encoding_url_encodes_names", async (t, at) => {
  for (const key of ["a%20b", "%C3%BC/x", "c%0Ad", "e%01"])
    t.is(outcome(await at.signed({ method: "PUT", target: `/${at.bucket}/${key}`, body: "x" })), "200");
  const target = `/${at.bucket}?delimiter=%2F&encoding-type=url&key-marker=%20&versions`;
  const answer = await at.signed({ method: "GET", target });
  const keys = [...answer.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  t.deepEqual(keys, ["a%20b", "c%0Ad", "e%01"]);
  t.true(answer.body.toString().includes("<Prefix>%C3%BC/</Prefix>"));
  t.is(element(answer, "KeyMarker"), "%20");
  t.is(element(answer, "EncodingType"), "url");
});

test("ListObjectVersions_max_keys_zero_and_large", async (t, at) => {
  await put(at, "a");
  const none = await list(at, { MaxKeys: 0 });
  t.like(none, { MaxKeys: 0, IsTruncated: false });
  t.is(none.Versions, undefined);
  t.is((await list(at, { MaxKeys: 5000 })).MaxKeys, 1000);
});

for (const [name, words, message] of [
  [
    "version_id_marker_alone",
    "version-id-marker=null",
    "A version-id marker cannot be specified without a key marker.",
  ],
  [
    "version_id_marker_with_an_empty_key_marker",
    "key-marker=&version-id-marker=null",
    "A version-id marker cannot be specified without a key marker.",
  ],
  ["empty_version_id_marker", "key-marker=k&version-id-marker=", "A version-id marker cannot be empty."],
  ["version_id_marker_that_is_none", "key-marker=k&version-id-marker=nope", "Invalid version id specified"],
  ["max_keys_negative", "max-keys=-1", null],
  ["max_keys_no_number", "max-keys=x", null],
  ["encoding_type_unknown", "encoding-type=base64", null],
] as const) {
  test(`ListObjectVersions_${name}_400`, async (t, { bucket, signed }) => {
    const answer = await signed({ method: "GET", target: `/${bucket}?${words}&versions` });
    t.is(outcome(answer), "400 InvalidArgument");
    if (message !== null) t.is(element(answer, "Message"), message);
  });
}

test("ListObjectVersions_bucket_that_is_not_there_404", async (t, { signed }) => {
  t.is(outcome(await signed({ method: "GET", target: "/no-such-bucket-here?versions" })), "404 NoSuchBucket");
});
