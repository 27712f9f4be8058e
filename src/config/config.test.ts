import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Config, ConfigError, type ConfigOverrides, defaultConfig, loadConfig } from "./config.ts";
import { schemaText, tableEnd, tableStart, withKeyTable } from "./documentation.ts";
import { configJsonSchema, configKeys, type JsonSchema, schemaFile } from "./json-schema.ts";
import { variableName } from "./setting.ts";

function fileWith(t: ExecutionContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "troupe-config-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "c.json");
  writeFileSync(file, text);
  return file;
}

/** Problems of a document, as "pointer: message". */
function problems(t: ExecutionContext, document: unknown, overrides: ConfigOverrides = {}): string[] {
  const file = typeof document === "string" ? document : JSON.stringify(document);
  const error = t.throws(() => loadConfig(fileWith(t, file), overrides), { instanceOf: ConfigError });
  return (error?.problems ?? []).map((problem) => `${problem.pointer}: ${problem.message}`);
}

test("an empty configuration has every default", (t) => {
  const expected: Config = {
    domain: ["localhost"],
    region: "us-east-1",
    trustedProxies: [],
    buckets: { defaultOwnership: null },
    console: { publicUrl: null },
    events: { targets: [] },
    encryption: { keys: [], customerKeysOverHttp: false },
    front: { implementation: "auto", threads: "auto" },
    keyring: { file: null },
    lifecycle: { daySeconds: 86_400 },
    log: { level: "info", access: "off" },
    mail: null,
    metrics: { open: false, bearerToken: null, usage: false },
    signatures: { version2: true },
    slabs: { bytes: 64 * 1024 * 1024 },
    storage: { directories: [], ballastBytes: 268_435_456, partitions: "auto" },
    threads: { buckets: "auto" },
    tls: { certificates: [] },
    website: { endpoints: [], customHosts: false },
  };
  t.deepEqual(defaultConfig(), expected);
  t.deepEqual(loadConfig(fileWith(t, "{}")).config, expected);
});

test("a full file is taken as it is", (t) => {
  const document = {
    $schema: "./docs/cluster.config.schema.json",
    domain: ["example.com", "example.net"],
    region: "eu-west-3",
    trustedProxies: ["10.0.0.0/8", "::1", "2001:db8::/32", "192.0.2.1"],
    buckets: { defaultOwnership: "BucketOwnerEnforced" },
    console: { publicUrl: "https://console.example.com:8443" },
    encryption: { keys: [{ id: "one" }, { id: "arn:aws:kms:us-east-1:1:key/2" }], customerKeysOverHttp: true },
    events: {
      targets: [
        { name: "hook", url: "https://hooks.example.com/x?y=1", authorization: "Bearer t", allowsPrivate: false },
      ],
    },
    front: { implementation: "node", threads: 2 },
    keyring: { file: "/etc/troupe/keyring.json" },
    lifecycle: { daySeconds: 10 },
    log: { level: "debug", access: "/var/log/troupe/access.log" },
    mail: {
      host: "smtp.example.com",
      port: 25,
      security: "none",
      user: "u",
      password: "p",
      from: "no-reply@example.com",
    },
    metrics: { open: true, bearerToken: "0123456789abcdef", usage: true },
    signatures: { version2: false },
    slabs: { bytes: 16 * 1024 * 1024 },
    storage: { directories: ["/disk1", "/disk2"], ballastBytes: 0, partitions: 4 },
    threads: { buckets: 3 },
    tls: { certificates: [{ certFile: "/tls/site.pem", keyFile: "/tls/site.key" }] },
    website: { endpoints: ["web.example.com"], customHosts: true },
  };
  const { $schema, ...expected } = document;
  t.truthy($schema);
  t.deepEqual(loadConfig(fileWith(t, JSON.stringify(document))).config as unknown, expected);
});

test("one domain as text is a list of one", (t) => {
  t.deepEqual(loadConfig(fileWith(t, '{"domain": "example.com"}')).config.domain, ["example.com"]);
});

test("all errors come at once, with JSON pointers and the nearest name", (t) => {
  const document = {
    domains: "x",
    daySeconds: 3,
    domain: ["Example.com"],
    "a/b~c": 1,
    lifecycle: { daysSecond: 1 },
    front: { threads: 99, implementation: "fast" },
    trustedProxies: ["1.2.3.4/33", 5],
    mail: { host: 3 },
    slabs: 7,
    storage: null,
    metrics: { bearerToken: "short" },
  };
  t.deepEqual(problems(t, document), [
    "/domain/0: must be a DNS name in lower case, without port",
    "/trustedProxies/0: must be an IP address or a range such as 10.0.0.0/8",
    "/trustedProxies/1: must be string, not number",
    '/front/implementation: must be "auto" or "uws" or "node"',
    "/front/threads: must be at most 64",
    '/lifecycle/daysSecond: is not known; did you mean "daySeconds"?',
    "/mail/host: must be string, not number",
    "/mail/from: is missing (string)",
    "/metrics/bearerToken: must be at least 16 characters",
    "/slabs: must be object, not number",
    "/storage: must be object, not null",
    '/domains: is not known; did you mean "domain"?',
    '/daySeconds: is not known; did you mean "lifecycle.daySeconds"?',
    "/a~1b~0c: is not known",
  ]);
});

