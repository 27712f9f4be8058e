/** XML bodies from shapes: a shape is walked once, at its first use, and becomes closures that join strings. */

import { AssertionError, assert } from "../base/assert.ts";
import type { Member } from "./member.ts";
import { isScalar, scalarFormatter } from "./scalar.ts";
import type { ListShape, Shape, StructureShape } from "./shape.ts";
import { XmlDocument } from "./xml-document.ts";

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

type Writer = (value: unknown) => string;

// XML 1.0 has no characters below U+0020 but tab, line feed and carriage return. S3 writes them as references all the
// same, and clients that need such keys ask for encoding-type=url. A bare CR would be read back as a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const special = /[&<>"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\ufffe\uffff]/;

/** An ETag: the text of every listed object that needs escaping, known at a glance. */
const etag = /^"[\da-f-]*"$/;

/** What stands for a character in XML text, or null for one that stands for itself. */
const referenceOf = (code: number): string | null => {
  switch (code) {
    case 0x22:
      return "&quot;";
    case 0x26:
      return "&amp;";
    case 0x3c:
      return "&lt;";
    case 0x3e:
      return "&gt;";
    case 0x09:
    case 0x0a:
      return null;
    default:
      if (code >= 0x20 && code < 0x7f) return null;
      return code < 0xa0 || code === 0x2028 || code >= 0xfffe ? `&#${code};` : null;
  }
};

/** Text as element content or attribute value. A carriage return becomes `&#13;`. */
export const escapeXml = (text: string): string => {
  let from = text.search(special);
  if (from < 0) return text;
  if (etag.test(text)) return `&quot;${text.slice(1, -1)}&quot;`;
  let out = text.slice(0, from);
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Letters and what stands between them and the angle brackets: most of any text.
    if (code > 0x3e && code < 0x7f) continue;
    const reference = referenceOf(code);
    if (reference === null) continue;
    out += text.slice(from, at) + reference;
    from = at + 1;
  }
  return out + text.slice(from);
};

const element = (tag: string, shape: Shape, attributes: string): Writer => {
  if (shape.kind === "structure") return structureElement(tag, shape, attributes);
  const inner = content(shape);
  const open = `<${tag}${attributes}>`;
  const close = `</${tag}>`;
  return (value) => open + inner(value) + close;
};

const items = (write: Writer): Writer => {
  return (value) => {
    let out = "";
    for (const item of value as readonly unknown[]) out += write(item);
    return out;
  };
};

const listContent = (shape: ListShape): Writer => items(element(shape.memberName, shape.member, ""));

/** `[name, writer]` of each member that the body carries. */
const memberWriters = (shape: StructureShape): (readonly [string, Writer])[] => {
  const writers: (readonly [string, Writer])[] = [];
  for (const [name, member] of Object.entries(shape.members)) {
    if (isBodyMember(member) && member.traits.xmlAttribute === undefined)
      writers.push([name, memberWriter(name, member)]);
  }
  return writers;
};

/** True when a member is an element (or attribute) of its structure's XML. */
export const isBodyMember = ({ traits }: Member): boolean =>
  traits.httpLabel === undefined &&
  traits.hostLabel === undefined &&
  traits.httpHeader === undefined &&
  traits.httpQuery === undefined &&
  traits.httpPrefixHeaders === undefined &&
  traits.httpPayload === undefined;

const memberWriter = (name: string, { shape, traits }: Member): Writer => {
  const tag = traits.xmlName ?? name;
  const namespace = traits.xmlNamespace;
  const attributes = namespace === undefined ? "" : ` xmlns:${namespace.prefix}="${namespace.uri}"`;
  if (shape.kind === "list" && traits.xmlFlattened === true) return items(element(tag, shape.member, attributes));
  return element(tag, shape, attributes);
};

const structureContent = (shape: StructureShape): Writer => {
  const writers = memberWriters(shape);
  return (value) => {
    const members = value as Readonly<Record<string, unknown>>;
    let out = "";
    for (const writer of writers) {
      const member = members[writer[0]];
      if (member !== undefined && member !== null) out += writer[1](member);
    }
    return out;
  };
};

const structureElement = (tag: string, shape: StructureShape, attributes: string): Writer => {
  const inner = structureContent(shape);
  const attributeMembers = Object.entries(shape.members).filter(([, member]) => member.traits.xmlAttribute === true);
  const close = `</${tag}>`;
  if (attributeMembers.length === 0) {
    const open = `<${tag}${attributes}>`;
    return (value) => open + inner(value) + close;
  }
  return (value) => {
    const members = value as Readonly<Record<string, unknown>>;
    let open = `<${tag}${attributes}`;
    for (const [name, member] of attributeMembers) {
      const text = members[name];
      if (text !== undefined) open += ` ${member.traits.xmlName ?? name}="${escapeXml(String(text))}"`;
    }
    return `${open}>${inner(value)}${close}`;
  };
};

