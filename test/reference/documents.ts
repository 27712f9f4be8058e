/**
 * Configuration documents of a bucket: each sub-resource holds one of a few, and shows the one that it holds.
 * Source: the pages of the Put, Get and Delete operations in the AWS API reference.
 */

import { judgeAcl } from "./attributes.ts";
import { shownAcl, shownTags, taggingDocument, tagSets } from "./canned.ts";
import {
  type Answer,
  type Expected,
  Refusal,
  type Request,
  type Result,
  type State,
  type Subresource,
} from "./state.ts";
import type { ErrorCode, FeatureOperation } from "./vocabulary.ts";

interface Document {
  readonly xml: string;
  /** The answer to Get, or the code that refuses it. */
  readonly shown: Expected | ErrorCode;
}

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

/** Statements of the canned policies: the documents are made of them, and the decisions too. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principal: "*" | "stranger";
  readonly actions: readonly string[];
  readonly on: "bucket" | "objects";
}

const readActions = ["s3:GetObject", "s3:GetObjectVersion"];
const all: readonly Statement[] = [
  {
    effect: "Allow",
    principal: "stranger",
    actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    on: "objects",
  },
  { effect: "Allow", principal: "stranger", actions: ["s3:ListBucket"], on: "bucket" },
];
export const policies: Readonly<Record<string, readonly Statement[]>> = {
  "public read": [{ effect: "Allow", principal: "*", actions: readActions, on: "objects" }],
  "public list": [{ effect: "Allow", principal: "*", actions: ["s3:ListBucket"], on: "bucket" }],
  "public write": all.map((statement) => ({ ...statement, principal: "*" as const })),
  "to the stranger": all,
  "no deletes": [
    { effect: "Deny", principal: "*", actions: ["s3:DeleteObject"], on: "objects" },
    { effect: "Allow", principal: "*", actions: ["s3:GetObject", "s3:DeleteObject"], on: "objects" },
  ],
  "no reads": [{ effect: "Deny", principal: "*", actions: readActions, on: "objects" }, ...all],
  "not the stranger": [
    { effect: "Deny", principal: "stranger", actions: ["s3:GetObject"], on: "objects" },
    { effect: "Allow", principal: "*", actions: ["s3:GetObject"], on: "objects" },
  ],
};

export const isPublicPolicy = (name: string): boolean =>
  (policies[name] ?? []).some(({ effect, principal }) => effect === "Allow" && principal === "*");

/** What the limited user's own policy denies; it allows everything else. */
export const limitedDenials = ["s3:GetObject", "s3:GetObjectVersion", "s3:BypassGovernanceRetention"];

export const strangerAccount = "300000000000";
/** Stands for the bucket's name in policies, on the way there and back. */
export const bucketWord = "BUCKET-NAME";

function policyText(statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map(({ effect, principal, actions, on }) => ({
      Effect: effect,
      Principal: principal === "*" ? "*" : { AWS: strangerAccount },
      Action: actions,
      Resource: `arn:aws:s3:::${bucketWord}${on === "bucket" ? "" : "/*"}`,
    })),
  });
}

const policyDocuments: Readonly<Record<string, Document>> = {
  ...Object.fromEntries(
    Object.entries(policies).map(([name, statements]) => [
      name,
      { xml: policyText(statements), shown: Buffer.from(policyText(statements)) },
    ]),
  ),
  "no JSON": { xml: "{", shown: "MalformedPolicy" },
  "unknown element": {
    xml: policyText([]).replace("Statement", "Statements"),
    shown: "MalformedPolicy",
  },
};

const flags = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
const block = (value: (flag: string) => boolean): Document => {
  const elements = flags.map((flag) => `<${flag}>${value(flag)}</${flag}>`).join("");
  return {
    xml: `<PublicAccessBlockConfiguration>${elements}</PublicAccessBlockConfiguration>`,
    shown: { PublicAccessBlockConfiguration: Object.fromEntries(flags.map((flag) => [flag, String(value(flag))])) },
  };
};

const ownership = (name: string, shown?: ErrorCode): Document => ({
  xml: `<OwnershipControls><Rule><ObjectOwnership>${name}</ObjectOwnership></Rule></OwnershipControls>`,
  shown: shown ?? { OwnershipControls: { Rule: { ObjectOwnership: name } } },
});

/** Rules for cross-origin requests: the first that meets origin, method and headers decides. */
export interface CorsRule {
  readonly origin: string;
  readonly methods: readonly string[];
  readonly headers: string | null;
  readonly exposed: string | null;
  readonly maxAge: number | null;
}

