import test from "ava";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { Headers, HttpHandler, HttpRequest, HttpResponse, ResponseBody, ResponseHead } from "../model/http.ts";
import { configuredWith, testBucket } from "../operations/operations.testing.ts";
import { encodeError, S3Error, type S3ErrorCode } from "../s3/errors.ts";
import type { RuleRedirect, Website } from "../s3/website.ts";
import { emptyBody } from "./body-intake.ts";
import { AddressRanges } from "./client-address.ts";
import { WebsitePort } from "./website.ts";
import { WebsiteHosts, websiteEndpoints } from "./website-host.ts";

interface Stored {
  readonly body?: string;
  readonly redirect?: string;
  readonly streams?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});

const website = (members: Partial<Website> = {}): Website => ({
  redirectAll: null,
  indexSuffix: "index.html",
  errorKey: "error.html",
  rules: [],
  ...members,
});

const redirect = (members: Partial<RuleRedirect>): RuleRedirect => ({
  host: null,
  protocol: null,
  code: null,
  replaceKeyPrefixWith: null,
  replaceKeyWith: null,
  ...members,
});

/** A website over objects in memory. `sent` counts what each read was told of its bytes. */
function stand(
  configuration: Website | null,
  objects: Readonly<Record<string, Stored>>,
  lacks: S3ErrorCode = "NoSuchKey",
) {
  const reads: { readonly method: string; readonly path: string; readonly headers: Headers }[] = [];
  const sent: number[] = [];
  const pipeline: HttpHandler = (request, response) => {
    reads.push({ method: request.method, path: request.rawPath, headers: request.headers });
    const key = decodeURIComponent(request.rawPath.replace(/^\/[^/]+\//, ""));
    const found = objects[key];
    if (request.method === "OPTIONS") {
      response.send({ status: 200, headers: [["access-control-allow-origin", "*"]] });
    } else if (found === undefined) {
      const { status, headers, body } = encodeError(new S3Error(lacks), {
        requestId: "R1",
        hostId: "H",
        resource: null,
      });
      response.send(
        { status, headers: [...headers, ["x-amz-request-id", "R1"]] },
        request.method === "HEAD" ? undefined : (body ?? ""),
      );
      response.whenOver((bytes) => sent.push(bytes));
    } else {
      const head: ResponseHead = {
        status: 200,
        headers: [
          ["content-type", "text/plain"],
          ["x-amz-request-id", "R1"],
          ...(found.redirect === undefined ? [] : [["x-amz-website-redirect-location", found.redirect] as const]),
        ],
      };
      const bytes = Buffer.from(found.body ?? "");
      if (found.streams === true) {
        response.stream(head, { length: bytes.length, read: () => bytes, close: (count = 0) => void sent.push(count) });
      } else {
        response.send(head, bytes);
        response.whenOver((count) => sent.push(count));
      }
    }
  };
  const port = new WebsitePort({
    hosts: new WebsiteHosts(websiteEndpoints([], ["example.com"], "eu-west-3"), true),
    control: {
      refresh: () => {},
      bucket: (name) => (["bucket", "www.example.org"].includes(name) ? testBucket : undefined),
    },
    configurations: { of: () => configuredWith(configuration === null ? {} : { website: configuration }) },
    isEndpoint: (request) => (request.headers.get("host") ?? "").startsWith("s3."),
    pipeline,
    proxies: new AddressRanges([]),
    random: systemRandom,
    hostId: "H",
    log: silentLog,
  });
  const ask = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer | null> => {
    const [rawPath = "/", rawQuery = ""] = path.split("?");
    const given = headersOf({ host: "bucket.s3-website.example.com", ...headers });
    const request: HttpRequest = {
      method,
      rawPath,
      rawQuery,
      headers: given,
      remoteAddress: "",
      secure: false,
      body: emptyBody,
    };
    return answered(port, request);
  };
  return { ask, reads, sent };
}

const answered = (port: WebsitePort, request: HttpRequest): Promise<Answer | null> =>
  new Promise((resolve) => {
    const end = ({ status, headers }: ResponseHead, body: string): void =>
      resolve({ status, headers: Object.fromEntries(headers), body });
    let length = 0;
    const response: HttpResponse = {
      aborted: false,
      send: (head, body) => {
        length = body?.length ?? 0;
        end(head, Buffer.from(body ?? "").toString());
      },
      stream: (head, body: ResponseBody) => {
        const bytes = Buffer.from(body.read(body.length) as Uint8Array);
        body.close(bytes.length);
        end(head, bytes.toString());
      },
      open: () => ({ write: () => {}, end: () => {} }),
      closeAfter: () => {},
      destroy: () => resolve(null),
      whenOver: (run) => run(length),
      onAborted: () => {},
    };
    if (!port.answer(request, response)) resolve(null);
  });

const files = {
  "index.html": { body: "home" },
  "docs/index.html": { body: "docs" },
  "a b/ü.txt": { body: "text" },
  "big.bin": { body: "big", streams: true },
  "moved.html": { redirect: "/index.html", body: "old" },
  "error.html": { body: "sorry" },
};

test("index documents, directories, objects", async (t) => {
  const { ask, sent } = stand(website(), files);
  for (const [path, status, body] of [
    ["/", 200, "home"],
    ["/docs/", 200, "docs"],
    ["/a%20b/%C3%BC.txt", 200, "text"],
    ["/big.bin", 200, "big"],
    ["/none/", 404, "sorry"],
    ["/none", 404, "sorry"],
  ] as const) {
    const answer = await ask("GET", path);
    t.like(answer, { status, body }, path);
  }
  t.deepEqual(sent.sort(), [0, 0, 0, 3, 4, 4, 4, 5, 5], "every read hears what was sent of it");
});

test("a directory without its slash is gone to, with 302", async (t) => {
  for (const lacks of ["NoSuchKey", "AccessDenied"] as const) {
    const answer = await stand(website(), files, lacks).ask("GET", "/docs");
    t.is(answer?.status, 302);
    t.is(answer?.headers["location"], "http://bucket.s3-website.example.com/docs/");
  }
});

test("an object's own redirect", async (t) => {
  const { ask, sent } = stand(website(), files);
  const answer = await ask("GET", "/moved.html");
  t.like(answer, { status: 301, body: "" });
  t.is(answer?.headers["location"], "/index.html");
  t.is(answer?.headers["content-type"], undefined);
  t.deepEqual(sent, [0]);
});

test("conditions and ranges are about the object, not about the error document; nothing signed is passed on", async (t) => {
  const { ask, reads } = stand(website(), files);
  await ask("GET", "/none", {
    range: "bytes=0-1",
    authorization: "AWS4 x",
    cookie: "c",
    origin: "https://o",
    "x-amz-acl": "a",
  });
  t.deepEqual(
    reads.map(({ method, path, headers }) => [method, path, Object.fromEntries(headers.entries())]),
    [
      ["GET", "/bucket/none", { range: "bytes=0-1", origin: "https://o" }],
      ["HEAD", "/bucket/none/index.html", { origin: "https://o" }],
      ["GET", "/bucket/error.html", { origin: "https://o" }],
    ],
  );
});

test("redirects of everything", async (t) => {
  const { ask, reads } = stand(
    website({ redirectAll: { host: "example.org", protocol: "https" }, indexSuffix: null }),
    {},
  );
  const answer = await ask("GET", "/a%20b?x=1");
  t.is(answer?.status, 301);
  t.is(answer?.headers["location"], "https://example.org/a%20b?x=1");
  t.is(reads.length, 0);
});

test("routing rules before and after the object was looked for", async (t) => {
  const rules = [
    { keyPrefix: "old/", errorCode: null, redirect: redirect({ replaceKeyPrefixWith: "new/", code: 307 }) },
    { keyPrefix: null, errorCode: 404, redirect: redirect({ replaceKeyWith: "gone.html", host: "h.test" }) },
  ];
  const { ask } = stand(website({ rules }), files);
  const before = await ask("GET", "/old/x");
  t.like(before, { status: 307 });
  t.is(before?.headers["location"], "http://bucket.s3-website.example.com/new/x");
  const after = await ask("GET", "/none");
  t.like(after, { status: 301 });
  t.is(after?.headers["location"], "http://h.test/gone.html");
  t.is((await ask("GET", "/docs"))?.status, 302, "a directory comes before rules about errors");
  t.is((await ask("GET", "/"))?.status, 200);
});

test("pages of our own are escaped", async (t) => {
  const { ask } = stand(website({ errorKey: null }), {});
  const answer = await ask("GET", "/%3Cscript%3Ealert(1)%3C/script%3E");
  t.is(answer?.status, 404);
  t.is(answer?.headers["content-type"], "text/html; charset=utf-8");
  t.is(answer?.headers["x-amz-request-id"], "R1");
  t.true(answer?.body.includes("<li>Code: NoSuchKey</li>"));
  t.true(answer?.body.includes("&lt;script&gt;"));
  t.false(answer?.body.includes("<script>"));
});

test("an error document that is missing too gives our page with the first status", async (t) => {
  const answer = await stand(website({ errorKey: "absent.html" }), {}, "AccessDenied").ask("GET", "/x");
  t.is(answer?.status, 403);
  t.true(answer?.body.includes("<li>Code: AccessDenied</li>"));
});

test("server errors do not show the bucket's error document", async (t) => {
  const answer = await stand(website(), {}, "SlowDown").ask("GET", "/x");
  t.is(answer?.status, 503);
  t.true(answer?.body.includes("SlowDown"));
});

test("other methods, buckets without a website, no bucket", async (t) => {
  const { ask, reads } = stand(website(), files);
  for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
    const answer = await ask(method, "/index.html");
    t.like(answer, { status: 405 });
    t.is(answer?.headers["allow"], "GET, HEAD, OPTIONS");
    t.is(answer?.headers["content-type"], "text/html; charset=utf-8");
  }
  t.is(reads.length, 0);
  t.is((await ask("OPTIONS", "/k"))?.headers["access-control-allow-origin"], "*");
  t.true((await stand(null, {}).ask("GET", "/"))?.body.includes("NoSuchWebsiteConfiguration"));
  t.true((await ask("GET", "/", { host: "absent.s3-website.example.com" }))?.body.includes("NoSuchBucket"));
  t.is((await ask("GET", "/", { host: "s3-website.example.com" }))?.status, 404);
  t.is((await ask("GET", "/%zz"))?.status, 400);
});

test("hosts of websites", async (t) => {
  const { ask } = stand(website(), files);
  for (const [host, isWebsite] of [
    ["bucket.s3-website.example.com", true],
    ["BUCKET.S3-Website.example.com:8080", true],
    ["bucket.s3-website-eu-west-3.example.com", true],
    ["bucket.s3-website.eu-west-3.example.com.", true],
    ["www.example.org", true],
    ["other.example.org", false],
    ["bucket", false],
    ["s3.example.com", false],
    ["bucket.s3.example.com", false],
    ["localhost:9000", false],
  ] as const) {
    const answer = await ask("GET", "/", { host });
    t.is(answer !== null, isWebsite, host);
    if (isWebsite) t.is(answer?.status, 200, host);
  }
  t.is(await stand(null, {}).ask("GET", "/", { host: "www.example.org" }), null, "a bucket without a website");
  const hosts = new WebsiteHosts(["web.example.com"], false);
  t.is(hosts.find("my.site.web.example.com"), "my.site");
  t.is(hosts.custom("www.example.org"), null);
});
