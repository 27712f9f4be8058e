/** Names that would climb out of their bucket, and copies of what is another's. */

import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { postForm, signedFields } from "../support/post-form.ts";
import { presign } from "../support/presign.ts";
import type { S3Answer } from "../support/s3-client.ts";

const root = { accessKeyId: testKeys.accessKeyId, secretAccessKey: testKeys.secretAccessKey };
const stranger = { accessKeyId: "AKSECURITY00", secretAccessKey: "the-secret-of-another-account" };
const nobody = { accessKeyId: "AKSECURITY01", secretAccessKey: "the-secret-of-one-without-policies" };
const everything = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};
const test = eachFront({
  identities: {
    accounts: [
      {
        accountId: "100000000000",
        canonicalId: "canonical-100000000000",
        displayName: "ours",
        kind: "operator",
        root: { email: "root@ours.example.com", keys: [root] },
        users: [{ name: "nobody", email: "nobody@ours.example.com", role: "user", policies: [], keys: [nobody] }],
      },
      {
        accountId: "300000000000",
        canonicalId: "canonical-300000000000",
        parent: "100000000000",
        displayName: "theirs",
        kind: "customer",
        root: { email: "root@theirs.example.com", keys: [] },
        users: [
          {
            name: "stranger",
            email: "stranger@theirs.example.com",
            role: "user",
            policies: [everything],
            keys: [stranger],
          },
        ],
      },
    ],
  },
});

const keyIn = (listing: S3Answer): string[] =>
  [...listing.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);

/** A bucket beside the test's own, with one object that no request of the tests may reach. */
async function neighbour({ s3, bucket }: Stand): Promise<string> {
  const name = `${bucket}-neighbour`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await s3.send(new PutObjectCommand({ Bucket: name, Key: "secret", Body: "a neighbour's secret" }));
  return name;
}

/** Keys as they stand in a URL, and what they name: nothing is normalised, so none leaves its bucket. */
const climbing = (other: string): readonly (readonly [wire: string, key: string])[] => [
  [`../${other}/secret`, `../${other}/secret`],
  [`%2e%2e/${other}/secret`, `../${other}/secret`],
  [`%2e%2e%2f${other}%2fsecret`, `../${other}/secret`],
  [`a/../../${other}/secret`, `a/../../${other}/secret`],
  [`%252e%252e%252f${other}`, `%2e%2e%2f${other}`],
  [`..%5c${other}%5csecret`, `..\\${other}\\secret`],
  ["./x", "./x"],
  ["x/.", "x/."],
  ["%2fx", "/x"],
  ["/x", "/x"],
  ["a//b", "a//b"],
  ["data.mdb", "data.mdb"],
  ["metadata/data.mdb", "metadata/data.mdb"],
  ["/etc/passwd", "/etc/passwd"],
];

test("keys_that_climb_stay_in_their_bucket_URL", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const other = await neighbour(stand);
  const wanted = new Set<string>();
  for (const [wire, key] of climbing(other)) {
    const target = `/${bucket}/${wire}`;
    t.is(outcome(await signed({ method: "PUT", target, body: key })), "200", wire);
    t.is((await signed({ method: "GET", target })).body.toString(), key, wire);
    wanted.add(key);
  }
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(Contents.map(({ Key = "" }) => Key).sort(), [...wanted].sort());
  const there = await s3.send(new ListObjectsV2Command({ Bucket: other }));
  t.deepEqual(
    there.Contents?.map(({ Key }) => Key),
    ["secret"],
  );
});

