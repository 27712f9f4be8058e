import { readFileSync } from "node:fs";
import test from "ava";
import { clientsPageFile, rowStart } from "../clients/matrix/page.ts";
import { clients, unobtainable } from "../clients/matrix/registry.ts";

const page = readFileSync(clientsPageFile, "utf8");

test("docs/CLIENTS.md lists the clients of the registry, each with its version", (t) => {
  t.true(clients.length > 20);
  t.is(new Set(clients.map(({ name }) => name)).size, clients.length);
  for (const { name, version, obtained } of clients) {
    const row = page.split("\n").find((line) => line.startsWith(rowStart(name, version, obtained)));
    t.truthy(row, `${name} ${version}: run the matrix with --write`);
  }
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| client |"));
  t.is(rows.length, clients.length, "a row without a client");
});

test("what is not obtained has a reason", (t) => {
  for (const { name, reason } of unobtainable) t.true(page.includes(`- ${name}: ${reason}.`), name);
});
