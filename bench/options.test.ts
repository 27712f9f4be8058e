import test from "ava";
import { type BenchOptions, type Environment, parseBenchLine } from "./options.ts";

function options(line: string, environment: Environment = {}): BenchOptions {
  const parsed = parseBenchLine(line === "" ? [] : line.split(" "), environment);
  if (parsed.kind !== "run") throw new Error(parsed.text);
  return parsed.options;
}

test("without options a node of this checkout is measured", (t) => {
  t.like(options(""), { base: { kind: "started", command: null }, other: null, seconds: 1, rounds: 5, drivers: 1 });
  t.like(options(""), { warmUpSeconds: 10, signsPayload: true, withCeilings: true, writesDocs: false, bucket: null });
  t.true(options("").cases.some(({ caseId }) => caseId === "put-4k@64"));
});

test("a server that runs, with keys from the command line or the environment", (t) => {
  const keys = { AWS_ACCESS_KEY_ID: "ID", AWS_SECRET_ACCESS_KEY: "SECRET", AWS_SESSION_TOKEN: "TOKEN", AWS_REGION: "r" };
  const { base } = options("--endpoint http://[::1]:9000 --access-key A --secret-key B --server-pid 12,34", keys);
  t.deepEqual(base, {
    kind: "running",
    target: { host: "::1", port: 9000, accessKeyId: "A", secretAccessKey: "B", region: "r" },
    pids: [12, 34],
  });
  t.deepEqual(options("--endpoint https://s3.example.com --insecure --region x", keys).base, {
    kind: "running",
    target: {
      host: "s3.example.com",
      port: 443,
      tls: { isUnverified: true },
      accessKeyId: "ID",
      secretAccessKey: "SECRET",
      sessionToken: "TOKEN",
      region: "x",
    },
    pids: [],
  });
});

test("comparisons: with a second node, a command, a URL", (t) => {
  t.like(options("--compare"), { other: { kind: "started", command: null }, seconds: 0.5, rounds: 12 });
  t.false(options("--compare").cases.some(({ operation }) => operation === "BARE"));
  const command = parseBenchLine(["--compare-command", "node old.js"], {});
  t.like(command.kind === "run" ? command.options.other : null, { kind: "started", command: "node old.js" });
  const url = options("--endpoint http://a:1 --access-key A --secret-key B --compare http://b:2 --compare-pid 7");
  t.like(url.other, { kind: "running", pids: [7], target: { host: "b", port: 2, accessKeyId: "A", secretAccessKey: "B" } });
  const own = options("--compare http://b:2 --compare-access-key C --compare-secret-key D --within 1.1");
  t.like(own, { within: 1.1, base: { kind: "started" }, other: { target: { accessKeyId: "C", secretAccessKey: "D" } } });
});

test("an option without its value takes the default place", (t) => {
  t.is(options("--profile --only put-4k").profile, "profile");
  t.is(options("--profile /tmp/p").profile, "/tmp/p");
});

test("help names every row and shows examples", (t) => {
  const help = parseBenchLine(["--help"], {});
  if (help.kind !== "help") return t.fail(help.kind);
  t.regex(help.text, /put-4k[\s\S]*Examples:[\s\S]*--compare/);
});

for (const [line, message] of [
  ["--nope", /unknown option '--nope'/],
  ["extra", /too many arguments/],
  ["--seconds x", /--seconds "x": must be a number from/],
  ["--seconds 0", /must be a number/],
  ["--rounds 1.5", /--rounds 1.5: must be a whole number/],
  ["--connections 1,,8", /whole numbers from 1 to 1024/],
  ["--connections 5000", /whole numbers from 1 to 1024/],
  ["--only put-5k", /no row "put-5k"/],
  ["--endpoint foo --access-key A --secret-key B", /must be a URL like/],
  ["--endpoint ftp://a --access-key A --secret-key B", /must be a URL like/],
  ["--endpoint http://a/bucket --access-key A --secret-key B", /scheme, host and port only/],
  ["--endpoint http://a", /--endpoint needs --access-key \(or AWS_ACCESS_KEY_ID\)/],
  ["--endpoint http://a --access-key A", /needs --secret-key/],
  ["--endpoint http://a --command x --access-key A --secret-key B", /exclude each other/],
  ["--access-key A", /--access-key is of no use without --endpoint/],
  ["--compare http://b:2 --compare-command x", /exclude each other/],
  ["--within 1.1", /needs --compare/],
  ["--compare --profile", /not for comparisons/],
  ["--payload both", /Allowed choices are signed, unsigned/],
  ["--only put-4k-8-buckets --bucket b", /without --bucket/],
] as const) {
  test(`a usage error: ${line}`, (t) => {
    const parsed = parseBenchLine(line.split(" "), {});
    if (parsed.kind !== "usage error") return t.fail(parsed.kind);
    t.regex(parsed.text, message);
  });
}
