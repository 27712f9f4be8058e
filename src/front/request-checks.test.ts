/** The checks of a request's head, and the header list and address text that feed them. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { HeaderList } from "./header-list.ts";
import { protocolErrors } from "./protocol-error.ts";
import { addressText, withoutMapping } from "./remote-address.ts";
import { announcedLength, findProtocolError } from "./request-checks.ts";

function list(...lines: (readonly [string, string])[]): HeaderList {
  const headers = new HeaderList();
  headers.add("host", "a");
  for (const [name, value] of lines) headers.add(name, value);
  return headers;
}

test("a sound head passes", (t) => {
  t.is(findProtocolError("/", "", list()), null);
  t.is(findProtocolError("/é", "é", list(["content-length", "9007199254740991"])), null);
  t.is(findProtocolError("/", "a".repeat(limits.queryBytesMax), list(["transfer-encoding", "CHUNKED"])), null);
});

test("each defect is found", (t) => {
  t.is(findProtocolError("/", "a".repeat(limits.queryBytesMax + 1), list()), protocolErrors.target);
  t.is(findProtocolError("/\uFFFD", "", list()), protocolErrors.target);
  t.is(findProtocolError("/", "\uFFFD", list()), protocolErrors.target);
  t.is(findProtocolError("http://a/", "", list()), protocolErrors.target);
  t.is(findProtocolError("*", "", list()), protocolErrors.target);
  t.is(findProtocolError("/", "", new HeaderList()), protocolErrors.malformed);
  t.is(findProtocolError("/", "", list(["a", "b\x7f"])), protocolErrors.headerCharacter);
  t.is(findProtocolError("/", "", list(["host", "b"])), protocolErrors.repeatedHeader);
  t.is(findProtocolError("/", "", list(["transfer-encoding", "gzip, chunked"])), protocolErrors.transferEncoding);
  t.is(findProtocolError("/", "", list(["transfer-encoding", ""])), protocolErrors.transferEncoding);
  const both = list(["transfer-encoding", "chunked"], ["content-length", "1"]);
  t.is(findProtocolError("/", "", both), protocolErrors.lengthAndEncoding);
  for (const length of ["", "-1", "+1", "1.0", "0x10", "1,1", " 1", "9007199254740992", "١"]) {
    t.is(findProtocolError("/", "", list(["content-length", length])), protocolErrors.contentLength, length);
  }
  const many = list(...Array.from({ length: limits.headersMax }, (_, index) => [`x-${index}`, ""] as const));
  t.is(findProtocolError("/", "", many), protocolErrors.headersTooLarge);
});

test("the announced length", (t) => {
  t.is(announcedLength(list()), 0);
  t.is(announcedLength(list(["content-length", "0012"])), 12);
  t.is(announcedLength(list(["transfer-encoding", "chunked"])), null);
});

test("a list header that is repeated is joined, one that must be single keeps its first value", (t) => {
  const headers = list(
    ["x-amz-meta-a", "1"],
    ["range", "r"],
    ["x-amz-meta-a", "2"],
    ["x-amz-meta-a", ""],
    ["range", "s"],
  );
  t.is(headers.get("x-amz-meta-a"), "1,2,");
  t.is(headers.get("range"), "r");
  t.is(headers.repeated, "range");
  t.is(headers.lineCount, 6);
  t.is([...headers.entries()].length, 3);
});

test("addresses in text", (t) => {
  const groups = (...values: number[]): Uint8Array =>
    Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
  t.is(addressText(Uint8Array.of(192, 0, 2, 1)), "192.0.2.1");
  t.is(addressText(groups(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201)), "192.0.2.1");
  t.is(addressText(groups(0, 0, 0, 0, 0, 0, 0, 1)), "::1");
  t.is(addressText(groups(0, 0, 0, 0, 0, 0, 0, 0)), "::");
  t.is(addressText(groups(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1)), "2001:db8::1:0:0:1");
  t.is(addressText(groups(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1)), "2001:db8:0:1:1:1:1:1");
  t.is(addressText(groups(0xfe80, 0, 0, 0, 0, 0, 0, 0)), "fe80::");
  t.is(withoutMapping("::ffff:192.0.2.1"), "192.0.2.1");
  t.is(withoutMapping("::1"), "::1");
});
