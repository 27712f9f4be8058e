import test from "ava";
import { parseMetrics } from "./metered-node.ts";

test("series of one name are added up, and comments are passed over", (t) => {
  const text = [
    "# HELP removed Objects and 7 versions.",
    "# TYPE removed gauge",
    'removed{action="expire_object"} 3',
    'removed{action="remove marker",thread="0"} 4',
    "rows 12.5",
    "",
  ].join("\n");
  t.deepEqual(
    [...parseMetrics(text)],
    [
      ["removed", 7],
      ["rows", 12.5],
    ],
  );
});
