import test from "ava";
import { csvOf } from "./csv.ts";

test("cells that a spreadsheet would calculate are text, and separators are quoted", (t) => {
  const cells = ["=1+1", "+1", "-1", "@sum", "\tx", "a,b", 'say "x"', "two\r\nlines", "plain", ""];
  t.is(
    csvOf(
      ["name"],
      cells.map((cell) => [cell]),
    ),
    ["name", "'=1+1", "'+1", "'-1", "'@sum", "'\tx", '"a,b"', '"say ""x"""', '"two\r\nlines"', "plain", "", ""].join(
      "\r\n",
    ),
  );
});
