/** XML bodies into shapes: no document type, bounded size and depth, and nothing that the shape does not know. */

import { parseXml, XmlElement, XmlError, XmlText } from "@rgrove/parse-xml";
import { AssertionError } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Member } from "./member.ts";
import { Refusal } from "./refusal.ts";
import { isScalar, parseScalar } from "./scalar.ts";
import type { Shape, StructureShape } from "./shape.ts";
import { xmlObstacle } from "./xml-depth.ts";
import { isBodyMember, s3Namespace } from "./xml-write.ts";

type Reader = (element: XmlElement) => unknown;
type Structure = Record<string, unknown>;

const malformed = (reason: string): Refusal => new Refusal("MalformedXML", { Reason: reason });
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Text of an element that has no elements inside. */
const textOf = (element: XmlElement): string => {
  let text = "";
  for (const child of element.children) {
    if (child instanceof XmlText) text += child.text;
    else if (child instanceof XmlElement) throw malformed(`${element.name} holds text, not elements`);
  }
  return text;
};

/** The elements inside an element; other text than white space is refused. */
const elementsOf = (element: XmlElement): XmlElement[] => {
  const elements: XmlElement[] = [];
  for (const child of element.children) {
    if (child instanceof XmlElement) elements.push(child);
    else if (child instanceof XmlText && child.text.trim() !== "") throw malformed(`text inside ${element.name}`);
  }
  return elements;
};

const content = (shape: Shape): Reader => {
  if (isScalar(shape)) {
    return (element) => {
      const text = textOf(element);
      const value = parseScalar(shape, shape.kind === "string" ? text : text.trim(), "date-time");
      if (typeof value !== "object") return value;
      const message = shape.kind === "enum" ? shape.bodyMessage : undefined;
      if (message === undefined) throw malformed(`${element.name}: ${value.fault}`);
      throw new Refusal("InvalidArgument", { Message: message, ArgumentName: element.name, ArgumentValue: text });
    };
  }
  switch (shape.kind) {
    case "list": {
      const read = content(shape.member);
      return (element) =>
        elementsOf(element).map((item) => {
          if (item.name !== shape.memberName) throw malformed(`unknown element ${item.name} in ${element.name}`);
          return read(item);
        });
    }
    case "structure":
      return structureReader(shape);
    default:
      throw new AssertionError(`a ${shape.kind} has no XML form`);
  }
};

/** Reads one element into its member: appended for a flattened list, else set once. */
type MemberReader = (target: Structure, element: XmlElement) => void;

const memberReader = (name: string, { shape, traits }: Member): MemberReader => {
  if (shape.kind === "list" && traits.xmlFlattened === true) {
    const read = content(shape.member);
    return (target, element) => {
      const items = target[name] as unknown[] | undefined;
      if (items === undefined) target[name] = [read(element)];
      else items.push(read(element));
    };
  }
  const read = content(shape);
  return (target, element) => {
    // S3 reads `<Status/>` as no Status.
    if (shape.kind === "enum" && element.children.length === 0) return;
    if (target[name] !== undefined) throw malformed(`${element.name} stands twice`);
    target[name] = read(element);
  };
};

const structureReader = (shape: StructureShape): Reader => {
  const readers = new Map<string, MemberReader>();
  const attributes: (readonly [name: string, attribute: string])[] = [];
  const required: string[] = [];
  for (const [name, member] of Object.entries(shape.members)) {
    if (!isBodyMember(member)) continue;
    if (member.traits.required) required.push(name);
    if (member.traits.xmlAttribute === true) attributes.push([name, member.traits.xmlName ?? name]);
    else readers.set(member.traits.xmlName ?? name, memberReader(name, member));
  }
  return (element) => {
    const target: Structure = {};
    for (const [name, attribute] of attributes) {
      if (Object.hasOwn(element.attributes, attribute)) target[name] = element.attributes[attribute];
    }
    for (const child of elementsOf(element)) {
      const read = readers.get(child.name);
      if (read === undefined) throw malformed(`unknown element ${child.name} in ${element.name}`);
      read(target, child);
    }
    for (const name of required) {
      if (target[name] === undefined) throw malformed(`${name} is missing in ${element.name}`);
    }
    if (shape.union === true && Object.keys(target).length > 1) throw malformed(`${element.name} holds one element`);
    return target;
  };
};

const instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";
const attributePrefix = "xsi:";

/** A prefix on an element, or one declared that S3's own documents do not have. */
const usesPrefixes = /<[^\s<>/!?]+:|\sxmlns:(?!xsi[\s=])/;

/** What an element declares, and what stands around it: as deep as the document at most. */
interface PrefixScope {
  readonly declared: ReadonlyMap<string, string>;
  readonly outer: PrefixScope | null;
}

const namespaceOf = (prefix: string, scope: PrefixScope | null): string | undefined => {
  for (let at = scope; at !== null; at = at.outer) {
    const uri = at.declared.get(prefix);
    if (uri !== undefined) return uri;
  }
  return undefined;
};

/** @returns the scope inside an element */
const scopeOf = ({ attributes }: XmlElement, outer: PrefixScope | null): PrefixScope | null => {
  const declared = new Map<string, string>();
  for (const [name, uri] of Object.entries(attributes)) {
    if (name.startsWith("xmlns:")) declared.set(name.slice("xmlns:".length), uri);
  }
  return declared.size === 0 ? outer : { declared, outer };
};

/**
 * Gives elements and attributes the names that shapes know, whatever prefixes the document has chosen for their namespaces.
 * What is in another namespace keeps its prefix, and no shape knows it. Source: Namespaces in XML 1.0, section 6.
 */
const dropPrefixes = (element: XmlElement, namespace: string, outer: PrefixScope | null): void => {
  const scope = scopeOf(element, outer);
  const [prefix = "", local] = element.name.split(":", 2);
  if (local !== undefined && namespaceOf(prefix, scope) === namespace) element.name = local;
  for (const [name, value] of Object.entries(element.attributes)) {
    const [ofAttribute = "", localName] = name.split(":", 2);
    if (localName === undefined || namespaceOf(ofAttribute, scope) !== instanceNamespace) continue;
    element.attributes[attributePrefix + localName] = value;
  }
  for (const child of element.children) if (child instanceof XmlElement) dropPrefixes(child, namespace, scope);
};

const parse = (bytes: Uint8Array, namespace: string): XmlElement => {
  if (bytes.length > limits.xmlBodyBytesMax) throw new Refusal("MaxMessageLengthExceeded");
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    // TypeError: the bytes are not UTF-8, the only encoding that S3 takes.
    throw new Refusal("MalformedXML", { Reason: "not UTF-8" }, { cause: error });
  }
  const obstacle = xmlObstacle(text);
  if (obstacle !== null) throw malformed(obstacle);
  try {
    const { root } = parseXml(text);
    if (root === null) throw malformed("no root element");
    if (usesPrefixes.test(text)) dropPrefixes(root, namespace, null);
    return root;
  } catch (error) {
    if (error instanceof XmlError) throw new Refusal("MalformedXML", {}, { cause: error });
    throw error;
  }
};

/** As AWS's reference of PutBucketLogging writes it still. */
const earlierNamespace = "http://doc.s3.amazonaws.com/2006-03-01";

/**
 * Compiles the reader of a whole document. O(shape) once; the reader is O(bytes).
 * @param root name of the root element, in `namespace` or in none
 * @returns a function from the document's bytes to a value of `shape`
 * @throws Refusal (the reader) MalformedXML for anything the shape does not hold, InvalidArgument for a value of an
 * enumeration that says so, MaxMessageLengthExceeded past `limits.xmlBodyBytesMax`
 */
export const compileXmlReader = (
  root: string,
  shape: StructureShape,
  namespace = s3Namespace,
): ((bytes: Uint8Array) => unknown) => {
  const read = structureReader(shape);
  return (bytes) => {
    const element = parse(bytes, namespace);
    if (element.name !== root) throw malformed(`root element is not ${root}`);
    const given = element.attributes["xmlns"];
    if (given !== undefined && given !== namespace && !(namespace === s3Namespace && given === earlierNamespace)) {
      throw malformed("foreign namespace");
    }
    return read(element);
  };
};
