import { readFileSync } from "node:fs";
import test from "ava";
import { clientsPageFile, featureRowStart, rowStart } from "../clients/matrix/page.ts";
import { clients, unobtainable } from "../clients/matrix/registry.ts";

const page = readFileSync(clientsPageFile, "utf8");
const [objects = "", features = ""] = page.split("\n## Features\n");
const rowsOf = (text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| client |"));

test("docs/CLIENTS.md lists the clients of the registry, each with its version", (t) => {
  t.true(clients.length > 20);
  t.is(new Set(clients.map(({ name }) => name)).size, clients.length);
  for (const { name, version, obtained } of clients) {
    const row = rowsOf(objects).find((line) => line.startsWith(rowStart(name, version, obtained)));
    t.truthy(row, `${name} ${version}: run the matrix with --write`);
  }
  t.is(rowsOf(objects).length, clients.length, "a row without a client");
});

test("docs/CLIENTS.md says which features each client exercised", (t) => {
  const having = clients.filter((client) => client.features !== undefined);
  for (const { name, version } of having) {
    const row = rowsOf(features).find((line) => line.startsWith(featureRowStart(name, version)));
    t.truthy(row, `${name} ${version}: run the matrix with --write`);
  }
  t.is(rowsOf(features).length, having.length, "a row without a client");
});

test("what is not obtained has a reason", (t) => {
  for (const { name, reason } of unobtainable) t.true(page.includes(`- ${name}: ${reason}.`), name);
});
