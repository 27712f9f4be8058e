/** Who comes to a bucket by its policy, its ACL and its public access block: its own account, another account, nobody. */

import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { sendSigned } from "../support/signed-request.ts";

let keyCount = 0;
const keys = new Map<string, { accessKeyId: string; secretAccessKey: string }>();
const keyOf = (name: string) => {
  const key = { accessKeyId: `AKACCESS${keyCount++}`, secretAccessKey: `a-secret-of-${name}` };
  keys.set(name, key);
  return key;
};
const allow = (Action: string | string[]) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource: "*" }],
});
const user = (name: string, policies: unknown[]) => ({
  name,
  email: `${name}@example.com`,
  role: "user",
  policies,
  keys: [keyOf(name)],
});
const account = (accountId: string, kind: string, rootKeys: object[], users: object[], more: object = {}) => ({
  accountId,
  canonicalId: `canonical-${accountId}`,
  ...(kind === "operator" ? {} : { parent: "100000000000" }),
  displayName: `account ${accountId}`,
  kind,
  root: { email: `root@${accountId}.example.com`, keys: rootKeys },
  users,
  ...more,
});
const root = { accessKeyId: testKeys.accessKeyId, secretAccessKey: testKeys.secretAccessKey };
const test = eachFront({
  identities: {
    accounts: [
      account("100000000000", "operator", [root], [user("nobody", []), user("full", ["AdministratorAccess"])]),
      account(
        "300000000000",
        "customer",
        [keyOf("strangers-root")],
        [user("stranger", [allow("s3:*")]), user("bystander", [])],
      ),
      account("400000000000", "customer", [keyOf("bound-root")], []),
    ],
  },
});
const as = (name: string) => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`there is no user ${name}`);
  return key;
};

/** The guide's own, with its odd version and its empty Sid. */
const guidePolicy = (bucket: string) => ({
  Version: "2019-10-17",
  Statement: [
    {
      Sid: "",
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetBucketLocation"],
      Resource: [`arn:aws:s3:::${bucket}`],
    },
    {
      Sid: "",
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetObject"],
      Resource: [`arn:aws:s3:::${bucket}/*`],
    },
  ],
});
const statement = (
  bucket: string,
  Effect: string,
  Principal: unknown,
  Action: string | string[],
  Condition?: object,
) => ({
  Effect,
  Principal,
  Action,
  Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  ...(Condition === undefined ? {} : { Condition }),
});
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

test("GetObject_unsigned_of_a_new_bucket_403", async (t, { s3, bucket, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  for (const [method, target] of [
    ["GET", `/${bucket}/k`],
    ["HEAD", `/${bucket}/k`],
    ["GET", `/${bucket}/absent`],
    ["PUT", `/${bucket}/k`],
    ["DELETE", `/${bucket}/k`],
    ["GET", `/${bucket}`],
    ["GET", `/${bucket}?policy`],
    ["PUT", "/made-by-nobody"],
    ["GET", "/"],
  ] as const) {
    t.is((await plain({ method, target })).status, 403, `${method} ${target}`);
  }
  t.is(outcome(await plain({ method: "GET", target: "/there-is-no-such-bucket/k" })), "404 NoSuchBucket");
});

test("PutBucketPolicy_of_the_guide_makes_public_and_DeleteBucketPolicy_private", async (t, {
  s3,
  bucket,
  signed,
  plain,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "public" }));
  for (const target of [`/${bucket}/?policy`, `/${bucket}?policy`]) {
    const put = await signed({ method: "PUT", target, body: JSON.stringify(guidePolicy(bucket)) });
    t.is(put.status, 204);
    const got = await signed({ method: "GET", target });
    t.is(got.headers["content-type"], "application/json");
    t.deepEqual(JSON.parse(got.body.toString()), guidePolicy(bucket));
    const read = await plain({ method: "GET", target: `/${bucket}/k` });
    t.is(read.status, 200);
    t.is(read.body.toString(), "public");
    t.is((await plain({ method: "HEAD", target: `/${bucket}/k` })).status, 200);
    t.is((await plain({ method: "GET", target: `/${bucket}?location` })).status, 200);
    t.is(outcome(await plain({ method: "PUT", target: `/${bucket}/k` })), "403 AccessDenied");
    t.is(outcome(await plain({ method: "GET", target: `/${bucket}` })), "403 AccessDenied");
    t.is(outcome(await plain({ method: "GET", target: `/${bucket}/absent` })), "403 AccessDenied");
    t.is((await signed({ method: "DELETE", target })).status, 204);
    t.is(outcome(await plain({ method: "GET", target: `/${bucket}/k` })), "403 AccessDenied");
    t.is(outcome(await signed({ method: "GET", target })), "404 NoSuchBucketPolicy");
    t.is((await signed({ method: "DELETE", target })).status, 204);
  }
});