export const corsRules: Readonly<Record<string, readonly CorsRule[]>> = {
  "one origin": [
    { origin: "https://a.example", methods: ["GET", "PUT"], headers: "*", exposed: "ETag", maxAge: 60 },
    { origin: "*", methods: ["GET"], headers: null, exposed: null, maxAge: null },
  ],
  "a wildcard": [
    { origin: "https://*.example", methods: ["DELETE", "PUT"], headers: "x-a*", exposed: null, maxAge: null },
  ],
};

function corsDocument(rules: readonly CorsRule[]): Document {
  const members = rules.map((rule): readonly (readonly [string, string])[] => [
    ...(rule.headers === null ? [] : [["AllowedHeader", rule.headers] as const]),
    ...rule.methods.map((method) => ["AllowedMethod", method] as const),
    ["AllowedOrigin", rule.origin],
    ...(rule.exposed === null ? [] : [["ExposeHeader", rule.exposed] as const]),
    ...(rule.maxAge === null ? [] : [["MaxAgeSeconds", String(rule.maxAge)] as const]),
  ]);
  const xml = members.map(
    (list) => `<CORSRule>${list.map(([name, text]) => `<${name}>${text}</${name}>`).join("")}</CORSRule>`,
  );
  const shown = members.map((list) => {
    const found: Record<string, string[]> = {};
    for (const [name, text] of list) found[name] = [...(found[name] ?? []), text];
    return found;
  });
  return {
    xml: `<CORSConfiguration>${xml.join("")}</CORSConfiguration>`,
    shown: { CORSConfiguration: { CORSRule: shown } },
  };
}

const rule = (content: string): string => `<CORSConfiguration><CORSRule>${content}</CORSRule></CORSConfiguration>`;

const encryption = (members: Readonly<Record<string, string>>, bucketKey: string): Document => {
  const inner = Object.entries(members).map(([name, text]) => `<${name}>${text}</${name}>`);
  const byDefault = `<ApplyServerSideEncryptionByDefault>${inner.join("")}</ApplyServerSideEncryptionByDefault>`;
  return {
    xml: `<ServerSideEncryptionConfiguration><Rule>${byDefault}<BucketKeyEnabled>${bucketKey}</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`,
    shown: {
      ServerSideEncryptionConfiguration: {
        Rule: { ApplyServerSideEncryptionByDefault: members, BucketKeyEnabled: bucketKey },
      },
    },
  };
};

/** Its rule meets no key of the suite. */
const lifecycle = (days: string, shown?: ErrorCode): Document => ({
  xml: `<LifecycleConfiguration><Rule><Expiration><Days>${days}</Days></Expiration><ID>far</ID><Filter><Prefix>zzz/</Prefix></Filter><Status>Enabled</Status></Rule></LifecycleConfiguration>`,
  shown: shown ?? {
    LifecycleConfiguration: {
      Rule: { Expiration: { Days: days }, ID: "far", Filter: { Prefix: "zzz/" }, Status: "Enabled" },
    },
  },
});

const website = (suffix: string, shown?: ErrorCode): Document => ({
  xml: `<WebsiteConfiguration><IndexDocument><Suffix>${suffix}</Suffix></IndexDocument></WebsiteConfiguration>`,
  shown: shown ?? { WebsiteConfiguration: { IndexDocument: { Suffix: suffix } } },
});

const replication = (destination: string): string =>
  `<ReplicationConfiguration><Role>arn:aws:iam::100000000000:role/r</Role><Rule><ID>r</ID><Priority>1</Priority><Status>Enabled</Status><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Filter><Prefix></Prefix></Filter><Destination>${destination}</Destination></Rule></ReplicationConfiguration>`;

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
    absent: shownAcl("private"),
    putStatus: 200,
    documents: Object.fromEntries(
      ["private", "public-read", "public-read-write", "authenticated-read"].map((acl) => [
        acl,
        { xml: "", shown: shownAcl(acl) },
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
      nowhere: {
        xml: replication("<Bucket>arn:aws:s3:::there-is-no-such-bucket</Bucket>"),
        shown: "InvalidRequest",
      },
      wrong: { xml: "<ReplicationConfiguration/>", shown: "MalformedXML" },
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

export function getDocument(name: Subresource, state: State): Result {
  const { documents, absent } = documentRules[name];
  const isAsleep = name === "acl" && state.settings.get("ownershipControls") === "BucketOwnerEnforced";
  const choice = isAsleep ? undefined : state.settings.get(name);
  const shown = choice === undefined ? absent : (documents[choice]?.shown ?? absent);
  if (typeof shown === "string") throw new Refusal(shown as ErrorCode);
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
