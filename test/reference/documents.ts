/**
 * Configuration documents of a bucket: each sub-resource holds one of a few, and shows the one that it holds.
 * Source: the pages of the Put, Get and Delete operations in the AWS API reference.
 */

import { judgeAcl } from "./attributes.ts";
import { shownTags, taggingDocument, tagSets } from "./canned.ts";
import {
  block,
  corsDocument,
  corsRules,
  type Document,
  encryption,
  eventTarget,
  isPublicPolicy,
  lifecycle,
  logBucket,
  logging,
  notification,
  ownership,
  policyDocuments,
  replicaBucket,
  replication,
  rule,
  website,
} from "./document-forms.ts";
import { shownBucketAcl } from "./owners.ts";
import {
  type Answer,
  type Expected,
  Refusal,
  type Request,
  type Result,
  type State,
  type Subresource,
  type Turn,
} from "./state.ts";
import type { ErrorCode, FeatureOperation } from "./vocabulary.ts";

interface Rules {
  readonly put: FeatureOperation;
  readonly get: FeatureOperation;
  /** null: there is no such operation. */
  readonly remove: FeatureOperation | null;
  /** What Get answers when nothing is configured. */
  readonly absent: ErrorCode | Expected;
  readonly putStatus: number;
  readonly documents: Readonly<Record<string, Document>>;
  /** @throws Refusal for what only the bucket's state refuses */
  readonly judge?: (choice: string, state: State) => void;
}

