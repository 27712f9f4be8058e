/** What policies of users allow on S3: actions, resources, versions, headers, conditions, accounts. */

import { createHash } from "node:crypto";
import { eachFront, outcome } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

const allow = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const deny = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: "Deny",
});
const document = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const objects = "arn:aws:s3:::*/*";

let keyCount = 0;
const keys = new Map<string, { accessKeyId: string; secretAccessKey: string }>();
const user = (name: string, policies: unknown[], role = "user") => {
  const key = { accessKeyId: `AKPOLICY${keyCount++}`, secretAccessKey: `a secret of ${name}`.replaceAll(" ", "-") };
  keys.set(name, key);
  return { name, email: `${name}@example.com`, role, policies, keys: [key] };
};
const account = (accountId: string, kind: string, users: object[], more: object = {}) => ({
  accountId,
  canonicalId: `canonical ${accountId}`,
  displayName: `account ${accountId}`,
  kind,
  root: { email: `root@${accountId}.example.com`, keys: [] },
  users,
  ...more,
});

const operator = account("100000000000", "operator", [
  user("nobody", []),
  user("admin", [], "admin"),
  user("administrator", ["AdministratorAccess"]),
  user("reader", [document(allow("s3:GetObject", objects))]),
  user("lister", [document(allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::*"]))]),
  user("prefixed", [
    document(
      allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*/home/${aws:username}/*"),
      allow("s3:ListBucket", "arn:aws:s3:::*", { StringLike: { "s3:prefix": "home/${aws:username}/*" } }),
    ),
  ]),
  user("denied", ["AdministratorAccess", document(deny("s3:Delete*", "*"))]),
  user("deniedadmin", [document(deny("s3:GetObject", objects))], "admin"),
  user("writer", [document(allow("s3:PutObject", objects))]),
  user("tagger", [document(allow(["s3:PutObject", "s3:PutObjectTagging"], objects))]),
  user("versions", [document(allow(["s3:GetObjectVersion", "s3:DeleteObjectVersion"], objects))]),
  user("tagged", [
    document(allow("s3:GetObject", objects, { StringEquals: { "s3:ExistingObjectTag/class": "public" } })),
  ]),
  user("remover", [document(allow("s3:DeleteObject", objects))]),
  user("tagremover", [
    document(
      allow("s3:DeleteObject", objects),
      allow("s3:GetObject", objects, { StringEquals: { "s3:ExistingObjectTag/class": "public" } }),
    ),
  ]),
  user("near", [document(allow("s3:*", "*", { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }))]),
  user("careful", [document(allow("s3:*", "*"), deny("s3:*", "*", { Bool: { "aws:SecureTransport": "false" } }))]),
  user("european", [
    document(
      allow("s3:CreateBucket", "*", { StringEquals: { "s3:LocationConstraint": "eu-west-3" } }),
      allow("s3:GetBucketLocation", "*"),
    ),
  ]),
  user("everywherebut", [
    document(
      allow("s3:CreateBucket", "*"),
      deny("s3:CreateBucket", "*", { StringLike: { "s3:LocationConstraint": "us-*" } }),
    ),
  ]),
  user("bucketmaker", [document(allow("s3:CreateBucket", "arn:aws:s3:::made-*"))]),
]);
const reseller = account("200000000000", "reseller", [user("seller", ["AdministratorAccess"])]);
const customer = account("300000000000", "customer", [user("stranger", ["AdministratorAccess"])]);

const root = { accessKeyId: testKeys.accessKeyId, secretAccessKey: testKeys.secretAccessKey };
const test = eachFront({
  identities: { accounts: [{ ...operator, root: { email: "root@example.com", keys: [root] } }, reseller, customer] },
  settings: ['trustedProxies=["127.0.0.1"]'],
});

const as = (name: string) => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`there is no user ${name}`);
  return key;
};

test("any_request_of_a_user_without_policies_403", async (t, { signed, bucket }) => {
  for (const [method, target] of [
    ["GET", "/"],
    ["PUT", "/another-one"],
    ["GET", `/${bucket}`],
    ["HEAD", `/${bucket}`],
    ["PUT", `/${bucket}/k`],
    ["GET", `/${bucket}/k`],
    ["DELETE", `/${bucket}/k`],
    ["DELETE", `/${bucket}`],
  ] as const) {
    const answer = await signed({ method, target, ...as("nobody") });
    t.is(answer.status, 403, `${method} ${target}`);
  }
});

test("any_request_of_root_admin_and_AdministratorAccess_200", async (t, { signed, bucket }) => {
  for (const key of [root, as("admin"), as("administrator")]) {
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/k`, body: "x", ...key })), "200");
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k`, ...key })), "200");
    t.is(outcome(await signed({ method: "GET", target: "/", ...key })), "200");
  }
});

test("GetObject_missing_key_404_with_ListBucket_403_without", async (t, { signed, bucket }) => {
  const target = `/${bucket}/absent`;
  t.is(outcome(await signed({ method: "GET", target, ...as("reader") })), "403 AccessDenied");
  t.is((await signed({ method: "HEAD", target, ...as("reader") })).status, 403);
  t.is(outcome(await signed({ method: "GET", target, ...as("lister") })), "404 NoSuchKey");
  t.is((await signed({ method: "HEAD", target, ...as("lister") })).status, 404);
});

test("PutObject_GetObject_ListObjects_within_the_own_prefix_200_elsewhere_403", async (t, { signed, bucket }) => {
  const key = as("prefixed");
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/home/prefixed/a`, body: "x", ...key })), "200");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/home/prefixed/a`, ...key })), "200");
  t.is(
    outcome(await signed({ method: "PUT", target: `/${bucket}/home/other/a`, body: "x", ...key })),
    "403 AccessDenied",
  );
  const list = (prefix: string) =>
    signed({ method: "GET", target: `/${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`, ...key });
  t.is(outcome(await list("home/prefixed/")), "200");
  t.is(outcome(await list("home/")), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?list-type=2`, ...key })), "403 AccessDenied");
});

test("DeleteObject_explicit_deny_beats_AdministratorAccess_and_admin_403", async (t, { signed, bucket }) => {
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/k`, body: "x", ...as("denied") })), "200");
  t.is(outcome(await signed({ method: "DELETE", target: `/${bucket}/k`, ...as("denied") })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k`, ...as("deniedadmin") })), "403 AccessDenied");
  t.is((await signed({ method: "HEAD", target: `/${bucket}/k`, ...as("deniedadmin") })).status, 403);
});

test("DeleteObjects_judges_each_key_of_the_list", async (t, { signed, bucket }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" });
  const body = "<Delete><Object><Key>k</Key></Object></Delete>";
  const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
  const answer = await signed({ method: "POST", target: `/${bucket}?delete`, body, headers, ...as("denied") });
  t.is(outcome(answer), "200 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "200");
});

test("DeleteObject_DeleteObjects_by_ETag_need_GetObject_too_403", async (t, { signed, bucket }) => {
  const target = (key: string) => `/${bucket}/${key}`;
  const tagged = { "x-amz-tagging": "class=public" };
  for (const key of ["open", "open2"]) await signed({ method: "PUT", target: target(key), body: "x", headers: tagged });
  for (const key of ["k", "k2"]) await signed({ method: "PUT", target: target(key), body: "x" });
  const etag = createHash("md5").update("x").digest("hex");
  const remove = async (name: string, key: string, ifMatch: string) =>
    outcome(await signed({ method: "DELETE", target: target(key), headers: { "if-match": ifMatch }, ...as(name) }));
  t.is(await remove("remover", "k", `"${etag}"`), "403 AccessDenied");
  t.is(await remove("remover", "k", '"other"'), "403 AccessDenied", "whether the ETag holds is not told");
  t.is(await remove("tagremover", "k", `"${etag}"`), "403 AccessDenied");
  t.is(await remove("tagremover", "open", '"other"'), "412 PreconditionFailed");
  t.is(await remove("tagremover", "open", `"${etag}"`), "204");
  const items = ["k", "open2"].map((key) => `<Object><Key>${key}</Key><ETag>${etag}</ETag></Object>`).join("");
  const body = `<Delete>${items}<Object><Key>k2</Key><ETag>*</ETag></Object></Delete>`;
  const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
  const answer = await signed({ method: "POST", target: `/${bucket}?delete`, body, headers, ...as("tagremover") });
  t.is(outcome(answer), "200 AccessDenied");
  const left = async (key: string) => (await signed({ method: "GET", target: target(key) })).status;
  t.deepEqual(await Promise.all(["k", "open2", "k2"].map(left)), [200, 404, 404]);
  t.is(await remove("remover", "k", "*"), "204", "that there is an object is no content");
});

test("PutObject_with_tags_needs_PutObjectTagging_403", async (t, { signed, bucket }) => {
  const put = (name: string) =>
    signed({
      method: "PUT",
      target: `/${bucket}/k`,
      body: "x",
      headers: { "x-amz-tagging": "class=public" },
      ...as(name),
    });
  t.is(outcome(await put("writer")), "403 AccessDenied");
  t.is(outcome(await put("tagger")), "200");
});

test("GetObject_DeleteObject_of_a_version_need_the_actions_of_versions_403", async (t, { signed, bucket }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" });
  const target = `/${bucket}/k?versionId=null`;
  t.is(outcome(await signed({ method: "GET", target, ...as("reader") })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target, ...as("versions") })), "200");
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k`, ...as("versions") })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "DELETE", target: `/${bucket}/k`, ...as("versions") })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "DELETE", target, ...as("versions") })), "204");
});

test("GetObject_by_the_tags_of_the_object_200_or_403", async (t, { signed, bucket }) => {
  const key = as("tagged");
  for (const [name, tagging] of [
    ["public", "class=public"],
    ["secret", "class=secret"],
  ] as const)
    await signed({ method: "PUT", target: `/${bucket}/${name}`, body: "x", headers: { "x-amz-tagging": tagging } });
  await signed({ method: "PUT", target: `/${bucket}/untagged`, body: "x" });
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/public`, ...key })), "200");
  t.is((await signed({ method: "HEAD", target: `/${bucket}/public`, ...key })).status, 200);
  for (const name of ["secret", "untagged", "absent"]) {
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}/${name}`, ...key })), "403 AccessDenied", name);
    t.is((await signed({ method: "HEAD", target: `/${bucket}/${name}`, ...key })).status, 403, name);
  }
});

test("CopyObject_needs_both_the_source_and_the_destination_403", async (t, { signed, bucket }) => {
  await signed({ method: "PUT", target: `/${bucket}/source`, body: "x" });
  const copy = (name: string, target: string) =>
    signed({ method: "PUT", target, headers: { "x-amz-copy-source": `/${bucket}/source` }, ...as(name) });
  t.is(outcome(await copy("writer", `/${bucket}/copy`)), "403 AccessDenied");
  t.is(outcome(await copy("reader", `/${bucket}/copy`)), "403 AccessDenied");
  t.is(outcome(await copy("prefixed", `/${bucket}/home/prefixed/copy`)), "403 AccessDenied");
  t.is(outcome(await copy("administrator", `/${bucket}/copy`)), "200");
});

test("any_request_judged_by_the_address_that_a_trusted_proxy_tells", async (t, { signed, bucket }) => {
  const list = (forwarded: string | null) =>
    signed({
      method: "GET",
      target: `/${bucket}`,
      headers: forwarded === null ? {} : { "x-forwarded-for": forwarded },
      ...as("near"),
    });
  t.is(outcome(await list("192.0.2.7")), "200");
  t.is(outcome(await list("198.51.100.1, 192.0.2.7")), "200", "what stands left of the client anybody can write");
  t.is(outcome(await list("192.0.2.7, 198.51.100.1")), "403 AccessDenied");
  t.is(outcome(await list(null)), "403 AccessDenied");
});

test("any_request_denied_without_TLS_403_unless_the_trusted_proxy_had_it", async (t, { signed, bucket }) => {
  const target = `/${bucket}`;
  t.is(outcome(await signed({ method: "GET", target, ...as("careful") })), "403 AccessDenied");
  const headers = { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" };
  t.is(outcome(await signed({ method: "GET", target, headers, ...as("careful") })), "200");
});

test("CreateBucket_of_an_allowed_name_200_of_another_403", async (t, { signed, implementation }) => {
  const key = as("bucketmaker");
  t.is(outcome(await signed({ method: "PUT", target: `/made-${implementation}`, ...key })), "200");
  t.is(outcome(await signed({ method: "PUT", target: `/other-${implementation}`, ...key })), "403 AccessDenied");
  t.is(outcome(await signed({ method: "GET", target: "/", ...key })), "403 AccessDenied");
});

test("CreateBucket_by_the_LocationConstraint_of_its_body_200_or_403", async (t, {
  signed,
  implementation,
  consoleEndpoint,
}) => {
  let made = 0;
  const create = (name: string, location: string | null, more: object = {}) => {
    const body =
      location === null
        ? ""
        : `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`;
    return signed({ method: "PUT", target: `/located-${implementation}-${made++}`, body, ...more, ...as(name) });
  };
  t.is(outcome(await create("european", "eu-west-3")), "200");
  t.is(outcome(await create("european", "eu-&#119;est-3")), "200", "as XML says it");
  t.is(outcome(await create("european", "eu-west-1")), "403 AccessDenied");
  t.is(outcome(await create("european", null)), "403 AccessDenied", "without one there is no such key");
  t.is(outcome(await create("european", "")), "403 AccessDenied");
  t.is(outcome(await create("everywherebut", "eu-west-1")), "200");
  t.is(outcome(await create("everywherebut", null)), "200");
  t.is(outcome(await create("everywherebut", "us-west-2")), "403 AccessDenied");
  t.is(outcome(await create("nobody", "eu-west-3")), "403 AccessDenied");
  const spoiled = { payload: createHash("sha256").update("another body").digest("hex") };
  t.is(outcome(await create("european", "eu-west-3", spoiled)), "400 XAmzContentSHA256Mismatch");
  const byAdmin = async (name: string, region: string | null) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name: `located-${implementation}-${made++}`, region });
    return (
      await sendSigned(consoleEndpoint, { method: "POST", target: "/api/v1/buckets", headers, body, ...as(name) })
    ).status;
  };
  t.is(await byAdmin("european", "eu-west-3"), 201);
  t.is(await byAdmin("european", "eu-west-1"), 403);
  t.is(await byAdmin("european", null), 403);
  t.is(await byAdmin("everywherebut", "us-west-2"), 403);
  t.is(await byAdmin("everywherebut", null), 201);
});

test("any_request_of_another_account_403_and_its_reasons_are_not_told", async (t, { signed, bucket }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" });
  for (const target of [`/${bucket}`, `/${bucket}/k`]) {
    const answer = await signed({ method: "GET", target, ...as("stranger") });
    t.is(outcome(answer), "403 AccessDenied");
    t.regex(String(answer.body), /<Message>Access Denied<\/Message>/);
  }
  const own = await signed({ method: "GET", target: `/${bucket}/k`, ...as("nobody") });
  t.regex(String(own.body), /user\/nobody is not authorized to perform: s3:GetObject on resource/);
});

test("any_request_with_a_key_of_a_reseller_403", async (t, { signed }) => {
  t.is(outcome(await signed({ method: "GET", target: "/", ...as("seller") })), "403 AccessDenied");
});