test("keys_that_climb_stay_in_their_bucket_prefix_copy_source_multi_delete_and_form", async (t, stand) => {
  const { s3, bucket, endpoint, signed } = stand;
  const other = await neighbour(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "own", Body: "own" }));
  for (const [wire, key] of climbing(other)) {
    const listed = await signed({ method: "GET", target: `/${bucket}?list-type=2&prefix=${encodeURIComponent(key)}` });
    t.deepEqual(keyIn(listed), [], `prefix ${key}`);
    const headers = { "x-amz-copy-source": `/${bucket}/${wire}` };
    const copied = await signed({ method: "PUT", target: `/${bucket}/copy`, headers });
    t.is(outcome(copied), "404 NoSuchKey", `copy source ${wire}`);
  }
  for (const source of [
    `../${other}/secret`,
    `/../${other}/secret`,
    `${bucket}/../${other}/secret`,
    `%2e%2e/${other}/secret`,
  ]) {
    const copied = await signed({ method: "PUT", target: `/${bucket}/copy`, headers: { "x-amz-copy-source": source } });
    t.true([400, 404].includes(copied.status), `copy source ${source}: ${outcome(copied)}`);
  }
  const objects = climbing(other).map(([, key]) => `<Object><Key>${key}</Key></Object>`);
  const body = `<Delete>${objects.join("")}<Object><Key>../${other}/secret</Key></Object></Delete>`;
  const md5 = { "content-md5": createHash("md5").update(body).digest("base64") };
  t.is(outcome(await signed({ method: "POST", target: `/${bucket}?delete`, body, headers: md5 })), "200");
  const key = `../${other}/posted`;
  const posted = await postForm(endpoint, bucket, { key, ...signedFields({ conditions: [{ bucket }, { key }] }) });
  t.is(posted.status, 204);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(
    Contents.map(({ Key }) => Key),
    [key, "own"],
  );
  const there = await s3.send(new ListObjectsV2Command({ Bucket: other }));
  t.deepEqual(
    there.Contents?.map(({ Key }) => Key),
    ["secret"],
  );
});

test("keys_that_are_no_text_or_too_long_400_in_every_place", async (t, stand) => {
  const { bucket, endpoint, signed } = stand;
  for (const wire of ["%00", "a%00b", "%C0%AE%C0%AE/x", "%E0%80%AF", "%ED%A0%80", "%FF", "%zz", "k".repeat(1025)]) {
    const target = `/${bucket}/${wire}`;
    t.is((await signed({ method: "PUT", target, body: "x" })).status, 400, `URL ${wire.slice(0, 20)}`);
    t.is((await signed({ method: "GET", target })).status, 400, `URL ${wire.slice(0, 20)}`);
    const headers = { "x-amz-copy-source": `/${bucket}/${wire}` };
    t.is(
      (await signed({ method: "PUT", target: `/${bucket}/copy`, headers })).status,
      400,
      `source ${wire.slice(0, 20)}`,
    );
  }
  for (const key of ["a\0b", "k".repeat(1025)]) {
    const answer = await postForm(endpoint, bucket, {
      key,
      ...signedFields({ conditions: [{ bucket }, ["starts-with", "$key", ""]] }),
    });
    t.is(answer.status, 400, `form ${key.slice(0, 20)}`);
  }
  const long = "k".repeat(1024);
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${long}`, body: "x" })), "200");
  t.deepEqual(keyIn(await signed({ method: "GET", target: `/${bucket}?list-type=2` })), [long]);
});

test("a_path_is_signed_as_it_stands_on_the_wire", async (t, { bucket, endpoint, plain, signed }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" });
  const url = presign({ endpoint, ...root }, "GET", `/${bucket}/k`);
  t.is((await plain({ method: "GET", target: url })).status, 200);
  for (const path of [`/${bucket}//k`, `/${bucket}/./k`, `/x/../${bucket}/k`, `//${bucket}/k`, `/${bucket}/k/`])
    t.is((await plain({ method: "GET", target: url.replace(`/${bucket}/k`, path) })).status, 403, path);
});

const statement = (Principal: unknown, Action: string | string[], Resource: string, Condition?: object): object => ({
  Effect: "Allow",
  Principal,
  Action,
  Resource: `arn:aws:s3:::${Resource}`,
  ...(Condition === undefined ? {} : { Condition }),
});
const policyOf = (...Statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement });

