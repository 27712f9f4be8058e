/** What object lock keeps over HTTP, through AWS's SDK: every path that removes, with and without the bypass. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, refusal, type Stand } from "../support/each-front.ts";
import { clientOf } from "../support/identities.ts";
import {
  hold,
  identities,
  inDays,
  locked,
  put,
  putRetained,
  remove,
  retain,
  versionCount,
} from "../support/locked-bucket.ts";
import { sendSigned } from "../support/signed-request.ts";

const test = eachFront({ identities });

/** A retention that a test sees end: long enough for what comes before its end on a busy machine. */
const shortMs = 6000;
const passed = (until: Date): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, until.getTime() - Date.now() + 500));

test("DeleteObject_governance_takes_the_header_and_the_permission", async (t, stand) => {
  const at = await locked(stand);
  const { VersionId } = await putRetained(at, "GOVERNANCE");
  const remover = clientOf(at, "remover");
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
  const until = new Date(Date.now() + shortMs);
  const { VersionId: second } = await put(at, { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: until });
  t.is(await refusal(remove(at, { VersionId: second })), "403 AccessDenied");
  await passed(until);
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
  const first = await ask(true, clientOf(at, "remover"));
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
  await put(at, { Key: "other", Body: "copied over" });
  await s3.send(new CopyObjectCommand({ Bucket, Key: "k", CopySource: `${Bucket}/other` }));
  t.true((await remove(at, {})).DeleteMarker);
  t.is(await versionCount(at), 4);
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: "k", VersionId }));
  t.is(await found.Body?.transformToString(), "body");
});

test("DeleteBucket_with_a_locked_version_409", async (t, stand) => {
  const at = await locked(stand);
  await putRetained(at, "COMPLIANCE");
  await remove(at, {});
  t.is(await refusal(at.s3.send(new DeleteBucketCommand({ Bucket: at.bucket }))), "409 BucketNotEmpty");
  t.is(await versionCount(at), 1);
});

/** Asked by Root, who may pass governance mode. */
const superDelete = async ({ consoleEndpoint }: Stand, name: string) => {
  const answer = await sendSigned(consoleEndpoint, {
    method: "POST",
    target: `/api/v1/buckets/${name}/super-delete`,
    body: JSON.stringify({ name }),
    headers: { "content-type": "application/json" },
  });
  const { code, errors = [] } = JSON.parse(answer.body.toString()) as { code?: string; errors?: { detail: string }[] };
  return { status: answer.status, code, text: errors.map(({ detail }) => detail).join() };
};

test("SuperDeleteBucket_is_refused_with_the_locked_versions_and_removes_nothing", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: name } = at;
  const compliance = await putRetained(at, "COMPLIANCE");
  const governance = await putRetained(at, "GOVERNANCE");
  const held = await put(at, { Key: "held", ObjectLockLegalHoldStatus: "ON" });
  await put(at, { Key: "free" });
  const refused = await superDelete(stand, name);
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
  const until = new Date(Date.now() + shortMs);
  await put(at, { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: until });
  await putRetained(at, "GOVERNANCE");
  await passed(until);
  const begun = await superDelete(stand, name);
  t.is(begun.status, 202, begun.text);
  let gone = "";
  for (let turn = 0; turn < 600 && gone !== "404 NoSuchBucket"; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gone = await refusal(s3.send(new ListObjectVersionsCommand({ Bucket: name })));
  }
  t.is(gone, "404 NoSuchBucket");
});

test("S19_no_path_removes_a_compliance_version_before_its_date", async (t, stand) => {
  const at = await locked(stand);
  const { s3, bucket: Bucket } = at;
  const { VersionId } = await putRetained(at, "COMPLIANCE");
  const bypass = { BypassGovernanceRetention: true };
  await put(at, { Key: "other", Body: "other" });
  await put(at, { Body: "over" });
  await s3.send(new CopyObjectCommand({ Bucket, Key: "k", CopySource: `${Bucket}/other` }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1, Body: "part" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload }));
  await remove(at, bypass);
  await hold(at, "OFF", VersionId);
  const Objects = [{ Key: "k", VersionId }];
  const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects }, ...bypass }));
  t.is(Errors?.length, 1);
  const suspended = { Bucket, VersioningConfiguration: { Status: "Suspended" } } as const;
  for (const [path, asked, expected] of [
    ["DeleteObject", () => remove(at, { VersionId, ...bypass }), "403 AccessDenied"],
    ["shorter", () => retain(at, "COMPLIANCE", inDays(0.5), { VersionId, ...bypass }), "403 AccessDenied"],
    ["other mode", () => retain(at, "GOVERNANCE", inDays(2), { VersionId, ...bypass }), "403 AccessDenied"],
    ["Suspended", () => s3.send(new PutBucketVersioningCommand(suspended)), "409 InvalidBucketState"],
    ["DeleteBucket", () => s3.send(new DeleteBucketCommand({ Bucket })), "409 BucketNotEmpty"],
  ] as const)
    t.is(await refusal(asked()), expected, path);
  const refused = await superDelete(stand, Bucket);
  t.is(refused.code, "BucketLocked");
  t.true(refused.text.includes(VersionId ?? "none"), refused.text);
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: "k", VersionId }));
  t.is(await found.Body?.transformToString(), "body");
});
