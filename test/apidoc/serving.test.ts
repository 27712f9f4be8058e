import { gunzipSync } from "node:zlib";
import { reservedBucketNames } from "#src/s3/names.ts";
import { eachFront, element, outcome, type Stand } from "../support/each-front.ts";
import { sendPlain } from "../support/signed-request.ts";

const declare = eachFront({ settings: ['domain=["localhost","example.com"]', 'trustedProxies=["127.0.0.1"]'] });

/** The console port listens a moment after the S3 port. */
const test: typeof declare = (title, run) =>
  declare(title, async (t, stand) => {
    await consoleIsUp(stand);
    await run(t, stand);
  });

async function consoleIsUp({ consoleEndpoint }: Stand): Promise<void> {
  for (let attempt = 0; attempt < 2400; attempt++) {
    const probe = sendPlain(consoleEndpoint, { method: "GET", target: "/health/live" });
    if (
      await probe.then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const guide = "/apidoc/index.html";
const shown = (body: Buffer): string | undefined => /S3 endpoint <code>([^<]*)<\/code>/.exec(body.toString())?.[1];

test("both ports show the guide, and lead to it", async (t, { endpoint, consoleEndpoint }) => {
  for (const at of [endpoint, consoleEndpoint]) {
    for (const target of ["/apidoc", "/apidoc/"]) {
      const led = await sendPlain(at, { method: "GET", target });
      t.is(led.status, 302);
      t.is(led.headers["location"], guide);
    }
    const { status, headers, body } = await sendPlain(at, { method: "GET", target: guide });
    t.is(status, 200);
    t.is(headers["content-type"], "text/html; charset=utf-8");
    t.is(headers["x-content-type-options"], "nosniff");
    t.regex(
      String(headers["content-security-policy"]),
      /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';/,
    );
    t.true(body.includes(`${consoleEndpoint}/api/v1`), "the console is the configuration's");
    for (const [, file = ""] of body.toString().matchAll(/(?:src|<link rel="stylesheet" href)="([^"]+)"/g)) {
      const answer = await sendPlain(at, { method: "GET", target: file });
      t.is(answer.status, 200, file);
      t.is(answer.headers["content-security-policy"], headers["content-security-policy"]);
    }
    t.is((await sendPlain(at, { method: "GET", target: "/apidoc/../package.json" })).status, 404);
    t.is((await sendPlain(at, { method: "GET", target: "/apidoc/constructor" })).status, 404);
  }
});

test("the explorer is the console's alone", async (t, { endpoint, consoleEndpoint }) => {
  for (const file of ["try-it.html", "try-it.js", "swagger-ui-bundle.js", "swagger-ui.css", "openapi.json"]) {
    t.is((await sendPlain(consoleEndpoint, { method: "GET", target: `/apidoc/${file}` })).status, 200, file);
    t.is((await sendPlain(endpoint, { method: "GET", target: `/apidoc/${file}` })).status, 404, file);
  }
});

test("who has the page is told so, who takes gzip gets it, and HEAD is GET without a body", async (t, { endpoint }) => {
  const ask = (method: string, headers: Record<string, string>) =>
    sendPlain(endpoint, { method, target: guide, headers });
  const plain = await ask("GET", {});
  const packed = await ask("GET", { "accept-encoding": "br, gzip;q=0.5" });
  t.is(packed.headers["content-encoding"], "gzip");
  t.deepEqual(gunzipSync(packed.body), plain.body);
  t.not(packed.headers["etag"], plain.headers["etag"]);
  t.is((await ask("GET", { "accept-encoding": "gzip;q=0" })).headers["content-encoding"], undefined);
  for (const [encoding, answer] of [
    ["identity", plain],
    ["gzip", packed],
  ] as const) {
    const etag = String(answer.headers["etag"]);
    const again = await ask("GET", { "accept-encoding": encoding, "if-none-match": `"other", W/${etag}` });
    t.is(again.status, 304);
    t.is(again.headers["etag"], etag);
    t.is(again.body.length, 0);
    t.is((await ask("GET", { "accept-encoding": encoding, "if-none-match": '"other"' })).status, 200);
    const head = await ask("HEAD", { "accept-encoding": encoding });
    t.is(head.status, 200);
    t.is(head.headers["content-length"], String(answer.body.length));
    t.is(head.headers["etag"], etag);
    t.is(head.body.length, 0);
  }
});

test("other methods are S3's on the S3 port, and refused on the console port", async (t, {
  endpoint,
  consoleEndpoint,
  signed,
}) => {
  for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
    const refused = await sendPlain(consoleEndpoint, { method, target: guide });
    t.is(refused.status, 405);
    t.is(refused.headers["allow"], "GET, HEAD");
  }
  t.is(outcome(await sendPlain(endpoint, { method: "PUT", target: guide })), "400 InvalidBucketName");
  t.is(outcome(await signed({ method: "GET", target: "/apidoc?list-type=2" })), "400 InvalidBucketName");
});

test("the endpoint is the configuration's, or the known one that was asked at", async (t, {
  endpoint,
  consoleEndpoint,
}) => {
  const port = new URL(endpoint).port;
  const own = `http://s3.example.com:${port}`;
  for (const [headers, expected] of [
    [{}, own],
    [{ host: "evil.example" }, own],
    [{ host: "evil.example/s3.localhost" }, own],
    [{ host: 's3.localhost"><script>' }, own],
    [{ host: "s3.localhost:1234" }, "http://s3.localhost:1234"],
    [{ host: "S3.Example.COM" }, "http://s3.example.com"],
    [{ host: "s3.example.com", "x-forwarded-proto": "https" }, "https://s3.example.com"],
  ] as const) {
    const { status, body } = await sendPlain(endpoint, { method: "GET", target: guide, headers });
    // A front may refuse a Host that is none.
    if (status !== 400) t.is(shown(body), expected, JSON.stringify(headers));
    else t.regex(headers.host ?? "", /[/"]/);
  }
  t.is(shown((await sendPlain(consoleEndpoint, { method: "GET", target: guide })).body), own);
});

test("at a bucket's own host the path is an object's", async (t, { bucket, signed, plain }) => {
  t.is((await signed({ method: "PUT", target: `/${bucket}/apidoc/index.html`, body: "mine" })).status, 200);
  const hosted = `${bucket}.s3.example.com`;
  t.is(outcome(await plain({ method: "GET", target: guide, headers: { host: hosted } })), "403 AccessDenied");
});

test("reserved bucket names are refused by CreateBucket, which says so", async (t, { signed }) => {
  const { names, prefixes, suffixes } = reservedBucketNames;
  for (const [name, reason] of [
    ...names.map((name) => [name, `${name} is a reserved name`] as const),
    ...prefixes.map((prefix) => [`${prefix}abc`, `names that begin with ${prefix} are reserved`] as const),
    ...suffixes.map((suffix) => [`abc${suffix}`, `names that end with ${suffix} are reserved`] as const),
  ]) {
    const refused = await signed({ method: "PUT", target: `/${name}` });
    t.is(outcome(refused), "400 InvalidBucketName", name);
    t.true(element(refused, "Message")?.includes(reason), `${name}: ${refused.body}`);
  }
});
