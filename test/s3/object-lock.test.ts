/** Object lock over HTTP, through AWS's SDK: bucket and default retention, holds, bypass, every path that removes. */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectLockRule,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

const objects = "arn:aws:s3:::*/*";
const userKey = (name: string) => ({ accessKeyId: `AKLOCK${name}`, secretAccessKey: `a-secret-of-${name}` });
const user = (name: string, statements: object[]) => ({
  name,
  email: `${name}@example.com`,
  role: "user",
  policies: [{ Version: "2012-10-17", Statement: statements }],
  keys: [userKey(name)],
});
const allow = (Action: string[], Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource: objects,
  ...(Condition === undefined ? {} : { Condition }),
});
const account = {
  accountId: "100000000000",
  canonicalId: "canonical 100000000000",
  displayName: "account",
  kind: "operator",
  root: {
    email: "root@example.com",
    keys: [{ accessKeyId: testKeys.accessKeyId, secretAccessKey: testKeys.secretAccessKey }],
  },
  users: [
    user("remover", [allow(["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:GetObject"])]),
    user("writer", [allow(["s3:PutObject"])]),
    user("weekly", [
      allow(["s3:PutObject", "s3:PutObjectRetention"], {
        NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": "7" },
      }),
    ]),
  ],
};
const test = eachFront({ identities: { accounts: [account] } });

type At = Pick<Stand, "s3" | "endpoint" | "bucket">;
type Mode = "GOVERNANCE" | "COMPLIANCE";

const dayMs = 86_400_000;
const startMs = Math.floor(Date.now() / 1000) * 1000;
/** The same time whenever it is asked. */
const inDays = (days: number): Date => new Date(startMs + days * dayMs);

const as = ({ endpoint }: At, name: string): S3Client =>
  new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: userKey(name),
  });

/** A bucket with object lock of its own. */
const locked = async ({ s3, bucket, endpoint }: At): Promise<At> => {
  const name = `${bucket}-lock`;
  await s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
  return { s3, bucket: name, endpoint };
};

const put = ({ s3, bucket }: At, more: Partial<PutObjectCommandInput> = {}, client = s3) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "body", ...more }));

const putRetained = (at: At, mode: Mode, days = 1) =>
  put(at, { ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(days) });

interface Removal {
  readonly VersionId?: string | undefined;
  readonly BypassGovernanceRetention?: boolean;
}

const remove = ({ s3, bucket }: At, removal: Removal, client = s3) =>
  client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", ...removal }));

const retain = ({ s3, bucket }: At, Mode: Mode, until: Date, more: Removal = {}, client = s3) =>
  client.send(
    new PutObjectRetentionCommand({ Bucket: bucket, Key: "k", Retention: { Mode, RetainUntilDate: until }, ...more }),
  );

const retentionOf = async ({ s3, bucket }: At, VersionId?: string) =>
  (await s3.send(new GetObjectRetentionCommand({ Bucket: bucket, Key: "k", VersionId }))).Retention;

const hold = ({ s3, bucket }: At, Status: "ON" | "OFF", VersionId?: string) =>
  s3.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: "k", LegalHold: { Status }, VersionId }));

const configureLock = ({ s3, bucket }: At, Rule?: ObjectLockRule) =>
  s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...(Rule === undefined ? {} : { Rule }) },
    }),
  );

const versionCount = async ({ s3, bucket }: At): Promise<number> =>
  ((await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions ?? []).length;

test("CreateBucket_object_lock_enables_versioning_and_lock", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  t.is((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, "Enabled");
  const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
  t.deepEqual(ObjectLockConfiguration, { ObjectLockEnabled: "Enabled" });
  const suspend = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } });
  t.is(await refusal(s3.send(suspend)), "409 InvalidBucketState");
  t.is((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, "Enabled");
});

test("PutObjectLockConfiguration_on_an_existing_bucket_needs_versioning", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  const get = () => s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
  t.is(await refusal(get()), "404 ObjectLockConfigurationNotFoundError");
  t.is(await refusal(configureLock(at)), "409 InvalidBucketState");
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  await configureLock(at, { DefaultRetention: { Mode: "GOVERNANCE", Years: 2 } });
  t.deepEqual((await get()).ObjectLockConfiguration, {
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: { Mode: "GOVERNANCE", Years: 2 } },
  });
  await configureLock(at);
  t.deepEqual((await get()).ObjectLockConfiguration, { ObjectLockEnabled: "Enabled" });
});

