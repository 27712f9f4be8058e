/** Tags of buckets by S3 Control: merged, taken away, bounded, and nobody else's. */

import test, { type ExecutionContext } from "ava";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import { identityKeys } from "../control/identity-records.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import { parsePolicy } from "../policy/document.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import { keys, openIam, operator, stranger } from "./iam-stand.testing.ts";
import { allowing } from "./row-samples.testing.ts";
import { isS3Control, s3ControlPort } from "./s3-control.ts";
import { httpRequest } from "./signed-requests.testing.ts";

const bucketArn = "arn:aws:s3:::photos";

async function open(t: ExecutionContext) {
  const stand = await openIam(t);
  const made = await stand.control.handle("bucket.create", { name: "photos", accountId: operator, location: null });
  t.true(made.ok);
  const bucketPolicy: { current: CompiledPolicy | null } = { current: null };
  const port = s3ControlPort({
    bucket: (name) => {
      stand.reader.refresh();
      return stand.reader.bucket(name);
    },
    bucketPolicy: () => bucketPolicy.current,
    publicAccessBlock: (accountId) => {
      stand.reader.refresh();
      return stand.reader.record<PublicAccessBlock>(identityKeys.publicAccessBlock(accountId));
    },
    askControl: (type, message) => stand.control.handle(type, message),
    log: silentLog,
  });
  const send = (
    method: string,
    rest: string,
    { as = keys.root, account = operator, body = "", rawQuery = "" }: Readonly<Record<string, string>> = {},
  ) => {
    const request = httpRequest({
      method,
      rawPath: `/v20180820/${rest}`,
      rawQuery,
      headers: { "x-amz-account-id": account },
    });
    t.true(isS3Control(request));
    return port({ requestId: "R", request, body: Buffer.from(body), caller: stand.callerOf(as) });
  };
  const path = `tags/${encodeURIComponent(bucketArn)}`;
  const tag = (tags: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}) => {
    const list = Object.entries(tags).map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
    const body = `<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Tags>${list.join("")}</Tags></TagResourceRequest>`;
    return send("POST", path, { body, ...more });
  };
  const listed = async () => {
    const { body } = await send("GET", path);
    const tags = body.matchAll(/<Tag><Key>([^<]*)<\/Key><Value>([^<]*)<\/Value><\/Tag>/g);
    return Object.fromEntries([...tags].map(([, key, value]) => [key, value]));
  };
  return { ...stand, send, tag, listed, path, bucketPolicy };
}

const codeOf = ({ body }: { readonly body: string }): string => /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? "";

test("tags are merged by their keys, taken away, and none at first", async (t) => {
  const { tag, listed, send, path } = await open(t);
  const empty = await send("GET", path);
  t.is(empty.status, 200);
  t.true(empty.body.includes("<Tags></Tags>"));
  t.is((await tag({ team: "red", cost: "7" })).status, 204);
  t.is((await tag({ cost: "8" })).status, 204);
  t.deepEqual(await listed(), { team: "red", cost: "8" });
  t.is((await send("DELETE", path, { rawQuery: "tagKeys=team&tagKeys=absent" })).status, 204);
  t.deepEqual(await listed(), { cost: "8" });
});

test("a bucket's policy denies its tags too, to Root as well", async (t) => {
  const { tag, send, path, bucketPolicy } = await open(t);
  const document = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:TagResource", Resource: bucketArn }],
  };
  bucketPolicy.current = compilePolicy(parsePolicy(document, "resource"), "bucket policy");
  t.is(codeOf(await tag({ a: "b" })), "AccessDenied");
  t.is((await send("GET", path)).status, 200);
});

test("the public access block of an account is put, shown and taken away, by who may, of the own account", async (t) => {
  const { send, call } = await open(t);
  const path = "configuration/publicAccessBlock";
  const body = `<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>`;
  t.is(codeOf(await send("GET", path)), "NoSuchPublicAccessBlockConfiguration");
  t.is((await send("DELETE", path)).status, 200);
  t.is((await send("PUT", path, { body })).status, 200);
  const shown = (await send("GET", path)).body;
  t.true(shown.includes("<BlockPublicPolicy>true</BlockPublicPolicy>"));
  t.true(shown.includes("<BlockPublicAcls>false</BlockPublicAcls>"));
  for (const bad of ["", "<Other/>", body.replace("true", "maybe"), body.replaceAll("BlockPublicPolicy", "Block")]) {
    t.is((await send("PUT", path, { body: bad })).status, 400, bad);
  }
  for (const method of ["GET", "PUT", "DELETE"]) {
    t.is(codeOf(await send(method, path, { body, as: keys.user })), "AccessDenied", method);
    t.is(codeOf(await send(method, path, { body, as: keys.stranger })), "AccessDenied", method);
  }
  t.is((await send("GET", path)).body, shown);
  await call("PutUserPolicy", {
    UserName: "uma",
    PolicyName: "p",
    PolicyDocument: allowing("s3:PutAccountPublicAccessBlock"),
  });
  t.is((await send("DELETE", path, { as: keys.user })).status, 200);
  t.is(codeOf(await send("GET", path)), "NoSuchPublicAccessBlockConfiguration");
});

