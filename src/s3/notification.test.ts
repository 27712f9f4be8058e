import test from "ava";
import { S3Error } from "./errors.ts";
import {
  type EventName,
  eventMessage,
  eventRecord,
  judgeRules,
  type NotificationRule,
  type ObjectEvent,
  rulesFor,
  targetOf,
} from "./notification.ts";

const rule = (more: Partial<NotificationRule> = {}): NotificationRule => ({
  id: "rule",
  kind: "queue",
  arn: "arn:aws:sqs:us-east-1:111122223333:hook",
  events: ["s3:ObjectCreated:*"],
  prefix: null,
  suffix: null,
  ...more,
});

const targets = new Set(["hook", "other"]);

test("an ARN names its target by its last part", (t) => {
  t.is(targetOf("arn:aws:sqs:us-east-1:111122223333:hook"), "hook");
  t.is(targetOf("arn:troupe:events:::hook"), "hook");
});

test("a rule covers the events, prefixes and suffixes that it names, and no others", (t) => {
  const matches: readonly (readonly [Partial<NotificationRule>, EventName, string, boolean])[] = [
    [{}, "ObjectCreated:Put", "k", true],
    [{}, "ObjectCreated:CompleteMultipartUpload", "k", true],
    [{}, "ObjectRemoved:Delete", "k", false],
    [{ events: ["s3:ObjectCreated:Put"] }, "ObjectCreated:Put", "k", true],
    [{ events: ["s3:ObjectCreated:Put"] }, "ObjectCreated:Post", "k", false],
    [{ events: ["s3:ObjectRemoved:Delete"] }, "ObjectRemoved:DeleteMarkerCreated", "k", false],
    [{ events: ["s3:ObjectTagging:*", "s3:ObjectAcl:Put"] }, "ObjectAcl:Put", "k", true],
    [{ prefix: "in/" }, "ObjectCreated:Put", "in/k", true],
    [{ prefix: "in/" }, "ObjectCreated:Put", "In/k", false],
    [{ suffix: ".png" }, "ObjectCreated:Put", "k.png", true],
    [{ suffix: ".png" }, "ObjectCreated:Put", "k.png.txt", false],
    [{ prefix: "in/", suffix: ".png" }, "ObjectCreated:Put", "in/k.jpg", false],
    // The same characters may serve both.
    [{ prefix: "aba", suffix: "aba" }, "ObjectCreated:Put", "aba", true],
    [{ prefix: "", suffix: "" }, "ObjectCreated:Put", "k", true],
  ];
  for (const [more, name, key, expected] of matches) {
    t.is(rulesFor([rule(more)], name, key).length === 1, expected, JSON.stringify([more, name, key]));
  }
});

test("rules that one event could fall under twice are refused, others are not", (t) => {
  const pairs: readonly (readonly [Partial<NotificationRule>, Partial<NotificationRule>, boolean])[] = [
    [{}, {}, true],
    [{}, { events: ["s3:ObjectCreated:Put"] }, true],
    [{ events: ["s3:ObjectCreated:Put"] }, { events: ["s3:ObjectCreated:Copy"] }, false],
    [{}, { events: ["s3:ObjectRemoved:*"] }, false],
    [{ prefix: "a" }, { prefix: "ab" }, true],
    [{ prefix: "a" }, { prefix: "b" }, false],
    [{ prefix: "a" }, {}, true],
    [{ suffix: ".png" }, { suffix: "g" }, true],
    [{ suffix: ".png" }, { suffix: ".jpg" }, false],
    // One could be under both: neither filter excludes the other's keys.
    [{ prefix: "a" }, { suffix: ".jpg" }, true],
    [{ prefix: "a", suffix: ".png" }, { prefix: "a", suffix: ".jpg" }, false],
    [{ prefix: "a", suffix: ".jpg" }, { prefix: "b", suffix: ".jpg" }, false],
    // Another destination makes no difference.
    [{ kind: "topic", arn: "arn:aws:sns:us-east-1:111122223333:other" }, {}, true],
  ];
  for (const [one, other, overlaps] of pairs) {
    const judge = () => judgeRules([rule(one), rule({ id: "another", ...other })], targets);
    const name = JSON.stringify([one, other]);
    if (overlaps) t.is(t.throws(judge, { instanceOf: S3Error }, name)?.code, "InvalidArgument");
    else t.notThrows(judge, name);
  }
});

