/** The linter that no tool sells: the folder table, file sizes, sole importers, guarded words. Fails when it reads nothing. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { limits } from "#src/base/limits.ts";
import { storageLimits } from "#src/base/storage-limits.ts";
import { folders, freePackages, guardedWords, rootFiles, sizes, soleImporters } from "./architecture.ts";
import { limitsPage, limitsPageFile } from "./limits-page.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = join(root, "src");

interface SourceFile {
  readonly name: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly imports: readonly string[];
}

const sourceFiles: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const text = readFileSync(join(source, name), "utf8");
    const imports = [
      ...text.matchAll(
        /(?:^|\n)(?:import|export)[^;"']*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"/g,
      ),
    ];
    return {
      name,
      text,
      isTest: /(\.test|\.testing|-fixture|\.conformance|conformance|faulty-disk)\.ts$|\/fixtures\//.test(name),
      imports: imports.map((match) => match[1] ?? match[2] ?? match[3] ?? ""),
    };
  });
const production = sourceFiles.filter((file) => !file.isTest);
const importCount = production.reduce((sum, file) => sum + file.imports.length, 0);

test("files and imports were read", (t) => {
  t.true(production.length > 40, `only ${production.length} files`);
  t.true(importCount > 100, `only ${importCount} imports`);
});

test("a folder imports only from folders above it", (t) => {
  const order = new Map(folders.map(({ name }, index) => [name, index]));
  for (const file of sourceFiles) {
    const folder = file.name.split("/")[0] ?? "";
    if (!file.name.includes("/")) {
      t.true(rootFiles.includes(file.name) || file.isTest, `${file.name} is not in the table`);
      continue;
    }
    const own = order.get(folder);
    t.not(own, undefined, `folder ${folder} is not in the table`);
    for (const specifier of file.imports.filter((text) => text.startsWith("."))) {
      const target = relative(source, join(source, dirname(file.name), specifier));
      const targetOrder = order.get(target.split("/")[0] ?? "");
      t.true(
        targetOrder !== undefined && own !== undefined && targetOrder <= own,
        `${file.name} imports ${target}, which is below it`,
      );
      t.true(existsSync(join(source, target)), `${file.name} imports ${target}, which does not exist`);
    }
  }
});

test("each native or I/O dependency is imported by exactly one file", (t) => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
  const packageOf = (specifier: string): string =>
    specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
  for (const file of production) {
    for (const specifier of file.imports.filter((text) => !text.startsWith(".") && !text.startsWith("node:"))) {
      const name = packageOf(specifier);
      t.true(name in installed, `${file.name} imports ${name}, which is not a dependency`);
      if (!freePackages.includes(name)) t.is(soleImporters[name], file.name, `${name} is imported by ${file.name}`);
    }
  }
  for (const [name, importer] of Object.entries(soleImporters)) {
    t.true(
      production.some(
        (file) => file.name === importer && file.imports.some((specifier) => packageOf(specifier) === name),
      ),
      `${importer} does not import ${name}`,
    );
  }
});

test("files stay small", (t) => {
  for (const folder of ["test", "bench"]) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    for (const name of names.filter((each) => each.endsWith(".ts"))) {
      const lines = readFileSync(join(root, folder, name), "utf8").split("\n").length;
      t.true(lines <= sizes.fileLinesMax, `${folder}/${name} has ${lines} lines`);
    }
  }
  for (const file of sourceFiles) {
    const lines = file.text.split("\n").length;
    const exempt = sizes.exempt.some((pattern) => pattern.test(file.name));
    t.true(lines <= (exempt ? sizes.exemptLinesMax : sizes.fileLinesMax), `${file.name} has ${lines} lines`);
  }
});

test("time, chance, files and types are used only where they belong", (t) => {
  for (const file of production) {
    for (const { pattern, allowed, instead } of guardedWords) {
      const hit = pattern.exec(file.text);
      const fine = hit === null || allowed.some((place) => place.test(file.name));
      t.true(fine, `${file.name}: ${hit?.[0]}: use ${instead}`);
    }
  }
});

test("every source file says what it owns", (t) => {
  for (const file of production) t.regex(file.text, /^(#!.*\n)?\/\*\*/, `${file.name} does not begin with a docstring`);
});

test("the lock file carries no download addresses", (t) => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  t.false(/"resolved"/.test(lock), "package-lock.json has resolved addresses");
  t.true(lock.length > 10_000);
});

test("docs/LIMITS.md is what the limits make it", (t) => {
  t.is(readFileSync(limitsPageFile, "utf8"), limitsPage(), "stale: npm run docs");
});

test("every limit limits something", (t) => {
  for (const [file, name, table] of [
    ["base/limits.ts", "limits", limits],
    ["base/storage-limits.ts", "storageLimits", storageLimits],
  ] as const) {
    const users = production.map((one) => (one.name === file ? relationsIn(one.text) : one.text));
    for (const limit of Object.keys(table)) {
      const use = new RegExp(`\\b${name}\\.${limit}\\b`);
      t.true(
        users.some((text) => use.test(text)),
        `${name}.${limit} is used nowhere`,
      );
    }
  }
  t.deepEqual(
    Object.keys(limits).filter((limit) => limit in storageLimits),
    [],
    "a limit has one place",
  );
});

/** What a file of limits says behind its table. */
const relationsIn = (text: string): string => text.slice(text.indexOf("} as const"));
