import test from "ava";
import { limits } from "../base/limits.ts";
import { PolicyError, parseBucketPolicy, parsePolicy } from "./document.ts";

const bucketArn = "arn:aws:s3:::bucket";
const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/*` };
const named = { ...statement, Principal: "*" };
const of = (part: object, version = "2012-10-17") => ({ Version: version, Statement: [{ ...statement, ...part }] });
const condition = (part: object) => of({ Condition: part });

test("the guide's public bucket policy", (t) => {
  const text = JSON.stringify({
    Version: "2019-10-17",
    Statement: [
      {
        Sid: "",
        Effect: "Allow",
        Principal: { AWS: ["*"] },
        Action: ["s3:GetBucketLocation"],
        Resource: [bucketArn],
      },
      { Sid: "", Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: [`${bucketArn}/*`] },
    ],
  });
  const everybody = { negated: false, any: true, aws: [], canonicalUsers: [], services: [], federated: [] };
  t.deepEqual(parseBucketPolicy(text, "bucket"), {
    version: "2019-10-17",
    id: null,
    statements: [
      {
        sid: "",
        effect: "Allow",
        principals: everybody,
        actions: { negated: false, patterns: ["s3:GetBucketLocation"] },
        resources: { negated: false, patterns: [bucketArn] },
        conditions: [],
      },
      {
        sid: "",
        effect: "Allow",
        principals: everybody,
        actions: { negated: false, patterns: ["s3:GetObject"] },
        resources: { negated: false, patterns: [`${bucketArn}/*`] },
        conditions: [],
      },
    ],
  });
});

test("single values, numbers and booleans as Terraform and the console write them", (t) => {
  const document = parsePolicy(
    {
      Id: "from the console",
      Statement: {
        Sid: "Deny plain HTTP & more",
        Effect: "Deny",
        NotPrincipal: { AWS: "111122223333", Service: "logging.s3.amazonaws.com", CanonicalUser: "a".repeat(64) },
        NotAction: "s3:Put*",
        NotResource: "*",
        Condition: {
          "ForAnyValue:StringLikeIfExists": { "s3:RequestObjectTag/Cost Centre": "x*" },
          Bool: { "aws:SecureTransport": false },
          NumericLessThan: { "s3:max-keys": 10, "s3:TlsVersion": ["1.2", 1.3] },
        },
      },
    },
    "resource",
  );
  t.deepEqual(document, {
    version: "2008-10-17",
    id: "from the console",
    statements: [
      {
        sid: "Deny plain HTTP & more",
        effect: "Deny",
        principals: {
          negated: true,
          any: false,
          aws: ["111122223333"],
          canonicalUsers: ["a".repeat(64)],
          services: ["logging.s3.amazonaws.com"],
          federated: [],
        },
        actions: { negated: true, patterns: ["s3:Put*"] },
        resources: { negated: true, patterns: ["*"] },
        conditions: [
          {
            operator: "StringLike",
            ifExists: true,
            quantifier: "ForAnyValue",
            key: "s3:RequestObjectTag/Cost Centre",
            values: ["x*"],
          },
          { operator: "Bool", ifExists: false, quantifier: null, key: "aws:SecureTransport", values: ["false"] },
          { operator: "NumericLessThan", ifExists: false, quantifier: null, key: "s3:max-keys", values: ["10"] },
          {
            operator: "NumericLessThan",
            ifExists: false,
            quantifier: null,
            key: "s3:TlsVersion",
            values: ["1.2", "1.3"],
          },
        ],
      },
    ],
  });
});

test("trust policies", (t) => {
  const trust = (principal: unknown) => ({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" },
  });
  for (const principal of [
    "*",
    { AWS: "arn:aws:iam::111122223333:root" },
    { AWS: ["arn:aws:iam::111122223333:user/team/alice", "arn:aws:sts::111122223333:assumed-role/role/session"] },
    { Federated: "accounts.google.com" },
  ]) {
    t.is(parsePolicy(trust(principal), "trust").statements[0]?.resources, null);
  }
  const provider = { StringEquals: { "sign-in.example.com/path:sub": "me" } };
  const withProvider = { ...trust({ Federated: "arn:aws:iam::111122223333:oidc-provider/sign-in.example.com" }) };
  const federated = { ...withProvider, Statement: { ...withProvider.Statement, Condition: provider } };
  t.is(parsePolicy(federated, "trust").statements[0]?.conditions.length, 1);
  t.throws(() => parsePolicy(condition(provider), "identity"), { instanceOf: PolicyError });
});

/** What is refused, and a part of the message. */
const refused: readonly [document: unknown, kind: "identity" | "resource" | "trust", message: string][] = [
  ["{", "identity", "not JSON"],
  ["[]", "identity", "must be an object"],
  ["null", "identity", "must be an object"],
  ['"x"', "identity", "must be an object"],
  [{}, "identity", "no Statement"],
  [{ Statement: [] }, "identity", "Statement is empty (at /Statement)"],
  [{ Statement: [1] }, "identity", "must be an object (at /Statement/0)"],
  [of({}, "2012-10-18"), "identity", "Version is none of"],
  [{ ...of({}), Version: 2012 }, "identity", "Version is none of"],
  [{ ...of({}), Version: null }, "identity", "Version is none of"],
  [{ ...of({}), version: "2012-10-17" }, "identity", 'unknown element "version"'],
  [{ ...of({}), Id: "x" }, "identity", "Id is for resource policies"],
  [{ Statement: named, Id: 7 }, "resource", "must be a string (at /Id)"],
  [of({ Comment: "x" }), "identity", 'unknown element "Comment" (at /Statement/0)'],
  [of({ Sid: "Here", Conditions: {} }), "identity", 'unknown element "Conditions" (at /Statement/0, Sid "Here")'],
  [JSON.parse('{"Statement":{"__proto__":{}}}'), "identity", 'unknown element "__proto__"'],
  [of({ Effect: "allow" }), "identity", "neither Allow nor Deny (at /Statement/0/Effect)"],
  [of({ Effect: ["Allow"] }), "identity", "neither Allow nor Deny"],
  [of({ Effect: undefined }), "identity", "neither Allow nor Deny"],
  [of({ Sid: 1 }), "identity", "must be a string (at /Statement/0/Sid)"],
  [of({ Sid: "a b" }), "identity", "more than letters and digits"],
  [
    {
      Statement: [
        { ...statement, Sid: "a" },
        { ...statement, Sid: "a" },
      ],
    },
    "identity",
    "the same Sid (at /Statement/1/Sid",
  ],
  [of({ Principal: "*" }), "identity", 'unknown element "Principal"'],
  [of({}), "resource", "one of Principal and NotPrincipal"],
  [of({ Principal: "*", NotPrincipal: "*" }), "resource", "one of Principal and NotPrincipal"],
  [of({ NotPrincipal: "*" }), "resource", "NotPrincipal cannot stand with Allow"],
  [of({ Principal: "111122223333" }), "resource", "must be an object"],
  [of({ Principal: {} }), "resource", "no principal is named"],
  [of({ Principal: { AWS: [] } }), "resource", "the list is empty"],
  [of({ Principal: { AWS: ["*"], Group: "x" } }), "resource", 'unknown element "Group"'],
  [of({ Principal: { AWS: "1111222233334" } }), "resource", "is not an account"],
  [of({ Principal: { AWS: "arn:aws:iam::111122223333:user/*" } }), "resource", "is not an account"],
  [of({ Principal: { AWS: "arn:aws:iam::*:root" } }), "resource", "is not an account"],
  [of({ Principal: { AWS: "arn:aws:iam::111122223333:group/x" } }), "resource", "is not an account"],
  [of({ Principal: { AWS: "arn:aws:sts::111122223333:assumed-role/r/*" } }), "resource", "is not an account"],
  [of({ Principal: { CanonicalUser: "*" } }), "resource", "is not a canonical user id"],
  [of({ Principal: { Service: "*" } }), "resource", "is not the name of a service"],
  [{ Statement: named }, "trust", 'unknown element "Resource"'],
  [of({ Action: undefined }), "identity", "one of Action and NotAction"],
  [of({ NotAction: "s3:*" }), "identity", "one of Action and NotAction"],
  [of({ Action: [] }), "identity", "the list is empty (at /Statement/0/Action)"],
  [of({ Action: null }), "identity", "must be a string"],
  [of({ Action: ["s3:Get*", 1] }), "identity", "must be a string"],
  [of({ Action: "GetObject" }), "identity", "is not an action"],
  [of({ Action: "s3:" }), "identity", "is not an action"],
  [of({ Action: "s3:Get Object" }), "identity", "is not an action"],
  [of({ Action: "s*:GetObject" }), "identity", "is not an action"],
  [of({ Action: "s3:${aws:username}" }), "identity", "is not an action"],
  [of({ Resource: undefined }), "identity", "one of Resource and NotResource"],
  [of({ Resource: "bucket/*" }), "identity", "is not an ARN"],
  [of({ Resource: "" }), "identity", "is not an ARN"],
  [of({ Resource: "arn:aws:s3::bucket" }), "identity", "is not an ARN of six parts"],
  [of({ Resource: "arn:aws:s3:::b/${aws:username" }), "identity", "not closed"],
  [of({ Resource: "arn:aws:s3:::b/${aws:user}" }), "identity", "is not a policy variable"],
  [of({ Resource: "arn:aws:s3::${aws:username}:b" }), "identity", "before the fifth colon"],
  [condition([]), "identity", "must be an object (at /Statement/0/Condition)"],
  [condition({ stringequals: { "aws:username": "x" } }), "identity", '"stringequals" is not a condition operator'],
  [condition({ StringMatches: { "aws:username": "x" } }), "identity", "is not a condition operator"],
  [condition({ "ForSomeValues:StringEquals": { "aws:username": "x" } }), "identity", "is not a condition operator"],
  [condition({ __proto__: null, constructor: { "aws:username": "x" } }), "identity", "is not a condition operator"],
  [condition({ NullIfExists: { "aws:username": "true" } }), "identity", "is not a condition operator"],
  [condition({ "ForAnyValue:Null": { "aws:username": "true" } }), "identity", "is not a condition operator"],
  [condition({ StringEquals: {} }), "identity", "no condition key is named"],
  [condition({ StringEquals: "x" }), "identity", "must be an object"],
  [condition({ StringEquals: { "aws:username": [] } }), "identity", "the list is empty"],
  [condition({ StringEquals: { "aws:username": null } }), "identity", "must be a string"],
  [condition({ StringEquals: { "aws:username": { a: 1 } } }), "identity", "must be a string"],
  [condition({ StringEquals: { "aws:username": [["x"]] } }), "identity", "must be a string"],
  [condition({ StringEquals: { "aws:user": "x" } }), "identity", '"aws:user" is not a condition key'],
  [condition({ StringEquals: { "aws:PrincipalTag/": "x" } }), "identity", "is not a condition key"],
  [condition({ StringEquals: { "minio:x": "x" } }), "identity", "is not a condition key"],
  [condition({ StringEquals: { username: "x" } }), "identity", "is not a condition key"],
  [condition({ StringEquals: { "s3:": "x" } }), "identity", "is not a condition key"],
  [condition({ StringEquals: { "aws:username": "${aws:nosuch}" } }), "identity", "is not a policy variable"],
  [condition({ NumericEquals: { "s3:max-keys": "ten" } }), "identity", '"ten": is not a number'],
  [condition({ NumericEquals: { "s3:max-keys": 1e99 } }), "identity", "1e+99 must stand in quotes"],
  [condition({ NumericEquals: { "s3:max-keys": "1e99" } }), "identity", "is not a number"],
  [condition({ StringEquals: { "aws:userid": 2 ** 53 } }), "identity", "9007199254740992 must stand in quotes"],
  [condition({ StringEquals: { "aws:userid": Number.NaN } }), "identity", "NaN must stand in quotes"],
  [condition({ NumericEquals: { "s3:max-keys": "NaN" } }), "identity", "is not a number"],
  [condition({ NumericEquals: { "s3:max-keys": "${aws:userid}" } }), "identity", "is not a number"],
  [condition({ DateEquals: { "aws:CurrentTime": "today" } }), "identity", "is not a date"],
  [condition({ Bool: { "aws:SecureTransport": "yes" } }), "identity", "is neither true nor false"],
  [condition({ Bool: { "aws:SecureTransport": 1 } }), "identity", "is neither true nor false"],
  [condition({ Null: { "aws:username": "" } }), "identity", "is neither true nor false"],
  [condition({ BinaryEquals: { "s3:x": "a" } }), "identity", "is not base64"],
  [
    condition({ IpAddress: { "aws:SourceIp": "10.0.0.0/33" } }),
    "identity",
    "is neither an IP address nor a CIDR range",
  ],
  [condition({ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*" } }), "identity", "is not an ARN of six parts"],
];

test("what is not understood is refused, and the message says where", (t) => {
  for (const [document, kind, message] of refused) {
    const error = t.throws(() => parsePolicy(document, kind), { instanceOf: PolicyError }, JSON.stringify(document));
    t.is(error?.code, "MalformedPolicy");
    t.true(error?.message.includes(message), `${error?.message} has not ${message}`);
  }
});

test("names that stand twice, and deep nesting", (t) => {
  const twice = (text: string) => t.throws(() => parsePolicy(text, "identity"), { message: /stands twice/ }, text);
  twice('{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}');
  twice('{"Statement":{"Effect":"Deny", "E\\u0066fect" : "Allow"}}');
  twice('{"Statement":[{"Condition":{"Bool":{"a:b":"true","a:b":"false"}}}]}');
  const fine = JSON.stringify(of({ Sid: "Sid", Resource: ['arn:aws:s3:::a"Sid":"Sid"\\', "arn:aws:s3:::Sid"] }));
  t.is(parsePolicy(fine, "identity").statements.length, 1);
  t.throws(() => parsePolicy(`${"[".repeat(10_000)}${"]".repeat(10_000)}`, "identity"), { message: /nested deeper/ });
});

test("limits", (t) => {
  const many = (count: number) => ({ Statement: new Array(count).fill(statement) });
  t.is(parsePolicy(many(limits.policyStatementsMax), "identity").statements.length, limits.policyStatementsMax);
  t.throws(() => parsePolicy(many(limits.policyStatementsMax + 1), "identity"), {
    message: /more than 500 statements/,
  });
  const values = (count: number) => of({ Action: new Array(count).fill("s3:*") });
  t.is(parsePolicy(values(limits.policyValuesMax - 1), "identity").statements.length, 1);
  t.throws(() => parsePolicy(values(limits.policyValuesMax), "identity"), { message: /more than 5000 values/ });
});

test("a bucket policy speaks of its bucket and of S3 alone", (t) => {
  const parse = (part: object) => parseBucketPolicy(JSON.stringify({ Statement: { ...named, ...part } }), "bucket");
  for (const resource of [
    bucketArn,
    `${bucketArn}/*`,
    `${bucketArn}/`,
    `${bucketArn}/\${aws:username}`,
    `${bucketArn}*`,
    "arn:aws:s3:::*",
    "arn:aws:s3:::b*t/k?y",
  ]) {
    t.is(parse({ Resource: resource }).statements.length, 1, resource);
  }
  for (const resource of [
    "*",
    `${bucketArn}2`,
    `${bucketArn}?`,
    `${bucketArn}2/*`,
    "arn:aws:s3:::*${aws:username}/*",
    "arn:aws:s3:::b/*",
  ]) {
    t.throws(
      () => parse({ Resource: [bucketArn, resource] }),
      { message: /neither arn:aws:s3:::bucket nor in it/ },
      resource,
    );
    t.throws(() => parse({ Resource: undefined, NotResource: resource }), { instanceOf: PolicyError }, resource);
  }
  for (const action of ["*", "*:*", "s3:*", "S3:GetObject"]) t.is(parse({ Action: action }).statements.length, 1);
  for (const action of ["iam:*", "s3-outposts:*"]) {
    t.throws(() => parse({ Action: action }), { message: /is not an action of S3/ }, action);
  }
});

test("before 2012-10-17 there are no variables", (t) => {
  const old = of({ Resource: "arn:aws:s3:::b/${aws:username" }, "2008-10-17");
  t.is(parsePolicy(old, "identity").statements.length, 1);
  t.throws(() => parsePolicy({ ...old, Version: "2019-10-17" }, "identity"), { message: /not closed/ });
});
