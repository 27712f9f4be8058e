/** The commands that the table of the admin API makes: a new row is a new command without further code. Pure. */

import type { AdminRow } from "../admin/declaration.ts";
import { assert } from "../base/assert.ts";
import { type Field, fieldsOf, kebab, singular } from "./fields.ts";
import { type Naming, namings, stepsOf } from "./names.ts";

export interface AdminCommand {
  /** One word or two: `whoami`, `user list`. */
  readonly words: readonly string[];
  readonly row: AdminRow;
  /** Arguments in order; only the last may be left out or repeated. */
  readonly positionals: readonly Field[];
  readonly options: readonly Field[];
  /** Asked for, in order. */
  readonly secrets: readonly Field[];
  /** What follows the words. */
  readonly examples: readonly string[];
}

/** Options that every command has; none of a row may be called so. */
export const commonOptions: readonly string[] = [
  "json",
  "get",
  "url",
  "data",
  "in",
  "profile",
  "idempotency-key",
  "help",
  "version",
];

/**
 * Every row as a command, but for those that are steps of a handmade one, in the order of their words.
 * @throws AssertionError when two would be called the same, or an option would hide another
 */
export function adminCommands(rows: readonly AdminRow[]): readonly AdminCommand[] {
  const commands = rows.filter(({ name }) => !Object.hasOwn(stepsOf, name)).map(commandOf);
  const seen = new Map<string, string>();
  for (const { words, row } of commands) {
    const name = words.join(" ");
    assert(!seen.has(name), `${row.name} and ${seen.get(name)} are both "${name}"`);
    seen.set(name, row.name);
  }
  return commands.sort((one, other) => one.words.join(" ").localeCompare(other.words.join(" "), "en"));
}

function commandOf(row: AdminRow): AdminCommand {
  const naming: Naming = namings[row.name] ?? {};
  const renamed = (field: Field): Field => ({ ...field, option: naming.options?.[field.option] ?? field.option });
  const fields = fieldsOf(row).map((field) => (field.part === "params" ? field : renamed(field)));
  const params = fields.filter(({ part }) => part === "params");
  const secrets = fields.filter(({ kind }) => kind === "secret");
  const rest = fields.filter(({ part, kind }) => part !== "params" && kind !== "secret");
  const chosen = chosenPositionals(rest, naming.positionals);
  const options = rest.filter((field) => !chosen.includes(field));
  const names = options.map(({ option }) => option);
  for (const [index, option] of names.entries()) {
    assert(!commonOptions.includes(option), `${row.name}: --${option} is every command's`);
    assert(names.indexOf(option) === index, `${row.name}: --${option} stands for two members`);
  }
  return {
    words: naming.words ?? wordsOf(row),
    row,
    positionals: [...params, ...chosen],
    options,
    secrets,
    examples: naming.examples ?? [],
  };
}

/** By table; else what is needed, if it is one thing, or the name of what is made. */
function chosenPositionals(fields: readonly Field[], named: readonly string[] | undefined): readonly Field[] {
  const at = (name: string): Field | undefined => fields.find(({ path }) => path.join(".") === name);
  if (named !== undefined) {
    return named.map((name) => {
      const field = at(name);
      assert(field !== undefined, `there is no member ${name}`);
      return field;
    });
  }
  const needed = fields.filter(({ isRequired, kind }) => isRequired && kind !== "none");
  const [only] = needed;
  if (needed.length === 1 && only !== undefined) return [only];
  const name = needed.find(({ path }) => path.join(".") === "name");
  return name === undefined ? [] : [name];
}

const verbs: Readonly<Record<string, string>> = { get: "show" };

/** `AttachUserPolicy` at /users/{name}/policies → `user attach-policy`; `ListMyKeys` at /me/keys → `key list`. */
export function wordsOf({ name, path }: Pick<AdminRow, "name" | "path">): readonly string[] {
  const [first = "", second] = path.slice(1).split("/");
  const owner = first === "me" && second !== undefined ? second : first;
  const noun = singular(owner.replace(/\..*$/, ""));
  const skipped = new Set([...noun.split("-"), ...(first === "me" ? ["my"] : [])]);
  const [verb = "", ...rest] = kebab(name).split("-");
  const words = [verbs[verb] ?? verb, ...rest].filter((word) => !skipped.has(singular(word)));
  assert(words.length > 0, `${name} has no word beside ${noun}: give it one in names.ts`);
  return [noun, words.join("-")];
}
