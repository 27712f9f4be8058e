import test from "ava";
import { parseAddress, parseAddressRange, rangeHolds } from "./address-range.ts";

function holds(range: string, address: string): boolean | null {
  const [parsedRange, parsedAddress] = [parseAddressRange(range), parseAddress(address)];
  return parsedRange === null || parsedAddress === null ? null : rangeHolds(parsedRange, parsedAddress);
}

test("addresses in ranges", (t) => {
  const cases: [range: string, address: string, expected: boolean][] = [
    ["203.0.113.0/24", "203.0.113.255", true],
    ["203.0.113.0/24", "203.0.114.0", false],
    ["203.0.113.7/24", "203.0.113.1", true],
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7", "203.0.113.8", false],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["128.0.0.0/1", "200.0.0.1", true],
    ["128.0.0.0/1", "127.0.0.1", false],
    ["10.0.0.0/31", "10.0.0.2", false],
    ["2001:db8:1234:5678::/64", "2001:DB8:1234:5678:ffff::1", true],
    ["2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", false],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1", true],
    ["::/0", "2001:db8::1", true],
    ["::/0", "10.0.0.1", false],
    ["0.0.0.0/0", "::1", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["10.0.0.0/8", "::ffff:a01:203", true],
    ["::ffff:10.0.0.0/104", "10.1.2.3", true],
    ["::ffff:0:0/96", "10.1.2.3", true],
    ["::ffff:10.0.0.1", "10.0.0.1", true],
    ["::10.0.0.1", "10.0.0.1", false],
  ];
  for (const [range, address, expected] of cases) t.is(holds(range, address), expected, `${range} ${address}`);
});

test("what is no range or address is not read", (t) => {
  for (const range of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "10.0.0.256",
    "010.0.0.1",
    "::/129",
    "fe80::1%eth0",
    "*",
    "10.0.0.0/1e1",
  ]) {
    t.is(parseAddressRange(range), null, range);
  }
  for (const address of ["", "10.0.0.0/8", "fe80::1%eth0", "localhost", "10.0.0.1:80"]) {
    t.is(parseAddress(address), null, address);
  }
});
