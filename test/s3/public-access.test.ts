/** Who comes to a bucket and its objects by ACLs, and what ownership controls and public access blocks leave of that. */

import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketOwnershipControlsCommand,
  GetPublicAccessBlockCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { accounts, as, guidePolicy, policyOf, statement } from "../support/bucket-access.ts";
import { eachFront, outcome, refusal } from "../support/each-front.ts";

const test = eachFront({ identities: { accounts } });

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
