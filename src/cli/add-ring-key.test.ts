import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { openKeyRingFile } from "../keyring/key-ring-file.ts";
import { parseCommandLine, run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

async function runWith(argv: readonly string[]) {
  let out = "";
  let errors = "";
  const code = await run(argv, {
    environment: {},
    serve: () => Promise.reject(new Error("nothing is served")),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      errors += text;
    },
  });
  return { code, out, errors };
}

test("keyring add: a new key seals from then on, and what the one before has sealed still opens", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-ring-"));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const dataDirectory = join(directory, "data");
  const missing = await runWith(["keyring", "add", "--data", dataDirectory]);
  t.is(missing.code, exitCodes.config);
  t.regex(missing.errors, /there is no key ring at .*keyring\.json/);

  const options = { dataDirectory, isSealed: false, random: systemRandom, clock: systemClock };
  const { ring, file } = openKeyRingFile({ ...options, file: null });
  const sealed = ring.seal("data-keys", Buffer.from("x"), "place");
  t.true(ring.isNewest(sealed));
  const added = await runWith(["keyring", "add", "--data", dataDirectory]);
  t.is(added.code, exitCodes.ok);
  t.regex(added.out, /keyring\.json: key [0-9a-f]{8} was added/);
  const { ring: grown } = openKeyRingFile({ ...options, file: null });
  t.is(grown.keys.length, 2);
  t.false(grown.isNewest(sealed));
  t.is(grown.open("data-keys", sealed, "place").toString(), "x");

  t.is((await runWith(["keyring", "add", "--set", `keyring.file=${file}`])).code, exitCodes.ok);
  t.is(openKeyRingFile({ ...options, file }).ring.keys.length, 3);
});

test("keyring add is about the directory of the option, the variable or ./data", (t) => {
  const parse = (argv: string, environment = {}) => parseCommandLine(argv.split(" "), environment, () => false);
  const line = { command: "keyring add", configFile: null, settings: [] };
  t.deepEqual(parse("keyring add"), { ...line, dataDirectory: "./data" });
  t.deepEqual(parse("keyring add", { TROUPE_DATA: "/env" }), { ...line, dataDirectory: "/env" });
  t.deepEqual(parse("keyring add --data /d", { TROUPE_DATA: "/env" }), { ...line, dataDirectory: "/d" });
  t.is(parse("keyring").command, "usage error");
});
