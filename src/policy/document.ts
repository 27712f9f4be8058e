/**
 * The grammar of policy documents, strict: what is not understood is refused, never ignored. Pure.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

import { limits } from "../base/limits.ts";
import { isConditionKey } from "./condition-keys.ts";
import { compileGlob, globMatches, parseAtoms } from "./glob.ts";
import { parseJsonText } from "./json-text.ts";
import { type OperatorRow, operators, parseOperator, type Quantifier, refusedValue } from "./operators.ts";
import { PolicyError } from "./policy-error.ts";
import { type PrincipalClause, type PrincipalType, refusedPrincipal } from "./principals.ts";
import { refusedAction, refusedResource } from "./resource-names.ts";

export type { PrincipalClause } from "./principals.ts";
export { PolicyError };

/** resource: a bucket policy. Session policies and permission boundaries are identity policies. */
export type PolicyKind = "identity" | "resource" | "trust";

/** A document in which every one-or-many is a list. */
export interface PolicyDocument {
  /** Absent is 2008-10-17. 2019-10-17 means the same as 2012-10-17. Variables are read from 2012-10-17 on. */
  readonly version: "2008-10-17" | "2012-10-17" | "2019-10-17";
  readonly id: string | null;
  readonly statements: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  /** Null in identity policies only. */
  readonly principals: PrincipalClause | null;
  readonly actions: { readonly negated: boolean; readonly patterns: readonly string[] };
  /** Null in trust policies only: the resource is the role. */
  readonly resources: { readonly negated: boolean; readonly patterns: readonly string[] } | null;
  readonly conditions: readonly PolicyCondition[];
}

export interface PolicyCondition {
  /** The base name, as `StringLike`. */
  readonly operator: string;
  readonly ifExists: boolean;
  readonly quantifier: Quantifier | null;
  readonly key: string;
  /** At least one; numbers and booleans as text. */
  readonly values: readonly string[];
}

/** Where a value stands, for messages. */
interface Place {
  readonly pointer: string;
  readonly sid: string | null;
}

/** What the statements of one document share while they are read. */
interface Reading {
  readonly kind: PolicyKind;
  readonly variables: boolean;
  readonly sids: Set<string>;
  valuesLeft: number;
}

const versions = ["2008-10-17", "2012-10-17", "2019-10-17"] as const;

/**
 * Reads a policy.
 * @param json text, or a value that was parsed already (in which a name that stood twice can no longer be seen)
 * @throws PolicyError the document is refused; the message says where
 */
export function parsePolicy(json: string | unknown, kind: PolicyKind): PolicyDocument {
  const document = objectAt(typeof json === "string" ? parseJsonText(json, limits.policyDepthMax) : json, root);
  refuseOthers(document, ["Version", "Id", "Statement"], root);
  const version = versions.find((known) => known === (document["Version"] ?? versions[0]));
  if (version === undefined || document["Version"] === null) {
    throw new PolicyError(`Version is none of ${versions.join(", ")}`, "/Version");
  }
  const id = document["Id"];
  if (id !== undefined && kind === "identity") throw new PolicyError("Id is for resource policies", "/Id");
  const statements = document["Statement"];
  if (statements === undefined) throw new PolicyError("there is no Statement", "");
  const list = Array.isArray(statements) ? statements : [statements];
  if (list.length === 0) throw new PolicyError("Statement is empty", "/Statement");
  if (list.length > limits.policyStatementsMax) {
    throw new PolicyError(`there are more than ${limits.policyStatementsMax} statements`, "/Statement");
  }
  const reading: Reading = {
    kind,
    variables: version !== "2008-10-17",
    sids: new Set(),
    valuesLeft: limits.policyValuesMax,
  };
  return {
    version,
    id: id === undefined ? null : stringAt(id, { pointer: "/Id", sid: null }),
    statements: list.map((statement, index) =>
      readStatement(statement, Array.isArray(statements) ? `/Statement/${index}` : "/Statement", reading),
    ),
  };
}

/**
 * Reads a bucket policy: every Resource and NotResource names `bucket` or objects in it, if by wildcards, and every action is
 * S3's. A lone `*` names no bucket, as at AWS.
 * @throws PolicyError
 */
