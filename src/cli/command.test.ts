import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { IdentitiesError, parseIdentities } from "../account/identities.ts";
import { formatListenAddress, localUrl, parseListenAddress } from "./address.ts";
import { banner } from "./banner.ts";
import { type CommandLine, type Environment, exitCodes, parseCommandLine, run, type ServeOptions } from "./command.ts";
import { readIdentitiesFile } from "./identities-file.ts";
import { productVersion } from "./version.ts";

function parse(argv: string, environment: Environment = {}, exists = false): CommandLine {
  return parseCommandLine(argv === "" ? [] : argv.split(" "), environment, () => exists);
}

const defaults: CommandLine = {
  command: "serve",
  dataDirectory: "./data",
  s3: { host: "127.0.0.1", port: 9000 },
  console: { host: "127.0.0.1", port: 9001 },
  tls: null,
  identitiesFile: null,
  configFile: null,
  settings: [],
};

test("without arguments, or with serve, a node is run", (t) => {
  t.deepEqual(parse(""), defaults);
  t.deepEqual(parse("serve"), defaults);
  t.deepEqual(parse("--data /d"), { ...defaults, dataDirectory: "/d" });
  t.deepEqual(parse("serve", {}, true), { ...defaults, configFile: "cluster.config.json" });
});

test("every option of a node", (t) => {
  const argv =
    "serve --data /d --s3 [::1]:1 --console 127.0.0.1:0 --config c.json --identities i.json --tls-cert c --tls-key k --set a=b --set c=d=e";
  t.deepEqual(parse(argv), {
    command: "serve",
    dataDirectory: "/d",
    s3: { host: "::1", port: 1 },
    console: { host: "127.0.0.1", port: 0 },
    tls: { certFile: "c", keyFile: "k" },
    identitiesFile: "i.json",
    configFile: "c.json",
    settings: ["a=b", "c=d=e"],
  });
});

test("variables stand in for options, and options win", (t) => {
  const environment = {
    TROUPE_DATA: "/env",
    TROUPE_S3: ":81",
    TROUPE_CONSOLE: "82",
    TROUPE_CONFIG: "env.json",
    TROUPE_IDENTITIES: "ids.json",
    TROUPE_TLS_CERT: "c",
    TROUPE_TLS_KEY: "k",
  };
  const line = {
    ...defaults,
    dataDirectory: "/env",
    s3: { host: "0.0.0.0", port: 81 },
    console: { host: "0.0.0.0", port: 82 },
    configFile: "env.json",
    identitiesFile: "ids.json",
    tls: { certFile: "c", keyFile: "k" },
  };
  t.deepEqual(parse("", environment, true), line);
  t.deepEqual(parse("--data /flag --s3 83", environment), {
    ...line,
    dataDirectory: "/flag",
    s3: { host: "0.0.0.0", port: 83 },
  });
  t.deepEqual(parse("", { TROUPE_DATA: "", TROUPE_CONFIG: "" }), defaults);
});

test("the configuration's commands and the version", (t) => {
  t.deepEqual(parse("config check --config c.json --set a=b"), {
    command: "config check",
    configFile: "c.json",
    settings: ["a=b"],
  });
  t.deepEqual(parse("config print"), { command: "config print", withSources: false, configFile: null, settings: [] });
  t.deepEqual(parse("config print --sources", {}, true), {
    command: "config print",
    withSources: true,
    configFile: "cluster.config.json",
    settings: [],
  });
  for (const argv of ["version", "-V", "--version"]) t.deepEqual(parse(argv), { command: "version" });
});

test("help shows options and examples", (t) => {
  for (const argv of ["--help", "-h", "help", "help serve", "serve --help", "config --help", "help config"]) {
    const line = parse(argv);
    if (line.command !== "help") return t.fail(argv);
    t.regex(line.text, /^Usage: troupe/, argv);
  }
  const serve = parse("serve --help");
  t.regex(serve.command === "help" ? serve.text : "", /--identities[\s\S]*Examples:[\s\S]*troupe serve --data/);
});