test("PutObjectLockConfiguration_refuses_what_is_no_configuration_and_keeps_the_old_one", async (t, stand) => {
  const at = await locked(stand);
  await configureLock(at, { DefaultRetention: { Mode: "COMPLIANCE", Days: 3 } });
  const rule = (content: string) => `<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>${content}</Rule>`;
  const retention = (content: string) => rule(`<DefaultRetention>${content}</DefaultRetention>`);
  const mode = "<Mode>COMPLIANCE</Mode>";
  for (const [content, expected] of [
    ["", "400 MalformedXML"],
    ["<ObjectLockEnabled>Disabled</ObjectLockEnabled>", "400 MalformedXML"],
    [rule(""), "400 MalformedXML"],
    [retention(mode), "400 MalformedXML"],
    [retention("<Days>1</Days>"), "400 MalformedXML"],
    [retention(`${mode}<Days>1</Days><Years>1</Years>`), "400 MalformedXML"],
    [retention("<Mode>SOMETIMES</Mode><Days>1</Days>"), "400 MalformedXML"],
    [retention(`${mode}<Days>0</Days>`), "400 InvalidArgument"],
    [retention(`${mode}<Days>36501</Days>`), "400 InvalidArgument"],
    [retention(`${mode}<Years>101</Years>`), "400 InvalidArgument"],
    [retention(`${mode}<Days>1</Days><Hours>1</Hours>`), "400 MalformedXML"],
  ] as const) {
    const body = `<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</ObjectLockConfiguration>`;
    const answer = await stand.signed({ method: "PUT", target: `/${at.bucket}?object-lock`, body });
    t.is(outcome(answer), expected, content);
  }
  const kept = await at.s3.send(new GetObjectLockConfigurationCommand({ Bucket: at.bucket }));
  t.deepEqual(kept.ObjectLockConfiguration?.Rule?.DefaultRetention, { Mode: "COMPLIANCE", Days: 3 });
});

test("PutObject_lock_headers_protect_the_version_and_are_shown", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const until = inDays(2);
  const { VersionId } = await put(at, {
    ObjectLockMode: "COMPLIANCE",
    ObjectLockRetainUntilDate: until,
    ObjectLockLegalHoldStatus: "ON",
  });
  const shown = { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: "ON" };
  t.like(await s3.send(new HeadObjectCommand({ Bucket, Key: "k" })), shown);
  t.like(await s3.send(new GetObjectCommand({ Bucket, Key: "k" })), shown);
  const seen = await as(at, "remover").send(new HeadObjectCommand({ Bucket, Key: "k" }));
  t.is(seen.ObjectLockMode, undefined);
  t.is(seen.ObjectLockLegalHoldStatus, undefined);
  t.is(await refusal(remove(at, { VersionId, BypassGovernanceRetention: true })), "403 AccessDenied");
  t.deepEqual(await retentionOf(at), { Mode: "COMPLIANCE", RetainUntilDate: until });
});

test("PutObject_lock_headers_wrong", async (t, { bucket, signed, ...stand }) => {
  const lock = await locked({ bucket, ...stand });
  const date = "x-amz-object-lock-retain-until-date";
  const mode = "x-amz-object-lock-mode";
  const later = inDays(1).toISOString();
  for (const [headers, expected] of [
    [{ [mode]: "COMPLIANCE" }, "400 InvalidArgument"],
    [{ [date]: later }, "400 InvalidArgument"],
    [{ [mode]: "SOMETIMES", [date]: later }, "400 InvalidArgument"],
    [{ [mode]: "COMPLIANCE", [date]: "tomorrow" }, "400 InvalidArgument"],
    [{ [mode]: "COMPLIANCE", [date]: new Date(Date.now() - 60_000).toISOString() }, "400 InvalidArgument"],
    [{ [mode]: "COMPLIANCE", [date]: inDays(40_000).toISOString() }, "400 InvalidArgument"],
    [{ "x-amz-object-lock-legal-hold": "YES" }, "400 InvalidArgument"],
    [{ "x-amz-object-lock-event-hold": "ON" }, "501 NotImplemented"],
    [{ [mode]: "COMPLIANCE", [date]: later }, "400 InvalidRequest"],
  ] as const) {
    const target = `/${lock.bucket}/k`;
    // Without a digest of the body, as the last case has it, nothing that is to be locked is taken.
    const answer = await signed({ method: "PUT", target, body: "x", payload: "UNSIGNED-PAYLOAD", headers });
    t.is(outcome(answer), expected, JSON.stringify(headers));
  }
  t.is(await versionCount(lock), 0);
  const unlocked = { method: "PUT", target: `/${bucket}/k`, body: "x" };
  const answer = await signed({ ...unlocked, headers: { [mode]: "COMPLIANCE", [date]: later } });
  t.is(outcome(answer), "400 InvalidRequest");
});

