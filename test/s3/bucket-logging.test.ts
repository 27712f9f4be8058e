/** Server access logging: its configuration, and the log objects that a node writes. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketLoggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { NodeProcess, testKeys } from "../support/node-process.ts";

const wrong = "AKIAWRONG";

function clientOf(node: NodeProcess, accessKeyId = testKeys.accessKeyId): S3Client {
  const credentials = { accessKeyId, secretAccessKey: testKeys.secretAccessKey };
  return new S3Client({ endpoint: node.endpoint, region: "eu-west-3", forcePathStyle: true, credentials });
}

function directoryOf(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), "troupe-logging-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return join(directory, "data");
}

const enabled = (TargetBucket: string, more: object = {}) => ({
  Bucket: "logged",
  BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix: "log/", ...more } },
});

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: Error) => error.name,
  );

test("PutBucketLogging: stored, shown, refused and removed", async (t) => {
  const node = await NodeProcess.start({ data: directoryOf(t) });
  const s3 = clientOf(node);
  for (const Bucket of ["logged", "logs"]) await s3.send(new CreateBucketCommand({ Bucket }));
  const shown = async () => (await s3.send(new GetBucketLoggingCommand({ Bucket: "logged" }))).LoggingEnabled;
  t.is(await shown(), undefined);
  await s3.send(new PutBucketLoggingCommand(enabled("logs")));
  t.deepEqual(await shown(), { TargetBucket: "logs", TargetPrefix: "log/" });
  const partitioned = { TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } } };
  await s3.send(new PutBucketLoggingCommand(enabled("logs", partitioned)));
  t.deepEqual((await shown())?.TargetObjectKeyFormat?.PartitionedPrefix, { PartitionDateSource: "EventTime" });
  await s3.send(new PutBucketLoggingCommand(enabled("logs", { TargetObjectKeyFormat: { SimplePrefix: {} } })));
  t.deepEqual((await shown())?.TargetObjectKeyFormat, { SimplePrefix: {} });
  await s3.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
  const lock = (Rule: object) =>
    s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: "locked",
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...Rule },
      }),
    );
  await lock({ Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } } });
  const refused: readonly (readonly [expected: string, input: ReturnType<typeof enabled>])[] = [
    ["InvalidTargetBucketForLogging", enabled("absent")],
    ["InvalidTargetBucketForLogging", enabled("locked")],
    ["InvalidArgument", enabled("logs", { TargetPrefix: "x".repeat(900) })],
    [
      "MalformedXML",
      enabled("logs", {
        TargetObjectKeyFormat: { SimplePrefix: {}, PartitionedPrefix: { PartitionDateSource: "EventTime" } },
      }),
    ],
    [
      "NotImplemented",
      enabled("logs", { TargetGrants: [{ Grantee: { Type: "Group", URI: "x" }, Permission: "READ" }] }),
    ],
  ];
  for (const [expected, input] of refused) t.is(await codeOf(s3.send(new PutBucketLoggingCommand(input))), expected);
  t.deepEqual((await shown())?.TargetBucket, "logs");
  await lock({});
  await s3.send(new PutBucketLoggingCommand(enabled("locked")));
  t.deepEqual((await shown())?.TargetBucket, "locked", "a lock without a default retention");
  await s3.send(new PutBucketLoggingCommand({ Bucket: "logged", BucketLoggingStatus: {} }));
  t.is(await shown(), undefined);
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("a stop writes the log: every request to the bucket, refused ones too, and no other bucket's", async (t) => {
  const data = directoryOf(t);
  const node = await NodeProcess.start({ data });
  const s3 = clientOf(node);
  for (const Bucket of ["logged", "logs", "quiet"]) await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketLoggingCommand(enabled("logs")));
  await s3.send(new PutObjectCommand({ Bucket: "logged", Key: "a b", Body: "hello" }));
  await s3.send(new PutObjectCommand({ Bucket: "quiet", Key: "secret", Body: "hello" }));
  await (await s3.send(new GetObjectCommand({ Bucket: "logged", Key: "a b" }))).Body?.transformToString();
  await codeOf(s3.send(new HeadObjectCommand({ Bucket: "logged", Key: "absent" })));
  const Objects = [{ Key: "gone" }, { Key: "x", VersionId: "none" }];
  await s3.send(new DeleteObjectsCommand({ Bucket: "logged", Delete: { Quiet: true, Objects } }));
  const stranger = clientOf(node, wrong);
  await codeOf(stranger.send(new GetObjectCommand({ Bucket: "logged", Key: "a b" })));
  s3.destroy();
  stranger.destroy();
  t.is(await node.stop(), 0);

  const again = await NodeProcess.start({ data });
  const reader = clientOf(again);
  const listed = await reader.send(new ListObjectsV2Command({ Bucket: "logs" }));
  let text = "";
  for (const { Key } of listed.Contents ?? []) {
    t.regex(Key ?? "", /^log\/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$/);
    text += await (await reader.send(new GetObjectCommand({ Bucket: "logs", Key }))).Body?.transformToString();
  }
  const lines = text.trim().split("\n");
  const told = lines
    .map((line) => /((?:REST|BATCH)\.\S+) (\S+) (?:"[^"]*"|-) (\d+) (\S+) /.exec(line)?.slice(1).join(" "))
    .sort();
  t.deepEqual(told, [
    "BATCH.DELETE.OBJECT gone 204 -",
    "BATCH.DELETE.OBJECT x 404 NoSuchVersion",
    "REST.GET.OBJECT a%20b 200 -",
    "REST.GET.OBJECT a%20b 403 InvalidAccessKeyId",
    "REST.HEAD.OBJECT absent 404 NoSuchKey",
    "REST.POST.MULTI_OBJECT_DELETE - 200 -",
    "REST.PUT.OBJECT a%20b 200 -",
  ]);
  t.true(lines.every((line) => line.split(" ").length >= 26 && line.includes(" logged [")));
  reader.destroy();
  t.is(await again.stop(), 0);
});
