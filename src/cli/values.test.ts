import test, { type ExecutionContext } from "ava";
import { adminRows } from "../admin/table.ts";
import { adminCli } from "./admin-program.ts";
import { adminCommands } from "./admin-tree.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { type AdminCall, encodeCall } from "./values.ts";

const cli = adminCli(adminCommands(adminRows));
const files: Readonly<Record<string, string>> = { "p.json": '{"Version":"2012-10-17"}', "-": "from standard input" };

function encode(t: ExecutionContext, words: readonly string[]): AdminCall {
  const line = cli.parse(words);
  if (line.command !== "admin") {
    t.log(line);
    throw new Error(`not a call: ${words.join(" ")}`);
  }
  return encodeCall(line.call, line.given, (file) => files[file] ?? "");
}

const body = (t: ExecutionContext, words: readonly string[]): unknown => JSON.parse(encode(t, words).body ?? "null");
const fault = (t: ExecutionContext, words: readonly string[]): string => {
  const error = t.throws(() => encode(t, words), { instanceOf: CommandError });
  t.is(error?.exitCode, exitCodes.usage);
  return error?.message ?? "";
};

test("path, query and body", (t) => {
  t.deepEqual(encode(t, ["user", "show", "a/b c?d"]), {
    method: "GET",
    target: "/api/v1/users/a%2Fb%20c%3Fd",
    body: null,
  });
  t.is(encode(t, ["user", "delete", "ann", "--cascade"]).target, "/api/v1/users/ann?cascade=true");
  t.is(
    encode(t, ["user", "detach-policy", "ann", "arn:aws:iam::aws:policy/A"]).target,
    "/api/v1/users/ann/policies?policyArn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FA",
  );
  t.deepEqual(encode(t, ["key", "create"]), { method: "POST", target: "/api/v1/me/keys", body: "{}" });
  t.deepEqual(body(t, ["user", "create", "ann@example.com"]), { email: "ann@example.com" });
});

test("lists, pairs, flags and nulls", (t) => {
  t.deepEqual(
    body(t, ["user", "create", "--name", "b", "--group", "g", "--group", "h", "--tag", "a=b=c", "--no-invite"]),
    { name: "b", groups: ["g", "h"], tags: [{ key: "a", value: "b=c" }], invite: false },
  );
  t.deepEqual(body(t, ["user", "set-tags", "ann", "a=1", "b="]), {
    tags: [
      { key: "a", value: "1" },
      { key: "b", value: "" },
    ],
  });
  t.deepEqual(body(t, ["account", "update", "1", "--address-range", "", "--label", "", "--site-selection", "false"]), {
    addressRanges: [],
    label: null,
    siteSelection: false,
  });
  t.deepEqual(body(t, ["user", "update", "ann", "--external-issuer", "i", "--external-subject", "s"]), {
    external: { issuer: "i", subject: "s" },
  });
  t.deepEqual(body(t, ["user", "update", "ann", "--no-external"]), { external: null });
  t.deepEqual(body(t, ["user", "set-boundary", "ann", ""]), { policyArn: null });
});

test("of what is made, unnamed members that may be null are; what is changed says all", (t) => {
  t.deepEqual(body(t, ["account", "create", "Acme", "--email", "r@x.y", "--quota-bytes", "10GB"]), {
    quota: { bytes: 10_000_000_000, objects: null, buckets: null },
    displayName: "Acme",
    email: "r@x.y",
  });
  t.deepEqual(body(t, ["account", "update", "1", "--quota-bytes", "1.5TiB"]), { quota: { bytes: 1.5 * 1024 ** 4 } });
});

test("documents are text or files, and times may be days", (t) => {
  t.deepEqual(body(t, ["policy", "create", "p", "--document", "@p.json"]), { name: "p", document: files["p.json"] });
  t.deepEqual(body(t, ["policy", "create-version", "p", "{}"]), { document: "{}" });
  t.deepEqual(body(t, ["user", "put-inline-policy", "ann", "own", "@-"]), { document: files["-"] });
  t.deepEqual(body(t, ["token", "create", "n", "--scope", "all", "--expires-at", "2027-01-31"]), {
    name: "n",
    scope: "all",
    expiresAt: "2027-01-31T00:00:00Z",
  });
  t.deepEqual(
    body(
      t,
      "policy simulate --principal-kind user --principal-name a --action s3:GetObject --context aws:a=1 --context aws:a=2".split(
        " ",
      ),
    ),
    { principal: { kind: "user", name: "a" }, action: "s3:GetObject", context: { "aws:a": ["1", "2"] } },
  );
});

test("sizes", (t) => {
  const bytes = (text: string): unknown =>
    (body(t, ["account", "update", "1", "--quota-bytes", text]) as { quota: { bytes: number } }).quota.bytes;
  t.is(bytes("0"), 0);
  t.is(bytes("500"), 500);
  t.is(bytes("2k"), 2000);
  t.is(bytes("2KiB"), 2048);
  t.is(bytes("1.5 MB"), 1_500_000);
  t.is(bytes(""), null);
  for (const wrong of ["x", "1.5", "-1", "1XB", "5iB", "9999999TB"]) {
    t.regex(fault(t, ["account", "update", "1", "--quota-bytes", wrong]), /^quota-bytes must be/);
  }
});

test("what cannot be sent is refused here", (t) => {
  t.regex(fault(t, ["user", "show", ".."]), /^name must not be/);
  t.regex(fault(t, ["user", "show", ""]), /^name must not be/);
  t.regex(fault(t, ["user", "set-tags", "ann", "plain"]), /must be key=value/);
  t.regex(fault(t, ["account", "update", "1", "--quota-buckets", "many"]), /whole number/);
  t.regex(fault(t, ["account", "update", "1", "--site-selection", "yes"]), /true or false/);
  t.is(cli.parse(["policy", "create", "p"]).command, "usage error");
  t.is(cli.parse(["user", "update-key", "ann", "AK", "Off"]).command, "usage error");
  t.is(cli.parse(["user", "frobnicate"]).command, "usage error");
});
