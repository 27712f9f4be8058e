import test from "ava";
import { z } from "zod";
import { byPolicy, declareAdmin } from "../admin/declaration.ts";
import { nothing } from "../admin/schemas.ts";
import { adminRows } from "../admin/table.ts";
import { adminCli } from "./admin-program.ts";
import { type AdminCommand, adminCommands, wordsOf } from "./admin-tree.ts";
import { aliases, columns, namings, stepsOf } from "./names.ts";
import { columnsOf } from "./output.ts";

const commands = adminCommands(adminRows);
const named = (name: string): AdminCommand => {
  const found = commands.find(({ row }) => row.name === name);
  if (found === undefined) throw new Error(`no command for ${name}`);
  return found;
};
const optionsOf = (name: string): string[] => named(name).options.map(({ option, kind }) => `${option}:${kind}`);

test("every row is a command, or a step of one", (t) => {
  const reached = new Set([...commands.map(({ row }) => row.name), ...Object.keys(stepsOf)]);
  t.true(adminRows.length > 80);
  t.deepEqual(
    adminRows.map(({ name }) => name).filter((name) => !reached.has(name)),
    [],
  );
  t.is(commands.length, adminRows.length - Object.keys(stepsOf).length);
});

test("no two commands have the same name, and none hides a word of the program", (t) => {
  const names = commands.map(({ words }) => words.join(" "));
  t.is(new Set(names).size, names.length);
  for (const { words } of commands) {
    t.regex(words.join(" "), /^[a-z0-9-]+( [a-z0-9-]+)?$/);
    t.false(
      ["serve", "config", "keyring", "version", "help", "login", "logout", "completion"].includes(words[0] ?? ""),
    );
    t.false(words.length === 1 && commands.some(({ words: other }) => other.length === 2 && other[0] === words[0]));
  }
});

test("nothing in the tables of names is left over", (t) => {
  const rows = new Set(adminRows.map(({ name }) => name));
  const firsts = new Set(commands.map(({ words }) => words[0]));
  for (const name of [...Object.keys(namings), ...Object.keys(stepsOf)]) t.true(rows.has(name), name);
  for (const name of [...Object.keys(columns), ...Object.keys(aliases)]) t.true(firsts.has(name), name);
});

test("every column is a member of some list's items", (t) => {
  for (const [first, names] of Object.entries(columns)) {
    const shown = new Set(commands.filter(({ words }) => words[0] === first).flatMap(columnsOf));
    for (const name of names) t.true(shown.has(name), `${first}: ${name}`);
  }
});

test("words come from name and path", (t) => {
  const cases = {
    "ListUsers /users": "user list",
    "GetUser /users/{name}": "user show",
    "AttachUserPolicy /users/{name}/policies": "user attach-policy",
    "CreateUserKey /users/{name}/keys": "user create-key",
    "ListMyKeys /me/keys": "key list",
    "NewMyRecoveryCodes /me/mfa/recovery-codes": "mfa new-recovery-codes",
    "ExportAudit /audit.csv": "audit export",
    "CancelJob /jobs/{jobId}/cancel": "job cancel",
    "SuperDeleteBucket /buckets/{name}/super-delete": "bucket super-delete",
    "SetBucketIPRanges /buckets/{name}/ranges": "bucket set-ipranges",
  };
  for (const [row, words] of Object.entries(cases)) {
    const [name = "", path = ""] = row.split(" ");
    t.is(wordsOf({ name, path }).join(" "), words);
  }
});

test("arguments, options and what is asked for", (t) => {
  t.deepEqual(
    named("CreateUser").positionals.map(({ option }) => option),
    ["email"],
  );
  t.deepEqual(optionsOf("CreateUser").slice(0, 4), ["name:text", "role:text", "path:text", "tag:pairs"]);
  t.true(optionsOf("CreateUser").includes("no-invite:unflag"));
  t.deepEqual(optionsOf("DeleteUser"), ["cascade:flag"]);
  t.deepEqual(
    optionsOf("UpdateAccount").filter((option) => option.startsWith("quota")),
    ["quota-bytes:size", "quota-objects:integer", "quota-buckets:integer"],
  );
  t.true(optionsOf("UpdateUser").includes("new-name:text"));
  t.true(optionsOf("UpdateUser").includes("no-external:none"));
  t.deepEqual(
    named("ChangeMyPassword").secrets.map(({ option }) => option),
    ["old-password", "new-password"],
  );
  for (const command of commands) {
    for (const field of [...command.positionals, ...command.options]) t.notRegex(field.path.join("."), /password$/i);
  }
});

const row = (name: string, members: z.ZodRawShape) =>
  declareAdmin({
    name,
    method: "POST",
    path: "/widgets/{id}/paint",
    group: "Widgets",
    summary: "Paints a widget.",
    admits: byPolicy("s3:PutObject"),
    params: z.strictObject({ id: z.string() }),
    query: nothing,
    body: z.strictObject(members),
    reply: null,
    status: 204,
    errors: [],
  }).handledBy(async () => null);

test("a new row is a command without further code", (t) => {
  const made = adminCommands([row("PaintWidget", { colour: z.enum(["red", "blue"]), coats: z.int().default(1) })]);
  const line = adminCli(made).parse(["widget", "paint", "w1", "red", "--coats", "2", "--json", "--data", "d"]);
  t.is(line.command, "admin");
  if (line.command !== "admin") return;
  t.deepEqual([...line.given.values()], ["w1", "red", "2"]);
  t.true(line.isJson);
  t.is(line.target.dataDirectory, "d");
  const wrong = adminCli(made).parse(["widget", "paint", "w1", "green"]);
  t.is(wrong.command, "usage error");
  t.true(wrong.command === "usage error" && wrong.text.includes("red, blue"));
});

test("two rows of one name, and an option of every command, are faults of the table", (t) => {
  t.throws(() => adminCommands([row("PaintWidget", {}), row("PaintMyWidget", {}), row("PaintWidget", {})]), {
    message: /are both "widget paint"/,
  });
  t.throws(() => adminCommands([row("PaintWidget", { url: z.string().optional() })]), { message: /every command's/ });
});

test("help of every command has examples and says what is asked for", (t) => {
  const cli = adminCli(commands);
  for (const { words, secrets } of commands) {
    const help = cli.parse([...words, "--help"]);
    t.is(help.command, "help");
    if (help.command !== "help") return;
    t.regex(help.text, new RegExp(`Examples:\\n  troupe ${words.join(" ")}`));
    t.is(/Asks for: /.test(help.text), secrets.length > 0, words.join(" "));
  }
  const all = cli.parse(["customer", "--help"]);
  t.true(all.command === "help" && all.text.includes("suspend"));
});