for (const [argv, message] of [
  ["serv", /unknown command "serv"; did you mean serve\?/],
  ["frobnicate", /unknown command "frobnicate"/],
  ["serve extra", /too many arguments/],
  ["serve --nope", /unknown option '--nope'/],
  ["serve --datta x", /--data/],
  ["serve --data", /argument missing/],
  ["serve --s3 foo", /--s3 \(TROUPE_S3\) "foo": the port is missing/],
  ["serve --console ::1", /brackets/],
  ["serve --tls-cert c", /--tls-cert and --tls-key go together/],
  ["config", /Usage: troupe config/],
  ["config chek", /check/],
  ["config check --sources", /unknown option/],
] as const) {
  test(`a usage error: troupe ${argv}`, (t) => {
    const line = parse(argv);
    if (line.command !== "usage error") return t.fail(line.command);
    t.regex(line.text, message);
  });
}

async function runWith(argv: string[], environment: Environment = {}) {
  let out = "";
  let errors = "";
  const served: ServeOptions[] = [];
  const code = await run(argv, {
    environment,
    serve: async (options) => void served.push(options),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      errors += text;
    },
  });
  return { code, out, errors, served };
}

test("run serves with the loaded configuration", async (t) => {
  const { code, errors, served } = await runWith(["--data", "/d", "--set", "threads.buckets=2"], { TROUPE_REGIN: "x" });
  t.is(code, exitCodes.ok);
  t.is(served.length, 1);
  t.is(served[0]?.loaded.config.threads.buckets, 2);
  t.is(served[0]?.dataDirectory, "/d");
  t.is(errors, "warning: TROUPE_REGIN is not known; did you mean TROUPE_REGION?\n");
});

test("run answers help, version and usage errors with their exit codes", async (t) => {
  t.like(await runWith(["version"]), { code: 0, out: `troupe ${productVersion()}\n` });
  t.regex(productVersion(), /^\d+\.\d+\.\d+/);
  t.like(await runWith(["--help"]), { code: 0, errors: "" });
  const wrong = await runWith(["serve", "--s3", "x"]);
  t.like(wrong, { code: 64, out: "" });
  t.is(wrong.served.length, 0);
});

test("a wrong configuration ends with its own exit code, before anything is served", async (t) => {
  const wrong = await runWith(["--set", "threads.buckets=0"]);
  t.like(wrong, { code: exitCodes.config, out: "" });
  t.is(wrong.served.length, 0);
  t.regex(wrong.errors, /--set threads\.buckets \/threads\/buckets: must be at least 1/);
  t.is((await runWith(["config", "check", "--config", "/does/not/exist"])).code, exitCodes.config);
  t.regex((await runWith(["config", "check"])).out, /no errors/);
});

test("failures of serving are the caller's", async (t) => {
  const failing = run([], {
    environment: {},
    serve: async () => {
      throw new Error("no disk");
    },
    writeError: () => {},
  });
  await t.throwsAsync(failing, { message: "no disk" });
});

