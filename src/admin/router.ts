/** Finds the row that a method and a path mean, and the values of the path's labels. */

import { assert } from "../base/assert.ts";
import { percentDecode } from "../s3/uri.ts";
import type { AdminRow } from "./declaration.ts";
import { AdminError } from "./problem.ts";

export const apiPrefix = "/api/v1";

interface Node {
  readonly literals: Map<string, Node>;
  label: Node | null;
  /** Method → row, with the names of its labels in order. */
  readonly rows: Map<string, { readonly row: AdminRow; readonly labels: readonly string[] }>;
}

export interface Routed {
  readonly row: AdminRow;
  /** Decoded, not yet checked. */
  readonly params: Readonly<Record<string, string>>;
}

/** @throws AdminError NoSuchPath; MethodNotAllowed with the Allow header; InvalidInput for a broken escape */
export type AdminRouter = (method: string, rawPath: string) => Routed;

const emptyNode = (): Node => ({ literals: new Map(), label: null, rows: new Map() });

function plant(root: Node, row: AdminRow): void {
  const labels: string[] = [];
  let node = root;
  for (const step of row.path.split("/").slice(1)) {
    const label = /^\{(\w+)\}$/.exec(step)?.[1];
    let next = label === undefined ? node.literals.get(step) : node.label;
    if (next === undefined || next === null) {
      next = emptyNode();
      if (label === undefined) node.literals.set(step, next);
      else node.label = next;
    }
    if (label !== undefined) labels.push(label);
    node = next;
  }
  assert(!node.rows.has(row.method), `${row.name}: two rows for ${row.method} ${row.path}`);
  const declared = Object.keys(row.params.shape);
  assert([...labels].sort().join() === declared.sort().join(), `${row.name}: the path's labels are its params`);
  node.rows.set(row.method, { row, labels });
}

/** Compiles the table. A literal step wins over a label. @throws AssertionError when two rows take the same requests */
export function compileAdminRoutes(rows: readonly AdminRow[]): AdminRouter {
  const root = emptyNode();
  for (const row of rows) plant(root, row);
  return (method, rawPath) => {
    if (!rawPath.startsWith(`${apiPrefix}/`)) throw new AdminError("NoSuchPath");
    const values: string[] = [];
    let node: Node | null = root;
    for (const step of rawPath.slice(apiPrefix.length).split("/").slice(1)) {
      const literal: Node | undefined = node.literals.get(step);
      if (literal === undefined) values.push(step);
      node = literal ?? node.label;
      if (node === null) break;
    }
    if (node === null || node.rows.size === 0) throw new AdminError("NoSuchPath");
    const found = node.rows.get(method);
    if (found === undefined) {
      const allow = [...node.rows.keys()].sort().join(", ");
      throw new AdminError("MethodNotAllowed", `It takes ${allow}.`, { headers: [["allow", allow]] });
    }
    const params: Record<string, string> = {};
    for (const [index, label] of found.labels.entries()) params[label] = decodeStep(label, values[index] ?? "");
    return { row: found.row, params };
  };
}

function decodeStep(label: string, raw: string): string {
  try {
    return percentDecode(raw);
  } catch (error) {
    // S3Error InvalidURI: a broken escape, or bytes that are not UTF-8.
    throw new AdminError("InvalidInput", "", {
      cause: error,
      faults: [{ pointer: `{${label}}`, detail: "is not UTF-8 in percent escapes" }],
    });
  }
}