test("PutBucketPolicy_refuses_what_it_does_not_understand_and_keeps_the_old", async (t, { s3, bucket }) => {
  const put = (Policy: string) => refusal(s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })));
  const good = policyOf(statement(bucket, "Allow", "*", "s3:GetObject"));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: good }));
  for (const [why, bad] of [
    ["no JSON", "{"],
    ["another bucket", policyOf(statement(`${bucket}2`, "Allow", "*", "s3:GetObject"))],
    ["unknown element", JSON.stringify({ ...JSON.parse(good), Extra: 1 })],
    ["unknown operator", policyOf(statement(bucket, "Allow", "*", "s3:GetObject", { Like: { "aws:UserAgent": "x" } }))],
    ["unknown key", policyOf(statement(bucket, "Allow", "*", "s3:GetObject", { StringLike: { nothing: "x" } }))],
    ["no principal", JSON.stringify(allow("s3:GetObject"))],
    ["another service", policyOf(statement(bucket, "Allow", "*", "iam:GetUser"))],
    ["unknown version", JSON.stringify({ ...JSON.parse(good), Version: "2020-01-01" })],
    ["wildcard in a principal", policyOf(statement(bucket, "Allow", { AWS: "arn:aws:iam::1*:root" }, "s3:GetObject"))],
  ] as const) {
    t.is(await put(bad), "400 MalformedPolicy", why);
  }
  t.is(
    await put(policyOf(statement(bucket, "Allow", "*", "s3:GetObject")).padEnd(20 * 1024 + 1, " ")),
    "400 PolicyTooLarge",
  );
  t.is((await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy, good);
  t.is(await put(good.padEnd(20 * 1024, " ")), "no error");
});

test("GetBucketPolicyStatus_says_what_is_public", async (t, { s3, bucket }) => {
  const status = async (...statements: object[]) => {
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(...statements) }));
    return (await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket }))).PolicyStatus?.IsPublic;
  };
  t.is(await refusal(s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket }))), "404 NoSuchBucketPolicy");
  t.is(await status(statement(bucket, "Allow", "*", "s3:GetObject")), true);
  t.is(await status(statement(bucket, "Allow", { AWS: "300000000000" }, "s3:*")), false);
  t.is(await status(statement(bucket, "Deny", "*", "s3:GetObject")), false);
});

test("GetObject_of_the_own_account_by_policy_of_the_bucket_alone_200_denied_by_it_403", async (t, {
  s3,
  bucket,
  signed,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const get = async (name: string) => (await signed({ method: "GET", target: `/${bucket}/k`, ...as(name) })).status;
  const put = (...statements: object[]) =>
    s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(...statements) }));
  t.is(await get("nobody"), 403);
  await put(statement(bucket, "Allow", { AWS: "arn:aws:iam::100000000000:user/nobody" }, "s3:GetObject"));
  t.is(await get("nobody"), 200);
  await put(statement(bucket, "Allow", { AWS: "arn:aws:iam::100000000000:root" }, "s3:GetObject"));
  t.is(await get("nobody"), 403, "to the account is its own policies' to give");
  await put(statement(bucket, "Deny", { AWS: "arn:aws:iam::100000000000:user/full" }, "s3:GetObject"));
  t.is(await get("full"), 403);
});

test("Root_of_the_owner_is_denied_by_policy_but_keeps_the_policy_itself", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Deny", "*", "s3:*")) }),
  );
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}` })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?policy`, ...as("full") })), "403 AccessDenied");
  t.is((await signed({ method: "GET", target: `/${bucket}?policy` })).status, 200);
  t.is((await signed({ method: "DELETE", target: `/${bucket}?policy` })).status, 204);
  t.is((await signed({ method: "GET", target: `/${bucket}/k` })).status, 200);
});

test("GetObjectAttributes_takes_the_permission_to_read_too", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const get = (VersionId?: string) =>
    refusal(
      s3.send(new GetObjectAttributesCommand({ Bucket: bucket, Key: "k", ObjectAttributes: ["ETag"], VersionId })),
    );
  const deny = (action: string) =>
    s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Deny", "*", action)) }));
  t.is(await get(), "no error");
  for (const action of ["s3:GetObject", "s3:GetObjectAttributes"]) {
    await deny(action);
    t.is(await get(), "403 AccessDenied", action);
    t.is(await get("null"), "no error", action);
  }
  for (const action of ["s3:GetObjectVersion", "s3:GetObjectVersionAttributes"]) {
    await deny(action);
    t.is(await get(), "no error", action);
    t.is(await get("null"), "403 AccessDenied", action);
  }
});

