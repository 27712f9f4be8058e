/** How host and path name bucket and key over TLS: DNS style on every domain, dots, ports, case, and path style elsewhere. */

import { join } from "node:path";
import { eachFront, outcome } from "../support/each-front.ts";
import { rootDirectory } from "../support/node-process.ts";

const fixture = (name: string): string => join(rootDirectory, "test/fixtures/tls", name);
const further = [{ certFile: fixture("other.pem"), keyFile: fixture("other-key.pem") }];
const test = eachFront({
  tls: true,
  settings: ['domain=["localhost","example.test"]', `tls.certificates=${JSON.stringify(further)}`],
});

/** Host, path of the key `a/b c`; `{}` stands for the bucket. */
const places = [
  ["{}.s3.localhost", "/a/b%20c"],
  ["{}.s3.localhost:9000", "/a/b%20c"],
  ["{}.s3.localhost.", "/a/b%20c"],
  ["{}.S3.LocalHost", "/a/b%20c"],
  ["{}.s3.example.test", "/a/b%20c"],
  ["s3.example.test", "/{}/a/b%20c"],
  ["s3.localhost:9000", "/{}/a/b%20c"],
  ["127.0.0.1", "/{}/a/b%20c"],
  ["[::1]:9000", "/{}/a/b%20c"],
  ["files.unknown.example", "/{}/a/b%20c"],
  ["s3.unknown.example", "/{}/a/b%20c"],
  ["{}.unknown.example", "/{}/a/b%20c"],
] as const;

test("the_same_object_by_every_host_and_path", async (t, { bucket, signed }) => {
  const dotted = `my.${bucket}.v1`;
  t.is(outcome(await signed({ method: "PUT", target: `/${dotted}` })), "200");
  for (const name of [bucket, dotted]) {
    for (const [index, [hostOf, pathOf]] of places.entries()) {
      const headers = { host: hostOf.replace("{}", name) };
      const target = pathOf.replace("{}", name);
      const body = `${name} ${index}`;
      t.is(outcome(await signed({ method: "PUT", target, headers, body })), "200", `${headers.host}${target}`);
      const listed = await signed({ method: "GET", target: `/${name}?list-type=2` });
      t.is(listed.body.toString().split("<Contents>").length, 2, "one key, whatever the place");
      for (const [otherHost, otherPath] of [places[0], places[index] ?? places[0], places[7]]) {
        const got = await signed({
          method: "GET",
          target: otherPath.replace("{}", name),
          headers: { host: otherHost.replace("{}", name) },
        });
        t.is(got.body.toString(), body, `${otherHost}${otherPath}`);
      }
    }
  }
});

test("levels_by_host", async (t, { bucket, signed }) => {
  for (const [host, target, element] of [
    ["{}.s3.localhost", "/", "ListBucketResult"],
    ["{}.s3.example.test:443", "/?versions", "ListVersionsResult"],
    ["s3.localhost", "/", "ListAllMyBucketsResult"],
    ["unknown.example", "/", "ListAllMyBucketsResult"],
    ["unknown.example", "/{}", "ListBucketResult"],
    ["unknown.example", "/{}/", "ListBucketResult"],
  ] as const) {
    const answer = await signed({
      method: "GET",
      target: target.replace("{}", bucket),
      headers: { host: host.replace("{}", bucket) },
    });
    t.true(answer.body.includes(`<${element} `), `${host}${target}: ${answer.body.toString().slice(0, 200)}`);
  }
});

test("a_name_that_is_none_is_refused_in_both_styles", async (t, { signed }) => {
  const absent = await signed({ method: "GET", target: "/k", headers: { host: "there-is-none.s3.localhost" } });
  t.is(outcome(absent), "404 NoSuchBucket");
  const short = await signed({ method: "GET", target: "/k", headers: { host: "a.s3.localhost" } });
  t.is(outcome(short), "400 InvalidBucketName");
  t.is(outcome(await signed({ method: "GET", target: "/a/k" })), "400 InvalidBucketName");
});
