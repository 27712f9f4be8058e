import test from "ava";
import { bucketPlace, hostName, parseAddress } from "./address.ts";

const endpoints = ["s3.example.com", "s3.tenant.example.com", "example.com"];
const address = (host: string, path: string) => {
  const { bucket, key, style } = parseAddress(host, path, endpoints);
  return [style, bucket, key];
};

test("path style on an endpoint, on an unknown host and without a host", (t) => {
  for (const host of [
    "s3.example.com",
    "S3.EXAMPLE.COM:9000",
    "10.0.0.1:9000",
    "[::1]:9000",
    "localhost",
    "",
    "evil.test",
  ]) {
    t.deepEqual(address(host, "/bucket/a/b"), ["path", "bucket", "a/b"], host);
  }
});

test("virtual-hosted style: what stands left of the longest endpoint is the bucket, dots included", (t) => {
  t.deepEqual(address("bucket.s3.example.com", "/a/b"), ["virtual-hosted", "bucket", "a/b"]);
  t.deepEqual(address("my.bucket.v1.s3.example.com:443", "/a"), ["virtual-hosted", "my.bucket.v1", "a"]);
  t.deepEqual(address("bucket.s3.tenant.example.com.", "/"), ["virtual-hosted", "bucket", null]);
  t.deepEqual(address("s3.tenant.example.com", "/"), ["path", null, null]);
  t.deepEqual(address("nots3.example.com", "/a"), ["virtual-hosted", "nots3", "a"]);
});

test("levels, and keys with leading slashes and escapes", (t) => {
  t.deepEqual(address("", "/"), ["path", null, null]);
  t.deepEqual(address("", "/bucket"), ["path", "bucket", null]);
  t.deepEqual(address("", "/bucket/"), ["path", "bucket", null]);
  t.deepEqual(address("", "/bucket//"), ["path", "bucket", "/"]);
  t.deepEqual(address("", "/bucket/%2Fa/../b"), ["path", "bucket", "/a/../b"]);
  t.deepEqual(address("", "/bucket/../other/key"), ["path", "bucket", "../other/key"]);
  t.deepEqual(address("b.s3.example.com", "//a"), ["virtual-hosted", "b", "/a"]);
});

test("the bucket alone, where the key cannot be read", (t) => {
  const place = (host: string, path: string) => {
    const found = bucketPlace(host, path, ["s3.example.com"]);
    return found === null ? null : [found.style, found.bucket, found.key];
  };
  t.deepEqual(place("", "/bucket/%zz/%zz"), ["path", "bucket", null]);
  t.deepEqual(place("", `/bucket/${"k".repeat(1025)}`), ["path", "bucket", null]);
  t.deepEqual(place("bucket.s3.example.com", "/%zz/a"), ["virtual-hosted", "bucket", null]);
  t.deepEqual(place("", "/bucket"), ["path", "bucket", null]);
  t.deepEqual(place("", "/"), ["path", null, null]);
  t.is(place("", "/%zz/k"), null);
});

test("host names", (t) => {
  t.is(hostName("[2001:db8::1]:9000"), "[2001:db8::1]");
  t.is(hostName("Example.COM.:80"), "example.com");
});
