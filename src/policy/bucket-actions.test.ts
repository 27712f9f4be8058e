import test from "ava";
import { checkBucketActions } from "./bucket-actions.ts";
import { parseBucketPolicy } from "./document.ts";

const arn = "arn:aws:s3:::bucket";
const check = (part: object) => {
  const Statement = { Effect: "Allow", Principal: "*", ...part };
  checkBucketActions(parseBucketPolicy(JSON.stringify({ Version: "2012-10-17", Statement }), "bucket"));
};

test("an action that applies to a resource of its statement", (t) => {
  for (const [Action, Resource] of [
    ["s3:GetObject", `${arn}/*`],
    ["s3:getobject", `${arn}/key`],
    ["s3:ListBucket", arn],
    ["s3:ListBucket", "arn:aws:s3:::*"],
    ["s3:GetObject", `${arn}*`],
    [
      ["s3:GetObject", "s3:ListBucket"],
      [arn, `${arn}/*`],
    ],
    ["s3:*", `${arn}/*`],
    ["*", arn],
    ["s3:Get*", arn],
    ["s3:Put?bject", `${arn}/*`],
    ["s3:ReplicateObject", `${arn}/*`],
  ] as const) {
    t.notThrows(() => check({ Action, Resource }), `${Action} ${Resource}`);
  }
});

test("an action that applies to none of them", (t) => {
  for (const [Action, Resource] of [
    ["s3:ListBucket", `${arn}/*`],
    ["s3:GetObject", arn],
    [["s3:GetObject", "s3:ListBucket"], `${arn}/*`],
    ["s3:ListBucket*", `${arn}/*`],
    ["s3:PutBucketPolicy", [`${arn}/a`, `${arn}/b`]],
  ] as const) {
    t.throws(
      () => check({ Action, Resource }),
      { message: /^Action does not apply to any resource\(s\) in statement.*\(at \/Statement\/0\)$/ },
      `${Action} ${Resource}`,
    );
  }
  t.notThrows(() => check({ Action: "s3:ListBucket", NotResource: `${arn}/*` }));
  t.notThrows(() => check({ Effect: "Deny", NotAction: "s3:ListBucket", Resource: `${arn}/*` }));
});

test("an action that no bucket or object has", (t) => {
  for (const Action of ["s3:PutObjects", "s3:Nothing*", "s3:ListAllMyBuckets", ["s3:GetObject", "s3:Get"]]) {
    t.throws(() => check({ Action, Resource: `${arn}/*` }), { message: /^Policy has invalid action/ }, String(Action));
    t.throws(() => check({ NotAction: Action, Resource: `${arn}/*` }), { message: /^Policy has invalid action/ });
  }
});
