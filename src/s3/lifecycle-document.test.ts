/** Lifecycle documents: what is taken, given back as it came, and refused with which code. Sources: AWS PutBucketLifecycleConfiguration, "Lifecycle configuration elements". */

import test from "ava";
import { compileXmlReader } from "../model/xml-read.ts";
import { asS3Error } from "./errors.ts";
import { parseRules } from "./lifecycle-document.ts";
import { BucketLifecycleConfiguration, type RuleDocument } from "./lifecycle-shapes.ts";

const read = compileXmlReader("LifecycleConfiguration", BucketLifecycleConfiguration);

const documentsOf = (xml: string): readonly RuleDocument[] =>
  // The reader makes values of the shape.
  (read(Buffer.from(`<LifecycleConfiguration>${xml}</LifecycleConfiguration>`)) as { Rules: RuleDocument[] }).Rules;

/** "Code" or "Code: message" of the refusal; "taken". */
function outcomeOf(xml: string): string {
  try {
    parseRules(documentsOf(xml));
    return "taken";
  } catch (error) {
    const known = asS3Error(error);
    if (known === null) throw error;
    return known.code;
  }
}

const rule = (inside: string, filter = "<Filter/>", status = "<Status>Enabled</Status>"): string =>
  `<Rule>${filter}${status}${inside}</Rule>`;
const days = (count: number | string): string => `<Expiration><Days>${count}</Days></Expiration>`;
const transition = (count: number, name: string): string =>
  `<Transition><Days>${count}</Days><StorageClass>${name}</StorageClass></Transition>`;
const noncurrent = (inside: string): string => `<NoncurrentVersionExpiration>${inside}</NoncurrentVersionExpiration>`;
const abort =
  "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
const tag = (key: string, value: string): string => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const filter = (inside: string): string => `<Filter>${inside}</Filter>`;

