/** What the documents of `documents.ts` are made of, and how answers show them. Source: their pages of the AWS API reference. */

import type { Expected } from "./state.ts";
import type { ErrorCode } from "./vocabulary.ts";

export interface Document {
  readonly xml: string;
  /** The answer to Get, or the code that refuses it. */
  readonly shown: Expected | ErrorCode;
}

/** Statements of the canned policies: the documents are made of them, and the decisions too. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principal: "*" | "stranger";
  readonly actions: readonly string[];
  readonly on: "bucket" | "objects";
}

const aclActions = (verb: string): string[] => [`s3:${verb}ObjectAcl`, `s3:${verb}ObjectVersionAcl`];
const readActions = ["s3:GetObject", "s3:GetObjectVersion"];
const all: readonly Statement[] = [
  {
    effect: "Allow",
    principal: "stranger",
    actions: ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject"],
    on: "objects",
  },
  { effect: "Allow", principal: "stranger", actions: ["s3:ListBucket"], on: "bucket" },
];
export const policies: Readonly<Record<string, readonly Statement[]>> = {
  "public read": [{ effect: "Allow", principal: "*", actions: readActions, on: "objects" }],
  "public list": [{ effect: "Allow", principal: "*", actions: ["s3:ListBucket"], on: "bucket" }],
  "public write": all.map((statement) => ({ ...statement, principal: "*" as const })),
  "to the stranger": all.map((statement) => ({
    ...statement,
    actions: statement.actions.filter((action) => action !== "s3:PutObjectAcl"),
  })),
  "no deletes": [
    { effect: "Deny", principal: "*", actions: ["s3:DeleteObject", ...aclActions("Put")], on: "objects" },
    { effect: "Allow", principal: "*", actions: ["s3:GetObject", "s3:DeleteObject"], on: "objects" },
  ],
  "no reads": [
    { effect: "Deny", principal: "*", actions: [...readActions, ...aclActions("Get")], on: "objects" },
    ...all,
  ],
  "not the stranger": [
    { effect: "Deny", principal: "stranger", actions: ["s3:GetObject"], on: "objects" },
    { effect: "Allow", principal: "*", actions: ["s3:GetObject"], on: "objects" },
  ],
};

export const isPublicPolicy = (name: string): boolean =>
  (policies[name] ?? []).some(({ effect, principal }) => effect === "Allow" && principal === "*");

/** What the limited user's own policy denies; it allows everything else. */
export const limitedDenials = ["s3:GetObject", "s3:GetObjectVersion", "s3:BypassGovernanceRetention"];

export const ownerAccount = "100000000000";
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

export const policyDocuments: Readonly<Record<string, Document>> = {
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
export const block = (value: (flag: string) => boolean): Document => {
  const elements = flags.map((flag) => `<${flag}>${value(flag)}</${flag}>`).join("");
  return {
    xml: `<PublicAccessBlockConfiguration>${elements}</PublicAccessBlockConfiguration>`,
    shown: { PublicAccessBlockConfiguration: Object.fromEntries(flags.map((flag) => [flag, String(value(flag))])) },
  };
};

export const ownership = (name: string, shown?: ErrorCode): Document => ({
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

export function corsDocument(rules: readonly CorsRule[]): Document {
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

export const rule = (content: string): string =>
  `<CORSConfiguration><CORSRule>${content}</CORSRule></CORSConfiguration>`;

export const encryption = (members: Readonly<Record<string, string>>, bucketKey: string): Document => {
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
export const lifecycle = (days: string, shown?: ErrorCode): Document => ({
  xml: `<LifecycleConfiguration><Rule><Expiration><Days>${days}</Days></Expiration><ID>far</ID><Filter><Prefix>zzz/</Prefix></Filter><Status>Enabled</Status></Rule></LifecycleConfiguration>`,
  shown: shown ?? {
    LifecycleConfiguration: {
      Rule: { Expiration: { Days: days }, ID: "far", Filter: { Prefix: "zzz/" }, Status: "Enabled" },
    },
  },
});

export const website = (suffix: string, shown?: ErrorCode): Document => ({
  xml: `<WebsiteConfiguration><IndexDocument><Suffix>${suffix}</Suffix></IndexDocument></WebsiteConfiguration>`,
  shown: shown ?? { WebsiteConfiguration: { IndexDocument: { Suffix: suffix } } },
});

/** Buckets that the documents of others name, which lie beside those of the sequences. */
export const logBucket = "reference-logs";
export const replicaBucket = "reference-replica";

/** The configured target of events. */
export const eventTarget = "reference-events";

/** Its rule meets no key of the suite. */
export const notification = (element: string, arn: string, events: readonly string[]): Document => ({
  xml: `<NotificationConfiguration><${element}Configuration><Id>n</Id><${element}>${arn}</${element}>${events.map((event) => `<Event>${event}</Event>`).join("")}<Filter><S3Key><FilterRule><Name>prefix</Name><Value>zzz/</Value></FilterRule></S3Key></Filter></${element}Configuration></NotificationConfiguration>`,
  shown: {
    NotificationConfiguration: {
      [`${element}Configuration`]: {
        Id: "n",
        [element]: arn,
        Event: events,
        Filter: { S3Key: { FilterRule: { Name: "prefix", Value: "zzz/" } } },
      },
    },
  },
});

export const logging = (prefix: string, isPartitioned: boolean): Document => {
  const format =
    "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat>";
  return {
    xml: `<BucketLoggingStatus><LoggingEnabled><TargetBucket>${logBucket}</TargetBucket><TargetPrefix>${prefix}</TargetPrefix>${isPartitioned ? format : ""}</LoggingEnabled></BucketLoggingStatus>`,
    shown: {
      BucketLoggingStatus: {
        LoggingEnabled: {
          TargetBucket: logBucket,
          TargetPrefix: prefix,
          ...(isPartitioned
            ? { TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } } }
            : {}),
        },
      },
    },
  };
};

export const replication = (destination: string): string =>
  `<ReplicationConfiguration><Role>arn:aws:iam::100000000000:role/r</Role><Rule><ID>r</ID><Priority>1</Priority><Status>Enabled</Status><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Filter><Prefix></Prefix></Filter><Destination>${destination}</Destination></Rule></ReplicationConfiguration>`;