/** Total: a sub-resource without rules does not compile. */
export const documentRules: Readonly<Record<Subresource, Rules>> = {
  policy: {
    put: "PutBucketPolicy",
    get: "GetBucketPolicy",
    remove: "DeleteBucketPolicy",
    absent: "NoSuchBucketPolicy",
    putStatus: 204,
    documents: policyDocuments,
    judge: (choice, { settings }) => {
      if (settings.get("publicAccessBlock") === "all" && isPublicPolicy(choice)) throw new Refusal("AccessDenied");
    },
  },
  publicAccessBlock: {
    put: "PutPublicAccessBlock",
    get: "GetPublicAccessBlock",
    remove: "DeletePublicAccessBlock",
    absent: "NoSuchPublicAccessBlockConfiguration",
    putStatus: 200,
    documents: {
      all: block(() => true),
      none: block(() => false),
      ignore: block((flag) => flag === "IgnorePublicAcls"),
      restrict: block((flag) => flag === "RestrictPublicBuckets"),
      wrong: {
        xml: "<PublicAccessBlockConfiguration><Block/></PublicAccessBlockConfiguration>",
        shown: "MalformedXML",
      },
    },
  },
  ownershipControls: {
    put: "PutBucketOwnershipControls",
    get: "GetBucketOwnershipControls",
    remove: "DeleteBucketOwnershipControls",
    absent: "OwnershipControlsNotFoundError",
    putStatus: 200,
    documents: {
      BucketOwnerEnforced: ownership("BucketOwnerEnforced"),
      BucketOwnerPreferred: ownership("BucketOwnerPreferred"),
      ObjectWriter: ownership("ObjectWriter"),
      wrong: ownership("Nobody", "MalformedXML"),
    },
    judge: (choice, { settings }) => {
      const isPrivate = (settings.get("acl") ?? "private") === "private";
      if (choice === "BucketOwnerEnforced" && !isPrivate) throw new Refusal("InvalidBucketAclWithObjectOwnership");
    },
  },
  acl: {
    put: "PutBucketAcl",
    get: "GetBucketAcl",
    remove: null,
    absent: shownBucketAcl("private"),
    putStatus: 200,
    documents: Object.fromEntries(
      ["private", "public-read", "public-read-write", "authenticated-read"].map((acl) => [
        acl,
        { xml: "", shown: shownBucketAcl(acl) },
      ]),
    ),
    judge: judgeAcl,
  },
  tagging: {
    put: "PutBucketTagging",
    get: "GetBucketTagging",
    remove: "DeleteBucketTagging",
    absent: "NoSuchTagSet",
    putStatus: 200,
    documents: Object.fromEntries(
      ["one", "two", "ten", "twice", "long key", "malformed"].map((name) => {
        const tags = tagSets[name] ?? [];
        return [name, { xml: taggingDocument(name), shown: typeof tags === "string" ? tags : shownTags(tags) }];
      }),
    ),
  },
  cors: {
    put: "PutBucketCors",
    get: "GetBucketCors",
    remove: "DeleteBucketCors",
    absent: "NoSuchCORSConfiguration",
    putStatus: 200,
    documents: {
      ...Object.fromEntries(Object.entries(corsRules).map(([name, rules]) => [name, corsDocument(rules)])),
      "two wildcards": {
        xml: rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*.*</AllowedOrigin>"),
        shown: "InvalidRequest",
      },
      "no origin": { xml: rule("<AllowedMethod>GET</AllowedMethod>"), shown: "MalformedXML" },
    },
  },
  encryption: {
    put: "PutBucketEncryption",
    get: "GetBucketEncryption",
    remove: "DeleteBucketEncryption",
    absent: "ServerSideEncryptionConfigurationNotFoundError",
    putStatus: 200,
    documents: {
      "SSE-S3": encryption({ SSEAlgorithm: "AES256" }, "false"),
      "SSE-KMS": encryption({ SSEAlgorithm: "aws:kms", KMSMasterKeyID: "second" }, "true"),
      wrong: { ...encryption({ SSEAlgorithm: "ROT13" }, "false"), shown: "MalformedXML" },
    },
  },
  lifecycle: {
    put: "PutBucketLifecycleConfiguration",
    get: "GetBucketLifecycleConfiguration",
    remove: "DeleteBucketLifecycle",
    absent: "NoSuchLifecycleConfiguration",
    putStatus: 200,
    documents: {
      far: lifecycle("3650"),
      "0 days": lifecycle("0", "InvalidArgument"),
      wrong: { xml: "<LifecycleConfiguration/>", shown: "MalformedXML" },
    },
  },
  website: {
    put: "PutBucketWebsite",
    get: "GetBucketWebsite",
    remove: "DeleteBucketWebsite",
    absent: "NoSuchWebsiteConfiguration",
    putStatus: 200,
    documents: { index: website("index.html"), slash: website("a/b", "InvalidArgument") },
  },
  notification: {
    put: "PutBucketNotificationConfiguration",
    get: "GetBucketNotificationConfiguration",
    remove: null,
    absent: { NotificationConfiguration: {} },
    putStatus: 200,
    documents: {
      empty: { xml: "<NotificationConfiguration/>", shown: { NotificationConfiguration: {} } },
      "to a topic": notification("Topic", `arn:aws:sns:us-east-1:100000000000:${eventTarget}`, ["s3:ObjectCreated:*"]),
      "to a queue": notification("Queue", `arn:aws:sqs:us-east-1:100000000000:${eventTarget}`, [
        "s3:ObjectRemoved:Delete",
        "s3:ObjectTagging:Put",
      ]),
      "unknown target": {
        xml: "<NotificationConfiguration><TopicConfiguration><Topic>arn:aws:sns:us-east-1:100000000000:nowhere</Topic><Event>s3:ObjectCreated:*</Event></TopicConfiguration></NotificationConfiguration>",
        shown: "InvalidArgument",
      },
    },
  },
  logging: {
    put: "PutBucketLogging",
    get: "GetBucketLogging",
    remove: null,
    absent: { BucketLoggingStatus: {} },
    putStatus: 200,
    documents: {
      empty: { xml: "<BucketLoggingStatus/>", shown: { BucketLoggingStatus: {} } },
      simple: logging("l/", false),
      partitioned: logging("", true),
      nowhere: {
        xml: "<BucketLoggingStatus><LoggingEnabled><TargetBucket>there-is-no-such-bucket</TargetBucket><TargetPrefix>l/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
        shown: "InvalidTargetBucketForLogging",
      },
    },
  },
  replication: {
    put: "PutBucketReplication",
    get: "GetBucketReplication",
    remove: "DeleteBucketReplication",
    absent: "ReplicationConfigurationNotFoundError",
    putStatus: 200,
    documents: {
      "to a versioned bucket": {
        xml: replication(`<Bucket>arn:aws:s3:::${replicaBucket}</Bucket>`),
        shown: {
          ReplicationConfiguration: {
            Role: "arn:aws:iam::100000000000:role/r",
            Rule: {
              ID: "r",
              Priority: "1",
              Status: "Enabled",
              DeleteMarkerReplication: { Status: "Disabled" },
              Filter: { Prefix: "" },
              Destination: { Bucket: `arn:aws:s3:::${replicaBucket}` },
            },
          },
        },
      },
      "to an unversioned bucket": {
        xml: replication(`<Bucket>arn:aws:s3:::${logBucket}</Bucket>`),
        shown: "InvalidRequest",
      },
      nowhere: {
        xml: replication("<Bucket>arn:aws:s3:::there-is-no-such-bucket</Bucket>"),
        shown: "InvalidRequest",
      },
      wrong: { xml: "<ReplicationConfiguration/>", shown: "MalformedXML" },
    },
    judge: (_choice, { versioning }) => {
      if (versioning !== "Enabled") throw new Refusal("InvalidRequest");
    },
  },
};