test("PutObject_lock_headers_need_permissions_of_their_own", async (t, stand) => {
  const at = await locked(stand);
  const writer = as(at, "writer");
  await put(at, {}, writer);
  t.is(await refusal(put(at, { ObjectLockLegalHoldStatus: "ON" }, writer)), "403 AccessDenied");
  const retention = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(1) } as const;
  t.is(await refusal(put(at, retention, writer)), "403 AccessDenied");
});

test("PutObjectRetention_condition_on_remaining_days", async (t, stand) => {
  const at = await locked(stand);
  const weekly = as(at, "weekly");
  const { VersionId } = await put(at);
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(8), { VersionId }, weekly)), "403 AccessDenied");
  await retain(at, "GOVERNANCE", inDays(7), { VersionId }, weekly);
  const long = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(9) } as const;
  t.is(await refusal(put(at, long, weekly)), "403 AccessDenied");
  await put(at, { ...long, ObjectLockRetainUntilDate: inDays(6) }, weekly);
});

test("DeleteObject_governance_takes_the_header_and_the_permission", async (t, stand) => {
  const at = await locked(stand);
  const { VersionId } = await putRetained(at, "GOVERNANCE");
  const remover = as(at, "remover");
  t.is(await refusal(remove(at, { VersionId })), "403 AccessDenied");
  t.is(await refusal(remove(at, { VersionId, BypassGovernanceRetention: true }, remover)), "403 AccessDenied");
  t.is(await versionCount(at), 1);
  await remove(at, { VersionId, BypassGovernanceRetention: true });
  t.is(await versionCount(at), 0);
});

test("DeleteObject_compliance_is_refused_to_Root_with_bypass", async (t, stand) => {
  const at = await locked(stand);
  const { VersionId } = await putRetained(at, "COMPLIANCE");
  t.is(await refusal(remove(at, { VersionId })), "403 AccessDenied");
  t.is(await refusal(remove(at, { VersionId, BypassGovernanceRetention: true })), "403 AccessDenied");
  const short = { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(Date.now() + 2000) } as const;
  const { VersionId: second } = await put(at, short);
  t.is(await refusal(remove(at, { VersionId: second })), "403 AccessDenied");
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await remove(at, { VersionId: second });
  t.is(await versionCount(at), 1);
});

test("DeleteObjects_refuses_the_locked_ones_alone", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const versions = [await put(at), await putRetained(at, "GOVERNANCE"), await putRetained(at, "COMPLIANCE")];
  const Objects = versions.map(({ VersionId }) => ({ Key: "k", VersionId }));
  const ask = (BypassGovernanceRetention: boolean, client = s3) =>
    client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects }, BypassGovernanceRetention }));
  const first = await ask(true, as(at, "remover"));
  t.deepEqual(
    first.Deleted?.map(({ VersionId }) => VersionId),
    [versions[0]?.VersionId],
  );
  t.deepEqual(
    first.Errors?.map(({ Code, VersionId }) => [Code, VersionId]),
    [
      ["AccessDenied", versions[1]?.VersionId],
      ["AccessDenied", versions[2]?.VersionId],
    ],
  );
  const second = await ask(true);
  t.deepEqual(
    second.Errors?.map(({ VersionId }) => VersionId),
    [versions[2]?.VersionId],
  );
  t.is(await versionCount(at), 1);
});

test("PutObject_and_DeleteObject_without_a_version_go_on_over_a_locked_one", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const { VersionId } = await putRetained(at, "COMPLIANCE");
  await put(at, { Body: "over" });
  t.true((await remove(at, {})).DeleteMarker);
  t.is(await versionCount(at), 2);
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: "k", VersionId }));
  t.is(await found.Body?.transformToString(), "body");
});