const content = (shape: Shape): Writer => {
  if (isScalar(shape)) {
    const needsNoEscape = shape.kind === "enum" && !shape.values.some((value) => special.test(value));
    if (needsNoEscape) return (value) => value as string;
    const format = scalarFormatter(shape, "date-time");
    return shape.kind === "string" || shape.kind === "enum" ? (value) => escapeXml(value as string) : format;
  }
  switch (shape.kind) {
    case "list":
      return listContent(shape);
    case "structure":
      return structureContent(shape);
    default:
      throw new AssertionError(`a ${shape.kind} has no XML form`);
  }
};

/** Compiles the writer of what stands inside the element of a structure. */
export const compileXmlContent = (shape: StructureShape): ((value: unknown) => string) => structureContent(shape);

/**
 * Compiles the writer of a whole document. O(shape) once; the writer is O(value).
 * @param root name of the root element, which carries AWS's namespace
 * @returns a function from a value of `shape` to the document, XML declaration included: text, or UTF-8 when it is long
 */
export const compileXmlWriter = (root: string, shape: StructureShape): ((value: unknown) => string | Buffer) => {
  assert(shape.eventStream === undefined, "an event stream has no XML form");
  if (shape.xmlUnwrapped === true) return unwrappedWriter(root, shape);
  const attributes = ` xmlns="${s3Namespace}"`;
  if (Object.values(shape.members).some(({ traits }) => traits.xmlAttribute === true)) {
    const write = structureElement(root, shape, attributes);
    return (value) => xmlDeclaration + write(value);
  }
  const interleaved = shape.xmlInterleaved ?? [];
  const parts = Object.entries(shape.members).flatMap(([name, member]) =>
    isBodyMember(member) ? [part(name, member)] : [],
  );
  const places = parts.filter(({ name }) => interleaved.includes(name));
  assert(
    places.length === interleaved.length && places.every(({ isFlatList }) => isFlatList),
    "interleaved flat lists",
  );
  return (value) => {
    const members = value as Readonly<Record<string, unknown>>;
    const document = new XmlDocument();
    document.add(`${xmlDeclaration}<${root}${attributes}>`);
    for (const each of parts) {
      const { name, write, isFlatList } = each;
      const member = members[name];
      if (each === places[0]) addInterleaved(document, places, members);
      if (member === undefined || member === null || interleaved.includes(name)) continue;
      if (isFlatList) for (const item of member as readonly unknown[]) document.add(write(item));
      else document.add(write(member));
    }
    document.add(`</${root}>`);
    return document.take();
  };
};

interface Part {
  readonly name: string;
  /** Of the member, or of one item of a flat list. */
  readonly write: Writer;
  readonly isFlatList: boolean;
}

/** Of lists of one length, each place is written from the list that fills it. */
const addInterleaved = (document: XmlDocument, parts: readonly Part[], members: Readonly<Record<string, unknown>>) => {
  const lists = parts.map(({ name, write }) => ({ write, items: (members[name] ?? []) as readonly unknown[] }));
  const length = Math.max(...lists.map(({ items }) => items.length));
  for (let place = 0; place < length; place++) {
    for (const { write, items } of lists) {
      const item = items[place];
      if (item !== undefined && item !== null) document.add(write(item));
    }
  }
};

const part = (name: string, member: Member): Part => {
  const { shape, traits } = member;
  if (shape.kind !== "list" || traits.xmlFlattened !== true || traits.xmlNamespace !== undefined) {
    return { name, write: memberWriter(name, member), isFlatList: false };
  }
  return { name, write: element(traits.xmlName ?? name, shape.member, ""), isFlatList: true };
};

const unwrappedWriter = (root: string, shape: StructureShape): ((value: unknown) => string) => {
  const [first, ...others] = Object.entries(shape.members);
  assert(first !== undefined && others.length === 0, `${shape.name}: an unwrapped structure has one member`);
  const [name, member] = first;
  const inner = content(member.shape);
  return (value) => {
    const text = (value as Readonly<Record<string, unknown>>)[name];
    const head = `${xmlDeclaration}<${root} xmlns="${s3Namespace}"`;
    return text === undefined || text === "" ? `${head}/>` : `${head}>${inner(text)}</${root}>`;
  };
};
