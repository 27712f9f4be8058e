/** Three-valued logic (Kleene): what a request's facts say, some of which are known only in the bucket's turn. */

export const no = 0;
export const yes = 1;
/** Depends on a fact that is not known yet. */
export const unknown = 2;

export type Truth = typeof no | typeof yes | typeof unknown;

export function and(left: Truth, right: Truth): Truth {
  if (left === no || right === no) return no;
  return left === unknown || right === unknown ? unknown : yes;
}

export function or(left: Truth, right: Truth): Truth {
  if (left === yes || right === yes) return yes;
  return left === unknown || right === unknown ? unknown : no;
}

export function not(truth: Truth): Truth {
  return truth === unknown ? unknown : truth === yes ? no : yes;
}
