import test from "ava";
import { allRows, type Choice, chooseCases, keyCount, longRows, mixPattern, sizeName } from "./workload.ts";

const ids = (choice: Partial<Choice>): string[] => {
  const cases = chooseCases({ only: null, connections: [1, 8, 64], isLong: false, withCeilings: true, ...choice });
  return typeof cases === "string" ? [cases] : cases.map(({ caseId }) => caseId);
};

test("every operation is measured, PUT and GET at every size", (t) => {
  const rows = allRows.map(({ id }) => id);
  for (const size of ["4k", "64k", "1m", "16m"])
    for (const operation of ["bare", "put", "get"]) t.true(rows.includes(`${operation}-${size}`));
  for (const id of ["head-4k", "list-1000", "delete-4k", "mix-4k", "mix-64k"]) t.true(rows.includes(id));
  t.is(new Set([...allRows, ...longRows].map(({ id }) => id)).size, allRows.length + longRows.length);
});

test("large objects get fewer connections", (t) => {
  t.deepEqual(ids({ only: ["get-16m"], connections: [1, 8, 64] }), ["get-16m@1", "get-16m@8"]);
  t.deepEqual(ids({ only: ["get-4k"], connections: [64, 1, 8, 8] }), ["get-4k@1", "get-4k@8", "get-4k@64"]);
});

test("rows and cases by name, in the order of the report", (t) => {
  t.deepEqual(ids({ only: ["get-4k@2", "put-4k"], connections: [1, 8] }), ["put-4k@1", "put-4k@8", "get-4k@2"]);
  t.deepEqual(ids({ only: ["get-4k@2", "get-4k"], connections: [8] }), ["get-4k@2", "get-4k@8"]);
  t.deepEqual(ids({ only: ["put-4k-aged"] }), ["put-4k-aged@64"]);
  t.regex(ids({ only: ["get-5k"] })[0] ?? "", /no row "get-5k"; there are bare-4k, put-4k/);
  for (const word of ["get-4k@", "get-4k@0", "get-4k@x"]) t.regex(ids({ only: [word] })[0] ?? "", /number of/);
});

test("long rows and ceilings are in when they are asked for", (t) => {
  t.false(ids({}).includes("put-4k-aged@64"));
  t.true(ids({ isLong: true }).includes("put-4k-aged@64"));
  t.true(ids({ isLong: true }).includes("put-4k-8-buckets@64"));
  t.true(ids({}).includes("bare-4k@8"));
  t.false(ids({ withCeilings: false }).some((id) => id.startsWith("bare")));
});

test("keys by size, and names of sizes", (t) => {
  t.is(keyCount({ operation: "GET", sizeBytes: 4096 }), 256);
  t.is(keyCount({ operation: "PUT", sizeBytes: 1 << 20 }), 64);
  t.is(keyCount({ operation: "PUT", sizeBytes: 1 << 24 }), 4);
  t.is(keyCount({ operation: "LIST", sizeBytes: 4096 }), 1000);
  t.deepEqual([100, 4096, 1 << 24].map(sizeName), ["100 B", "4 KiB", "16 MiB"]);
  t.is(mixPattern.GET + mixPattern.HEAD + mixPattern.PUT + mixPattern.DELETE, 20);
});