test("PutObjectRetention_never_shortens_compliance_and_takes_bypass_for_governance", async (t, stand) => {
  const at = await locked(stand);
  const { VersionId } = await put(at);
  t.is(await refusal(retentionOf(at)), "404 NoSuchObjectLockConfiguration");
  await retain(at, "GOVERNANCE", inDays(3));
  await retain(at, "GOVERNANCE", inDays(5));
  const bypass = { BypassGovernanceRetention: true };
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(2))), "403 AccessDenied");
  t.is(await refusal(retain(at, "COMPLIANCE", inDays(5))), "403 AccessDenied");
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(2), bypass, as(at, "remover"))), "403 AccessDenied");
  await retain(at, "GOVERNANCE", inDays(2), bypass);
  await retain(at, "COMPLIANCE", inDays(2), bypass);
  t.is(await refusal(retain(at, "COMPLIANCE", inDays(1), bypass)), "403 AccessDenied");
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(9), bypass)), "403 AccessDenied");
  t.is(await refusal(retain(at, "COMPLIANCE", new Date(Date.now() - 1000), bypass)), "400 InvalidArgument");
  await retain(at, "COMPLIANCE", inDays(4), { VersionId });
  t.deepEqual(await retentionOf(at, VersionId), { Mode: "COMPLIANCE", RetainUntilDate: inDays(4) });
});

test("PutObjectRetention_empty_takes_governance_away_by_bypass", async (t, stand) => {
  const at = await locked(stand);
  await putRetained(at, "GOVERNANCE");
  const empty = (more: Removal) =>
    at.s3.send(new PutObjectRetentionCommand({ Bucket: at.bucket, Key: "k", Retention: {}, ...more }));
  t.is(await refusal(empty({})), "403 AccessDenied");
  await empty({ BypassGovernanceRetention: true });
  t.is(await refusal(retentionOf(at)), "404 NoSuchObjectLockConfiguration");
});

