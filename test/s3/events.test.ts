/** Event notifications: their configuration, and what a webhook is told, through a kill. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { NodeProcess, testKeys } from "../support/node-process.ts";

interface Told {
  readonly eventName: string;
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly s3: {
    readonly configurationId: string;
    readonly bucket: { readonly name: string; readonly arn: string };
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly eTag?: string;
      readonly versionId?: string;
      readonly sequencer: string;
    };
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** Somebody who is told. */
class Listener {
  readonly told: Told[] = [];
  /** Buckets whose configuration it was told of. */
  readonly tests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** What it answers. */
  status = 204;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void textOf(request).then((text) => {
        if (this.status < 300) {
          const { Records, Bucket } = JSON.parse(text) as { Records?: Told[]; Bucket?: string };
          if (Bucket === undefined) this.told.push(...(Records ?? []));
          else this.tests.push(Bucket);
          this.authorizations.push(request.headers.authorization);
        }
        response.writeHead(this.status, this.status === 302 ? { location: "/elsewhere" } : {});
        response.end();
      });
    });
  }

  static async open(t: ExecutionContext): Promise<Listener> {
    const listener = new Listener();
    await new Promise<void>((resolve) => listener.#server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => listener.#server.close());
    return listener;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?x=1`;
  }

  /** Events by key, each once, when there are some of them. */
  async names(count: number): Promise<string[]> {
    const found = () => [...new Set(this.told.map(({ eventName, s3 }) => `${eventName} ${s3.object.key}`))];
    for (let tries = 0; found().length < count && tries < 1000; tries++) await wait(50);
    return found();
  }
}

interface World {
  readonly node: NodeProcess;
  readonly s3: S3Client;
  readonly restart: () => Promise<{ node: NodeProcess; s3: S3Client }>;
}

async function open(t: ExecutionContext, targets: readonly object[]): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "troupe-events-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ events: { targets } }));
  const start = async () => {
    const node = await NodeProcess.start({ data: join(directory, "data"), arguments: ["--config", config] });
    const s3 = new S3Client({
      endpoint: node.endpoint,
      region: "eu-west-3",
      forcePathStyle: true,
      credentials: testKeys,
    });
    return { node, s3 };
  };
  return { ...(await start()), restart: start };
}

const arn = (name: string) => `arn:aws:sqs:eu-west-3:111122223333:${name}`;

const rule = (name: string, more: object = {}): NotificationConfiguration => ({
  QueueConfigurations: [
    { Id: "rule", QueueArn: arn(name), Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], ...more },
  ],
});

const configure = (s3: S3Client, NotificationConfiguration: NotificationConfiguration, Bucket = "watched") =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: Error) => error.name,
  );

test("PutBucketNotificationConfiguration: stored, shown, refused and removed", async (t) => {
  const { node, s3 } = await open(t, [{ name: "hook", url: "https://hooks.example.com/" }]);
  await s3.send(new CreateBucketCommand({ Bucket: "watched" }));
  const shown = async () => {
    const { $metadata: _metadata, ...found } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: "watched" }),
    );
    return found;
  };
  t.deepEqual(await shown(), {});
  const filtered = rule("hook", {
    Filter: {
      Key: {
        FilterRules: [
          { Name: "prefix", Value: "in/" },
          { Name: "suffix", Value: ".png" },
        ],
      },
    },
  });
  await configure(s3, filtered);
  t.deepEqual(await shown(), filtered);
  const capital = { Name: "Prefix" as "prefix", Value: "in/" };
  await configure(s3, rule("hook", { Filter: { Key: { FilterRules: [capital] } } }));
  t.deepEqual((await shown()).QueueConfigurations?.[0]?.Filter?.Key?.FilterRules, [{ Name: "prefix", Value: "in/" }]);
  await configure(s3, filtered);
  const refused: readonly (readonly [expected: string, asked: NotificationConfiguration])[] = [
    ["InvalidArgument", rule("unknown")],
    ["InvalidArgument", { QueueConfigurations: [{ QueueArn: "hook", Events: ["s3:ObjectCreated:*"] }] }],
    [
      "InvalidArgument",
      { ...rule("hook"), TopicConfigurations: [{ TopicArn: arn("hook"), Events: ["s3:ObjectCreated:Put"] }] },
    ],
    [
      "InvalidArgument",
      rule("hook", { Filter: { Key: { FilterRules: [{ Name: "infix" as "prefix", Value: "a" }] } } }),
    ],
    [
      "InvalidArgument",
      { QueueConfigurations: [{ QueueArn: arn("hook"), Events: ["s3:Nothing" as "s3:ObjectCreated:*"] }] },
    ],
    [
      "InvalidArgument",
      rule("hook", {
        Filter: {
          Key: {
            FilterRules: [
              { Name: "prefix", Value: "a" },
              { Name: "prefix", Value: "b" },
            ],
          },
        },
      }),
    ],
    ["NotImplemented", { EventBridgeConfiguration: {} }],
  ];
  for (const [expected, asked] of refused) t.is(await codeOf(configure(s3, asked)), expected, JSON.stringify(asked));
  t.deepEqual(await shown(), filtered);
  await configure(s3, {});
  t.deepEqual(await shown(), {});
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("every change that a rule asks for is told, as AWS tells it, and no other", async (t) => {
  const listener = await Listener.open(t);
  const { node, s3 } = await open(t, [
    { name: "hook", url: listener.url, allowsPrivate: true, authorization: "Bearer of news" },
  ]);
  for (const Bucket of ["watched", "quiet"]) await s3.send(new CreateBucketCommand({ Bucket }));
  const events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"];
  await configure(s3, rule("hook", { Events: events }));
  const Bucket = "watched";
  await s3.send(new PutObjectCommand({ Bucket: "quiet", Key: "k", Body: "x" }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "a b/ü", Body: "hello" }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "quiet/k" }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
  const { ETag } = await s3.send(
    new UploadPartCommand({ Bucket, Key: "parts", UploadId, PartNumber: 1, Body: "part" }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload }));
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: "copy", Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }));
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "copy" }));
  await s3.send(new PutObjectAclCommand({ Bucket, Key: "copy", ACL: "public-read" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "copy" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "never there" }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: "version", Body: "x" }));
  await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "version" }, { Key: "version", VersionId }] } }),
  );
  await listener.names(10);
  // For one that should not be.
  await wait(1000);
  t.deepEqual(
    (await listener.names(10)).sort(),
    [
      "ObjectAcl:Put copy",
      "ObjectCreated:CompleteMultipartUpload parts",
      "ObjectCreated:Copy copy",
      "ObjectCreated:Put a+b/%C3%BC",
      "ObjectCreated:Put version",
      "ObjectRemoved:Delete copy",
      "ObjectRemoved:Delete version",
      "ObjectRemoved:DeleteMarkerCreated version",
      "ObjectTagging:Delete copy",
      "ObjectTagging:Put copy",
    ].sort(),
  );
  const put = listener.told.find(({ s3: { object } }) => object.key === "a+b/%C3%BC");
  t.like(put, {
    requestParameters: { sourceIPAddress: "127.0.0.1" },
    s3: { configurationId: "rule", bucket: { name: "watched", arn: "arn:aws:s3:::watched" } },
  });
  t.like(put?.s3.object, { size: 5, eTag: "5d41402abc4b2a76b9719d911017c592" });
  const removed = listener.told.find(
    ({ eventName, s3: { object } }) => object.key === "version" && eventName === "ObjectRemoved:Delete",
  );
  t.is(removed?.s3.object.versionId, VersionId);
  t.true(listener.authorizations.every((value) => value === "Bearer of news"));
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("PutBucketNotificationConfiguration_test_event: each destination is told, unless its validation is skipped", async (t) => {
  const listener = await Listener.open(t);
  const { node, s3 } = await open(t, [{ name: "hook", url: listener.url, allowsPrivate: true }]);
  for (const Bucket of ["skipped", "watched"]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    const NotificationConfiguration = rule("hook");
    const SkipDestinationValidation = Bucket === "skipped";
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration, SkipDestinationValidation }),
    );
    await s3.send(new PutObjectCommand({ Bucket, Key: Bucket, Body: "x" }));
  }
  t.deepEqual((await listener.names(2)).sort(), ["ObjectCreated:Put skipped", "ObjectCreated:Put watched"]);
  for (let tries = 0; listener.tests.length === 0 && tries < 1000; tries++) await wait(50);
  t.deepEqual(listener.tests, ["watched"]);
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("a prefix and a suffix choose", async (t) => {
  const listener = await Listener.open(t);
  const { node, s3 } = await open(t, [{ name: "hook", url: listener.url, allowsPrivate: true }]);
  await s3.send(new CreateBucketCommand({ Bucket: "watched" }));
  const FilterRules = [
    { Name: "prefix", Value: "in/" },
    { Name: "suffix", Value: ".png" },
  ] as const;
  await configure(s3, rule("hook", { Filter: { Key: { FilterRules } } }));
  for (const Key of ["in/a.png", "in/a.jpg", "out/a.png", "in/b.png"]) {
    await s3.send(new PutObjectCommand({ Bucket: "watched", Key, Body: "x" }));
  }
  await listener.names(2);
  await wait(500);
  t.deepEqual((await listener.names(2)).sort(), ["ObjectCreated:Put in/a.png", "ObjectCreated:Put in/b.png"]);
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("a target that is away is told later; a kill loses no event that was acknowledged", async (t) => {
  const listener = await Listener.open(t);
  listener.status = 503;
  const { node, s3, restart } = await open(t, [{ name: "hook", url: listener.url, allowsPrivate: true }]);
  await s3.send(new CreateBucketCommand({ Bucket: "watched" }));
  await configure(s3, rule("hook"));
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket: "watched", Key, Body: "x" }))));
  s3.destroy();
  node.signal("SIGKILL");
  await node.exited;
  t.deepEqual(listener.told, []);
  listener.status = 302;
  const again = await restart();
  await wait(1000);
  t.deepEqual(listener.told, []);
  listener.status = 200;
  const told = new Set(await listener.names(40));
  t.deepEqual([...told].sort(), keys.map((key) => `ObjectCreated:Put ${key}`).sort());
  again.s3.destroy();
  t.is(await again.node.stop(), 0);
});

test("an inner address is not told unless the configuration allows it", async (t) => {
  const listener = await Listener.open(t);
  const named = listener.url.replace("127.0.0.1", "localhost");
  const { node, s3 } = await open(t, [
    { name: "hook", url: listener.url },
    { name: "named", url: named },
    { name: "allowed", url: listener.url, allowsPrivate: true },
  ]);
  for (const name of ["hook", "named", "allowed"]) {
    await s3.send(new CreateBucketCommand({ Bucket: `to-${name}` }));
    await configure(s3, rule(name), `to-${name}`);
    await s3.send(new PutObjectCommand({ Bucket: `to-${name}`, Key: name, Body: "x" }));
  }
  await listener.names(1);
  await wait(700);
  t.deepEqual(await listener.names(1), ["ObjectCreated:Put allowed"]);
  s3.destroy();
  t.is(await node.stop(), 0);
});
