import test from "ava";
import { keyCsv } from "./key-csv.ts";

const pair = { accessKeyId: "TRPA0123456789ABCDEF", secretAccessKey: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJK+/0" };
const header = "User name,Access key ID,Secret access key\r\n";

test("the file is, byte for byte, what the AWS CLI imports", (t) => {
  t.is(keyCsv("ann", pair), `${header}ann,TRPA0123456789ABCDEF,abcdefghijklmnopqrstuvwxyzABCDEFGHIJK+/0\r\n`);
  t.is(keyCsv("root@example.com", pair), `${header}root@example.com,${pair.accessKeyId},${pair.secretAccessKey}\r\n`);
});

test("a name keeps to its cell, whatever is in it", (t) => {
  const cells: readonly (readonly [string, string])[] = [
    ["jörg", "jörg"],
    ["a,b", "a_b"],
    ['a"b', "a_b"],
    ["a\r\nb,c", "a__b_c"],
    ["a\u2028b\tc", "a_b_c"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+ann", "'+ann"],
    ["-ann", "'-ann"],
    ["@ann", "'@ann"],
    ["  =1", "'=1"],
    [" ann ", "ann"],
  ];
  for (const [name, cell] of cells) {
    const text = keyCsv(name, pair);
    t.is(text, `${header}${cell},${pair.accessKeyId},${pair.secretAccessKey}\r\n`);
    t.is(text.split("\r\n").length, 3);
    t.true(text.split("\r\n").every((line) => line === "" || line.split(",").length === 3));
    t.not(text.charCodeAt(0), 0xfeff);
  }
});

test("a key pair without a user's name is refused", (t) => {
  for (const name of ["", "  "]) t.throws(() => keyCsv(name, pair), { instanceOf: RangeError });
});