const answered = (status: number, body: Expected | null = null): Answer => ({ status, code: null, headers: {}, body });

function withSetting(state: State, name: Subresource, choice: string | null): State {
  const settings = new Map(state.settings);
  if (choice === null) settings.delete(name);
  else settings.set(name, choice);
  return { ...state, settings };
}

export function putDocument(name: Subresource, state: State, request: Request): Result {
  const { documents, judge, putStatus } = documentRules[name];
  const choice = name === "acl" ? (request.headers["x-amz-acl"] ?? "") : (request.choice ?? "");
  const shown = documents[choice]?.shown ?? "MalformedXML";
  if (typeof shown === "string") throw new Refusal(shown as ErrorCode);
  judge?.(choice, state);
  // Disabled ACLs keep what they were.
  const isAsleep = name === "acl" && state.settings.get("ownershipControls") === "BucketOwnerEnforced";
  return { state: isAsleep ? state : withSetting(state, name, choice), answer: answered(putStatus) };
}

/** Documents that a bucket can hold, as points of a run. */
export const heldDocuments = Object.entries(documentRules).flatMap(([name, { documents }]) =>
  Object.entries(documents).flatMap(([choice, { shown }]) =>
    typeof shown === "string" ? [] : [`document ${name as Subresource} ${choice}` as const],
  ),
);

export function getDocument(name: Subresource, state: State, turn: Turn): Result {
  const { documents, absent } = documentRules[name];
  const isAsleep = name === "acl" && state.settings.get("ownershipControls") === "BucketOwnerEnforced";
  const choice = isAsleep ? undefined : state.settings.get(name);
  const shown = choice === undefined ? absent : (documents[choice]?.shown ?? absent);
  if (typeof shown === "string") throw new Refusal(shown as ErrorCode);
  if (choice !== undefined) turn.reach(`document ${name} ${choice}`);
  return { state, answer: answered(200, shown) };
}

export const removeDocument = (name: Subresource, state: State): Result => ({
  state: withSetting(state, name, null),
  answer: answered(204),
});

export function policyStatus(state: State): Result {
  const policy = state.settings.get("policy");
  if (policy === undefined) throw new Refusal("NoSuchBucketPolicy");
  return { state, answer: answered(200, { PolicyStatus: { IsPublic: String(isPublicPolicy(policy)) } }) };
}
