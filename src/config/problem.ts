/** What is wrong in a document that people write: all of it at once, each with its place and a hint. */

import type { z } from "zod";
import { nearestName } from "./nearest-name.ts";

export interface Problem {
  /** JSON pointer (RFC 6901); "" is the whole document. */
  readonly pointer: string;
  readonly message: string;
  /** The file, variable or option that holds the value. */
  readonly origin: string;
}

/** A document that cannot be used. The message lists every problem, one a line. */
export class DocumentError extends Error {
  override readonly name: string = "DocumentError";
  readonly problems: readonly Problem[];

  constructor(title: string, problems: readonly Problem[]) {
    super([`${title}:`, ...problems.map((problem) => `  ${problemLine(problem)}`)].join("\n"));
    this.problems = problems;
  }
}

function problemLine(problem: Problem): string {
  return `${problem.origin}${problem.pointer === "" ? "" : ` ${problem.pointer}`}: ${problem.message}`;
}

/** RFC 6901: "~" is written ~0 and "/" is written ~1. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Turns zod's issues into sentences; an unknown name becomes a problem of its own with the nearest known one.
 * @param namesAt the names that are known at a path
 * @param elsewhere dotted names to look among when none near is known at the place itself
 */
export function* foundByZod(
  issues: readonly z.core.$ZodIssue[],
  namesAt: (path: readonly PropertyKey[]) => readonly string[],
  elsewhere: readonly string[] = [],
): Generator<Found> {
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const name of issue.keys) {
        yield { path: [...issue.path, name], message: `is not known${hint(name, namesAt(issue.path), elsewhere)}` };
      }
    } else {
      yield { path: issue.path, message: sentence(issue) };
    }
  }
}

function hint(name: string, here: readonly string[], elsewhere: readonly string[]): string {
  const near = nearestName(name, here) ?? elsewhere.find((dotted) => dotted.split(".").at(-1) === name);
  return near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union") return unionSentence(issue);
  if (issue.code === "invalid_type") {
    if (issue.input === undefined && issue.message.endsWith("received undefined"))
      return `is missing (${issue.expected})`;
    return issue.message.replace(/^Invalid input: expected (.*), received (.*)$/, "must be $1, not $2");
  }
  if (issue.code === "invalid_value")
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  const bound = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " items" : "");
  if (issue.code === "too_small") return `must be at least ${issue.minimum}${bound(issue.origin)}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}${bound(issue.origin)}`;
  return issue.message;
}

function unionSentence(issue: z.core.$ZodIssueInvalidUnion): string {
  const ways = issue.errors.map((alternative) => alternative.map(sentence).join(" and "));
  return [...new Set(ways)].filter((way) => way !== "").join(", or ") || issue.message;
}