test("relations between keys are checked", (t) => {
  const document = {
    domain: ["a.b", "a.b"],
    encryption: { keys: [{ id: "x" }, { id: "y" }, { id: "x" }] },
    storage: { directories: ["/d", "/d"] },
    mail: { host: "h", from: "a@b", password: "p" },
  };
  t.deepEqual(problems(t, document), [
    '/encryption/keys/2/id: is the same as number 0: "x"',
    '/storage/directories/1: is the same as number 0: "/d"',
    '/domain/1: is the same as number 0: "a.b"',
    "/mail/user: is needed with a password",
  ]);
});

test("what is no JSON object is refused with its reason", (t) => {
  t.regex(problems(t, "{").join(), /^: is not JSON: /);
  t.deepEqual(problems(t, "[]"), [": must be a JSON object"]);
  t.deepEqual(problems(t, "null"), [": must be a JSON object"]);
  t.regex(t.throws(() => loadConfig("/does/not/exist"))?.message ?? "", /cannot be read: ENOENT/);
  t.regex(t.throws(() => loadConfig(fileWith(t, " ".repeat(2 ** 20 + 1))))?.message ?? "", /larger than 1048576 bytes/);
  t.deepEqual(problems(t, '{"__proto__": {"region": "x"}}'), ["/__proto__: is not known"]);
});

test("the file gives way to the environment, and that to the command line", (t) => {
  const file = fileWith(t, '{"region": "from-file", "log": {"level": "warn"}, "threads": {"buckets": 1}}');
  const { config, sources } = loadConfig(file, {
    environment: { TROUPE_LOG_LEVEL: "error", TROUPE_THREADS_BUCKETS: "2", TROUPE_LIFECYCLE_DAY_SECONDS: "60" },
    settings: ["threads.buckets=3", "threads.buckets=4"],
  });
  t.is(config.region, "from-file");
  t.is(config.log.level, "error");
  t.is(config.threads.buckets, 4);
  t.is(config.lifecycle.daySeconds, 60);
  t.is(sources.get("region"), file);
  t.is(sources.get("log.level"), "TROUPE_LOG_LEVEL");
  t.is(sources.get("threads.buckets"), "--set threads.buckets");
  t.is(sources.get("front.threads"), "default");
});

test("text becomes the value that the key's type asks for", (t) => {
  const from = (environment: Record<string, string>) => loadConfig(null, { environment }).config;
  t.deepEqual(from({ TROUPE_DOMAIN: "a.b" }).domain, ["a.b"]);
  t.deepEqual(from({ TROUPE_DOMAIN: "a.b, c.d" }).domain, ["a.b", "c.d"]);
  t.deepEqual(from({ TROUPE_DOMAIN: '["a.b"]' }).domain, ["a.b"]);
  t.deepEqual(from({ TROUPE_TRUSTED_PROXIES: "10.0.0.0/8,::1" }).trustedProxies, ["10.0.0.0/8", "::1"]);
  t.deepEqual(from({ TROUPE_TRUSTED_PROXIES: "::1" }).trustedProxies, ["::1"]);
  t.deepEqual(from({ TROUPE_TRUSTED_PROXIES: "" }).trustedProxies, []);
  t.deepEqual(from({ TROUPE_ENCRYPTION_KEYS: '[{"id":"k"}]' }).encryption.keys, [{ id: "k" }]);
  t.is(from({ TROUPE_FRONT_THREADS: "auto" }).front.threads, "auto");
  t.is(from({ TROUPE_FRONT_THREADS: "3" }).front.threads, 3);
  t.is(from({ TROUPE_METRICS_OPEN: "True" }).metrics.open, true);
  t.is(from({ TROUPE_METRICS_OPEN: "0" }).metrics.open, false);
  t.is(from({ TROUPE_CONSOLE_PUBLIC_URL: "" }).console.publicUrl, null);
  t.is(from({ TROUPE_LOG_ACCESS: "5" }).log.access, "5");
  t.is(from({ TROUPE_MAIL: '{"host":"h","from":"a@b"}', TROUPE_MAIL_PORT: "25" }).mail?.port, 25);
  t.is(from({ TROUPE_MAIL_HOST: "h", TROUPE_MAIL_FROM: "a@b" }).mail?.security, "starttls");
});

