/** Deliberate faults of the policy engine: one fragment of a compiled file, and what stands there instead. */

export interface Mutant {
  readonly name: string;
  /** Below `dist`. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly fragment: string;
  readonly replacement: string;
}

const condition = "policy/condition.js";
const decision = "policy/decision.js";
const document = "policy/document.js";
const glob = "policy/glob.js";
const inquiry = "policy/inquiry.js";
const principals = "policy/principals.js";

export const mutants: readonly Mutant[] = [
  {
    name: "the bucket policy's denials do not count",
    file: inquiry,
    fragment: "if (resource !== null && truth !== yes && !this.isAboveResourcePolicy())",
    replacement: "if (false)",
  },
  {
    name: "the boundary's denials do not count",
    file: inquiry,
    fragment: "truth = or(truth, this.#denies(boundary));",
    replacement: "",
  },
  {
    name: "from another account one of the two sides is enough",
    file: decision,
    fragment: `withinLimits(named === no ? no : and(named, part("identity")), part)`,
    replacement: `withinLimits(or(named, part("identity")), part)`,
  },
  {
    name: "a session policy does not limit",
    file: decision,
    fragment: `bounded === no ? no : and(bounded, part("session"))`,
    replacement: "bounded",
  },
  {
    name: "a boundary limits whom the bucket policy names too",
    file: decision,
    fragment: `case "same": {
            const granted = part("identity");`,
    replacement: `case "same": {
            if (part("boundary") === no) return no;
            const granted = part("identity");`,
  },
  {
    name: "a trust policy need not allow",
    file: inquiry,
    fragment: `resource?.isTrust === true ? "trust" : "same"`,
    replacement: `"same"`,
  },
  {
    name: "an account in a bucket policy grants to its users",
    file: principals,
    fragment: `namesAccount(clause, principal) ? "account" : "none"`,
    replacement: `namesAccount(clause, principal) ? "itself" : "none"`,
  },
  {
    name: "a role's name in a bucket policy is worth its session's",
    file: principals,
    fragment: `if (namesRole(clause, principal))
        return "role";`,
    replacement: `if (namesRole(clause, principal))
        return "itself";`,
  },
  {
    name: "NotPrincipal spares the users of an account that it names",
    file: principals,
    fragment: "return !hasBoundary && namesItself(clause, principal);",
    replacement: "return !hasBoundary && (namesItself(clause, principal) || namesAccount(clause, principal));",
  },
  {
    name: "NotPrincipal spares who has a boundary",
    file: principals,
    fragment: "return !hasBoundary && namesItself(clause, principal);",
    replacement: "return namesItself(clause, principal);",
  },
  {
    name: "a missing key meets a negated operator with ForAnyValue",
    file: condition,
    fragment: "return quantifier === null && negated ? yes : no;",
    replacement: "return negated ? yes : no;",
  },
  {
    name: "a missing key fails ForAllValues",
    file: condition,
    fragment: `if (condition.ifExists || quantifier === "ForAllValues")`,
    replacement: "if (condition.ifExists)",
  },
  {
    name: "IfExists is not heeded",
    file: condition,
    fragment: "ifExists: source.ifExists,",
    replacement: "ifExists: false,",
  },
  {
    name: "a set of empty strings is a set as others",
    file: condition,
    fragment: `if (values.every((value) => value === ""))`,
    replacement: "if (false)",
  },
  {
    name: "at the limit is below it",
    file: condition,
    fragment: "return given < limit;",
    replacement: "return given <= limit;",
  },
  {
    name: "ARN operators let a wildcard reach over a colon",
    file: condition,
    fragment: `const patterns = texts.map(arnGlobs);`,
    replacement: `const patterns = texts.map((atoms) => [compileGlob(atoms)]);
        if (patterns.length > 0) return (value) => patterns.some(([pattern]) => globMatches(pattern, value));`,
  },
  {
    name: "the second of several values is not looked at",
    file: condition,
    fragment: "for (const value of values) {\n        truth = or(truth, valueMeets(condition, value, context));",
    replacement:
      "for (const value of values.slice(0, 1)) {\n        truth = or(truth, valueMeets(condition, value, context));",
  },
  {
    name: "an IPv4 address written in IPv6 is another address",
    file: "policy/address-range.js",
    fragment: "return isMapped(words) ? [words[3]] : words;",
    replacement: "return words;",
  },
  {
    name: "a range holds one bit less",
    file: "policy/address-range.js",
    fragment: "Math.max(0, bits - 32 * index)",
    replacement: "Math.max(0, bits - 1 - 32 * index)",
  },
  {
    name: "resources compare without regard to case",
    file: glob,
    fragment: `case "exact":
            return text === glob.text;`,
    replacement: `case "exact":
            return text.toLowerCase() === glob.text.toLowerCase();`,
  },
  {
    name: "a star ends at a slash",
    file: glob,
    fragment: "return text.startsWith(glob.text);",
    replacement: `return text.startsWith(glob.text) && !text.slice(glob.text.length).includes("/");`,
  },
  {
    name: "a text may end before the pattern does",
    file: glob,
    fragment: "return ((states[end >>> 5] >>> (end & 31)) & 1) === 1;",
    replacement: "return states.some((word) => word !== 0);",
  },
  {
    name: "actions compare with regard to case",
    file: "policy/compile.js",
    fragment: "compileGlob(parseAtoms(pattern.toLowerCase()))",
    replacement: "compileGlob(parseAtoms(pattern))",
  },
  {
    name: "NotResource is Resource",
    file: "policy/compile.js",
    fragment: "return resources.negated ? not(truth) : truth;",
    replacement: "return truth;",
  },
  {
    name: "a variable's default wins over its value",
    file: "policy/template.js",
    fragment: "values?.length === 1 ? values[0]",
    replacement: "values?.length === 1 ? (part.fallback ?? values[0])",
  },
  {
    name: "a star in a variable's value is a wildcard",
    file: "policy/template.js",
    fragment: "atoms.push(value);",
    replacement: "atoms.push(...parseAtoms(value));",
  },
  {
    name: "policies of 2008 have variables",
    file: "policy/compile.js",
    fragment: `const variables = document.version !== "2008-10-17";`,
    replacement: "const variables = true;",
  },
  {
    name: "what was known when the request came is forgotten in the turn",
    file: "policy/residual.js",
    fragment: "known: inquiry.context.known(),",
    replacement: "known: [],",
  },
  {
    name: "a deferred denial is settled as an allowance",
    file: "policy/residual.js",
    fragment: "if (truthOf(residual.denied) !== no)",
    replacement: "if (truthOf(residual.denied) === 3)",
  },
  {
    name: "unknown elements are ignored",
    file: document,
    fragment: "if (other !== undefined)",
    replacement: "if (false)",
  },
  {
    name: "the same Sid may stand twice",
    file: document,
    fragment: "if (sids.has(sid))",
    replacement: "if (false)",
  },
];
