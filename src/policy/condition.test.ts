import test from "ava";
import { compileCondition, conditionTruth } from "./condition.ts";
import { parsePolicy } from "./document.ts";
import { RequestContext } from "./request-context.ts";
import { no, unknown, yes } from "./truth.ts";

const key = "s3:prefix";

/** Whether `operator` holds with the values of a policy against those of a request. */
function holds(operator: string, wanted: string | string[], given: readonly string[] | undefined): boolean {
  const { statements } = parsePolicy(
    {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: "*", Condition: { [operator]: { [key]: wanted } } },
    },
    "identity",
  );
  const condition = statements[0]?.conditions[0];
  if (condition === undefined) throw new Error("no condition");
  const context = new RequestContext((name) =>
    name === key
      ? given
      : name === "aws:username"
        ? ["al*ce"]
        : name === "aws:principalarn"
          ? ["arn:aws:iam::1:role/a"]
          : undefined,
  );
  return conditionTruth(compileCondition(condition, true), context) === yes;
}

const arn = "arn:aws:s3:::b/k";

/** An operator, its negation when it has one, a value of the policy, values that meet it, values that do not. */
const comparisons: readonly [
  operator: string,
  negation: string | null,
  wanted: string | string[],
  meet: string[],
  not: string[],
][] = [
  ["StringEquals", "StringNotEquals", "a*", ["a*"], ["ab", "A*", ""]],
  ["StringEquals", "StringNotEquals", ["a", "b"], ["a", "b"], ["c"]],
  ["StringEquals", "StringNotEquals", "${aws:username}/${$}", ["al*ce/$"], ["alice/$", "al*ce/"]],
  ["StringEquals", "StringNotEquals", "${aws:SourceIdentity}", [], ["", "${aws:SourceIdentity}"]],
  ["StringEquals", "StringNotEquals", "${aws:SourceIdentity, 'x'}", ["x"], [""]],
  ["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", ["aB", "${aws:username}"], ["Ab", "AL*CE"], ["abc", "alice"]],
  ["StringLike", "StringNotLike", ["a*c", "x?"], ["ac", "a/c", "xy"], ["acd", "A*C", "x", "xyz"]],
  ["StringLike", "StringNotLike", "", [""], ["a"]],
  ["StringLike", "StringNotLike", "${aws:username}/*", ["al*ce/x"], ["alice/x"]],
  ["StringLike", "StringNotLike", "${*}*", ["*x"], ["x"]],
  ["NumericEquals", "NumericNotEquals", ["10", "2.5"], ["10", "10.0", "+2.50"], ["1", "ten", ""]],
  ["NumericLessThan", null, "10", ["9.99", "-11"], ["10", "11", "x"]],
  ["NumericLessThanEquals", null, "10", ["10", "9"], ["10.1"]],
  ["NumericGreaterThan", null, "10", ["10.1"], ["10", "x"]],
  ["NumericGreaterThanEquals", null, "10", ["10"], ["9"]],
  ["DateEquals", "DateNotEquals", "2026-11-23", ["2026-11-23T00:00:00Z", "1795392000"], ["2026-11-23T00:00:01Z", "x"]],
  ["DateLessThan", null, "2026-11-23T12:00:00Z", ["2026-11-23T12:59:59+01:00"], ["2026-11-23T12:00:00Z"]],
  ["DateLessThanEquals", null, "2026-11-23T12:00:00Z", ["2026-11-23T12:00:00Z"], ["2026-11-23T12:00:01Z"]],
  ["DateGreaterThan", null, "2026-11-23T12:00:00Z", ["2027"], ["2026-11-23T12:00:00Z"]],
  ["DateGreaterThanEquals", null, "2026-11-23T12:00:00Z", ["2026-11-23T12:00:00Z"], ["2026"]],
  ["Bool", null, "True", ["true"], ["false", "1", ""]],
  ["BinaryEquals", null, "QmlnIQ==", ["QmlnIQ=="], ["Big!", "QmlnIg=="]],
  [
    "IpAddress",
    "NotIpAddress",
    ["10.0.0.0/8", "::1"],
    ["10.1.2.3", "::ffff:10.1.2.3", "0:0::1"],
    ["11.0.0.1", "::2", "x"],
  ],
  ["ArnEquals", "ArnNotEquals", "arn:aws:s3:::b/*", [arn, "arn:aws:s3:::b/a:b"], ["arn:aws:s3:::B/k", "b/k"]],
  ["ArnLike", "ArnNotLike", "arn:aws:*:*:*:b/?", [arn, "arn:aws:x:y:z:b/k"], ["arn:aws:s3:::b/kk", "arn:aws:s3::b/k"]],
  ["ArnLike", "ArnNotLike", "arn:aws:x:*:1:b/*", ["arn:aws:x:y:1:b/c"], ["arn:aws:x:y:2:z/w:1:b/c"]],
  ["ArnLike", "ArnNotLike", "*", [arn], ["arn:aws:s3", ""]],
  ["ArnEquals", "ArnNotEquals", "${aws:PrincipalArn}", ["arn:aws:iam::1:role/a"], [arn]],
  ["ArnLike", "ArnNotLike", "arn:aws:s3:::${aws:username}/*", ["arn:aws:s3:::al*ce/x"], ["arn:aws:s3:::alice/x"]],
];

