/** Makes docs/LIMITS.md: what the product bounds, from the files of limits, and what the HTTP server library decides before our code runs. */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { limits } from "#src/base/limits.ts";
import { storageLimits } from "#src/base/storage-limits.ts";

export const limitsPageFile = fileURLToPath(new URL("../../../docs/LIMITS.md", import.meta.url));

const frontLimits: readonly (readonly [situation: string, uws: string, node: string])[] = [
  ["request line and headers larger than 16 KiB", "431 with an HTML page, closed", "431 with S3 XML, closed"],
  ["more than 98 header lines", "431 with an HTML page, closed", "431 with S3 XML, closed"],
  ["`Expect: 100-continue`", "100 Continue at once, before authentication", "100 Continue when the body is wanted"],
  ["a header value that ends in a non-ASCII byte", "the value is cut: a signature over it does not match", "accepted"],
  ["HTTP/1.0, an absolute-form target", "505 with an HTML page, closed", "400 with S3 XML, closed"],
  ["a request sent before the answer to the last one", "the connection is closed", "served in order"],
  ["idle keep-alive connections", "closed after about 10 s", "closed after 60 s"],
  ["HTTP trailers after a chunked body (not aws-chunked trailers)", "505, closed", "ignored"],
  ["answer header", "`uWebSockets: 20` is added", "nothing is added"],
];

const unitOf = (name: string): string => {
  if (/Bytes(Max|Min)?$/.test(name) || /Bytes/.test(name)) return "bytes";
  if (/Ms(Max)?$/.test(name)) return "ms";
  if (/Seconds/.test(name)) return "s";
  if (/Micros/.test(name)) return "µs";
  return "";
};

export function limitsPage(): string {
  const front = frontLimits.map((row) => `| ${row.join(" | ")} |`);
  const rows = Object.entries({ ...limits, ...storageLimits }).map(
    ([name, value]) => `| \`${name}\` | ${value} | ${unitOf(name)} |`,
  );
  return `# Limits

## HTTP

The S3 port is served by uWebSockets.js where its binary loads, else by node:http (\`front.implementation\`).

| situation | uWebSockets.js | node:http |
|---|---|---|
${front.join("\n")}

## Constants

Every limit of the product is in src/base/limits.ts or src/base/storage-limits.ts, and this table is made from them (\`npm run docs\`).

| limit | value | unit |
|---|---|---|
${rows.join("\n")}
`;
}

if (process.argv.includes("--write")) writeFileSync(limitsPageFile, limitsPage());
