/** Shows answers: JSON for programs, tables and lines for people. Pure. */

import type { InputFault } from "../admin/problem.ts";
import type { AdminCommand } from "./admin-tree.ts";
import { exitCodes } from "./exit-codes.ts";
import { kebab, type SchemaNode, schemaNode } from "./fields.ts";
import { columns } from "./names.ts";
import { shown } from "./values.ts";

/** Columns of a list whose first word has none of its own. */
const columnsMax = 6;

type Record_ = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What an answer of JSON looks like to people; "" when there is nothing to say. */
export function humanText(command: AdminCommand, value: unknown): string {
  if (!isRecord(value)) return value === null ? "" : `${cell(value)}\n`;
  const { items } = value;
  return Array.isArray(items) ? listText(command, items) : recordText(value, "");
}

function listText(command: AdminCommand, items: readonly unknown[]): string {
  const names = columnsOf(command);
  if (names.length === 0 || items.some((item) => !isRecord(item)))
    return items.map((item) => `${cell(item)}\n`).join("");
  return table(
    names.map(heading),
    items.map((item) => names.map((name) => cell(memberAt(item, name)))),
  );
}

/** Members of an item that its table shows: chosen ones, else the first plain ones. */
export function columnsOf({ words, row }: Pick<AdminCommand, "words" | "row">): readonly string[] {
  const { reply } = row;
  const shown = reply !== null && "kind" in reply && reply.kind === "json or csv" ? reply.json : reply;
  const item = itemNode(shown === null || "kind" in shown ? {} : schemaNode(shown, "output"));
  const chosen = columns[words[0] ?? ""]?.filter((name) => nodeAt(item, name) !== undefined) ?? [];
  if (chosen.length > 1) return chosen;
  const plain = Object.entries(item.properties ?? {}).filter(([, { type }]) => type !== "object" && type !== "array");
  return plain.map(([name]) => name).slice(0, columnsMax);
}

const itemNode = (node: SchemaNode): SchemaNode => node.properties?.["items"]?.items ?? {};

function nodeAt(node: SchemaNode, name: string): SchemaNode | undefined {
  let found: SchemaNode | undefined = node;
  for (const step of name.split(".")) {
    const parent: SchemaNode | undefined = found;
    found =
      parent?.properties?.[step] ?? parent?.anyOf?.find(({ properties }) => properties?.[step])?.properties?.[step];
  }
  return found;
}

function memberAt(value: unknown, name: string): unknown {
  let found = value;
  for (const step of name.split(".")) found = isRecord(found) ? found[step] : undefined;
  return found;
}

/** `lastUsed.at` → LAST USED; `accessKeyId` → ACCESS KEY ID. */
function heading(name: string): string {
  return kebab(name.replace(/\.(at|name)$/, ""))
    .replaceAll(/[-.]/g, " ")
    .toUpperCase();
}

/** One line, without what would steer a terminal: names and user agents are other people's words. */
function cell(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(cell).join(", ");
  const text = typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, "?");
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((name, index) => Math.max(name.length, ...rows.map((row) => (row[index] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd()}\n`;
  return [headings, ...rows].map(line).join("");
}

/** `name: value` lines; objects inside are set in, arrays of objects are tables. */
function recordText(value: Record_, indent: string): string {
  const entries = Object.entries(value);
  const width = Math.max(0, ...entries.map(([name]) => words(name).length));
  return entries
    .map(([name, member]) => {
      const label = `${indent}${words(name)}:`.padEnd(indent.length + width + 1);
      if (isRecord(member) && Object.keys(member).length > 0)
        return `${label.trimEnd()}\n${recordText(member, `${indent}  `)}`;
      const objects = Array.isArray(member) ? member.filter(isRecord) : [];
      if (objects.length > 0) return `${label.trimEnd()}\n${objectsText(objects, `${indent}  `)}`;
      const lines = typeof member === "string" && member.includes("\n") ? member.trimEnd().split("\n") : null;
      if (lines !== null) return `${label.trimEnd()}\n${lines.map((line) => `${indent}  ${cell(line)}\n`).join("")}`;
      return `${label} ${cell(member)}\n`;
    })
    .join("");
}

function objectsText(items: readonly Record_[], indent: string): string {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const text = table(
    names.map(heading),
    items.map((item) => names.map((name) => cell(item[name]))),
  );
  return text.replaceAll(/^(?=.)/gm, indent);
}

const words = (name: string): string => {
  const text = kebab(name).replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** A refusal, as its problem document says it. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | null;
  readonly faults: readonly InputFault[];
}

/** null: the answer is no problem document, so what answered is no node of ours. */
export function refusalOf(value: unknown, status: number): Refusal | null {
  if (!isRecord(value)) return null;
  const { code, title, detail, errors } = value;
  if (typeof code !== "string" || typeof title !== "string") return null;
  const faults = Array.isArray(errors) ? errors.filter(isRecord) : [];
  return {
    status,
    code,
    title,
    detail: typeof detail === "string" ? detail : null,
    faults: faults.map((fault) => ({ pointer: String(fault["pointer"]), detail: String(fault["detail"]) })),
  };
}

/** Lines for standard error. */
export function refusalText(refusal: Refusal, command: AdminCommand | null): string {
  const { code, title, detail, faults } = refusal;
  const lines = [`error: ${cell(title)}${detail === null ? "" : ` ${cell(detail)}`} (${cell(code)})`];
  for (const fault of faults) lines.push(`  ${memberText(fault.pointer, command)} ${cell(fault.detail)}`);
  return `${lines.join("\n")}\n`;
}

/** `/quota/bytes` → `--quota-bytes`: people know the option, not the member of a body. */
function memberText(pointer: string, command: AdminCommand | null): string {
  const [part, path] =
    pointer.charAt(0) === "/"
      ? [
          "body",
          pointer
            .slice(1)
            .split("/")
            .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")),
        ]
      : pointer.charAt(0) === "?"
        ? ["query", [pointer.slice(1)]]
        : ["params", [pointer.slice(1, -1)]];
  const matches = ({ part: own, path: steps }: AdminCommand["options"][number]): boolean =>
    own === part && steps.length > 0 && steps.every((step, index) => step === path[index]);
  const positional = command?.positionals.find(matches);
  const option = command?.options.find(matches);
  if (positional !== undefined) return shown(positional, true);
  return option === undefined ? cell(pointer === "" ? "the body" : pointer) : shown(option, false);
}

/** The exit code that a status stands for. */
export function exitCodeOf({ status, code }: Pick<Refusal, "status" | "code">): number {
  if (status === 401 || status === 403) return exitCodes.denied;
  if (code === "InvalidInput" || code === "MalformedJson" || code === "PayloadTooLarge") return exitCodes.usage;
  if (status === 429 || status === 503 || status === 408) return exitCodes.tryLater;
  return status >= 500 ? exitCodes.software : exitCodes.failed;
}