test("PutObjectRetention_malformed_and_misplaced", async (t, stand) => {
  const { signed, bucket } = stand;
  const at = await locked(stand);
  await put(at);
  await put(stand);
  const retention = (content: string) =>
    `<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</Retention>`;
  const date = `<RetainUntilDate>${inDays(1).toISOString()}</RetainUntilDate>`;
  const whole = retention(`<Mode>GOVERNANCE</Mode>${date}`);
  for (const [target, body, expected] of [
    [`/${at.bucket}/k?retention`, retention(date), "400 MalformedXML"],
    [`/${at.bucket}/k?retention`, retention("<Mode>GOVERNANCE</Mode>"), "400 MalformedXML"],
    [`/${at.bucket}/k?retention`, retention(`<Mode>X</Mode>${date}`), "400 MalformedXML"],
    [`/${at.bucket}/k?retention`, retention(`<Mode>GOVERNANCE</Mode>${date}<More/>`), "400 MalformedXML"],
    [`/${at.bucket}/k?retention`, "", "400 MalformedXML"],
    [`/${at.bucket}/none?retention`, whole, "404 NoSuchKey"],
    [`/${at.bucket}/k?retention&versionId=${"0".repeat(26)}`, whole, "404 NoSuchVersion"],
    [`/${at.bucket}/k?retention&versionId=x`, whole, "400 InvalidArgument"],
    [`/${bucket}/k?retention`, whole, "400 InvalidRequest"],
    [`/${bucket}/k?legal-hold`, "<LegalHold><Status>ON</Status></LegalHold>", "400 InvalidRequest"],
    [`/${at.bucket}/k?legal-hold`, "<LegalHold><Status>MAYBE</Status></LegalHold>", "400 MalformedXML"],
    [`/${at.bucket}/k?legal-hold`, "<LegalHold/>", "400 MalformedXML"],
  ] as const) {
    t.is(outcome(await signed({ method: "PUT", target, body })), expected, `${target} ${body}`);
  }
  for (const word of ["retention", "legal-hold"])
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k?${word}` })), "400 InvalidRequest");
});

test("PutObjectLegalHold_holds_until_it_is_off", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const { VersionId } = await put(at);
  const status = async () => (await s3.send(new GetObjectLegalHoldCommand({ Bucket, Key: "k" }))).LegalHold?.Status;
  t.is(await refusal(status()), "404 NoSuchObjectLockConfiguration");
  await hold(at, "ON");
  t.is(await status(), "ON");
  t.is(await refusal(remove(at, { VersionId, BypassGovernanceRetention: true })), "403 AccessDenied");
  await hold(at, "OFF", VersionId);
  t.is(await status(), "OFF");
  await remove(at, { VersionId });
  await remove(at, {});
  t.is(await refusal(hold(at, "ON")), "405 MethodNotAllowed");
});

test("PutObject_default_retention_is_counted_from_the_write", async (t, stand) => {
  const at = await locked(stand);
  await configureLock(at, { DefaultRetention: { Mode: "GOVERNANCE", Days: 10 } });
  const before = Date.now();
  const { VersionId } = await put(at);
  const { Mode, RetainUntilDate } = (await retentionOf(at, VersionId)) ?? {};
  t.is(Mode, "GOVERNANCE");
  const until = RetainUntilDate?.getTime() ?? 0;
  t.true(until >= before + 10 * dayMs - 1000 && until <= Date.now() + 10 * dayMs);
  const own = await putRetained(at, "COMPLIANCE", 1);
  t.deepEqual(await retentionOf(at, own.VersionId), { Mode: "COMPLIANCE", RetainUntilDate: inDays(1) });
  const bare = { method: "PUT", target: `/${at.bucket}/k`, body: "x", payload: "UNSIGNED-PAYLOAD" };
  t.is(outcome(await stand.signed(bare)), "400 InvalidRequest");
});

test("CopyObject_does_not_copy_the_lock_and_takes_its_own", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  await putRetained(at, "COMPLIANCE");
  const CopySource = `${Bucket}/k`;
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).ObjectLockMode, undefined);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "held", CopySource, ObjectLockLegalHoldStatus: "ON" }));
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "held" }))).ObjectLockLegalHoldStatus, "ON");
});

test("CompleteMultipartUpload_gives_the_lock_that_the_upload_was_made_with", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const until = inDays(3);
  const upload = async (Key: string, more: object) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  };
  const { VersionId } = await upload("k", {
    ObjectLockMode: "COMPLIANCE",
    ObjectLockRetainUntilDate: until,
    Tagging: "a=b",
  });
  t.deepEqual(await retentionOf(at), { Mode: "COMPLIANCE", RetainUntilDate: until });
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).TagCount, 1);
  t.is(await refusal(remove(at, { VersionId })), "403 AccessDenied");
  const { VersionId: over } = await upload("k", {});
  t.not(over, VersionId);
  t.is(await versionCount(at), 2);
  await configureLock(at, { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } });
  await upload("k", {});
  t.is((await retentionOf(at))?.Mode, "GOVERNANCE");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "given-up" }));
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "given-up", UploadId }));
});

test("DeleteBucket_with_a_locked_version_409", async (t, stand) => {
  const at = await locked(stand);
  await putRetained(at, "COMPLIANCE");
  await remove(at, {});
  t.is(await refusal(at.s3.send(new DeleteBucketCommand({ Bucket: at.bucket }))), "409 BucketNotEmpty");
  t.is(await versionCount(at), 1);
});

test("SuperDeleteBucket_is_refused_with_the_locked_versions_and_removes_nothing", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: name } = at;
  const compliance = await putRetained(at, "COMPLIANCE");
  const governance = await putRetained(at, "GOVERNANCE");
  const held = await put(at, { Key: "held", ObjectLockLegalHoldStatus: "ON" });
  await put(at, { Key: "free" });
  const superDelete = async () => {
    const answer = await sendSigned(stand.consoleEndpoint, {
      method: "POST",
      target: `/api/v1/buckets/${name}/super-delete`,
      body: JSON.stringify({ name }),
      headers: { "content-type": "application/json" },
    });
    const { code, errors = [] } = JSON.parse(answer.body.toString()) as {
      code?: string;
      errors?: { detail: string }[];
    };
    return { status: answer.status, code, text: errors.map(({ detail }) => detail).join() };
  };
  const refused = await superDelete();
  t.like(refused, { status: 409, code: "BucketLocked" });
  for (const { VersionId } of [compliance, held]) t.true(refused.text.includes(VersionId ?? "none"), refused.text);
  t.false(refused.text.includes(governance.VersionId ?? "none"), "Root may pass governance mode");
  t.is(await versionCount(at), 4);
  await put(at, { Key: "still open" });
  t.is(await refusal(s3.send(new DeleteBucketCommand({ Bucket: name }))), "409 BucketNotEmpty");
});

test("SuperDeleteBucket_removes_versions_whose_lock_has_ended", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: name } = at;
  await put(at, { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(Date.now() + 1500) });
  await putRetained(at, "GOVERNANCE");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const answer = await sendSigned(stand.consoleEndpoint, {
    method: "POST",
    target: `/api/v1/buckets/${name}/super-delete`,
    body: JSON.stringify({ name }),
    headers: { "content-type": "application/json" },
  });
  t.is(answer.status, 202, answer.body.toString());
  let gone = "";
  for (let turn = 0; turn < 200 && gone !== "404 NoSuchBucket"; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gone = await refusal(s3.send(new ListObjectVersionsCommand({ Bucket: name })));
  }
  t.is(gone, "404 NoSuchBucket");
});