export function parseBucketPolicy(json: string, bucket: string): PolicyDocument {
  const document = parsePolicy(json, "resource");
  const arn = `arn:aws:s3:::${bucket}`;
  document.statements.forEach(({ sid, actions, resources }, index) => {
    const pointer = `/Statement/${index}`;
    for (const pattern of resources?.patterns ?? []) {
      if (namesBucket(pattern, bucket)) continue;
      throw new PolicyError(`the resource ${JSON.stringify(pattern)} is neither ${arn} nor in it`, pointer, sid);
    }
    for (const pattern of actions.patterns) {
      if (/^(s3:|\*$|\*:\*$)/i.test(pattern)) continue;
      throw new PolicyError(`${JSON.stringify(pattern)} is not an action of S3`, pointer, sid);
    }
  });
  return document;
}

/** Whether what stands for the bucket in a pattern meets the bucket's name. */
function namesBucket(pattern: string, bucket: string): boolean {
  const lead = "arn:aws:s3:::";
  if (!pattern.startsWith(lead)) return false;
  const [named = ""] = pattern.slice(lead.length).split("/", 1);
  return globMatches(compileGlob(parseAtoms(named)), bucket);
}

const root: Place = { pointer: "", sid: null };
const below = ({ pointer, sid }: Place, name: string): Place => ({
  pointer: `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
  sid,
});

function readStatement(value: unknown, pointer: string, reading: Reading): PolicyStatement {
  const statement = objectAt(value, { pointer, sid: null });
  const sid =
    statement["Sid"] === undefined ? null : stringAt(statement["Sid"], { pointer: `${pointer}/Sid`, sid: null });
  const place: Place = { pointer, sid };
  if (sid !== null) checkSid(sid, place, reading);
  const elements = ["Sid", "Effect", "Action", "NotAction", "Condition"];
  if (reading.kind !== "identity") elements.push("Principal", "NotPrincipal");
  if (reading.kind !== "trust") elements.push("Resource", "NotResource");
  refuseOthers(statement, elements, place);
  const effect = statement["Effect"];
  if (effect !== "Allow" && effect !== "Deny") {
    throw new PolicyError("Effect is neither Allow nor Deny", `${pointer}/Effect`, sid);
  }
  return {
    sid,
    effect,
    principals: reading.kind === "identity" ? null : readPrincipals(statement, effect, place, reading),
    actions: readPatterns(statement, "Action", place, reading, refusedAction),
    resources:
      reading.kind === "trust"
        ? null
        : readPatterns(statement, "Resource", place, reading, (text) => refusedResource(text, reading.variables)),
    conditions: statement["Condition"] === undefined ? [] : readConditions(statement["Condition"], place, reading),
  };
}

/** IAM takes letters and digits, each Sid once; S3 takes any text. An empty one is as good as none. */
function checkSid(sid: string, place: Place, { kind, sids }: Reading): void {
  if (kind === "resource" || sid === "") return;
  const at = below(place, "Sid");
  if (!/^[0-9A-Za-z]*$/.test(sid)) throw new PolicyError("Sid holds more than letters and digits", at.pointer, sid);
  if (sids.has(sid)) throw new PolicyError("two statements have the same Sid", at.pointer, sid);
  sids.add(sid);
}

/** The one of `name` and `Not<name>` that stands in the statement. */
function eitherElement(
  statement: Elements,
  name: string,
  place: Place,
): { negated: boolean; value: unknown; at: Place } {
  const [plain, negated] = [statement[name], statement[`Not${name}`]];
  if ((plain === undefined) === (negated === undefined)) {
    throw new PolicyError(`one of ${name} and Not${name} must stand in a statement`, place.pointer, place.sid);
  }
  const isNegated = plain === undefined;
  return { negated: isNegated, value: isNegated ? negated : plain, at: below(place, isNegated ? `Not${name}` : name) };
}

function readPatterns(
  statement: Elements,
  name: "Action" | "Resource",
  place: Place,
  reading: Reading,
  refused: (text: string) => string | null,
): { negated: boolean; patterns: string[] } {
  const { negated, value, at } = eitherElement(statement, name, place);
  const patterns = stringsAt(value, at, reading);
  for (const pattern of patterns) refuse(refused(pattern), pattern, at);
  return { negated, patterns };
}

function readPrincipals(statement: Elements, effect: string, place: Place, reading: Reading): PrincipalClause {
  const { negated, value, at } = eitherElement(statement, "Principal", place);
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html: with Deny only.
  if (negated && effect === "Allow") throw new PolicyError("NotPrincipal cannot stand with Allow", at.pointer, at.sid);
  if (value === "*") return { negated, any: true, aws: [], canonicalUsers: [], services: [], federated: [] };
  const map = objectAt(value, at);
  const types = ["AWS", "CanonicalUser", "Service", "Federated"] as const;
  refuseOthers(map, types, at);
  if (Object.keys(map).length === 0) throw new PolicyError("no principal is named", at.pointer, at.sid);
  const ids = (type: PrincipalType): string[] => {
    if (map[type] === undefined) return [];
    const list = stringsAt(map[type], below(at, type), reading);
    for (const id of list) refuse(refusedPrincipal(type, id), id, below(at, type));
    return list;
  };
  const aws = ids("AWS");
  return {
    negated,
    any: aws.includes("*"),
    aws: aws.filter((id) => id !== "*"),
    canonicalUsers: ids("CanonicalUser"),
    services: ids("Service"),
    federated: ids("Federated"),
  };
}

function readConditions(value: unknown, place: Place, reading: Reading): PolicyCondition[] {
  const at = below(place, "Condition");
  return Object.entries(objectAt(value, at)).flatMap(([name, keys]) => {
    const operatorAt = below(at, name);
    const parsed = parseOperator(name);
    if (parsed === null)
      throw new PolicyError(`${JSON.stringify(name)} is not a condition operator`, at.pointer, at.sid);
    const entries = Object.entries(objectAt(keys, operatorAt));
    if (entries.length === 0) throw new PolicyError("no condition key is named", operatorAt.pointer, at.sid);
    return entries.map(([key, values]) => {
      if (!isConditionKey(key, reading.kind === "trust")) {
        throw new PolicyError(`${JSON.stringify(key)} is not a condition key`, operatorAt.pointer, at.sid);
      }
      return { ...parsed, key, values: readValues(values, below(operatorAt, key), parsed.operator, reading) };
    });
  });
}

function readValues(value: unknown, place: Place, operator: string, reading: Reading): string[] {
  const values = stringsAt(value, place, reading, true);
  const row = operators.get(operator) as OperatorRow;
  for (const text of values) refuse(refusedValue(row, text, reading.variables), text, place);
  return values;
}

type Elements = Readonly<Record<string, unknown>>;

function refuse(reason: string | null, text: string, { pointer, sid }: Place): void {
  if (reason !== null) throw new PolicyError(`${JSON.stringify(text)}: ${reason}`, pointer, sid);
}

function refuseOthers(value: Elements, known: readonly string[], { pointer, sid }: Place): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw new PolicyError(`unknown element ${JSON.stringify(other)}`, pointer, sid);
}

/** A plain object whose names are its own, so that `__proto__` is a name like others. */
function objectAt(value: unknown, { pointer, sid }: Place): Elements {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PolicyError("must be an object", pointer, sid);
  }
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

function stringAt(value: unknown, { pointer, sid }: Place): string {
  if (typeof value !== "string") throw new PolicyError("must be a string", pointer, sid);
  return value;
}

/** One string or a list of them, never none; with `scalars`, numbers and booleans too. */
function stringsAt(value: unknown, place: Place, reading: Reading, scalars = false): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyError("the list is empty", place.pointer, place.sid);
  reading.valuesLeft -= list.length;
  if (reading.valuesLeft < 0) {
    throw new PolicyError(`there are more than ${limits.policyValuesMax} values`, place.pointer, place.sid);
  }
  return list.map((item) => (scalars ? scalarAt(item, place) : stringAt(item, place)));
}

/** A number is taken when its text is what the author wrote: no exponent, and no digits lost. */
function scalarAt(value: unknown, place: Place): string {
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number") return stringAt(value, place);
  if (!/^-?\d+(\.\d+)?$/.test(String(value)) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new PolicyError(`${value} must stand in quotes`, place.pointer, place.sid);
  }
  return String(value);
}