test("CopyObject_UploadPartCopy_need_the_source_and_the_destination", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const from = `${bucket}-from`;
  await s3.send(new CreateBucketCommand({ Bucket: from }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: from, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: from, Key: "k", Body: "x" }));
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "part" }));
  const outcomes = async (who: typeof nobody, source = `${from}/k`): Promise<string[]> => {
    const headers = { "x-amz-copy-source": source };
    const whole = await signed({ method: "PUT", target: `/${bucket}/copy`, headers, ...who });
    const part = `/${bucket}/part?partNumber=1&uploadId=${UploadId}`;
    return [outcome(whole), outcome(await signed({ method: "PUT", target: part, headers, ...who }))];
  };
  const isThere = async (): Promise<boolean[]> => [
    (await signed({ method: "GET", target: `/${bucket}/copy` })).status !== 404,
    ((await s3.send(new ListPartsCommand({ Bucket: bucket, Key: "part", UploadId }))).Parts ?? []).length > 0,
  ];
  const set = (Bucket: string, ...statements: object[]) =>
    s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(...statements) }));
  const refused = ["403 AccessDenied", "403 AccessDenied"];
  for (const [who, Principal] of [
    [nobody, { AWS: "arn:aws:iam::100000000000:user/nobody" }],
    [stranger, { AWS: "300000000000" }],
  ] as const) {
    const put = statement(Principal, "s3:PutObject", `${bucket}/*`);
    const get = statement(Principal, "s3:GetObject", `${from}/*`);
    const other = statement(Principal, "s3:GetBucketLocation", from);
    await set(bucket, put);
    await set(from, other);
    t.deepEqual(await outcomes(who), refused, "the destination alone");
    await set(bucket, statement(Principal, "s3:GetBucketLocation", bucket));
    await set(from, get);
    t.deepEqual(await outcomes(who), refused, "the source alone");
    t.deepEqual(await isThere(), [false, false]);
    await set(bucket, put);
    t.deepEqual(await outcomes(who, `${from}/k?versionId=${VersionId}`), refused, "a version needs more");
    t.deepEqual(await isThere(), [false, false]);
    await set(from, statement(Principal, "s3:GetObjectVersion", `${from}/*`));
    t.deepEqual(await outcomes(who), refused, "a version's permission is not the object's");
    t.deepEqual(await isThere(), [false, false]);
  }
  const Principal = { AWS: "300000000000" };
  await set(bucket, statement(Principal, "s3:PutObject", `${bucket}/*`));
  await set(from, statement(Principal, ["s3:GetObject", "s3:GetObjectVersion"], `${from}/*`));
  t.deepEqual(await outcomes(stranger), ["200", "200"]);
  t.deepEqual(await outcomes(stranger, `${from}/k?versionId=${VersionId}`), ["200", "200"]);
});

test("CopyObject_by_a_policy_on_s3_x_amz_copy_source", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const from = `${bucket}-from`;
  await s3.send(new CreateBucketCommand({ Bucket: from }));
  for (const Key of ["open/k", "shut/k"]) await s3.send(new PutObjectCommand({ Bucket: from, Key, Body: Key }));
  const Principal = { AWS: "arn:aws:iam::100000000000:user/nobody" };
  const condition = { StringLike: { "s3:x-amz-copy-source": `${from}/open/*` } };
  const put = (Bucket: string, Policy: string) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  await put(bucket, policyOf(statement(Principal, "s3:PutObject", `${bucket}/*`, condition)));
  await put(from, policyOf(statement(Principal, "s3:GetObject", `${from}/*`)));
  const copy = async (source: string): Promise<string> =>
    outcome(
      await signed({ method: "PUT", target: `/${bucket}/copy`, headers: { "x-amz-copy-source": source }, ...nobody }),
    );
  t.is(await copy(`${from}/open/k`), "200");
  t.is(await copy(`/${from}/open/k`), "200");
  for (const source of [
    `${from}/shut/k`,
    `/${from}/shut/k`,
    `/${from}/open/../shut/k`,
    `/${from}/%6fpen/%2e%2e/shut/k`,
  ])
    t.not(await copy(source), "200", source);
  const refusing = { StringLike: { "s3:x-amz-copy-source": `${from}/shut/*` } };
  const denial = { ...statement(Principal, "s3:PutObject", `${bucket}/*`, refusing), Effect: "Deny" };
  await put(bucket, policyOf(statement(Principal, "s3:PutObject", `${bucket}/*`), denial));
  t.is(await copy(`${from}/open/k`), "200");
  for (const source of [
    `${from}/shut/k`,
    `/${from}/shut/k`,
    `${from}/%73hut/k`,
    `${from}%2Fshut%2Fk`,
    `${from}/shut%2fk`,
  ])
    t.is(await copy(source), "403 AccessDenied", `a denial holds for ${source}`);
  await put(bucket, policyOf(statement(Principal, "s3:PutObject", `${bucket}/*`, condition)));
  const plainly = await signed({ method: "PUT", target: `/${bucket}/plain`, body: "x", ...nobody });
  t.is(outcome(plainly), "403 AccessDenied", "a PUT that copies nothing");
  for (const source of ["", "/", from, `${from}/`, "%", `${from}/%zz`, "http://example.com/x", "\\\\x\\y"]) {
    const answer = await signed({ method: "PUT", target: `/${bucket}/copy`, headers: { "x-amz-copy-source": source } });
    t.is(answer.status, 400, `garbage ${source}: ${outcome(answer)}`);
  }
});