test("config print shows what is in force and masks secrets", async (t) => {
  const secret = "0123456789abcdef-secret";
  const environment = {
    TROUPE_METRICS_BEARER_TOKEN: secret,
    TROUPE_MAIL: `{"host":"h","from":"a@b","user":"u","password":"${secret}"}`,
  };
  const plain = await runWith(["config", "print", "--set", "region=eu"], environment);
  const shown = JSON.parse(plain.out);
  t.is(shown.region, "eu");
  t.is(shown.mail.password, "********");
  const withSources = await runWith(["config", "print", "--sources", "--set", "region=eu"], environment);
  t.regex(withSources.out, /^region = "eu" +# --set region$/m);
  t.regex(withSources.out, /^metrics\.bearerToken = "\*+" +# TROUPE_METRICS_BEARER_TOKEN$/m);
  t.regex(withSources.out, /^mail\.password = "\*+" +# TROUPE_MAIL$/m);
  t.false(`${plain.out}${withSources.out}`.includes(secret));
  const again = await runWith(["config", "print"]);
  t.notThrows(() => JSON.parse(again.out));
});

test("listen addresses", (t) => {
  for (const [text, host, port] of [
    ["127.0.0.1:9000", "127.0.0.1", 9000],
    ["localhost:0", "localhost", 0],
    [":9000", "0.0.0.0", 9000],
    ["9000", "0.0.0.0", 9000],
    ["[::1]:9000", "::1", 9000],
    ["[::]:443", "::", 443],
    ["[fe80::1%eth0]:1", "fe80::1%eth0", 1],
    ["s3.example.com:65535", "s3.example.com", 65_535],
  ] as const) {
    t.deepEqual(parseListenAddress(text), { host, port }, text);
  }
  for (const text of [
    "",
    "::1",
    "::1:9000",
    "host",
    "host:",
    "host:65536",
    "host:x",
    "[::1]",
    "[host]:1",
    "[]:1",
    "http://h:1",
    "h:1:2",
    "h :1",
    "-1",
  ]) {
    t.is(typeof parseListenAddress(text), "string", text);
  }
  t.is(formatListenAddress({ host: "::1", port: 9 }), "[::1]:9");
  t.is(localUrl({ host: "0.0.0.0", port: 9000 }, false), "http://localhost:9000");
  t.is(localUrl({ host: "::", port: 443 }, true), "https://localhost:443");
  t.is(localUrl({ host: "::1", port: 9000 }, false), "http://[::1]:9000");
});

const bannerOptions = {
  version: "1.2.3",
  endpoint: "http://localhost:9000",
  consoleUrl: "http://localhost:9001",
  region: "us-east-1",
  dataDirectory: "/d",
};

test("the first banner has credentials and lines that can be pasted", (t) => {
  const credentials = {
    email: "root@localhost",
    accessKeyId: "AK",
    secretAccessKey: "it's",
    password: "pw",
    accountId: "1",
  };
  const text = banner({ ...bannerOptions, credentials });
  for (const part of [
    "Troupe 1.2.3",
    "http://localhost:9001",
    "root@localhost",
    "pw",
    "\n  export AWS_ENDPOINT_URL=http://localhost:9000\n",
    "\n  export AWS_ACCESS_KEY_ID=AK\n",
    "\n  export AWS_SECRET_ACCESS_KEY='it'\\''s'\n",
    "\n  export AWS_DEFAULT_REGION=us-east-1\n",
    "\n  aws s3 ls\n",
    "mc alias set troupe http://localhost:9000 AK 'it'\\''s'",
    "rclone config create troupe s3 provider=Other endpoint=http://localhost:9000 access_key_id=AK",
  ]) {
    t.true(text.includes(part), part);
  }
});

test("a later banner has no credentials", (t) => {
  const text = banner({ ...bannerOptions, credentials: null });
  t.false(/password|secret key /i.test(text));
  t.true(text.includes("AWS_ACCESS_KEY_ID=ACCESS_KEY"));
});

test("an identities file is read, and its errors name it", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-cli-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "ids.json");
  writeFileSync(file, '{"accounts":[]}');
  t.deepEqual(readIdentitiesFile(file), { accounts: [] });
  writeFileSync(file, '{"accounts":1}');
  t.true(t.throws(() => readIdentitiesFile(file), { instanceOf: IdentitiesError })?.message.includes(file));
  t.regex(t.throws(() => readIdentitiesFile(join(directory, "none")))?.message ?? "", /cannot be read/);
});

test("the example of docs/IDENTITIES.md is right", (t) => {
  const example = /```json\n([\s\S]*?)```/.exec(readFileSync("docs/IDENTITIES.md", "utf8"))?.[1] ?? "";
  t.is(parseIdentities(example).accounts.length, 1);
});