test("unknown targets and repeated ids are refused", (t) => {
  const refused = [
    [rule({ arn: "arn:aws:sqs:us-east-1:111122223333:nobody" })],
    [rule({ arn: "hook" })],
    [rule(), rule({ events: ["s3:ObjectRemoved:*"] })],
  ];
  for (const rules of refused)
    t.is(t.throws(() => judgeRules(rules, targets), { instanceOf: S3Error })?.code, "InvalidArgument");
  t.notThrows(() => judgeRules([], new Set()));
});

const put: ObjectEvent = {
  name: "ObjectCreated:Put",
  timeMs: 0,
  bucket: "amzn-s3-demo-bucket",
  ownerId: "A3NL1KOZZKExample",
  region: "us-west-2",
  key: "HappyFace.jpg",
  sizeBytes: 1024,
  etag: "d41d8cd98f00b204e9800998ecf8427e",
  versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
  seq: 0x5aed6dcd9028,
  principalId: "AIDAJDPLRKLG7UEXAMPLE",
  sourceAddress: "172.16.0.1",
  requestId: "C3D13FE58DE4C810",
  hostId: "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
};

test("a record has the members of AWS's example, and those that are absent there are absent", (t) => {
  t.deepEqual(eventRecord(put, "testConfigRule"), {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-west-2",
    eventTime: "1970-01-01T00:00:00.000Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "AIDAJDPLRKLG7UEXAMPLE" },
    requestParameters: { sourceIPAddress: "172.16.0.1" },
    responseElements: {
      "x-amz-request-id": "C3D13FE58DE4C810",
      "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
    },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "testConfigRule",
      bucket: {
        name: "amzn-s3-demo-bucket",
        ownerIdentity: { principalId: "A3NL1KOZZKExample" },
        arn: "arn:aws:s3:::amzn-s3-demo-bucket",
      },
      object: {
        key: "HappyFace.jpg",
        size: 1024,
        eTag: "d41d8cd98f00b204e9800998ecf8427e",
        versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        sequencer: "00005AED6DCD9028",
      },
    },
  });
  const removed = eventRecord(
    { ...put, name: "ObjectRemoved:Delete", sizeBytes: null, etag: null, versionId: null },
    "r",
  );
  t.deepEqual((removed["s3"] as { object: object }).object, { key: "HappyFace.jpg", sequencer: "00005AED6DCD9028" });
});

test("keys are form-encoded, and an event of a newer kind names its version", (t) => {
  const keyOf = (key: string) => (eventRecord({ ...put, key }, "r")["s3"] as { object: { key: string } }).object.key;
  t.is(keyOf("red flower.jpg"), "red+flower.jpg");
  t.is(keyOf("a/b+c/ü(1)!.png"), "a/b%2Bc/%C3%BC%281%29%21.png");
  const versions: readonly (readonly [EventName, string])[] = [
    ["ObjectCreated:Copy", "2.1"],
    ["ObjectRemoved:DeleteMarkerCreated", "2.1"],
    ["ObjectTagging:Put", "2.3"],
    ["ObjectAcl:Put", "2.3"],
    ["LifecycleExpiration:Delete", "2.3"],
  ];
  for (const [name, version] of versions) t.is(eventRecord({ ...put, name }, "r")["eventVersion"], version, name);
});

test("a later event of a key has the greater sequencer as text", (t) => {
  const of = (seq: number) =>
    (eventRecord({ ...put, seq }, "r")["s3"] as { object: { sequencer: string } }).object.sequencer;
  const ordered = [1, 9, 10, 255, 4096, 2 ** 40].map(of);
  t.deepEqual([...ordered].sort(), ordered);
});

test("messages: one record, or AWS's test event", (t) => {
  t.deepEqual(JSON.parse(eventMessage(put, "r")), { Records: [eventRecord(put, "r")] });
  const asked = { name: "s3:TestEvent", timeMs: Date.UTC(2014, 9, 13, 15, 57, 2, 89), bucket: "photos" } as const;
  t.is(
    eventMessage({ ...asked, requestId: "5582815E1AEA5ADF", hostId: "8cLeGAmw098X5cv4" }, ""),
    '{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"photos","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4"}',
  );
});
