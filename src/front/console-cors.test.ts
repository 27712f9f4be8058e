import test from "ava";
import type { HttpRequest, HttpResponse, ResponseHead } from "../model/http.ts";
import { ConsoleCors } from "./console-cors.ts";

function request(method: string, headers: Readonly<Record<string, string>>): HttpRequest {
  return {
    method,
    rawPath: "/bucket/key",
    rawQuery: "",
    remoteAddress: "127.0.0.1",
    secure: false,
    headers: {
      get: (name) => headers[name],
      has: (name) => Object.hasOwn(headers, name),
      entries: () => Object.entries(headers),
    },
    body: { contentLength: 0, consume: () => {}, pause: () => {}, resume: () => {} },
  };
}

function answered(cors: ConsoleCors, asked: HttpRequest): Readonly<Record<string, string>> | null {
  let sent: ResponseHead | null = null;
  const response = { send: (head: ResponseHead) => (sent = head) } as unknown as HttpResponse;
  if (!cors.answerPreflight(asked, response)) return null;
  const head = sent as ResponseHead | null;
  return Object.fromEntries(head?.headers ?? []);
}

const origin = "https://console.example.com";
const cors = new ConsoleCors(`${origin}/`);
const preflight = { origin, "access-control-request-method": "PUT" };

test("the console's origin may read answers, and never sends cookies", (t) => {
  const headers = Object.fromEntries(cors.headersFor(request("GET", { origin })));
  t.is(headers["access-control-allow-origin"], origin);
  t.is(headers["vary"], "Origin");
  t.false("access-control-allow-credentials" in headers);
  for (const name of ["ETag", "x-amz-version-id", "x-amz-checksum-crc64nvme", "x-amz-request-id"])
    t.true(headers["access-control-expose-headers"]?.split(", ").includes(name), name);
});

test("no other origin is told anything", (t) => {
  for (const other of ["https://evil.example.com", "http://console.example.com", `${origin}:8443`, "null", ""]) {
    t.deepEqual(cors.headersFor(request("GET", { origin: other })), []);
    t.is(answered(cors, request("OPTIONS", { ...preflight, origin: other })), null);
  }
  t.deepEqual(cors.headersFor(request("GET", {})), []);
  const none = new ConsoleCors(null);
  t.deepEqual(none.headersFor(request("GET", { origin })), []);
  t.is(answered(none, request("OPTIONS", preflight)), null);
  t.is(answered(none, request("OPTIONS", { "access-control-request-method": "PUT" })), null);
});

test("a preflight of the console is answered with what it asks for", (t) => {
  const asked = { ...preflight, "access-control-request-headers": "authorization,x-amz-date" };
  const headers = answered(cors, request("OPTIONS", asked));
  t.is(headers?.["access-control-allow-origin"], origin);
  t.is(headers?.["access-control-allow-headers"], "authorization,x-amz-date");
  t.regex(headers?.["access-control-allow-methods"] ?? "", /PUT/);
  t.false("access-control-allow-credentials" in (headers ?? {}));
  t.is(answered(cors, request("GET", preflight)), null);
  t.is(answered(cors, request("OPTIONS", { origin })), null);
});
