/** Conditions of writes: of any number of writers exactly one wins, in the turn, whatever operation each of them uses. */

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";

const test = eachFront();
const key = "k";

type Conditions = Readonly<Record<string, string>>;
type Writer = (conditions: Conditions) => Promise<S3Answer>;

const put = ({ bucket, signed }: Stand, body: string): Writer => {
  return (headers) => signed({ method: "PUT", target: `/${bucket}/${key}`, headers, body });
};

const copy = ({ bucket, signed }: Stand): Writer => {
  return (headers) =>
    signed({
      method: "PUT",
      target: `/${bucket}/${key}`,
      headers: { ...headers, "x-amz-copy-source": `${bucket}/from` },
    });
};

/** An upload with its part, ready to be completed. */
async function completion({ s3, bucket, signed }: Stand, body: string): Promise<Writer & { UploadId: string }> {
  const place = { Bucket: bucket, Key: key };
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand(place));
  const { ETag } = await s3.send(new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: body }));
  const xml = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`;
  const complete = (headers: Conditions) =>
    signed({ method: "POST", target: `/${bucket}/${key}?uploadId=${UploadId}`, headers, body: xml });
  return Object.assign(complete, { UploadId });
}

async function writers(stand: Stand): Promise<Writer[]> {
  const { s3, bucket } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "copied" }));
  const all: Writer[] = [];
  for (let index = 0; index < 6; index++) {
    all.push(put(stand, `put ${index}`), copy(stand), await completion(stand, `completed ${index}`));
  }
  return all;
}

const head = ({ s3, bucket }: Stand) => s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));

test("PutObject_CopyObject_CompleteMultipartUpload_if_none_match_race_has_one_winner", async (t, stand) => {
  const all = await writers(stand);
  const answers = await Promise.all(all.map((write) => write({ "if-none-match": "*" })));
  const outcomes = answers.map(outcome);
  t.is(outcomes.filter((text) => text === "200").length, 1);
  t.is(outcomes.filter((text) => text === "412 PreconditionFailed").length, all.length - 1);
});

test("PutObject_CopyObject_CompleteMultipartUpload_if_match_race_has_one_winner", async (t, stand) => {
  const { ETag = "" } = await stand.s3.send(new PutObjectCommand({ Bucket: stand.bucket, Key: key, Body: "first" }));
  const all = await writers(stand);
  const answers = await Promise.all(all.map((write) => write({ "if-match": ETag })));
  const outcomes = answers.map(outcome);
  t.is(outcomes.filter((text) => text === "200").length, 1);
  t.is(outcomes.filter((text) => text === "412 PreconditionFailed").length, all.length - 1);
  t.not((await head(stand)).ETag, ETag);
});

test("if_match_race_with_a_delete_never_resurrects", async (t, stand) => {
  const { s3, bucket } = stand;
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "first" }));
  const all = await writers(stand);
  const [, ...answers] = await Promise.all([
    s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
    ...all.map((write) => write({ "if-match": ETag })),
  ]);
  const winners = answers.filter(({ status }) => status === 200).length;
  t.true(winners <= 1);
  for (const text of answers.map(outcome)) t.regex(text, /^(200|412 PreconditionFailed|404 NoSuchKey)$/);
  // Whether the one that won came before the delete or none did, the key is gone.
  t.is(await refusal(head(stand)), "404 NotFound");
});

for (const [title, conditions, existing, expected] of [
  ["if_none_match_any_missing", { "if-none-match": "*" }, false, "200"],
  ["if_none_match_any_existing", { "if-none-match": "*" }, true, "412 PreconditionFailed"],
  ["if_none_match_etag", { "if-none-match": '"x"' }, true, "501 NotImplemented"],
  ["if_match_missing", { "if-match": '"x"' }, false, "404 NoSuchKey"],
  ["if_match_any_missing", { "if-match": "*" }, false, "404 NoSuchKey"],
  ["if_match_any_existing", { "if-match": "*" }, true, "200"],
  ["if_match_other", { "if-match": '"x"' }, true, "412 PreconditionFailed"],
] as [string, Conditions, boolean, string][]) {
  test(`CompleteMultipartUpload_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    const { s3, bucket } = stand;
    if (existing) await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "first" }));
    const complete = await completion(stand, "completed");
    t.is(outcome(await complete(conditions)), expected);
    const parts = s3.send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: complete.UploadId }));
    if (expected === "200") {
      t.is(await refusal(parts), "404 NoSuchUpload");
      return;
    }
    // The upload is as it was: its part is there, and it can be completed without the condition.
    t.is((await parts).Parts?.length, 1);
    t.is(await refusal(head(stand)), existing ? "no error" : "404 NotFound");
    t.is(outcome(await complete({})), "200");
  });
}

test("AbortMultipartUpload_if_match_initiated_time_other_412_same_204", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const { UploadId } = await completion(stand, "completed");
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  const target = `/${bucket}/${key}?uploadId=${UploadId}`;
  const abort = (time: Date) =>
    signed({ method: "DELETE", target, headers: { "x-amz-if-match-initiated-time": time.toUTCString() } });
  t.is(outcome(await abort(new Date(0))), "412 PreconditionFailed");
  t.is(outcome(await abort(Uploads[0]?.Initiated ?? new Date(0))), "204");
});

test("CompleteMultipartUpload_again_after_it_won_is_answered_as_the_first_time", async (t, stand) => {
  const complete = await completion(stand, "completed");
  const first = await complete({ "if-none-match": "*" });
  const again = await complete({ "if-none-match": "*" });
  t.is(outcome(again), "200");
  t.deepEqual(again.body, first.body);
  await stand.s3.send(
    new CompleteMultipartUploadCommand({
      Bucket: stand.bucket,
      Key: key,
      UploadId: complete.UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "x" }] },
    }),
  );
});
