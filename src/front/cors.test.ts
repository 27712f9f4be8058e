import test from "ava";
import type { ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import { configuredWith, testBucket } from "../operations/operations.testing.ts";
import { asS3Error } from "../s3/errors.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import { emptyBody } from "./body-intake.ts";
import { ConsoleCors } from "./console-cors.ts";
import { Cors } from "./cors.ts";

const origin = "https://app.example.com";
const consoleOrigin = "https://console.example.com";
const rules = [{ id: null, origins: [origin], methods: ["GET"], headers: [], exposed: [], maxAgeSeconds: null }];
const corrupt: ConfiguredBucket = {
  ...configuredWith({}),
  derived: () => {
    throw new CorruptRecordError("buckets", Buffer.from("k"), "checksum");
  },
};

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});
const request = (method: string, headers: Readonly<Record<string, string>>): HttpRequest => ({
  method,
  rawPath: "/bucket/k",
  rawQuery: "",
  headers: headersOf(headers),
  remoteAddress: "",
  secure: false,
  body: emptyBody,
});
const corsOver = (configured: ConfiguredBucket, state: "live" | "deleting" = "live"): Cors =>
  new Cors(new ConsoleCors(consoleOrigin), {
    control: { bucket: (name) => (name === "bucket" ? { ...testBucket, state } : undefined) },
    configurations: { of: () => configured, latest: () => configured },
  });
const address = { style: "path", bucket: "bucket", key: "k" } as const;
const namesOf = (cors: Cors, asked: HttpRequest, isResolved = true) =>
  cors.headersFor(asked, isResolved ? testBucket : null, address).map(([name]) => name);

test("what an answer carries, by origin, rules and how far the request got", (t) => {
  const set = corsOver(configuredWith({ cors: rules }));
  const unset = corsOver(configuredWith({}));
  const all = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-credentials",
    "vary",
  ];
  t.deepEqual(namesOf(set, request("GET", { origin })), all);
  t.deepEqual(namesOf(set, request("GET", { origin }), false), all, "refused before the bucket was resolved");
  t.deepEqual(namesOf(set, request("GET", { origin: "https://evil.test" })), ["vary"]);
  t.deepEqual(namesOf(set, request("PUT", { origin })), ["vary"]);
  t.deepEqual(namesOf(set, request("GET", {})), ["vary"]);
  t.deepEqual(namesOf(set, request("PUT", {})), []);
  t.deepEqual(namesOf(set, request("GET", {}), false), ["vary"]);
  t.deepEqual(namesOf(unset, request("GET", {}), false), []);
  t.deepEqual(namesOf(unset, request("GET", { origin })), []);
  t.deepEqual(namesOf(unset, request("GET", {})), []);
  t.deepEqual(namesOf(corsOver(configuredWith({ cors: rules }), "deleting"), request("GET", { origin }), false), []);
  t.deepEqual(set.headersFor(request("GET", { origin }), null, null), []);
});

test("the console's origin is answered by its own rules, without credentials", (t) => {
  const lines = new Map(
    corsOver(configuredWith({ cors: rules })).headersFor(
      request("GET", { origin: consoleOrigin }),
      testBucket,
      address,
    ),
  );
  t.is(lines.get("access-control-allow-origin"), consoleOrigin);
  t.false(lines.has("access-control-allow-credentials"));
});

test("rules that cannot be read grant nothing, and do not end the answer", (t) => {
  t.deepEqual(namesOf(corsOver(corrupt), request("GET", { origin })), []);
  t.deepEqual(namesOf(corsOver(corrupt), request("GET", {})), []);
  const asked = request("OPTIONS", { origin, "access-control-request-method": "GET" });
  const error = t.throws(() => corsOver(corrupt).preflight(asked, address));
  t.is(asS3Error(error)?.code, "AccessForbidden");
});
