/**
 * Event notifications of a bucket: which events go where. Pure.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
 */

import { S3Error } from "./errors.ts";

/** One event type, as rules name it, without "s3:". */
export type EventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated"
  | "LifecycleExpiration:Delete"
  | "LifecycleExpiration:DeleteMarkerCreated"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete"
  | "ObjectAcl:Put";

/** One rule. Plain data: it is stored. */
export interface NotificationRule {
  readonly id: string;
  /** How the client wrote its destination. */
  readonly kind: "topic" | "queue" | "function";
  readonly arn: string;
  /** As the client wrote them: "s3:ObjectCreated:*". */
  readonly events: readonly string[];
  readonly prefix: string | null;
  readonly suffix: string | null;
}

export type NotificationRules = readonly NotificationRule[];

/** The configured target that an ARN names: its last part. */
export function targetOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}

/** Whether a rule's event type covers an event, or all of another type's events. */
function covers(type: string, name: string): boolean {
  const bare = type.replace(/^s3:/, "");
  return bare.endsWith(":*") ? name.startsWith(bare.slice(0, -1)) : bare === name;
}

/** The rules that an event of a key falls under. */
export function rulesFor(rules: NotificationRules, name: EventName, key: string): NotificationRule[] {
  return rules.filter(
    ({ events, prefix, suffix }) =>
      events.some((type) => covers(type, name)) && key.startsWith(prefix ?? "") && key.endsWith(suffix ?? ""),
  );
}

/**
 * Judges rules as a whole.
 * @param targets names of the configured targets
 * @throws S3Error InvalidArgument for a target that is not configured, two rules of one id, or rules that overlap: an event
 * would fall under both
 */
export function judgeRules(rules: NotificationRules, targets: ReadonlySet<string>): void {
  const unknown = rules.filter(({ arn }) => !arn.startsWith("arn:") || !targets.has(targetOf(arn)));
  if (unknown.length > 0) {
    throw new S3Error("InvalidArgument", {
      Message: "Unable to validate the following destination configurations",
      ArgumentName: unknown.map(({ arn }) => arn).join(", "),
      ArgumentValue: "No target of this name is configured",
    });
  }
  if (new Set(rules.map(({ id }) => id)).size !== rules.length) {
    throw new S3Error("InvalidArgument", { Message: "Two notification configurations have the same Id." });
  }
  for (const [at, rule] of rules.entries()) {
    if (rules.slice(at + 1).some((other) => overlap(rule, other))) {
      throw new S3Error("InvalidArgument", {
        Message: "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
      });
    }
  }
}

function overlap(one: NotificationRule, other: NotificationRule): boolean {
  const shareEvent = one.events.some((type) => other.events.some((another) => typesOverlap(type, another)));
  return (
    shareEvent &&
    startsOverlap(one.prefix ?? "", other.prefix ?? "") &&
    startsOverlap(reversed(one.suffix), reversed(other.suffix))
  );
}

function typesOverlap(one: string, other: string): boolean {
  return one === other || covers(one, other.replace(/^s3:/, "")) || covers(other, one.replace(/^s3:/, ""));
}

function startsOverlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function reversed(text: string | null): string {
  return [...(text ?? "")].reverse().join("");
}

/** What a bucket has: its rules, and what its events tell of it. Plain data: it is stored. */
export interface Notification {
  readonly bucket: string;
  /** Canonical id of the bucket's owner. */
  readonly ownerId: string;
  readonly region: string;
  readonly rules: NotificationRules;
}

/** Who asked for what an event tells. */
export interface EventCause {
  /** "AWS:<user id>", or the product itself in background work. */
  readonly principalId: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly hostId: string;
  /** The object came by a POST form. */
  readonly isForm?: true;
}

/** What happened to an object. Plain data: it is stored until it is delivered. */
export interface ObjectEvent {
  readonly name: EventName;
  /** Unix ms. */
  readonly timeMs: number;
  readonly bucket: string;
  /** Canonical id of the bucket's owner. */
  readonly ownerId: string;
  readonly region: string;
  readonly key: string;
  /** null for what was removed. */
  readonly sizeBytes: number | null;
  /** Without quotes. */
  readonly etag: string | null;
  readonly versionId: string | null;
  /** Orders the events of one key: the bucket's sequence number. */
  readonly seq: number;
  /** Of its cause, as the next three. */
  readonly principalId: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly hostId: string;
}

/** Tells a target that a bucket's configuration names it now. Plain data: it is stored until it is delivered. */
export interface TestEvent {
  readonly name: "s3:TestEvent";
  /** Unix ms. */
  readonly timeMs: number;
  readonly bucket: string;
  readonly requestId: string;
  readonly hostId: string;
}

/**
 * What a target gets. Example of a test: `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z",
 * "Bucket":"photos","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3e"}`.
 * @returns JSON text
 */
export function eventMessage(event: ObjectEvent | TestEvent, configurationId: string): string {
  if (event.name !== "s3:TestEvent") return JSON.stringify({ Records: [eventRecord(event, configurationId)] });
  const { name, timeMs, bucket, requestId, hostId } = event;
  return JSON.stringify({
    Service: "Amazon S3",
    Event: name,
    Time: new Date(timeMs).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: hostId,
  });
}

const versions: Readonly<Record<string, string>> = {
  ObjectTagging: "2.3",
  ObjectAcl: "2.3",
  LifecycleExpiration: "2.3",
};

/** As a form would carry it, but for slashes: a space is "+". */
function formEncoded(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** An event as AWS's message has it. Source: "Event message structure". */
export function eventRecord(event: ObjectEvent, configurationId: string): Readonly<Record<string, unknown>> {
  const { name, key, sizeBytes, etag, versionId } = event;
  return {
    eventVersion: versions[name.slice(0, name.indexOf(":"))] ?? "2.1",
    eventSource: "aws:s3",
    awsRegion: event.region,
    eventTime: new Date(event.timeMs).toISOString(),
    eventName: name,
    userIdentity: { principalId: event.principalId },
    requestParameters: { sourceIPAddress: event.sourceAddress },
    responseElements: { "x-amz-request-id": event.requestId, "x-amz-id-2": event.hostId },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId,
      bucket: {
        name: event.bucket,
        ownerIdentity: { principalId: event.ownerId },
        arn: `arn:aws:s3:::${event.bucket}`,
      },
      object: {
        key: formEncoded(key),
        ...(sizeBytes === null ? {} : { size: sizeBytes }),
        ...(etag === null ? {} : { eTag: etag }),
        ...(versionId === null ? {} : { versionId }),
        sequencer: event.seq.toString(16).toUpperCase().padStart(16, "0"),
      },
    },
  };
}