const cases: readonly (readonly [name: string, xml: string, outcome: string])[] = [
  ["days", rule(days(1)), "taken"],
  ["a disabled rule", rule(days(1), "<Filter/>", "<Status>Disabled</Status>"), "taken"],
  ["the old prefix", rule(days(1), "<Prefix>a</Prefix>"), "taken"],
  ["a date at midnight", rule("<Expiration><Date>2030-01-02T00:00:00Z</Date></Expiration>"), "taken"],
  ["a date without time zone's name", rule("<Expiration><Date>2030-01-02T01:00:00+01:00</Date></Expiration>"), "taken"],
  [
    "a prefix and two tags",
    rule(days(1), filter(`<And><Prefix>a</Prefix>${tag("k", "v")}${tag("l", "v")}</And>`)),
    "taken",
  ],
  [
    "both sizes",
    rule(
      days(1),
      filter("<And><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><ObjectSizeLessThan>2</ObjectSizeLessThan></And>"),
    ),
    "taken",
  ],
  [
    "newer versions",
    rule(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions>")),
    "taken",
  ],
  ["an abort by prefix", rule(abort, filter("<Prefix>a</Prefix>")), "taken"],
  [
    "expired delete markers",
    rule("<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"),
    "taken",
  ],
  [
    "all transitions",
    rule(transition(30, "STANDARD_IA") + transition(60, "GLACIER") + transition(150, "DEEP_ARCHIVE") + days(151)),
    "taken",
  ],
  ["an archive at once", rule(transition(0, "GLACIER_IR")), "taken"],

  ["an unknown element", rule("<NoncurentDays>1</NoncurentDays>"), "MalformedXML"],
  ["a misspelt element", rule(noncurrent("<NoncurentDays>1</NoncurentDays>")), "MalformedXML"],
  ["no status", rule(days(1), "<Filter/>", ""), "MalformedXML"],
  ["another status", rule(days(1), "<Filter/>", "<Status>enabled</Status>"), "MalformedXML"],
  ["neither filter nor prefix", rule(days(1), ""), "MalformedXML"],
  ["filter and prefix", rule(days(1), "<Prefix>a</Prefix><Filter/>"), "MalformedXML"],
  ["two elements in a filter", rule(days(1), filter(`<Prefix>a</Prefix>${tag("k", "v")}`)), "MalformedXML"],
  ["a conjunction of one", rule(days(1), filter(`<And>${tag("k", "v")}</And>`)), "MalformedXML"],
  ["a tag without a value", rule(days(1), filter("<Tag><Key>k</Key></Tag>")), "MalformedXML"],
  ["an empty expiration", rule("<Expiration/>"), "MalformedXML"],
  ["days and date", rule("<Expiration><Days>1</Days><Date>2030-01-02T00:00:00Z</Date></Expiration>"), "MalformedXML"],
  [
    "days and markers",
    rule("<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"),
    "MalformedXML",
  ],
  ["days twice", rule("<Expiration><Days>1</Days><Days>2</Days></Expiration>"), "MalformedXML"],
  ["days that are no number", rule(days("NaN")), "MalformedXML"],
  ["days with an exponent", rule(days("1e99")), "MalformedXML"],
  ["days beyond an integer", rule(days(2 ** 31)), "MalformedXML"],
  ["a fraction of a day", rule(days("1.5")), "MalformedXML"],
  ["no noncurrent days", rule(noncurrent("<NewerNoncurrentVersions>1</NewerNoncurrentVersions>")), "MalformedXML"],
  ["an abort without days", rule("<AbortIncompleteMultipartUpload/>"), "MalformedXML"],
  ["a transition without a class", rule("<Transition><Days>1</Days></Transition>"), "MalformedXML"],
  [
    "a transition without a time",
    rule("<Transition><StorageClass>GLACIER</StorageClass></Transition>"),
    "MalformedXML",
  ],
  ["a transition to the standard class", rule(transition(1, "STANDARD")), "MalformedXML"],
  ["1001 rules", rule(days(1)).repeat(1001), "MalformedXML"],

  ["0 days", rule(days(0)), "InvalidArgument"],
  ["fewer than 0 days", rule(days(-1)), "InvalidArgument"],
  ["a date at noon", rule("<Expiration><Date>2030-01-02T12:00:00Z</Date></Expiration>"), "InvalidArgument"],
  ["0 noncurrent days", rule(noncurrent("<NoncurrentDays>0</NoncurrentDays>")), "InvalidArgument"],
  [
    "0 newer versions",
    rule(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>0</NewerNoncurrentVersions>")),
    "InvalidArgument",
  ],
  [
    "101 newer versions",
    rule(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>101</NewerNoncurrentVersions>")),
    "InvalidArgument",
  ],
  ["0 days of an upload", rule(abort.replace("7", "0")), "InvalidArgument"],
  ["a negative transition", rule(transition(-1, "GLACIER")), "InvalidArgument"],
  ["infrequent access too soon", rule(transition(29, "STANDARD_IA")), "InvalidArgument"],
  [
    "an archive too soon after infrequent access",
    rule(transition(30, "STANDARD_IA") + transition(59, "GLACIER")),
    "InvalidArgument",
  ],
  ["an expiration before a transition", rule(transition(30, "GLACIER") + days(30)), "InvalidArgument"],
  ["an id of 256 characters", rule(`<ID>${"i".repeat(256)}</ID>${days(1)}`), "InvalidArgument"],
  ["an id twice", rule(`<ID>i</ID>${days(1)}`).repeat(2), "InvalidArgument"],

  ["no action", rule(""), "InvalidRequest"],
  ["an abort by tag", rule(abort, filter(tag("k", "v"))), "InvalidRequest"],
  ["an abort by size", rule(abort, filter("<ObjectSizeLessThan>9</ObjectSizeLessThan>")), "InvalidRequest"],
  [
    "delete markers by tag",
    rule("<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>", filter(tag("k", "v"))),
    "InvalidRequest",
  ],
  [
    "newer versions without a filter",
    rule(
      noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions>"),
      "<Prefix/>",
    ),
    "InvalidRequest",
  ],
  [
    "sizes that exclude each other",
    rule(
      days(1),
      filter("<And><ObjectSizeGreaterThan>2</ObjectSizeGreaterThan><ObjectSizeLessThan>2</ObjectSizeLessThan></And>"),
    ),
    "InvalidRequest",
  ],
  [
    "days and dates together",
    rule(`${transition(1, "GLACIER")}<Expiration><Date>2030-01-02T00:00:00Z</Date></Expiration>`),
    "InvalidRequest",
  ],
  ["a class twice", rule(transition(30, "GLACIER") + transition(60, "GLACIER")), "InvalidRequest"],
  ["a tag twice", rule(days(1), filter(`<And>${tag("k", "v")}${tag("k", "w")}</And>`)), "InvalidRequest"],
  ["a prefix that no key can have", rule(days(1), filter(`<Prefix>${"p".repeat(1025)}</Prefix>`)), "InvalidRequest"],
  ["an empty tag key", rule(days(1), filter(tag("", "v"))), "InvalidTag"],
  ["a tag key of 129 characters", rule(days(1), filter(tag("k".repeat(129), "v"))), "InvalidTag"],
];

for (const [name, xml, outcome] of cases) {
  test(`${name}: ${outcome}`, (t) => t.is(outcomeOf(xml), outcome));
}

test("a rule without an id gets one that stays", (t) => {
  for (const [, xml, outcome] of cases) {
    if (outcome !== "taken") continue;
    const [one, two] = [parseRules(documentsOf(xml)), parseRules(documentsOf(xml))];
    t.deepEqual(one, two);
    t.regex(one[0]?.id ?? "", /^.{1,255}$/);
  }
});

test("1000 rules with ids of 255 characters", (t) => {
  const xml = Array.from({ length: 1000 }, (_, index) => rule(`<ID>${String(index).padEnd(255, "i")}</ID>${days(1)}`));
  t.is(outcomeOf(xml.join("")), "taken");
});
