import test from "ava";
import fc from "fast-check";
import { accessPermissions, modeOfPolicy, policyOfMode } from "./access-mode.ts";
import { parseBucketPolicy } from "./document.ts";

const reopened = (policy: unknown) =>
  modeOfPolicy(policy === null ? null : parseBucketPolicy(JSON.stringify(policy), "b"), "b");

test("Public is the guide's own policy", (t) => {
  t.deepEqual(policyOfMode("Public", [], "b"), {
    Version: "2019-10-17",
    Statement: [
      {
        Sid: "",
        Effect: "Allow",
        Principal: { AWS: ["*"] },
        Action: ["s3:GetBucketLocation"],
        Resource: ["arn:aws:s3:::b"],
      },
      { Sid: "", Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::b/*"] },
    ],
  });
});

test("what was chosen is what is shown again", (t) => {
  t.deepEqual(reopened(policyOfMode("Private", [], "b")), { mode: "Private", permissions: [] });
  t.is(reopened(policyOfMode("Public", [], "b")).mode, "Public");
  fc.assert(
    fc.property(fc.subarray([...accessPermissions], { minLength: 1 }), (chosen) => {
      const { mode, permissions } = reopened(policyOfMode("Custom", chosen, "b"));
      const isPublic =
        chosen.length === 2 && chosen.includes("s3:GetObject") && chosen.includes("s3:GetBucketLocation");
      t.is(mode, isPublic ? "Public" : "Custom");
      t.deepEqual(permissions, chosen);
    }),
  );
});

test("a policy that was written otherwise is shown as what it means", (t) => {
  const all = { Effect: "Allow", Principal: "*" };
  const inOne = { ...all, Action: ["s3:getobject", "s3:ListBucket"], Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/*"] };
  t.deepEqual(reopened({ Version: "2012-10-17", Statement: inOne }), {
    mode: "Custom",
    permissions: ["s3:ListBucket", "s3:GetObject"],
  });
  const good = { ...all, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };
  for (const odd of [
    { ...good, Effect: "Deny" },
    { ...good, Principal: { AWS: "111122223333" } },
    { ...good, Action: "s3:*" },
    { ...good, Action: "s3:PutBucketPolicy" },
    { ...good, Resource: "arn:aws:s3:::b/public/*" },
    { ...good, Resource: ["arn:aws:s3:::b/*", "arn:aws:s3:::b/public/*"] },
    { ...good, Condition: { Bool: { "aws:SecureTransport": "true" } } },
  ]) {
    t.deepEqual(reopened({ Version: "2012-10-17", Statement: [good, odd] }), { mode: "Custom", permissions: null });
  }
});
