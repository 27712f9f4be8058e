/**
 * Patterns with `*` (any characters, "/" and ":" too) and `?` (exactly one character). Pure.
 * No regular expressions and no backtracking: the time is bounded by text length times pattern length / 32.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */

/** `*` in a list of atoms. */
export const anyRun = 0;
/** `?` in a list of atoms. */
export const anyOne = 1;

/** A piece of a pattern: text that is met as it stands, or a wildcard. Text put in for a variable stays text: its `*` is no wildcard. */
export type Atom = string | typeof anyRun | typeof anyOne;

/** A compiled pattern; `globMatches` runs it. */
export interface Glob {
  readonly kind: "any" | "exact" | "prefix" | "pieces" | "automaton";
  /** exact: the whole; prefix: what the text starts with. */
  readonly text: string;
  /** pieces: the texts between stars; the first must start the text, the last must end it. */
  readonly pieces: readonly string[];
  /** pieces: sum of their lengths. */
  readonly lengthMin: number;
  readonly automaton: Automaton | null;
}

/**
 * One bit per place in the pattern: bit i is set when the text so far meets the first i characters of the pattern.
 * Source: Baeza-Yates and Gonnet, "A new approach to text searching", CACM 35 (10), 1992.
 */
interface Automaton {
  /**
   * Where a code point stands in the pattern: the bits of its places and those of `?` when it stands there often, else its places.
   * So the table is no larger than the pattern, whatever letters it has. A code point without a row meets only `?`.
   */
  readonly meets: ReadonlyMap<number, Uint32Array | readonly number[]>;
  readonly meetsOther: Uint32Array;
  /** Bits of the places where a star stands. */
  readonly loops: Uint32Array;
  /** The place after the last character. */
  readonly end: number;
}

/** The atoms of a text in which `*` and `?` are wildcards. */
export function parseAtoms(text: string): Atom[] {
  const atoms: Atom[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character !== "*" && character !== "?") continue;
    if (at > start) atoms.push(text.slice(start, at));
    atoms.push(character === "*" ? anyRun : anyOne);
    start = at + 1;
  }
  if (start < text.length) atoms.push(text.slice(start));
  return atoms;
}

/** Compiles a pattern. O(pattern). */
export function compileGlob(atoms: readonly Atom[]): Glob {
  if (atoms.includes(anyOne)) {
    return { kind: "automaton", text: "", pieces: [], lengthMin: 0, automaton: compileAutomaton(atoms) };
  }
  const pieces = [""];
  for (const atom of atoms) {
    if (typeof atom === "string") pieces[pieces.length - 1] += atom;
    else pieces.push("");
  }
  const first = pieces[0] as string;
  const lengthMin = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (pieces.length === 1) return { kind: "exact", text: first, pieces: [], lengthMin, automaton: null };
  if (lengthMin === 0) return { kind: "any", text: "", pieces: [], lengthMin, automaton: null };
  if (lengthMin === first.length) return { kind: "prefix", text: first, pieces: [], lengthMin, automaton: null };
  const inner = pieces.filter((piece, index) => index === 0 || index === pieces.length - 1 || piece !== "");
  return { kind: "pieces", text: "", pieces: inner, lengthMin, automaton: null };
}

/** True when the whole of `text` meets the pattern; case-sensitive. */
export function globMatches(glob: Glob, text: string): boolean {
  switch (glob.kind) {
    case "any":
      return true;
    case "exact":
      return text === glob.text;
    case "prefix":
      return text.startsWith(glob.text);
    case "pieces":
      return piecesMatch(glob, text);
    case "automaton":
      return automatonMatches(glob.automaton as Automaton, text);
  }
}

/** The leftmost place of each piece leaves the most room for the next, so nothing is tried twice. */
function piecesMatch({ pieces, lengthMin }: Glob, text: string): boolean {
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  if (text.length < lengthMin || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (let index = 1; index < pieces.length - 1; index++) {
    const piece = pieces[index] as string;
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return at <= end;
}

function setBit(bits: Uint32Array, bit: number): void {
  bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
}

function compileAutomaton(atoms: readonly Atom[]): Automaton {
  const characters: (number | null)[] = [];
  const stars: number[] = [];
  for (const atom of atoms) {
    if (atom === anyRun) stars.push(characters.length);
    else if (atom === anyOne) characters.push(null);
    else for (const character of atom) characters.push(character.codePointAt(0) as number);
  }
  const words = (characters.length >>> 5) + 1;
  const loops = new Uint32Array(words);
  for (const place of stars) setBit(loops, place);
  const meetsOther = new Uint32Array(words);
  characters.forEach((character, place) => {
    if (character === null) setBit(meetsOther, place);
  });
  const places = new Map<number, number[]>();
  characters.forEach((character, place) => {
    if (character === null) return;
    const known = places.get(character);
    if (known === undefined) places.set(character, [place]);
    else known.push(place);
  });
  const meets = new Map<number, Uint32Array | number[]>();
  for (const [character, list] of places) {
    const bits = list.length > words ? meetsOther.slice() : null;
    if (bits !== null) for (const place of list) setBit(bits, place);
    meets.set(character, bits ?? list);
  }
  return { meets, meetsOther, loops, end: characters.length };
}

function automatonMatches({ meets, meetsOther, loops, end }: Automaton, text: string): boolean {
  const states = new Uint32Array(loops.length);
  const scratch = new Uint32Array(loops.length);
  states[0] = 1;
  for (const character of text) {
    const row = meets.get(character.codePointAt(0) as number) ?? meetsOther;
    const bits = row instanceof Uint32Array ? row : scratch;
    if (!(row instanceof Uint32Array)) {
      scratch.set(meetsOther);
      for (const place of row) setBit(scratch, place);
    }
    let carry = 0;
    for (let word = 0; word < states.length; word++) {
      const state = states[word] as number;
      const moved = state & (bits[word] as number);
      states[word] = (moved << 1) | carry | (state & (loops[word] as number));
      carry = moved >>> 31;
    }
  }
  return (((states[end >>> 5] as number) >>> (end & 31)) & 1) === 1;
}
