/** Buckets as websites, by host name: anonymous visits of public and private buckets over both HTTP servers. */

import {
  DeleteBucketWebsiteCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  type WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, type Stand } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";

const test = eachFront({ settings: ["website.customHosts=true", 'domain=["localhost","example.test"]'] });

const files = {
  "index.html": "<h1>home</h1>",
  "error.html": "<h1>sorry</h1>",
  "docs/index.html": "<h1>docs</h1>",
  "docs/a b.txt": "text",
};

const configure = ({ s3, bucket }: Stand, configuration: WebsiteConfiguration = {}) =>
  s3.send(
    new PutBucketWebsiteCommand({
      Bucket: bucket,
      WebsiteConfiguration: {
        IndexDocument: { Suffix: "index.html" },
        ErrorDocument: { Key: "error.html" },
        ...configuration,
      },
    }),
  );

/** Whoever asks may read every object, and not list. */
const open = async (stand: Stand, configuration: WebsiteConfiguration = {}): Promise<void> => {
  const { s3, bucket } = stand;
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  for (const [Key, Body] of Object.entries(files)) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: "text/html" }));
  }
  await configure(stand, configuration);
};

const visit = (
  { plain, bucket }: Stand,
  target: string,
  more: { method?: string; host?: string; headers?: Record<string, string> } = {},
): Promise<S3Answer> =>
  plain({
    method: more.method ?? "GET",
    target,
    headers: { host: more.host ?? `${bucket}.s3-website.localhost`, ...more.headers },
  });

test("website_index_documents_objects_and_errors", async (t, stand) => {
  await open(stand);
  for (const [target, status, body] of [
    ["/", 200, files["index.html"]],
    ["/docs/", 200, files["docs/index.html"]],
    ["/docs/a%20b.txt", 200, "text"],
    ["/index.html?x=1", 200, files["index.html"]],
    ["/nothing", 403, files["error.html"]],
    ["/nothing/", 403, files["error.html"]],
    ["/health/ready", 403, files["error.html"]],
  ] as const) {
    const answer = await visit(stand, target);
    t.is(answer.status, status, target);
    t.is(answer.body.toString(), body, target);
    t.is(answer.headers["content-type"], "text/html");
    t.truthy(answer.headers["x-amz-request-id"]);
  }
  const directory = await visit(stand, "/docs");
  t.is(directory.status, 302);
  t.is(directory.headers["location"], `http://${stand.bucket}.s3-website.localhost/docs/`);
});

test("website_of_every_host_name", async (t, stand) => {
  await open(stand);
  for (const host of [
    `${stand.bucket}.s3-website.localhost:9000`,
    `${stand.bucket}.s3-website-us-east-1.localhost`,
    `${stand.bucket}.S3-WEBSITE.us-east-1.example.test`,
  ]) {
    t.is((await visit(stand, "/", { host })).body.toString(), files["index.html"], host);
  }
  t.is(outcome(await visit(stand, "/", { host: `${stand.bucket}.s3.localhost` })), "403 AccessDenied");
});

