import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { CredentialsFile, credentialsPath, type Profile } from "./credentials-file.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

const token: Profile = { kind: "token", url: "https://one.example", token: "secret" };
const session: Profile = {
  kind: "session",
  url: "http://two.example:9001",
  email: "a@b.c",
  cookie: "troupe=x",
  csrf: "y",
};

function fresh(t: ExecutionContext): CredentialsFile {
  const directory = mkdtempSync(join(tmpdir(), "troupe-credentials-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return new CredentialsFile(credentialsPath({ XDG_CONFIG_HOME: join(directory, "config") }));
}

test("where it is", (t) => {
  t.is(credentialsPath({ XDG_CONFIG_HOME: "/x", HOME: "/h" }), "/x/troupe/credentials.json");
  t.is(credentialsPath({ HOME: "/h" }), "/h/.config/troupe/credentials.json");
  t.is(credentialsPath({ XDG_CONFIG_HOME: "", HOME: "/h" }), "/h/.config/troupe/credentials.json");
  t.is(credentialsPath({ XDG_CONFIG_HOME: "relative", HOME: "/h" }), "/h/.config/troupe/credentials.json");
});

test("profiles are kept apart, and only their owner can read them", (t) => {
  const file = fresh(t);
  t.is(file.get("default"), null);
  t.false(file.remove("default"));
  file.set("default", token);
  file.set("two", session);
  t.deepEqual(file.get("default"), token);
  t.deepEqual(file.get("two"), session);
  t.is(statSync(file.path).mode & 0o777, 0o600);
  t.is(statSync(dirname(file.path)).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(dirname(file.path)), ["credentials.json"]);
  t.true(file.remove("default"));
  t.is(file.get("default"), null);
  t.deepEqual(file.get("two"), session);
});

test("a name like a member of every object is a name like others", (t) => {
  const file = fresh(t);
  t.is(file.get("constructor"), null);
  t.is(file.get("toString"), null);
});

test("a file that others can read, or that is something else, is refused and kept", (t) => {
  const file = fresh(t);
  file.set("default", token);
  const refused = (pattern: RegExp): void => {
    const error = t.throws(() => file.get("default"), { instanceOf: CommandError, message: pattern });
    t.is(error?.exitCode, exitCodes.config);
    t.throws(() => file.set("two", session), { instanceOf: CommandError });
  };
  chmodSync(file.path, 0o644);
  refused(/chmod 600/);
  for (const text of ["", "[]", '{"version":2,"profiles":{}}', '{"version":1,"profiles":{"a":{"kind":"other"}}}']) {
    writeFileSync(file.path, text);
    chmodSync(file.path, 0o600);
    refused(/not a file of credentials/);
    t.is(readFileSync(file.path, "utf8"), text);
  }
});
