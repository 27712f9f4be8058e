import test from "ava";
import fc from "fast-check";
import { type Atom, anyOne, anyRun, compileGlob, globMatches, parseAtoms } from "./glob.ts";

/** The definition, tried in every way: atoms of one character each. */
function slowMatches(atoms: readonly Atom[], text: readonly string[]): boolean {
  const [first, ...rest] = atoms;
  if (first === undefined) return text.length === 0;
  if (first === anyRun) return slowMatches(rest, text) || (text.length > 0 && slowMatches(atoms, text.slice(1)));
  return text.length > 0 && (first === anyOne || first === text[0]) && slowMatches(rest, text.slice(1));
}

test("a pattern matches what the definition says", (t) => {
  const letters = fc.constantFrom("a", "b", "/", "\u{1f600}");
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: letters }, fc.constantFrom("*", "?")), { maxLength: 8 }),
      fc.array(letters, { maxLength: 9 }),
      (pattern, text) => {
        const atoms = pattern.map(
          (character): Atom => (character === "*" ? anyRun : character === "?" ? anyOne : character),
        );
        const matches = globMatches(compileGlob(parseAtoms(pattern.join(""))), text.join(""));
        t.is(matches, slowMatches(atoms, text));
      },
    ),
    { numRuns: 3000 },
  );
});
