import test from "ava";
import { isAddressRange } from "./address-range.ts";
import { nearestName } from "./nearest-name.ts";

const names = ["domain", "region", "lifecycle", "daySeconds", "log"];

for (const [typed, meant] of [
  ["domian", "domain"],
  ["Domain", "domain"],
  ["regoin", "region"],
  ["dayseconds", "daySeconds"],
  ["daysSecond", "daySeconds"],
  ["lgo", "log"],
  ["logs", "log"],
  ["xyz", undefined],
  ["storage", undefined],
  ["", undefined],
] as const) {
  test(`${JSON.stringify(typed)} means ${meant}`, (t) => t.is(nearestName(typed, names), meant));
}

test("addresses and ranges", (t) => {
  for (const text of ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "::1", "2001:db8::/32", "::/0", "::ffff:10.0.0.1/128"]) {
    t.true(isAddressRange(text), text);
  }
  for (const text of [
    "",
    "10.0.0",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "::1/129",
    "host",
    "10.0.0.0/8/8",
    "[::1]",
  ]) {
    t.false(isAddressRange(text), text);
  }
});
