import test from "ava";
import { adminRows } from "../admin/table.ts";
import { type AdminCommand, adminCommands } from "./admin-tree.ts";
import { exitCodes } from "./exit-codes.ts";
import { exitCodeOf, humanText, refusalOf, refusalText } from "./output.ts";

const commands = adminCommands(adminRows);
const named = (name: string): AdminCommand => {
  const found = commands.find(({ row }) => row.name === name);
  if (found === undefined) throw new Error(`no command for ${name}`);
  return found;
};

test("a list is a table of its columns", (t) => {
  const key = { accessKeyId: "AK", userName: "u", status: "Active", createdAt: "2026-11-23T00:00:00.000Z" };
  const items = [
    { ...key, lastUsed: { at: "2026-11-23T01:00:00.000Z", service: "s3", region: "r" } },
    { ...key, accessKeyId: "AKLONGER", lastUsed: null },
  ];
  t.is(
    humanText(named("ListMyKeys"), { items }),
    [
      "ACCESS KEY ID  STATUS  CREATED AT                LAST USED",
      "AK             Active  2026-11-23T00:00:00.000Z  2026-11-23T01:00:00.000Z",
      "AKLONGER       Active  2026-11-23T00:00:00.000Z  -",
      "",
    ].join("\n"),
  );
  t.is(humanText(named("ListMyKeys"), { items: [] }), "ACCESS KEY ID  STATUS  CREATED AT  LAST USED\n");
  t.is(humanText(named("ListGroupUsers"), { items: ["ann", "bob"], next: null }), "ann\nbob\n");
});

test("an object is lines, with what it holds set in", (t) => {
  const value = {
    name: "p",
    tags: [],
    quota: { bytes: 1, objects: null },
    versions: [{ id: "v1", isDefault: true }],
    text: "a\nb",
  };
  t.is(
    humanText(named("GetPolicy"), value),
    [
      "Name:     p",
      "Tags:     -",
      "Quota:",
      "  Bytes:   1",
      "  Objects: -",
      "Versions:",
      "  ID  IS DEFAULT",
      "  v1  true",
      "Text:",
      "  a",
      "  b",
      "",
    ].join("\n"),
  );
});

test("what would steer a terminal is not passed on", (t) => {
  const items = [
    { sessionId: "s", isThisOne: true, address: "\u001b[2Jx", userAgent: "a\nb\u202e", actingAs: null, seenAt: "t" },
  ];
  const text = humanText(named("ListMySessions"), { items });
  t.notRegex(text.replaceAll("\n", ""), /\p{Cc}|\p{Cf}/u);
  t.is(text.split("\n").length, 3);
});

test("a refusal names options, not members", (t) => {
  const problem = {
    title: "No.",
    code: "InvalidInput",
    detail: "x",
    errors: [
      { pointer: "/quota/bytes", detail: "is missing" },
      { pointer: "{accountId}", detail: "must be 12 digits" },
      { pointer: "/unknown", detail: "is not known" },
    ],
  };
  const refusal = refusalOf(problem, 400);
  if (refusal === null) throw new Error("no refusal");
  t.is(
    refusalText(refusal, named("UpdateAccount")),
    "error: No. x (InvalidInput)\n  --quota-bytes is missing\n  <account-id> must be 12 digits\n  /unknown is not known\n",
  );
  t.is(refusalOf("text", 502), null);
  t.is(refusalOf({ error: "other" }, 500), null);
});

test("exit codes", (t) => {
  const of = (status: number, code: string): number => exitCodeOf({ status, code });
  t.is(of(401, "NotSignedIn"), exitCodes.denied);
  t.is(of(403, "AccessDenied"), exitCodes.denied);
  t.is(of(404, "NoSuchEntity"), exitCodes.failed);
  t.is(of(409, "EntityAlreadyExists"), exitCodes.failed);
  t.is(of(400, "InvalidInput"), exitCodes.usage);
  t.is(of(400, "ExpiredToken"), exitCodes.failed);
  t.is(of(429, "Throttled"), exitCodes.tryLater);
  t.is(of(503, "ServiceUnavailable"), exitCodes.tryLater);
  t.is(of(500, "InternalError"), exitCodes.software);
});