test("each operator and its negation", (t) => {
  for (const [operator, negation, wanted, meet, not] of comparisons) {
    for (const [values, expected] of [
      [meet, true],
      [not, false],
    ] as const) {
      for (const value of values) {
        t.is(holds(operator, wanted, [value]), expected, `${operator} ${wanted} ${value}`);
        if (negation !== null) t.is(holds(negation, wanted, [value]), !expected, `${negation} ${wanted} ${value}`);
      }
    }
  }
});

test("a missing key", (t) => {
  for (const missing of [undefined, []]) {
    t.false(holds("StringEquals", "a", missing));
    t.false(holds("StringLike", "*", missing));
    t.true(holds("StringNotEquals", "a", missing));
    t.true(holds("StringNotLike", "*", missing));
    t.true(holds("NotIpAddress", "10.0.0.1", missing));
    t.true(holds("NumericNotEquals", "1", missing));
    t.false(holds("NumericLessThan", "1", missing));
    for (const operator of ["StringEquals", "StringNotEquals", "NumericLessThan", "Bool"]) {
      const wanted = operator === "Bool" ? "true" : "1";
      t.true(holds(`${operator}IfExists`, wanted, missing));
      t.true(holds(`ForAllValues:${operator}`, wanted, missing));
      t.false(holds(`ForAnyValue:${operator}`, wanted, missing));
      t.true(holds(`ForAnyValue:${operator}IfExists`, wanted, missing));
    }
    t.true(holds("Null", "true", missing));
    t.false(holds("Null", "false", missing));
    t.true(holds("Null", ["false", "true"], missing));
  }
  t.false(holds("Null", "true", [""]));
  t.true(holds("Null", "False", [""]));
  t.false(holds("StringEqualsIfExists", "a", ["b"]));
});

test("several values of a request", (t) => {
  const cases: [operator: string, given: string[], expected: boolean][] = [
    ["ForAllValues:StringEquals", ["a", "b"], true],
    ["ForAllValues:StringEquals", ["a", "c"], false],
    ["ForAnyValue:StringEquals", ["c", "b"], true],
    ["ForAnyValue:StringEquals", ["c", "d"], false],
    ["ForAllValues:StringNotEquals", ["c", "d"], true],
    ["ForAllValues:StringNotEquals", ["a", "c"], false],
    ["ForAnyValue:StringNotEquals", ["a", "c"], true],
    ["ForAnyValue:StringNotEquals", ["a", "b"], false],
    ["StringEquals", ["c", "a"], true],
    ["StringNotEquals", ["c", "a"], false],
    ["StringNotEquals", ["c", "d"], true],
    ["ForAllValues:StringEquals", [""], true],
    ["ForAnyValue:StringNotEquals", ["", ""], false],
    ["ForAnyValue:StringNotEqualsIfExists", [""], false],
    ["ForAllValues:StringEquals", ["", "c"], false],
  ];
  for (const [operator, given, expected] of cases) {
    t.is(holds(operator, ["a", "b"], given), expected, `${operator} ${given}`);
  }
});

test("what is deferred is not known, unless it makes no difference", (t) => {
  const condition = (values: string[], variables = true) =>
    compileCondition(
      { operator: "StringEquals", ifExists: false, quantifier: null, key: "aws:username", values },
      variables,
    );
  const context = () => new RequestContext((name) => (name === "aws:username" ? ["x"] : "deferred"));
  t.is(conditionTruth(condition(["${aws:userid}"]), context()), unknown);
  t.is(conditionTruth(condition(["${aws:userid}", "x"]), context()), yes);
  t.is(conditionTruth(condition(["${aws:userid}"], false), context()), no);
  for (const operator of ["StringEquals", "Null"]) {
    const deferred = { operator, ifExists: false, quantifier: null, key: "aws:userid", values: ["true"] };
    t.is(conditionTruth(compileCondition(deferred, true), context()), unknown);
  }
});