test("another_account_needs_the_bucket_policy_and_its_own", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const get = async (name: string) => (await signed({ method: "GET", target: `/${bucket}/k`, ...as(name) })).status;
  for (const name of ["stranger", "bystander", "strangers-root"]) t.is(await get(name), 403, name);
  for (const principal of ["300000000000", "arn:aws:iam::300000000000:root"]) {
    const Policy = policyOf(statement(bucket, "Allow", { AWS: principal }, ["s3:GetObject", "s3:*BucketPolicy"]));
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    t.is(await get("stranger"), 200);
    t.is(await get("strangers-root"), 200);
    t.is(await get("bystander"), 403);
  }
  const byCanonicalId = statement(bucket, "Allow", { CanonicalUser: "canonical-300000000000" }, "s3:*");
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(byCanonicalId) }));
  t.is(await get("stranger"), 200);
  t.is(
    outcome(await signed({ method: "GET", target: `/${bucket}?policy`, ...as("stranger") })),
    "405 MethodNotAllowed",
  );
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?policy`, ...as("bystander") })), "403 AccessDenied");
});

test("copies_and_deletions_of_another_account_are_judged_item_by_item", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "open/k", Body: "x" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "shut/k", Body: "x" }));
  const Principal = { AWS: "300000000000" };
  const Policy = policyOf({
    Effect: "Allow",
    Principal,
    Action: ["s3:GetObject", "s3:DeleteObject"],
    Resource: `arn:aws:s3:::${bucket}/open/*`,
  });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const mine = `of-stranger-${bucket}`;
  t.is((await signed({ method: "PUT", target: `/${mine}`, ...as("stranger") })).status, 200);
  const copy = async (source: string) =>
    outcome(
      await signed({
        method: "PUT",
        target: `/${mine}/copy`,
        headers: { "x-amz-copy-source": `/${bucket}/${source}` },
        ...as("stranger"),
      }),
    );
  t.is(await copy("open/k"), "200");
  t.is(await copy("shut/k"), "403 AccessDenied");
  const body = "<Delete><Object><Key>open/k</Key></Object><Object><Key>shut/k</Key></Object></Delete>";
  const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
  const deleted = await signed({ method: "POST", target: `/${bucket}?delete`, body, headers, ...as("stranger") });
  t.regex(deleted.body.toString(), /<Deleted><Key>open\/k<\/Key><\/Deleted>/);
  t.regex(deleted.body.toString(), /<Error><Key>shut\/k<\/Key><Code>AccessDenied<\/Code>/);
});

test("PublicAccessBlock_put_get_delete", async (t, { s3, bucket, signed }) => {
  const get = () => s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket }));
  t.is(await refusal(get()), "404 NoSuchPublicAccessBlockConfiguration");
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true, RestrictPublicBuckets: true };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }));
  const held = {
    BlockPublicAcls: true,
    IgnorePublicAcls: false,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: true,
  };
  t.deepEqual((await get()).PublicAccessBlockConfiguration, held);
  for (const body of [
    "",
    "<Nothing/>",
    "<PublicAccessBlockConfiguration><BlockPublicAcls>perhaps</BlockPublicAcls></PublicAccessBlockConfiguration>",
  ]) {
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    t.is((await signed({ method: "PUT", target: `/${bucket}?publicAccessBlock`, body, headers })).status, 400, body);
  }
  const nothing = new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: {} });
  t.is(await refusal(s3.send(nothing)), "400 InvalidRequest");
  t.deepEqual((await get()).PublicAccessBlockConfiguration, held);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  t.is(await refusal(get()), "404 NoSuchPublicAccessBlockConfiguration");
  t.is(await refusal(s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }))), "no error");
});

test("PublicAccessBlock_BlockPublicPolicy_refuses_public_policies_only", async (t, { s3, bucket }) => {
  const PublicAccessBlockConfiguration = { BlockPublicPolicy: true };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }));
  const put = (Principal: unknown) =>
    refusal(
      s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: policyOf(statement(bucket, "Allow", Principal, "s3:GetObject")),
        }),
      ),
    );
  t.is(await put("*"), "403 AccessDenied");
  t.is(await put({ AWS: "300000000000" }), "no error");
});

test("PublicAccessBlock_RestrictPublicBuckets_leaves_a_public_policy_to_the_own_account", async (t, {
  s3,
  bucket,
  signed,
  plain,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const Policy = policyOf(
    statement(bucket, "Allow", "*", "s3:GetObject"),
    statement(bucket, "Allow", { AWS: "300000000000" }, "s3:ListBucket"),
  );
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const statuses = async () => [
    (await plain({ method: "GET", target: `/${bucket}/k` })).status,
    (await signed({ method: "GET", target: `/${bucket}/k`, ...as("stranger") })).status,
    (await signed({ method: "GET", target: `/${bucket}`, ...as("stranger") })).status,
    (await signed({ method: "GET", target: `/${bucket}/k`, ...as("nobody") })).status,
  ];
  t.deepEqual(await statuses(), [200, 200, 200, 200]);
  const PublicAccessBlockConfiguration = { RestrictPublicBuckets: true };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }));
  t.deepEqual(await statuses(), [403, 403, 403, 200]);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  t.deepEqual(await statuses(), [200, 200, 200, 200]);
});

test("BucketOwnershipControls_put_get_delete", async (t, { s3, bucket, signed }) => {
  const get = () => s3.send(new GetBucketOwnershipControlsCommand({ Bucket: bucket }));
  const put = (...settings: ("BucketOwnerEnforced" | "ObjectWriter")[]) =>
    s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket,
        OwnershipControls: { Rules: settings.map((ObjectOwnership) => ({ ObjectOwnership })) },
      }),
    );
  t.is(await refusal(get()), "404 OwnershipControlsNotFoundError");
  await put("ObjectWriter");
  t.deepEqual((await get()).OwnershipControls, { Rules: [{ ObjectOwnership: "ObjectWriter" }] });
  t.is(await refusal(put("ObjectWriter", "BucketOwnerEnforced")), "400 MalformedXML");
  t.is(await refusal(put("Nobody" as "ObjectWriter")), "400 MalformedXML");
  await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket: bucket }));
  t.is(await refusal(get()), "404 OwnershipControlsNotFoundError");
  await s3.send(new CreateBucketCommand({ Bucket: `${bucket}-owned`, ObjectOwnership: "BucketOwnerEnforced" }));
  const answer = await signed({ method: "GET", target: `/${bucket}-owned?ownershipControls` });
  t.regex(answer.body.toString(), /<ObjectOwnership>BucketOwnerEnforced</);
});

test("bucket_ACL_lets_strangers_list_and_write_unless_ignored_or_disabled", async (t, {
  s3,
  bucket,
  signed,
  plain,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const list = async () => [
    (await plain({ method: "GET", target: `/${bucket}` })).status,
    (await signed({ method: "GET", target: `/${bucket}`, ...as("stranger") })).status,
    (await signed({ method: "GET", target: `/${bucket}`, ...as("bystander") })).status,
    (await signed({ method: "GET", target: `/${bucket}`, ...as("nobody") })).status,
  ];
  const acl = (ACL: "private" | "public-read" | "public-read-write" | "authenticated-read") =>
    s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL }));
  t.deepEqual(await list(), [403, 403, 403, 403]);
  await acl("public-read");
  t.deepEqual(await list(), [200, 200, 403, 200]);
  t.is((await plain({ method: "PUT", target: `/${bucket}/n`, body: "n" })).status, 403);
  t.is((await plain({ method: "GET", target: `/${bucket}/k` })).status, 403, "the objects have ACLs of their own");
  t.is(outcome(await plain({ method: "GET", target: `/${bucket}/absent` })), "404 NoSuchKey");
  await acl("authenticated-read");
  t.deepEqual(await list(), [403, 200, 403, 200]);
  await acl("public-read-write");
  t.is((await plain({ method: "PUT", target: `/${bucket}/n`, body: "n" })).status, 200);
  await s3.send(
    new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }),
  );
  t.deepEqual(await list(), [403, 403, 403, 403]);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  const enforce = () =>
    s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      }),
    );
  t.is(await refusal(enforce()), "400 InvalidBucketAclWithObjectOwnership");
  await acl("private");
  await enforce();
  t.deepEqual(await list(), [403, 403, 403, 403]);
});

test("unsigned_requests_cannot_ask_for_headers_of_the_answer_nor_copy_nor_begin_uploads", async (t, {
  s3,
  bucket,
  plain,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Allow", "*", "s3:*")) }),
  );
  const ask = async (method: string, target: string, headers = {}) => outcome(await plain({ method, target, headers }));
  t.is(await ask("GET", `/${bucket}/k?response-content-type=text/html`), "400 InvalidRequest");
  t.is((await plain({ method: "HEAD", target: `/${bucket}/k?response-expires=x` })).status, 400);
  t.is(await ask("PUT", `/${bucket}/c`, { "x-amz-copy-source": `/${bucket}/k` }), "403 AccessDenied");
  t.is(await ask("POST", `/${bucket}/c?uploads`), "403 AccessDenied");
  t.is(await ask("GET", `/${bucket}?policy`), "405 MethodNotAllowed");
  t.is(await ask("GET", `/${bucket}/k`), "200");
});

test("a_bad_signature_is_never_anonymous", async (t, { s3, bucket, plain, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Allow", "*", "s3:*")) }),
  );
  const target = `/${bucket}/k`;
  t.is((await plain({ method: "GET", target })).status, 200);
  for (const authorization of ["", "x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a", "AWS a:b", "Bearer x"]) {
    const { status } = await plain({ method: "GET", target, headers: { authorization } });
    t.true(status === 400 || status === 403, `Authorization: ${authorization} is ${status}`);
  }
  for (const query of [
    "X-Amz-Signature=x",
    "X-Amz-Credential=x",
    "X-Amz-Algorithm=x",
    "AWSAccessKeyId=x",
    "Signature=x",
  ]) {
    const { status } = await plain({ method: "GET", target: `${target}?${query}` });
    t.true(status === 400 || status === 403, `${query} is ${status}`);
  }
  t.is(
    outcome(await signed({ method: "GET", target, accessKeyId: "AKNOBODYATALL00", secretAccessKey: "x" })),
    "403 InvalidAccessKeyId",
  );
  t.is(outcome(await signed({ method: "GET", target, secretAccessKey: "x" })), "403 SignatureDoesNotMatch");
});

test("unsigned_bodies_plain_and_in_chunks_with_a_trailer", async (t, { s3, bucket, plain }) => {
  await s3.send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: policyOf(statement(bucket, "Allow", "*", ["s3:PutObject", "s3:GetObject"])),
    }),
  );
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  const put = async (key: string, body: string, headers: Record<string, string>) =>
    outcome(await plain({ method: "PUT", target: `/${bucket}/${key}`, body, headers }));
  const get = async (key: string) => (await plain({ method: "GET", target: `/${bucket}/${key}` })).body.toString();
  t.is(await put("plain", "x", {}), "200");
  t.is(await put("said", "x", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }), "200");
  t.is(await put("hashed", "x", { "x-amz-content-sha256": "0".repeat(64) }), "400 XAmzContentSHA256Mismatch");
  const chunked = "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
  const streaming = {
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "3",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };
  const unsigned = { ...streaming, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
  t.is(await put("chunked", chunked, unsigned), "200");
  t.is(await get("chunked"), "abc");
  t.is(await put("torn", chunked.replace("NSRB", "AAAA"), unsigned), "400 BadDigest");
  const signedMode = { ...streaming, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" };
  t.is(await put("signed", chunked, signedMode), "400 InvalidRequest");
  t.is((await plain({ method: "GET", target: `/${bucket}/torn` })).status, 403);
});

test("object_ACL_lets_strangers_read_unless_ignored_or_disabled", async (t, { s3, bucket, signed, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "shut", Body: "x" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "open", Body: "x", ACL: "public-read" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "known", Body: "x", ACL: "authenticated-read" }));
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: "granted", Body: "x", GrantRead: 'id="canonical-300000000000"' }),
  );
  const statuses = async (key: string) => {
    const target = `/${bucket}/${key}`;
    return [
      (await plain({ method: "GET", target })).status,
      (await signed({ method: "GET", target, ...as("stranger") })).status,
      (await signed({ method: "GET", target, ...as("bystander") })).status,
      (await signed({ method: "GET", target, ...as("nobody") })).status,
      (await signed({ method: "GET", target, ...as("full") })).status,
      (await signed({ method: "GET", target })).status,
    ];
  };
  t.deepEqual(await statuses("shut"), [403, 403, 403, 403, 200, 200]);
  t.deepEqual(await statuses("open"), [200, 200, 403, 200, 200, 200]);
  t.deepEqual(await statuses("known"), [403, 200, 403, 200, 200, 200]);
  t.deepEqual(await statuses("granted"), [403, 200, 403, 403, 200, 200]);
  t.is((await plain({ method: "GET", target: `/${bucket}/open?acl` })).status, 403, "READ is not READ_ACP");
  t.is((await plain({ method: "GET", target: `/${bucket}/open?tagging` })).status, 403, "READ is not for tags");
  await s3.send(
    new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }),
  );
  t.deepEqual(await statuses("open"), [403, 403, 403, 403, 200, 200]);
  t.deepEqual(await statuses("granted"), [403, 200, 403, 403, 200, 200]);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  const Policy = policyOf(statement(bucket, "Deny", "*", "s3:GetObject"));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  t.deepEqual(await statuses("open"), [403, 403, 403, 403, 403, 403]);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  t.deepEqual(await statuses("open"), [403, 403, 403, 403, 200, 200]);
});

test("an_object_of_another_account_is_its_writers", async (t, { s3, bucket, signed, plain }) => {
  const Policy = policyOf(statement(bucket, "Allow", "*", ["s3:GetObject", "s3:PutObject", "s3:PutObjectAcl"]));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const put = async (key: string, headers = {}) =>
    (await signed({ method: "PUT", target: `/${bucket}/${key}`, body: "x", headers, ...as("stranger") })).status;
  t.is(await put("theirs"), 200);
  t.is(await put("shared", { "x-amz-acl": "bucket-owner-read" }), 200);
  const statuses = async (key: string) => {
    const target = `/${bucket}/${key}`;
    return [
      (await signed({ method: "GET", target })).status,
      (await signed({ method: "GET", target, ...as("full") })).status,
      (await signed({ method: "GET", target, ...as("stranger") })).status,
      (await plain({ method: "GET", target })).status,
    ];
  };
  t.deepEqual(await statuses("theirs"), [403, 403, 200, 403], "the policy gives what its bucket's owner owns");
  t.deepEqual(await statuses("shared"), [200, 200, 200, 403]);
  t.is((await signed({ method: "DELETE", target: `/${bucket}/theirs` })).status, 204, "its bucket is the owner's");
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  t.deepEqual(await statuses("shared"), [200, 200, 200, 200]);
});

test("PutObjectAcl_is_judged_by_the_ACL_that_holds", async (t, { s3, bucket, signed }) => {
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", GrantWriteACP: 'id="canonical-300000000000"' }),
  );
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "shut", Body: "x" }));
  const publish = async (key: string, name: string) =>
    outcome(
      await signed({
        method: "PUT",
        target: `/${bucket}/${key}?acl`,
        headers: { "x-amz-acl": "public-read" },
        ...as(name),
      }),
    );
  t.is(await publish("shut", "stranger"), "403 AccessDenied");
  t.is(await publish("k", "bystander"), "403 AccessDenied");
  t.is(await publish("k", "stranger"), "200");
  t.is(await publish("k", "stranger"), "403 AccessDenied", "the canned ACL took the grant away");
});

test("PutObjectAcl_by_existing_tags_is_judged_before_it_is_done", async (t, { s3, bucket, signed, plain }) => {
  const condition = { StringEquals: { "s3:ExistingObjectTag/class": "open" } };
  const Principal = { AWS: "arn:aws:iam::100000000000:user/nobody" };
  const Policy = policyOf(statement(bucket, "Allow", Principal, "s3:PutObjectAcl", condition));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "open", Body: "x", Tagging: "class=open" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "shut", Body: "x", Tagging: "class=shut" }));
  const headers = { "x-amz-acl": "public-read" };
  const publish = async (key: string) =>
    outcome(await signed({ method: "PUT", target: `/${bucket}/${key}?acl`, headers, ...as("nobody") }));
  t.is(await publish("shut"), "403 AccessDenied");
  t.is(await publish("absent"), "403 AccessDenied");
  t.is(await publish("open"), "200");
  t.is((await plain({ method: "GET", target: `/${bucket}/open` })).status, 200);
  t.is((await plain({ method: "GET", target: `/${bucket}/shut` })).status, 403);
});

test("PublicAccessBlock_of_the_account_counts_beside_the_buckets", async (t, { bucket, signed }) => {
  const name = `${bucket}-theirs`;
  const owner = as("strangers-root");
  t.is((await signed({ method: "PUT", target: `/${name}`, ...owner })).status, 200);
  const control = (method: string, body = "") =>
    signed({
      method,
      target: "/v20180820/configuration/publicAccessBlock",
      headers: { "x-amz-account-id": "300000000000" },
      body,
      ...owner,
    });
  const namespace = "http://awss3control.amazonaws.com/doc/2018-08-20/";
  const block = (flags: string) =>
    control("PUT", `<PublicAccessBlockConfiguration xmlns="${namespace}">${flags}</PublicAccessBlockConfiguration>`);
  const put = async (target: string, request: object) =>
    outcome(await signed({ method: "PUT", target, ...request, ...owner }));
  const publish = () => put(`/${name}?policy`, { body: JSON.stringify(guidePolicy(name)) });
  t.is(outcome(await control("GET")), "404 NoSuchPublicAccessBlockConfiguration");
  t.is(outcome(await block("")), "400 InvalidRequest");
  t.is((await block("<BlockPublicPolicy>true</BlockPublicPolicy><BlockPublicAcls>true</BlockPublicAcls>")).status, 200);
  t.is(await publish(), "403 AccessDenied");
  const open = { headers: { "x-amz-acl": "public-read" } };
  t.is(await put(`/${name}?acl`, open), "403 AccessDenied");
  t.is(await put(`/${name}/k`, { ...open, body: "x" }), "403 AccessDenied");
  t.is(await put(`/${name}-2`, open), "403 AccessDenied");
  t.is((await control("DELETE")).status, 200);
  t.is(await publish(), "204");
  t.is(await put(`/${name}/k`, { body: "x" }), "200");
});

test("access_modes_of_the_admin_API_hold_at_the_S3_port", async (t, { s3, bucket, consoleEndpoint, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const set = async (body: object) => {
    const headers = { "content-type": "application/json" };
    const target = `/api/v1/buckets/${bucket}/access`;
    const request = { method: "PUT", target, headers, body: JSON.stringify(body), ...root };
    return (await sendSigned(consoleEndpoint, request)).status;
  };
  const statuses = async () => [
    (await plain({ method: "GET", target: `/${bucket}/k` })).status,
    (await plain({ method: "GET", target: `/${bucket}` })).status,
    (await plain({ method: "PUT", target: `/${bucket}/n`, body: "n" })).status,
  ];
  t.deepEqual(await statuses(), [403, 403, 403]);
  t.is(await set({ mode: "Public" }), 200);
  t.deepEqual(await statuses(), [200, 403, 403]);
  t.is((await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket }))).PolicyStatus?.IsPublic, true);
  t.is(await set({ mode: "Custom", permissions: ["s3:ListBucket", "s3:PutObject"] }), 200);
  t.deepEqual(await statuses(), [403, 200, 200]);
  t.is(await set({ mode: "Private" }), 200);
  t.deepEqual(await statuses(), [403, 403, 403]);
  t.is(await refusal(s3.send(new GetBucketPolicyCommand({ Bucket: bucket }))), "404 NoSuchBucketPolicy");
});

test("what_binds_the_owner_binds_who_does_not_sign", async (t, { bucket, consoleEndpoint, signed, plain }) => {
  const name = `${bucket}-bound`;
  const owner = as("bound-root");
  t.is((await signed({ method: "PUT", target: `/${name}`, ...owner })).status, 200);
  t.is((await signed({ method: "PUT", target: `/${name}/k`, body: "x", ...owner })).status, 200);
  const body = JSON.stringify(guidePolicy(name));
  t.is((await signed({ method: "PUT", target: `/${name}?policy`, body, ...owner })).status, 204);
  const read = async (headers = {}) => outcome(await plain({ method: "GET", target: `/${name}/k`, headers }));
  const change = async (method: string, at: string, changes: object, accountId = "400000000000") => {
    const headers = { "content-type": "application/json" };
    const target = `/api/v1/accounts/${accountId}${at}`;
    const answer = await sendSigned(consoleEndpoint, {
      method,
      target,
      headers,
      body: JSON.stringify(changes),
      ...root,
    });
    t.true(answer.status < 300, answer.body.toString());
  };
  t.is(await read(), "200");
  await change("PATCH", "", { label: "bound" });
  await change("PATCH", "", { label: "elsewhere" }, "300000000000");
  t.is(await read({ host: "s3.bound.localhost" }), "200");
  t.is(await read({ host: "s3.elsewhere.localhost" }), "403 AccessDenied");
  await change("PATCH", "", { addressRanges: ["192.0.2.0/24"] });
  t.is(await read(), "403 AccessDenied");
  await change("PATCH", "", { addressRanges: [] });
  t.is(await read(), "200");
  await change("POST", "/suspend", {});
  t.is(await read(), "403 AllAccessDisabled");
  await change("POST", "/resume", {});
  t.is(await read(), "200");
});

test("a_presigned_URL_is_judged_when_it_is_used", async (t, { s3, bucket, endpoint, signed, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const url = presign({ endpoint, ...as("full") }, "GET", `/${bucket}/k`);
  const use = async (method = "GET", host?: string) =>
    (await plain({ method, target: url, headers: host === undefined ? {} : { host } })).status;
  const put = (...statements: object[]) =>
    s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(...statements) }));
  t.is(await use(), 200);
  t.is(await use("PUT"), 403, "bound to the method");
  t.is(await use("GET", "elsewhere.example"), 403, "bound to the host");
  await put(statement(bucket, "Deny", "*", "s3:GetObject", { StringNotEquals: { "s3:authType": "REST-HEADER" } }));
  t.is(await use(), 403);
  t.is((await signed({ method: "GET", target: `/${bucket}/k`, ...as("full") })).status, 200);
  t.is((await plain({ method: "GET", target: `/${bucket}/k` })).status, 403, "not signed: no type at all");
  await put(statement(bucket, "Deny", "*", "s3:GetObject", { NumericLessThan: { "s3:signatureAge": "600000" } }));
  t.is(await use(), 403);
  await put(statement(bucket, "Allow", "*", "s3:GetObject"));
  t.is(await use(), 200);
  t.is(await use("PUT"), 403, "a wrong signature is not an unsigned request");
  t.is((await plain({ method: "GET", target: `${url}0` })).status, 403);
});

test("GetObjectAttributes_needs_GetObject_too", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const Principal = { AWS: "arn:aws:iam::100000000000:user/nobody" };
  const get = async (...actions: string[]) => {
    const Policy = policyOf(statement(bucket, "Allow", Principal, actions));
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    const headers = { "x-amz-object-attributes": "ETag" };
    return (await signed({ method: "GET", target: `/${bucket}/k?attributes`, headers, ...as("nobody") })).status;
  };
  t.is(await get("s3:GetObjectAttributes"), 403);
  t.is(await get("s3:GetObject"), 403);
  t.is(await get("s3:GetObjectAttributes", "s3:GetObject"), 200);
});

test("UploadPart_unsigned_in_every_way_that_needs_no_signature", async (t, { s3, bucket, plain }) => {
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "k" }));
  const part = async (body: string, headers = {}) => {
    const target = `/${bucket}/k?partNumber=1&uploadId=${UploadId}`;
    return outcome(await plain({ method: "PUT", target, body, headers }));
  };
  t.is(await part("x"), "403 AccessDenied");
  const Policy = policyOf(statement(bucket, "Allow", "*", "s3:PutObject"));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  t.is(await part("x"), "200");
  const mode = (name: string) => ({ "x-amz-content-sha256": name });
  t.is(await part("x", mode("UNSIGNED-PAYLOAD")), "200");
  t.is(await part("x", mode("0".repeat(64))), "400 XAmzContentSHA256Mismatch");
  const framed = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "3" };
  const chunked = "3\r\nabc\r\n0\r\n\r\n";
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-UNSIGNED-PAYLOAD-TRAILER") }), "200");
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") }), "400 InvalidRequest");
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") }), "400 InvalidRequest");
});

test("an_SDK_that_does_not_sign_reads_writes_and_lists", async (t, { s3, bucket, endpoint }) => {
  const Policy = policyOf(statement(bucket, "Allow", "*", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  const anonymous = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    signer: { sign: async (request) => request },
    credentials: { accessKeyId: "", secretAccessKey: "" },
  });
  await anonymous.send(
    new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "of nobody", ContentType: "text/plain" }),
  );
  const read = await anonymous.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  t.is(await read.Body?.transformToString(), "of nobody");
  const listed = await anonymous.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(
    listed.Contents?.map(({ Key }) => Key),
    ["k"],
  );
  t.is(await refusal(anonymous.send(new ListBucketsCommand({}))), "403 AccessDenied");
  t.is(await refusal(anonymous.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }))), "403 AccessDenied");
  anonymous.destroy();
});

test("PutObjectTagging_by_existing_tags_is_judged_before_it_is_done", async (t, { s3, bucket, signed }) => {
  const condition = { StringEquals: { "s3:ExistingObjectTag/class": "open" } };
  const Principal = { AWS: "arn:aws:iam::100000000000:user/nobody" };
  const tagging = ["s3:PutObjectTagging", "s3:DeleteObjectTagging"];
  const Policy = policyOf(statement(bucket, "Allow", Principal, tagging, condition));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  for (const value of ["open", "shut"]) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: value, Body: "x", Tagging: `class=${value}` }));
  }
  const body = "<Tagging><TagSet><Tag><Key>class</Key><Value>changed</Value></Tag></TagSet></Tagging>";
  const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
  const tag = async (method: string, key: string) => {
    const more = method === "PUT" ? { body, headers } : {};
    return outcome(await signed({ method, target: `/${bucket}/${key}?tagging`, ...more, ...as("nobody") }));
  };
  const held = async (key: string) => {
    const { body: listed } = await signed({ method: "GET", target: `/${bucket}/${key}?tagging` });
    return /<Value>(.*)<\/Value>/.exec(listed.toString())?.[1];
  };
  t.is(await tag("PUT", "shut"), "403 AccessDenied");
  t.is(await tag("DELETE", "shut"), "403 AccessDenied");
  t.is(await held("shut"), "shut");
  t.is(await tag("PUT", "open"), "200");
  t.is(await held("open"), "changed");
  t.is(await tag("DELETE", "open"), "403 AccessDenied");
});
