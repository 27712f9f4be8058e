import test from "ava";
import { parseBucketPolicy } from "./document.ts";
import { isPublicPolicy } from "./public-policy.ts";

const isPublic = (...statements: object[]): boolean => {
  const Statement = statements.map((more) => ({
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: "arn:aws:s3:::b/*",
    ...more,
  }));
  return isPublicPolicy(parseBucketPolicy(JSON.stringify({ Version: "2012-10-17", Statement }), "b"));
};
const given = (operator: string, key: string, value: unknown) =>
  isPublic({ Condition: { [operator]: { [key]: value } } });

test("whoever is named by a fixed value makes a policy not public", (t) => {
  t.true(isPublic({}));
  t.true(isPublic({ Principal: { AWS: ["111122223333", "*"] } }));
  t.false(isPublic({ Principal: { AWS: "111122223333" } }));
  t.false(isPublic({ Principal: { AWS: "arn:aws:iam::111122223333:user/u" } }));
  t.false(isPublic({ Principal: { CanonicalUser: "a1" } }));
  t.false(isPublic({ Principal: { Service: "logging.s3.amazonaws.com" } }));
  t.true(isPublic({ Principal: { AWS: "111122223333" } }, {}), "one open statement is enough");
});

test("a denial opens nothing and closes nothing", (t) => {
  t.false(isPublic({ Effect: "Deny" }));
  t.true(isPublic({}, { Effect: "Deny" }));
});

test("conditions bind by fixed values only", (t) => {
  t.false(given("StringEquals", "aws:SourceVpc", "vpc-91237329"));
  t.true(given("StringLike", "aws:SourceVpc", "vpc-*"));
  t.false(given("StringLike", "aws:SourceVpc", "vpc-91237329"));
  t.true(given("StringNotEquals", "aws:SourceVpc", "vpc-91237329"));
  t.true(given("StringEqualsIfExists", "aws:SourceVpc", "vpc-91237329"));
  t.true(given("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-91237329"));
  t.false(given("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/"));
  t.true(given("StringEquals", "aws:SourceAccount", "${aws:PrincipalAccount}"));
  t.true(given("StringLike", "aws:SourceVpc", ["vpc-1", "vpc-?"]));
  t.true(given("StringLike", "aws:userid", "AROAEXAMPLE:*"));
  t.false(given("StringEquals", "aws:userid", "AIDAEXAMPLE"));
  t.false(given("StringLike", "s3:DataAccessPointArn", "arn:aws:s3:us-west-2:123456789012:accesspoint/*"));
  t.true(given("StringLike", "s3:DataAccessPointArn", "arn:aws:s3:us-west-2:*:accesspoint/a"));
  t.true(given("Bool", "aws:SecureTransport", "true"));
  t.true(given("StringEquals", "s3:ExistingObjectTag/class", "open"));
});

test("addresses bind when the range is narrow", (t) => {
  t.false(given("IpAddress", "aws:SourceIp", "54.240.143.0/24"));
  t.false(given("IpAddress", "aws:SourceIp", ["54.240.143.0/24", "2001:db8::/32", "10.0.0.0/8", "192.0.2.1"]));
  t.true(given("IpAddress", "aws:SourceIp", "0.0.0.0/1"));
  t.true(given("IpAddress", "aws:SourceIp", ["54.240.143.0/24", "0.0.0.0/0"]));
  t.true(given("IpAddress", "aws:SourceIp", "2001::/16"));
  t.true(given("NotIpAddress", "aws:SourceIp", "54.240.143.0/24"));
});
