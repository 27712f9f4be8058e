import { spawnSync } from "node:child_process";
import test from "ava";
import { adminRows } from "../admin/table.ts";
import { adminCommands } from "./admin-tree.ts";
import { completionScript, shells } from "./completion.ts";

const commands = adminCommands(adminRows);

/** What bash offers after words, the last of which is being typed. */
function offered(words: readonly string[]): string[] {
  const script = `${completionScript("bash", commands)}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_troupe
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script, "bash", "troupe", ...words], {
    encoding: "utf8",
  });
  if (status !== 0 || stderr !== "") throw new Error(`${status} ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes words, options and choices", (t) => {
  t.deepEqual(offered(["us"]), ["usage", "user"]);
  t.deepEqual(offered(["user", "cr"]), ["create", "create-key"]);
  t.deepEqual(offered(["customer", "sus"]), ["suspend"]);
  t.deepEqual(offered(["--data", "user", "user", "create", "--ro"]), ["--role"]);
  t.deepEqual(offered(["user", "create", "ann@example.com", "--role", ""]), ["admin", "user"]);
  t.deepEqual(offered(["user", "create", "--jso"]), ["--json"]);
  t.deepEqual(offered(["login", "--scope", "u"]), ["usage"]);
  t.deepEqual(offered(["completion", ""]), [...shells]);
  t.deepEqual(offered(["config", "c"]), ["check"]);
  t.deepEqual(offered(["serve", "--tls"]), ["--tls-cert", "--tls-key"]);
  t.deepEqual(offered(["--data", "/et"]), ["/etc"]);
  t.deepEqual(offered(["nothing", "user-cr"]), []);
});

test("every shell's script names every command and option", (t) => {
  for (const shell of shells) {
    const script = completionScript(shell, commands);
    for (const { words, options } of commands) {
      for (const word of words) t.true(script.includes(word), `${shell}: ${word}`);
      for (const { option } of options) t.true(script.includes(option), `${shell}: ${option}`);
    }
    // Nothing that a shell would expand beyond what the script itself means.
    t.notRegex(script, /`/);
  }
});
