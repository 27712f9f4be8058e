/** Object lock over HTTP, through AWS's SDK: bucket and default retention, lock headers, retention, holds, permissions. */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectRetentionCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal } from "../support/each-front.ts";
import { clientOf } from "../support/identities.ts";
import {
  configureLock,
  dayMs,
  hold,
  identities,
  inDays,
  locked,
  put,
  putRetained,
  type Removal,
  remove,
  retain,
  retentionOf,
  versionCount,
} from "../support/locked-bucket.ts";

const test = eachFront({ identities });

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

test("CreateBucket_object_lock_of_an_own_bucket_without_it_409", async (t, { s3, bucket: Bucket }) => {
  const again = (ObjectLockEnabledForBucket: boolean, name = Bucket) =>
    refusal(s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket })));
  t.is(await again(true), "409 BucketAlreadyOwnedByYou");
  t.is(await again(false), "no error");
  t.is(await again(true, `${Bucket}-lock`), "no error");
  t.is(await again(true, `${Bucket}-lock`), "no error");
});

test("CreateBucket_object_lock_takes_the_permissions_on_versioning_and_lock", async (t, at) => {
  const maker = clientOf(at, "maker");
  const make = (ObjectLockEnabledForBucket: boolean) =>
    refusal(maker.send(new CreateBucketCommand({ Bucket: `${at.bucket}-made`, ObjectLockEnabledForBucket })));
  t.is(await make(true), "403 AccessDenied");
  t.is(await make(false), "no error");
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
  const seen = await clientOf(at, "remover").send(new HeadObjectCommand({ Bucket, Key: "k" }));
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
  const writer = clientOf(at, "writer");
  await put(at, {}, writer);
  t.is(await refusal(put(at, { ObjectLockLegalHoldStatus: "ON" }, writer)), "403 AccessDenied");
  const retention = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(1) } as const;
  t.is(await refusal(put(at, retention, writer)), "403 AccessDenied");
});

test("PutObjectRetention_condition_on_remaining_days", async (t, stand) => {
  const at = await locked(stand);
  const weekly = clientOf(at, "weekly");
  const { VersionId } = await put(at);
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(8), { VersionId }, weekly)), "403 AccessDenied");
  await retain(at, "GOVERNANCE", inDays(7), { VersionId }, weekly);
  const long = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(9) } as const;
  t.is(await refusal(put(at, long, weekly)), "403 AccessDenied");
  await put(at, { ...long, ObjectLockRetainUntilDate: inDays(6) }, weekly);
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
  t.is(await refusal(retain(at, "GOVERNANCE", inDays(2), bypass, clientOf(at, "remover"))), "403 AccessDenied");
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
