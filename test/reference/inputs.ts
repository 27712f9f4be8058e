/** Keys and bodies that requests are made of. */

/** One byte more than a key may have. */
export const tooLongKey = "y".repeat(1025);

export const keyPool = [
  "a",
  "a/",
  "a/b",
  "a/b/c",
  "a//b",
  "a0",
  "b",
  "/lead",
  "..",
  "a/../b",
  "é",
  "\uffee",
  "\u{10000}x",
  "+ %20?",
  "a&b<c>\"'",
  "~*!'();:@=$,",
  "tab\tand\u0001",
  "null",
  "x".repeat(1024),
] as const;

const kibi = 1024;
export const bodySizes = {
  empty: 0,
  byte: 1,
  small: 300,
  inlineish: 5000,
  frames: 70_000,
  "100 KB": 100_000,
  "1 MiB+": kibi * kibi + 1,
  "5 MiB": 5 * kibi * kibi,
  "6 MiB": 6 * kibi * kibi + 5,
} as const;
export type BodySize = keyof typeof bodySizes;