test("every other call answers 405", async (t) => {
  const { send, path } = await open(t);
  for (const [method, rest] of [
    ["GET", "accesspoint"],
    ["POST", "configuration/publicAccessBlock"],
    ["GET", "configuration/publicAccessBlock/more"],
    ["POST", "jobs"],
    ["PUT", path],
    ["HEAD", path],
  ] as const) {
    const answer = await send(method, rest);
    t.is(answer.status, 405, rest);
    t.is(codeOf(answer), "MethodNotAllowed");
  }
});

test("who may not, and who is of another account, sees and changes nothing", async (t) => {
  const { send, tag, path, call, listed } = await open(t);
  t.is(codeOf(await tag({ a: "b" }, { as: keys.user })), "AccessDenied");
  t.is(codeOf(await send("GET", path, { as: keys.user })), "AccessDenied");
  t.is(codeOf(await send("DELETE", path, { as: keys.user, rawQuery: "tagKeys=a" })), "AccessDenied");
  t.is(
    codeOf(await tag({ a: "b" }, { as: keys.stranger })),
    "AccessDenied",
    "the account of the header is not its own",
  );
  t.is(codeOf(await tag({ a: "b" }, { as: keys.stranger, account: stranger })), "NoSuchBucket");
  t.is(codeOf(await send("GET", path, { account: "12" })), "InvalidRequest");
  await call("PutUserPolicy", { UserName: "uma", PolicyName: "p", PolicyDocument: allowing("s3:TagResource") });
  t.is((await tag({ a: "b" }, { as: keys.user })).status, 204);
  t.deepEqual(await listed(), { a: "b" });
});

test("what is malformed or too much is refused", async (t) => {
  const { send, tag, path, listed } = await open(t);
  t.is(codeOf(await send("POST", path, { body: "<TagResourceRequest>" })), "MalformedXML");
  t.is(codeOf(await send("POST", path, { body: "<Other/>" })), "MalformedXML");
  t.is(codeOf(await tag({ "aws:x": "1" })), "InvalidTag");
  t.is(codeOf(await tag({ "": "1" })), "InvalidTag");
  t.is(codeOf(await tag({ "a#b": "1" })), "InvalidTag");
  t.is(codeOf(await tag({ ["k".repeat(129)]: "1" })), "InvalidTag");
  t.is(codeOf(await tag({ k: "v".repeat(257) })), "InvalidTag");
  const many = Object.fromEntries(Array.from({ length: limits.tagsPerBucketMax + 1 }, (_, index) => [`k${index}`, ""]));
  t.is(codeOf(await tag(many)), "BadRequest");
  t.is(codeOf(await send("DELETE", path)), "InvalidRequest");
  t.is(codeOf(await send("GET", "tags/arn%3Aaws%3As3%3A%3A%3Aphotos%2Fkey")), "InvalidRequest");
  t.is(codeOf(await send("GET", "tags/arn%3Aaws%3As3%3A%3A%3Aabsent")), "NoSuchBucket");
  t.is(codeOf(await send("GET", "tags/%zz")), "InvalidURI");
  t.deepEqual(await listed(), {});
});

test("of changes of tags at once none is lost", async (t) => {
  const { tag, send, path, listed } = await open(t);
  const names = Array.from({ length: 12 }, (_, index) => `k${index}`);
  await Promise.all(names.map((name) => tag({ [name]: "1" })));
  t.deepEqual(Object.keys(await listed()).sort(), [...names].sort());
  await Promise.all([
    ...names.slice(0, 6).map((name) => send("DELETE", path, { rawQuery: `tagKeys=${name}` })),
    tag({ late: "1" }),
  ]);
  t.deepEqual(Object.keys(await listed()).sort(), [...names.slice(6), "late"].sort());
});

test("a bucket that is being deleted has no tags to see", async (t) => {
  const { control, send, path, tag } = await open(t);
  t.true((await control.handle("bucket.markDeleting", { name: "photos", jobId: null })).ok);
  t.is(codeOf(await send("GET", path)), "NoSuchBucket");
  t.is(codeOf(await tag({ a: "b" })), "NoSuchBucket");
  t.false((await control.handle("bucket.setTags", { name: "photos", tags: [] })).ok);
});
