/** Deliberate faults of the policy engine: one fragment of a compiled file, and what stands there instead. */

export interface Mutant {
  readonly name: string;
  /** Below `dist`. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly fragment: string;
  readonly replacement: string;
}

export const mutants: readonly Mutant[] = [];
