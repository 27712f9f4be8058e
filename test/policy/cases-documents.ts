/** Documents that are refused with MalformedPolicy, and near relatives that are taken. */

import { bucketArn, pages } from "./case-rows.ts";

export interface DocumentRow {
  readonly name: string;
  readonly kind: "identity" | "resource" | "trust";
  readonly document: unknown;
  /** Given, the document is a policy of this bucket. */
  readonly bucket?: string;
  readonly cites: string;
}

const basis = { Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/*` };
const bucketBasis = { ...basis, Principal: "*" };

/** A policy of one statement: the basis with these members instead; undefined takes one away. */
const identity = (name: string, cites: string, members: Record<string, unknown>): DocumentRow => ({
  name,
  kind: "identity",
  document: { Version: "2012-10-17", Statement: [without({ ...basis, ...members })] },
  cites,
});
const resource = (name: string, cites: string, members: Record<string, unknown>): DocumentRow => ({
  name,
  kind: "resource",
  document: { Version: "2012-10-17", Statement: [without({ ...bucketBasis, ...members })] },
  cites,
});
const whole = (name: string, cites: string, document: unknown): DocumentRow => ({
  name,
  kind: "identity",
  document,
  cites,
});
const condition = (name: string, cites: string, Condition: unknown): DocumentRow =>
  identity(name, cites, { Condition });
const ofBucket = (name: string, cites: string, Resource: unknown): DocumentRow => ({
  ...resource(name, cites, { Resource }),
  bucket: "bucket",
});

const without = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const statements = (count: number, from: Record<string, unknown> = basis): unknown => ({
  Version: "2012-10-17",
  Statement: Array.from({ length: count }, (_, index) => ({ ...from, Sid: `S${index}` })),
});

function nested(depth: number): unknown {
  let value: unknown = "red";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

export const refusedDocuments: readonly DocumentRow[] = [
  whole("text that is no JSON", pages.grammar, "{"),
  whole("empty text", pages.grammar, ""),
  whole("a list", pages.grammar, []),
  whole("null", pages.grammar, null),
  whole("a number", pages.grammar, 7),
  whole("a text in JSON", pages.grammar, '"policy"'),
  whole("an empty object", pages.statement, {}),
  whole("no Statement", pages.statement, { Version: "2012-10-17" }),
  whole("an empty list of statements", pages.statement, { Version: "2012-10-17", Statement: [] }),
  whole("a Statement that is text", pages.statement, { Version: "2012-10-17", Statement: "Allow" }),
  whole("a statement that is null", pages.statement, { Version: "2012-10-17", Statement: [null] }),
  whole("an unknown element", pages.grammar, { Version: "2012-10-17", Statement: [basis], Comment: "x" }),
  whole("an element in another case", pages.grammar, { version: "2012-10-17", Statement: [basis] }),
  whole("an unknown version", pages.version, { Version: "2013-10-17", Statement: [basis] }),
  whole("a version that is a number", pages.version, { Version: 2012, Statement: [basis] }),
  whole("an Id that is a number", pages.id, { Version: "2012-10-17", Id: 7, Statement: [basis] }),
  whole(
    "the same element twice",
    pages.grammar,
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}`,
  ),
  whole("the same Sid twice", pages.sid, {
    Version: "2012-10-17",
    Statement: [
      { ...basis, Sid: "A" },
      { ...basis, Sid: "A" },
    ],
  }),
  whole("far too many statements", pages.quotas, statements(100_000)),
  whole("far too deep", pages.grammar, `${"[".repeat(100_000)}${"]".repeat(100_000)}`),
  identity("an unknown element of a statement", pages.grammar, { Effects: "Allow" }),
  identity("no Effect", pages.effect, { Effect: undefined }),
  identity("an Effect in lower case", pages.effect, { Effect: "allow" }),
  identity("an unknown Effect", pages.effect, { Effect: "Permit" }),
  identity("an Effect that is a list", pages.effect, { Effect: ["Allow"] }),
  identity("no Action", pages.action, { Action: undefined }),
  identity("an empty list of actions", pages.action, { Action: [] }),
  identity("an Action that is a number", pages.action, { Action: 7 }),
  identity("an Action that is null", pages.action, { Action: null }),
  identity("an Action that is an object", pages.action, { Action: {} }),
  identity("a list of actions with a number", pages.action, { Action: ["s3:GetObject", 7] }),
  identity("an empty Action", pages.action, { Action: "" }),
  identity("an Action without a service", pages.action, { Action: "GetObject" }),
  identity("Action and NotAction", pages.notAction, { NotAction: "s3:PutObject" }),
  identity("no Resource", pages.resource, { Resource: undefined }),
  identity("an empty list of resources", pages.resource, { Resource: [] }),
  identity("a Resource that is a number", pages.resource, { Resource: 7 }),
  identity("a Resource that is no ARN", pages.resource, { Resource: "bucket/*" }),
  identity("a Resource with too few parts", pages.arns, { Resource: "arn:aws:s3" }),
  identity("an empty Resource", pages.resource, { Resource: "" }),
  identity("Resource and NotResource", pages.notResource, { NotResource: `${bucketArn}/secret` }),
  identity("a Principal in an identity policy", pages.principal, { Principal: "*" }),
  identity("a NotPrincipal in an identity policy", pages.notPrincipal, { NotPrincipal: { AWS: "111122223333" } }),
  identity("a Sid that is a number", pages.sid, { Sid: 7 }),
  resource("no Principal in a bucket policy", pages.principal, { Principal: undefined }),
  resource("Principal and NotPrincipal", pages.notPrincipal, { NotPrincipal: { AWS: "111122223333" } }),
  resource("NotPrincipal with Allow", pages.notPrincipal, {
    Principal: undefined,
    NotPrincipal: { AWS: "111122223333" },
  }),
  resource("a Principal that is text but not a star", pages.principal, { Principal: "111122223333" }),
  resource("an empty Principal", pages.principal, { Principal: {} }),
  resource("an unknown kind of principal", pages.principal, { Principal: { Group: "x" } }),
  resource("an empty list of principals", pages.principal, { Principal: { AWS: [] } }),
  resource("a principal that is a number", pages.principal, { Principal: { AWS: 111122223333 } }),
  resource("a principal with a wildcard in its ARN", pages.principal, {
    Principal: { AWS: "arn:aws:iam::111122223333:user/*" },
  }),
  resource("a principal that is a group", pages.principal, {
    Principal: { AWS: "arn:aws:iam::111122223333:group/staff" },
  }),
  resource("a principal that is no ARN", pages.principal, { Principal: { AWS: "alice" } }),
  resource("an account of too few digits", pages.principal, { Principal: { AWS: "1111" } }),
  ofBucket("another bucket", pages.s3BucketPolicies, "arn:aws:s3:::other/*"),
  ofBucket("a bucket whose name is longer", pages.s3BucketPolicies, `${bucketArn}2`),
  ofBucket("the bucket and another one", pages.s3BucketPolicies, [`${bucketArn}/*`, "arn:aws:s3:::other"]),
  ofBucket("another service", pages.s3BucketPolicies, "arn:aws:iam::111122223333:user/x"),
  condition("a Condition that is text", pages.condition, "x"),
  condition("a Condition that is a list", pages.condition, []),
  condition("an operator without keys but text", pages.condition, { StringEquals: "x" }),
  condition("an unknown operator", pages.operators, { StringContains: { "s3:prefix": "a" } }),
  condition("an operator that IfExists does not go with", pages.operators, { NullIfExists: { "s3:prefix": "true" } }),
  condition("an unknown quantifier", pages.sets, { "ForSomeValues:StringEquals": { "aws:TagKeys": "a" } }),
  condition("a quantifier without an operator", pages.sets, { "ForAllValues:": { "aws:TagKeys": "a" } }),
  condition("IfExists before the operator", pages.operators, { IfExistsStringEquals: { "s3:prefix": "a" } }),
  condition("a key without a prefix", pages.keys, { StringEquals: { prefix: "a" } }),
  condition("a key of an unknown service", pages.keys, { StringEquals: { "nosuchservice:prefix": "a" } }),
  condition("an unknown global key", pages.keys, { StringEquals: { "aws:NoSuchKey": "a" } }),
  condition("an empty list of values", pages.grammar, { StringEquals: { "s3:prefix": [] } }),
  condition("a value that is null", pages.grammar, { StringEquals: { "s3:prefix": null } }),
  condition("a value that is an object", pages.grammar, { StringEquals: { "s3:prefix": { a: "b" } } }),
  condition("a list in a list", pages.grammar, { StringEquals: { "s3:prefix": [["a"]] } }),
  condition("values far too deep", pages.grammar, { StringEquals: { "s3:prefix": nested(5000) } }),
  condition("a number that is none", pages.operators, { NumericEquals: { "s3:max-keys": "ten" } }),
  condition("an empty number", pages.operators, { NumericEquals: { "s3:max-keys": "" } }),
  condition("a number with a wildcard", pages.operators, { NumericLessThan: { "s3:max-keys": "1*" } }),
  condition("a date that is none", pages.operators, { DateLessThan: { "aws:CurrentTime": "tomorrow" } }),
  condition("a date that does not exist", pages.operators, { DateLessThan: { "aws:CurrentTime": "2024-13-01" } }),
  condition("a date with a wildcard", pages.operators, { DateEquals: { "aws:CurrentTime": "2024-*" } }),
  condition("a truth that is none", pages.operators, { Bool: { "aws:SecureTransport": "yes" } }),
  condition("a Null that is neither", pages.operators, { Null: { "s3:prefix": "maybe" } }),
  condition("an address that is none", pages.operators, { IpAddress: { "aws:SourceIp": "300.1.2.3" } }),
  condition("an address with a wildcard", pages.operators, { IpAddress: { "aws:SourceIp": "203.0.113.*" } }),
  condition("a range that is too long", pages.operators, { IpAddress: { "aws:SourceIp": "203.0.113.0/33" } }),
  condition("an IPv6 range that is too long", pages.operators, { NotIpAddress: { "aws:SourceIp": "2001:db8::/129" } }),
  condition("an address with a name", pages.operators, { IpAddress: { "aws:SourceIp": "example.com" } }),
  condition("an ARN that is none", pages.operators, { ArnEquals: { "aws:SourceArn": "topic" } }),
  condition("bytes that are no base64", pages.operators, { BinaryEquals: { "aws:PrincipalTag/digest": "%%%" } }),
  {
    name: "a Resource in a trust policy",
    kind: "trust",
    document: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sts:AssumeRole", Resource: "*" }],
    },
    cites: pages.principal,
  },
  {
    name: "a trust policy without a Principal",
    kind: "trust",
    document: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole" }] },
    cites: pages.principal,
  },
];

export const takenDocuments: readonly DocumentRow[] = [
  whole("text", pages.grammar, JSON.stringify({ Version: "2012-10-17", Statement: [basis] })),
  whole("white space around", pages.grammar, ` \n${JSON.stringify({ Statement: basis }, null, 2)}\n`),
  whole("one statement without a list", pages.statement, { Version: "2012-10-17", Statement: basis }),
  whole("no version", pages.version, { Statement: [basis] }),
  whole("the version of 2008", pages.version, { Version: "2008-10-17", Statement: [basis] }),
  whole("several statements", pages.statement, statements(10)),
  identity("an empty Sid", pages.sid, { Sid: "" }),
  identity("a Sid", pages.sid, { Sid: "Statement1" }),
  identity("an action of another service", pages.action, { Action: "ec2:DescribeInstances", Resource: "*" }),
  identity("an ARN of another service", pages.resource, { Resource: "arn:aws:sqs:us-east-2:111122223333:queue1" }),
  identity("every action and resource", pages.action, { Action: "*", Resource: "*" }),
  condition("JSON numbers and truths as values", pages.grammar, {
    NumericEquals: { "s3:max-keys": 10 },
    Bool: { "aws:SecureTransport": true },
  }),
  condition("a tag of any name", pages.keys, { StringEquals: { "aws:PrincipalTag/any name": "x" } }),
  condition("a key of a known service", pages.condition, { StringEquals: { "ec2:InstanceType": "t1.micro" } }),
  condition("every quantifier", pages.sets, {
    "ForAllValues:StringLike": { "aws:TagKeys": "a" },
    "ForAnyValue:StringLikeIfExists": { "aws:TagKeys": "a" },
  }),
  condition("dates in each form", pages.operators, {
    DateEquals: {
      "aws:CurrentTime": [
        "2024",
        "2024-06",
        "2024-06-01",
        "2024-06-01T12:00Z",
        "2024-06-01T12:00:00Z",
        "2024-06-01T12:00:00.5+02:00",
        "1717243200",
      ],
    },
  }),
  resource("an Id in a bucket policy", pages.id, { Sid: "x" }),
  resource("each kind of principal", pages.principal, {
    Principal: {
      AWS: [
        "111122223333",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/a/b",
        "arn:aws:iam::111122223333:role/r",
        "arn:aws:sts::111122223333:assumed-role/r/session",
      ],
      CanonicalUser: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
      Service: ["s3.amazonaws.com"],
    },
  }),
  resource("NotPrincipal with Deny", pages.notPrincipal, {
    Effect: "Deny",
    Principal: undefined,
    NotPrincipal: { AWS: "111122223333" },
  }),
  ofBucket("the bucket and its objects", pages.s3BucketPolicies, [bucketArn, `${bucketArn}/*`, `${bucketArn}/a/b`]),
  {
    name: "a trust policy",
    kind: "trust",
    document: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }],
    },
    cites: pages.principal,
  },
];
