import test from "ava";
import type { HttpRequest } from "../model/http.ts";
import { AddressRanges, clientPlace } from "./client-address.ts";

function request(remoteAddress: string, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return {
    method: "GET",
    rawPath: "/",
    rawQuery: "",
    remoteAddress,
    secure: false,
    headers: {
      get: (name) => headers[name],
      has: (name) => Object.hasOwn(headers, name),
      entries: () => Object.entries(headers),
    },
    body: { contentLength: 0, consume: () => {}, pause: () => {}, resume: () => {} },
  };
}

const proxies = new AddressRanges(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]);
const forwarded = (text: string) => ({ "x-forwarded-for": text });

test("a peer that is no trusted proxy is the client, whatever it says", (t) => {
  const headers = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https", forwarded: "for=192.0.2.1" };
  t.deepEqual(clientPlace(request("198.51.100.9", headers), proxies), { address: "198.51.100.9", secure: false });
  t.deepEqual(clientPlace(request("127.0.0.1", headers), new AddressRanges([])), {
    address: "127.0.0.1",
    secure: false,
  });
});

test("the client is the rightmost address that no trusted proxy has", (t) => {
  for (const [header, address] of [
    ["192.0.2.1", "192.0.2.1"],
    ["203.0.113.5, 192.0.2.1", "192.0.2.1"],
    ["203.0.113.5, 192.0.2.1, 10.1.2.3", "192.0.2.1"],
    ["192.0.2.1:4711", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["[2001:db9::1]:443", "2001:db9::1"],
    ["2001:db9::1", "2001:db9::1"],
    ["2001:db8::7", "2001:db8::7"],
    ["10.9.9.9, 10.1.1.1", "10.9.9.9"],
    ["192.0.2.1, unknown, 10.1.1.1", "10.1.1.1"],
    ["garbage", "127.0.0.1"],
    ["", "127.0.0.1"],
  ] as const)
    t.is(clientPlace(request("127.0.0.1", forwarded(header)), proxies).address, address, header);
  t.is(clientPlace(request("::ffff:10.4.4.4", forwarded("192.0.2.1")), proxies).address, "192.0.2.1");
});

test("a trusted proxy says whether the client came by TLS", (t) => {
  const secure = (proto: string) => clientPlace(request("10.0.0.1", { "x-forwarded-proto": proto }), proxies).secure;
  t.true(secure("https"));
  t.true(secure("HTTPS "));
  t.false(secure("http"));
  t.false(secure("https, http"));
});

test("ranges hold their addresses and no others", (t) => {
  for (const address of ["127.0.0.1", "10.255.0.1", "2001:db8:1::1"]) t.true(proxies.has(address), address);
  for (const address of ["127.0.0.2", "11.0.0.1", "2001:db9::1", "", "x"]) t.false(proxies.has(address), address);
  t.true(new AddressRanges([]).isEmpty);
  t.false(proxies.isEmpty);
});
