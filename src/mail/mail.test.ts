import test from "ava";
import { isMailAddress } from "./mail.ts";

test("addresses that mail is sent to", (t) => {
  for (const text of [
    "ann@example.com",
    "ann.b+tag@mail.example.com",
    "root@localhost",
    "o'brien@example.com",
    "jörg@müller.example",
    `${"a".repeat(64)}@example.com`,
  ]) {
    t.true(isMailAddress(text), text);
  }
});

test("what could name a second recipient, a header or nobody is no address", (t) => {
  for (const text of [
    "",
    "ann",
    "@example.com",
    "ann@",
    "ann@example.com,bob@example.com",
    "ann@example.com;bob@example.com",
    "ann@example.com bob@example.com",
    "Ann <ann@example.com>",
    "ann@example.com>",
    '"ann"@example.com',
    "ann(comment)@example.com",
    "ann@bob@example.com",
    "ann@example.com\r\nBcc: bob@example.com",
    "ann\u0000@example.com",
    "ann@[192.0.2.1]",
    "ann@-example.com",
    "ann@example.com.",
    `${"a".repeat(65)}@example.com`,
    `ann@${"a".repeat(250)}.com`,
  ]) {
    t.false(isMailAddress(text), text);
  }
});
