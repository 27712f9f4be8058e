/** What Chromium lets a page of another origin do with a bucket, by the bucket's cross-origin rules. Source: Fetch standard. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Browser, Page } from "playwright-core";
import { type NodeProcess, testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import type { SuiteContext } from "../support/suite.ts";

const Bucket = "cross-origin";

/** Serves an empty page, whose origin is the one that asks. */
async function emptySite(): Promise<{ readonly port: number; close(): void }> {
  const site = createServer((_request, response) => response.end("<!DOCTYPE html><title>a page</title>"));
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  return { port: (site.address() as AddressInfo).port, close: () => site.close() };
}

/** Fetches within the page. @returns "status ETag text" as the page sees them, or what the browser refuses with */
const fetched = (page: Page, url: string, options: object = {}): Promise<string> =>
  page.evaluate<string>(`fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then(
    async (answer) => [answer.status, answer.headers.get("etag") ? "ETag" : "-", (await answer.text()).slice(0, 5)].join(" "),
    (error) => error.name)`);

export async function crossOrigin(
  suite: SuiteContext,
  browser: Browser,
  node: NodeProcess,
  name: string,
): Promise<void> {
  const { endpoint } = node;
  const s3 = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: testKeys,
    maxAttempts: 1,
  });
  const site = await emptySite();
  const context = await browser.newContext();
  try {
    const origin = `http://127.0.0.1:${site.port}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "hello" }));
    const CORSRules = [
      {
        AllowedOrigins: [origin],
        AllowedMethods: ["GET", "PUT"],
        AllowedHeaders: ["x-amz-meta-*"],
        ExposeHeaders: ["ETag"],
      },
    ];
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    const link = (method: string, key: string) =>
      `${endpoint}${presign({ endpoint, ...testKeys }, method, `/${Bucket}/${key}`)}`;
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    const cases = [
      ["a read, with its ETag", "200 ETag hello", "GET", "k", {}],
      ["a read with credentials", "200 ETag hello", "GET", "k", { credentials: "include" }],
      ["a write, after its preflight", "200 ETag ", "PUT", "new", { method: "PUT" }],
      ["what was written", "200 ETag ", "GET", "new", {}],
      ["the status of an error", "404 - <?xml", "GET", "absent", {}],
      [
        "the refusal of a header that is allowed but not signed",
        "403 - <?xml",
        "PUT",
        "k",
        { method: "PUT", headers: { "x-amz-meta-a": "b" } },
      ],
      ["no header that is not allowed", "TypeError", "PUT", "k", { method: "PUT", headers: { "x-other": "b" } }],
      ["no method that is not allowed", "TypeError", "DELETE", "k", { method: "DELETE" }],
    ] as const;
    for (const [what, expected, method, key, options] of cases) {
      const got = await fetched(page, link(method, key), options);
      suite.check(`${name}: a page of an allowed origin sees ${what}: ${got}`, got === expected);
    }
    const stranger = await context.newPage();
    await stranger.goto(`http://localhost:${site.port}/`);
    const seen = await fetched(stranger, link("GET", "k"));
    suite.check(`${name}: a page of another origin sees nothing: ${seen}`, seen === "TypeError");
    await s3.send(new DeleteBucketCorsCommand({ Bucket }));
    const after = await fetched(page, link("PUT", "later"), { method: "PUT" });
    suite.check(`${name}: without rules nothing is written: ${after}`, after === "TypeError");
  } finally {
    await context.close();
    site.close();
    s3.destroy();
  }
}