test("errors of overrides name the variable or option", (t) => {
  const environment = { TROUPE_THREADS_BUCKETS: "many", TROUPE_METRICS_OPEN: "maybe" };
  const settings = ["log.level=loud", "log.leve=info", "region"];
  const error = t.throws(() => loadConfig(null, { environment, settings }), { instanceOf: ConfigError });
  t.deepEqual(error?.message.split("\n"), [
    "The configuration cannot be used:",
    '  --set log.leve: is not a known key; did you mean "log.level"?',
    "  --set region: must be written key=value",
    '  --set log.level /log/level: must be "debug" or "info" or "warn" or "error" or "fatal"',
    "  TROUPE_METRICS_OPEN /metrics/open: must be boolean, not string",
    '  TROUPE_THREADS_BUCKETS /threads/buckets: must be "auto", or must be number, not string',
  ]);
});

test("a variable may name a file that holds its value", (t) => {
  const file = fileWith(t, "0123456789abcdef\n");
  t.is(
    loadConfig(null, { environment: { TROUPE_METRICS_BEARER_TOKEN_FILE: file } }).config.metrics.bearerToken,
    "0123456789abcdef",
  );
  const both = { TROUPE_REGION: "x", TROUPE_REGION_FILE: file };
  t.regex(t.throws(() => loadConfig(null, { environment: both }))?.message ?? "", /TROUPE_REGION_FILE: one of the two/);
  const missing = { TROUPE_REGION_FILE: "/does/not/exist" };
  t.regex(t.throws(() => loadConfig(null, { environment: missing }))?.message ?? "", /TROUPE_REGION: .*cannot be read/);
});

test("the key ring's place is named by TROUPE_KEYRING_FILE itself, or by a file that holds it", (t) => {
  const direct = loadConfig(null, { environment: { TROUPE_KEYRING_FILE: "/keys/ring.json" } });
  t.is(direct.config.keyring.file, "/keys/ring.json");
  t.deepEqual(direct.warnings, []);
  const file = fileWith(t, "/elsewhere/ring.json\n");
  t.is(
    loadConfig(null, { environment: { TROUPE_KEYRING_FILE_FILE: file } }).config.keyring.file,
    "/elsewhere/ring.json",
  );
});

test("an unknown variable is a warning with the nearest name", (t) => {
  const environment = {
    TROUPE_REGIN: "x",
    TROUPE_PORT_9000_TCP: "tcp://1",
    TROUPE_DATA: "/d",
    PATH: "/bin",
    TROUPE_SECRET_KEY_FILE: "f",
  };
  t.deepEqual(loadConfig(null, { environment }).warnings, [
    "TROUPE_REGIN is not known; did you mean TROUPE_REGION?",
    "TROUPE_PORT_9000_TCP is not known",
  ]);
});

test("every key has a meaning, a bound, and a variable of its own", (t) => {
  const keys = configKeys();
  t.true(keys.length > 20);
  const isBounded = (schema: JsonSchema): boolean =>
    (schema.anyOf ?? []).every(isBounded) &&
    (schema.type !== "integer" ||
      ((schema.minimum ?? -1) >= 0 && (schema.maximum ?? Number.MAX_SAFE_INTEGER) < 2 ** 40)) &&
    (schema.type !== "array" || (schema.maxItems !== undefined && isBounded(schema.items ?? {})));
  for (const key of keys) {
    t.regex(key.schema.description ?? "", /\.$|a secret\.$/, key.name);
    t.true(key.isRequired || key.schema.default !== undefined, key.name);
    t.true(isBounded(key.schema), key.name);
  }
  const variables = keys.flatMap((key) => (key.path === null ? [] : [variableName(key.path)]));
  t.is(new Set(variables).size, variables.length);
  t.true(variables.includes("TROUPE_LIFECYCLE_DAY_SECONDS"));
  t.deepEqual(
    keys.filter((key) => key.isSecret).map((key) => key.name),
    ["events.targets", "mail.password", "metrics.bearerToken"],
  );
});

test("the published schema and the key table are fresh, and the repository's configuration is right", (t) => {
  t.is(readFileSync(schemaFile, "utf8"), schemaText(), "run `node dist/config/docs.js --write`");
  const page = readFileSync("docs/CONFIGURATION.md", "utf8");
  t.is(withKeyTable(page), page, "run `node dist/config/docs.js --write`");
  t.is(JSON.parse(readFileSync("cluster.config.json", "utf8")).$schema, `./${schemaFile}`);
  t.notThrows(() => loadConfig("cluster.config.json"));
  t.truthy(configJsonSchema().properties?.["$schema"]);
});

test("a page without the places for the table is refused", (t) => {
  t.throws(() => withKeyTable("nothing"));
  t.throws(() => withKeyTable(`${tableEnd}${tableStart}`));
});
