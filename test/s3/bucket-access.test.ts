/** Who comes to a bucket by its policy and its access mode: its own account, another account, nobody. */

import { createHash } from "node:crypto";
import {
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAttributesCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { accounts, allow, as, guidePolicy, policyOf, statement } from "../support/bucket-access.ts";
import { eachFront, outcome, refusal } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { sendSigned } from "../support/signed-request.ts";

const test = eachFront({ identities: { accounts } });

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

test("access_modes_of_the_admin_API_hold_at_the_S3_port", async (t, { s3, bucket, consoleEndpoint, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const set = async (body: object) => {
    const headers = { "content-type": "application/json" };
    const target = `/api/v1/buckets/${bucket}/access`;
    const request = { method: "PUT", target, headers, body: JSON.stringify(body), ...testKeys };
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
      ...testKeys,
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