test("website_missing_key_404_for_who_may_list", async (t, stand) => {
  await open(stand);
  const { s3, bucket } = stand;
  const Resource = [`arn:aws:s3:::${bucket}/*`, `arn:aws:s3:::${bucket}`];
  const statement = { Effect: "Allow", Principal: "*", Action: ["s3:GetObject", "s3:ListBucket"], Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const answer = await visit(stand, "/nothing");
  t.is(answer.status, 404);
  t.is(answer.body.toString(), files["error.html"]);
});

test("website_of_a_private_bucket_403_page", async (t, stand) => {
  await stand.s3.send(new PutObjectCommand({ Bucket: stand.bucket, Key: "index.html", Body: "secret" }));
  await configure(stand);
  const answer = await visit(stand, "/");
  t.is(answer.status, 403);
  t.is(answer.headers["content-type"], "text/html; charset=utf-8");
  t.true(answer.body.includes("<li>Code: AccessDenied</li>"));
  t.false(answer.body.includes("secret"));
  const signed = await stand.signed({
    method: "GET",
    target: "/index.html",
    headers: { host: `${stand.bucket}.s3-website.localhost` },
  });
  t.is(signed.status, 403, "a website knows nobody");
});

test("website_conditions_ranges_and_HEAD", async (t, stand) => {
  await open(stand);
  const whole = await visit(stand, "/docs/a%20b.txt");
  const etag = String(whole.headers["etag"]);
  t.is((await visit(stand, "/docs/a%20b.txt", { headers: { "if-none-match": etag } })).status, 304);
  const part = await visit(stand, "/docs/a%20b.txt", { headers: { range: "bytes=1-2" } });
  t.is(part.status, 206);
  t.is(part.body.toString(), "ex");
  t.is(part.headers["content-range"], "bytes 1-2/4");
  t.is((await visit(stand, "/docs/a%20b.txt", { headers: { range: "bytes=9-" } })).status, 416);
  t.is((await visit(stand, "/docs/a%20b.txt", { headers: { "if-match": '"x"' } })).status, 412);
  for (const [target, status, length] of [
    ["/", 200, "13"],
    ["/nothing", 403, "14"],
    ["/docs", 302, "0"],
  ] as const) {
    const head = await visit(stand, target, { method: "HEAD" });
    t.is(head.status, status);
    t.is(head.headers["content-length"], length);
    t.is(head.body.length, 0);
  }
});

test("website_large_objects_stream", async (t, stand) => {
  await open(stand);
  const body = Buffer.alloc(3_000_000, "website ");
  await stand.s3.send(new PutObjectCommand({ Bucket: stand.bucket, Key: "large.bin", Body: body }));
  await stand.s3.send(new PutObjectCommand({ Bucket: stand.bucket, Key: "error.html", Body: body }));
  t.true((await visit(stand, "/large.bin")).body.equals(body));
  const error = await visit(stand, "/nothing");
  t.is(error.status, 403);
  t.true(error.body.equals(body));
  t.is((await visit(stand, "/large.bin", { method: "HEAD" })).headers["content-length"], String(body.length));
});

test("website_redirects", async (t, stand) => {
  await open(stand, {
    RoutingRules: [
      { Condition: { KeyPrefixEquals: "old/" }, Redirect: { ReplaceKeyPrefixWith: "docs/", HttpRedirectCode: "307" } },
      {
        Condition: { HttpErrorCodeReturnedEquals: "403", KeyPrefixEquals: "lost/" },
        Redirect: { HostName: "found.example", Protocol: "https", ReplaceKeyWith: "page#!/x" },
      },
    ],
  });
  await stand.s3.send(
    new PutObjectCommand({ Bucket: stand.bucket, Key: "moved", Body: "old", WebsiteRedirectLocation: "/docs/" }),
  );
  for (const [target, status, location] of [
    ["/old/a%20b.txt", 307, `http://${stand.bucket}.s3-website.localhost/docs/a%20b.txt`],
    ["/lost/x", 301, "https://found.example/page#!/x"],
    ["/moved", 301, "/docs/"],
  ] as const) {
    const answer = await visit(stand, target);
    t.is(answer.status, status, target);
    t.is(answer.headers["location"], location);
    t.is(answer.body.length, 0);
  }
  const api = await stand.signed({ method: "GET", target: `/${stand.bucket}/moved` });
  t.is(api.status, 200);
  t.is(api.headers["x-amz-website-redirect-location"], "/docs/");
  await stand.s3.send(
    new PutBucketWebsiteCommand({
      Bucket: stand.bucket,
      WebsiteConfiguration: { RedirectAllRequestsTo: { HostName: "www.example.com" } },
    }),
  );
  const all = await visit(stand, "/a?b=c");
  t.is(all.status, 301);
  t.is(all.headers["location"], "http://www.example.com/a?b=c");
});

test("website_methods_and_absent_configurations", async (t, stand) => {
  await open(stand);
  for (const method of ["PUT", "POST", "DELETE"]) {
    const answer = await visit(stand, "/index.html", { method });
    t.is(answer.status, 405, method);
    t.is(answer.headers["content-type"], "text/html; charset=utf-8");
    t.is(answer.headers["allow"], "GET, HEAD, OPTIONS");
  }
  await stand.s3.send(new DeleteBucketWebsiteCommand({ Bucket: stand.bucket }));
  const none = await visit(stand, "/");
  t.is(none.status, 404);
  t.true(none.body.includes("NoSuchWebsiteConfiguration"));
  const absent = await visit(stand, "/", { host: "there-is-none.s3-website.localhost" });
  t.is(absent.status, 404);
  t.true(absent.body.includes("NoSuchBucket"));
  t.is((await visit(stand, "/%")).status, 400);
});

test("website_of_a_custom_host", async (t, stand) => {
  const name = `www-${stand.bucket}.example.org`;
  await stand.signed({ method: "PUT", target: `/${name}` });
  const site = { ...stand, bucket: name };
  t.is(outcome(await visit(site, "/", { host: name })), "403 AccessDenied", "no website yet: path style");
  await open(site);
  t.is((await visit(site, "/docs/", { host: `${name}:8080` })).body.toString(), files["docs/index.html"]);
});

test("website_answers_other_origins_by_the_buckets_rules", async (t, stand) => {
  await open(stand);
  const origin = "https://app.example.com";
  const CORSRules = [{ AllowedOrigins: [origin], AllowedMethods: ["GET"] }];
  await stand.s3.send(new PutBucketCorsCommand({ Bucket: stand.bucket, CORSConfiguration: { CORSRules } }));
  for (const target of ["/", "/nothing", "/docs/a%20b.txt"]) {
    const answer = await visit(stand, target, { headers: { origin } });
    t.is(answer.headers["access-control-allow-origin"], origin, target);
  }
  const headers = { origin, "access-control-request-method": "GET" };
  const preflight = await visit(stand, "/index.html", { method: "OPTIONS", headers });
  t.is(preflight.status, 200);
  t.is(preflight.headers["access-control-allow-origin"], origin);
});
