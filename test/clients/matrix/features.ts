/** What the exercises of features share: the scenario's documents, requests without credentials, and looks at what a node answers. */

import type { IncomingHttpHeaders } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { World } from "./world.ts";

/** Keys of the nodes that clients name for SSE-KMS, the default first. */
export const keyNames = ["first", "second"] as const;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request without credentials, to a path of the node. The certificate is judged elsewhere. */
export function visit(
  world: World,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const open = world.isTls ? httpsRequest : httpRequest;
  const url = new URL(path, world.options.endpoint);
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers, rejectUnauthorized: false, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces).toString() }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** What everybody gets at a path must be this status. */
export async function everybodyGets(
  world: World,
  path: string,
  status: number,
  headers?: Record<string, string>,
): Promise<void> {
  const answer = await visit(world, "GET", path, headers);
  if (answer.status !== status) throw new Error(`everybody gets ${answer.status}, not ${status}, at ${path}`);
}

/** Text that another client's reading of a path must hold: of its sub-resource, or its headers. */
export async function shows(world: World, path: string, query: string, ...texts: (string | RegExp)[]): Promise<void> {
  const { status, body } = await world.wire.send("GET", path, { query: { [query]: "" } });
  const text = `${status} ${body.toString()}`;
  holds(`${path}?${query}`, text, ...texts);
}

/** Throws unless the text holds all of these. */
export function holds(what: string, text: string, ...expected: (string | RegExp)[]): void {
  for (const one of expected)
    if (typeof one === "string" ? !text.includes(one) : !one.test(text))
      throw new Error(`${what} lacks ${String(one)}: ${text.slice(0, 1500)}`);
}

/** Headers of the object, by another client. */
export async function headersOf(world: World, path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await world.wire.send("HEAD", path)).headers;
}

/** Lets everybody read the bucket's objects. */
export const publicPolicy = (bucket: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` }],
  });
