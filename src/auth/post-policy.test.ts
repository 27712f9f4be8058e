import test from "ava";
import { S3Error } from "../s3/errors.ts";
import { judgeForm } from "./post-policy.ts";

const nowMs = Date.UTC(2026, 0, 2, 12);
const later = "2026-01-02T13:00:00.000Z";

const encode = (document: unknown) => Buffer.from(JSON.stringify(document)).toString("base64");

const policyOf = (...conditions: unknown[]) => encode({ expiration: later, conditions });

const fieldsOf = (fields: Readonly<Record<string, string>>) => new Map(Object.entries({ bucket: "b", ...fields }));

/** The form is taken, or why it is not. */
const judged = (policy: string, fields: Readonly<Record<string, string>>): string => {
  try {
    const { min, max } = judgeForm(policy, fieldsOf(fields), nowMs);
    return `${min}..${max}`;
  } catch (error) {
    if (error instanceof S3Error) return `${error.code} ${error.message}`;
    throw error;
  }
};

const largest = 5 * 2 ** 30;
const bucketIs = { bucket: "b" };

const cases: readonly (readonly [
  name: string,
  conditions: unknown[],
  fields: Record<string, string>,
  expected: string,
])[] = [
  ["exact", [bucketIs, { key: "k" }], { key: "k" }, `0..${largest}`],
  [
    "exact as a list",
    [
      ["eq", "$bucket", "b"],
      ["eq", "$key", "k"],
    ],
    { key: "k" },
    `0..${largest}`,
  ],
  ["a beginning", [bucketIs, ["starts-with", "$key", "user/"]], { key: "user/k" }, `0..${largest}`],
  ["any beginning", [bucketIs, ["starts-with", "$key", ""]], { key: "k" }, `0..${largest}`],
  ["names of fields have no case", [bucketIs, ["starts-with", "$Key", ""]], { key: "k" }, `0..${largest}`],
  ["a range", [bucketIs, { key: "k" }, ["content-length-range", 2, 5]], { key: "k" }, "2..5"],
  ["a range in text", [bucketIs, { key: "k" }, ["content-length-range", "2", "5"]], { key: "k" }, "2..5"],
  [
    "the narrower of two ranges",
    [bucketIs, { key: "k" }, ["content-length-range", 2, 5], ["content-length-range", 3, 9]],
    { key: "k" },
    "3..5",
  ],
  ["fields to ignore", [bucketIs, { key: "k" }], { key: "k", "x-ignore-a": "1" }, `0..${largest}`],
  [
    "fields of the signature",
    [bucketIs, { key: "k" }],
    { key: "k", policy: "p", "x-amz-signature": "s", awsaccesskeyid: "a", signature: "s" },
    `0..${largest}`,
  ],
  [
    "every one of a list of types",
    [bucketIs, { key: "k" }, ["starts-with", "$Content-Type", "image/"]],
    { key: "k", "content-type": "image/png, image/gif" },
    `0..${largest}`,
  ],
  [
    "a type that does not begin so",
    [bucketIs, { key: "k" }, ["starts-with", "$Content-Type", "image/"]],
    { key: "k", "content-type": "image/png,text/html" },
    'AccessDenied Invalid according to Policy: Policy Condition failed: ["starts-with", "$content-type", "image/"]',
  ],
  [
    "another value",
    [bucketIs, { key: "k" }],
    { key: "K" },
    'AccessDenied Invalid according to Policy: Policy Condition failed: ["eq", "$key", "k"]',
  ],
  [
    "another bucket",
    [{ bucket: "other" }, { key: "k" }],
    { key: "k" },
    'AccessDenied Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "other"]',
  ],
  [
    "a bucket that nothing binds",
    [{ key: "k" }],
    { key: "k" },
    "AccessDenied Invalid according to Policy: Extra input fields: bucket",
  ],
  [
    "a key that nothing binds",
    [bucketIs],
    { key: "k" },
    "AccessDenied Invalid according to Policy: Extra input fields: key",
  ],
  [
    "a field too many",
    [bucketIs, { key: "k" }],
    { key: "k", "x-amz-meta-a": "1" },
    "AccessDenied Invalid according to Policy: Extra input fields: x-amz-meta-a",
  ],
  [
    "a field that is not there",
    [bucketIs, { key: "k" }, { acl: "public-read" }],
    { key: "k" },
    'AccessDenied Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "public-read"]',
  ],
  [
    "an operator in another case",
    [bucketIs, ["Starts-With", "$key", "k"]],
    { key: "k" },
    'InvalidPolicyDocument Invalid Policy: Invalid condition: ["Starts-With","$key","k"]',
  ],
  [
    "an odd operator",
    [bucketIs, ["ends-with", "$key", "k"]],
    { key: "k" },
    'InvalidPolicyDocument Invalid Policy: Invalid condition: ["ends-with","$key","k"]',
  ],
  [
    "a field without its sign",
    [bucketIs, ["eq", "key", "k"]],
    { key: "k" },
    'InvalidPolicyDocument Invalid Policy: Invalid condition: ["eq","key","k"]',
  ],
  [
    "a range below nothing",
    [["content-length-range", -1, 5]],
    {},
    'InvalidPolicyDocument Invalid Policy: Invalid content-length-range: ["content-length-range",-1,5]',
  ],
  [
    "a range past all numbers",
    [["content-length-range", 0, 1e99]],
    {},
    'InvalidPolicyDocument Invalid Policy: Invalid content-length-range: ["content-length-range",0,1e+99]',
  ],
  [
    "two names in one condition",
    [{ key: "k", acl: "private" }],
    {},
    'InvalidPolicyDocument Invalid Policy: Invalid Simple-Condition: {"key":"k","acl":"private"}',
  ],
  [
    "a number for a text",
    [{ key: 1 }],
    {},
    'InvalidPolicyDocument Invalid Policy: Invalid Simple-Condition: {"key":1}',
  ],
];

for (const [name, conditions, fields, expected] of cases) {
  test(`policy of a form: ${name}`, (t) => t.is(judged(policyOf(...conditions), fields), expected));
}

test("a policy ends when it says", (t) => {
  const at = (expiration: unknown) =>
    judged(encode({ expiration, conditions: [bucketIs, { key: "k" }] }), { key: "k" });
  t.is(at("2026-01-02T12:00:00Z"), `0..${largest}`);
  t.is(at("2026-01-02T11:59:59.999Z"), "AccessDenied Invalid according to Policy: Policy expired.");
  for (const odd of ["tomorrow", "2026-01-02", 5, "2026-13-02T11:00:00Z"]) t.regex(at(odd), /^InvalidPolicyDocument /);
});

test("what is no policy is refused", (t) => {
  const texts = ["", "%%%", Buffer.from("{").toString("base64"), encode([]), encode({ conditions: [] })];
  const more = [
    encode({ expiration: later }),
    encode({ expiration: later, conditions: [], more: 1 }),
    "A".repeat(30_000),
  ];
  for (const text of [...texts, ...more])
    t.regex(judged(text, { key: "k" }), /^InvalidPolicyDocument /, text.slice(0, 20));
});
