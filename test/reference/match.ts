/** Compares an answer of the server with the one the model expects, and learns the ids that it tells. */

import { type Answer, anything, type Expected, type Moment, order, undocumented } from "./state.ts";
import type { Element, Observed } from "./wire.ts";

/** Server and suite read one clock; a version's time may run ahead of it by a little, never behind. */
const aheadMs = 50;

/** Headers that are compared also where the model expects none. */
const strict =
  /^(etag|content-range|last-modified|content-disposition|content-encoding|content-language|expires|x-amz-version-id|x-amz-delete-marker|x-amz-checksum-.*|x-amz-mp-parts-count|x-amz-tagging-count|x-amz-storage-class|x-amz-meta-.*|x-amz-website-redirect-location|x-amz-copy-source-version-id|x-amz-object-lock-.*|x-amz-server-side-encryption.*|access-control-.*)$/;
/** Elements that say nothing about state. */
const unjudged = new Set(["Message", "Location", "RequestId", "HostId"]);

export interface Comparison {
  readonly differences: readonly string[];
  /** Placeholder of the model → id of the server. */
  readonly told: ReadonlyMap<string, string>;
}

const isMoment = (expected: Expected): expected is Moment =>
  typeof expected === "object" && "from" in expected && typeof expected.from === "number";

class Comparing {
  readonly differences: string[] = [];
  readonly told = new Map<string, string>();
  readonly #isKnown: (id: string) => boolean;

  constructor(isKnown: (id: string) => boolean) {
    this.#isKnown = isKnown;
  }

  text(where: string, expected: Expected | undefined, actual: string | undefined): void {
    if (expected === undocumented || (expected === anything && actual !== undefined)) return;
    if (expected !== undefined && actual !== undefined) {
      if (isMoment(expected)) {
        this.#moment(where, expected, actual);
        return;
      }
      if (typeof expected === "string" && /^"?\?\d+e?"?$/.test(expected)) {
        this.#id(where, expected, actual);
        return;
      }
    }
    if (expected !== actual) this.differences.push(`${where}: expected ${show(expected)}, got ${show(actual)}`);
  }

  /** Times in headers have whole seconds. */
  #moment(where: string, { from, to }: Moment, actual: string): void {
    const ms = Date.parse(actual);
    const least = actual.endsWith("GMT") ? Math.floor(from / 1000) * 1000 : from;
    if (!(ms >= least && ms <= to + aheadMs)) {
      this.differences.push(
        `${where}: expected ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, got ${actual}`,
      );
    }
  }

  /** A new id is one that never was before; an old one is itself. */
  #id(where: string, placeholder: string, actual: string): void {
    if (placeholder.includes("e")) {
      this.#etag(where, placeholder.replaceAll('"', ""), actual.replaceAll('"', ""));
      return;
    }
    const known = this.told.get(placeholder);
    if (known === actual) return;
    const isTaken =
      actual === "" || actual === "null" || this.#isKnown(actual) || [...this.told.values()].includes(actual);
    if (known !== undefined || isTaken) this.differences.push(`${where}: expected a new id, got ${actual}`);
    else this.told.set(placeholder, actual);
  }

  /** Of what the installation's or a customer's key encrypts: any, but always the same. */
  #etag(where: string, placeholder: string, actual: string): void {
    const known = this.told.get(placeholder);
    if (known === actual) return;
    if (known !== undefined || !/^[0-9a-f]{32}(-\d+)?$/.test(actual)) {
      this.differences.push(`${where}: expected one ETag, got ${actual}`);
    } else this.told.set(placeholder, actual);
  }

  element(where: string, expected: Expected | undefined, actual: Element | undefined): void {
    if (
      expected === undefined ||
      actual === undefined ||
      typeof expected !== "object" ||
      expected === anything ||
      isMoment(expected)
    ) {
      const hasChildren = (actual?.children.length ?? 0) > 0;
      this.text(where, expected, hasChildren ? "elements" : actual?.text);
      return;
    }
    const children = new Map<string, Element[]>();
    for (const child of actual.children) children.set(child.name, [...(children.get(child.name) ?? []), child]);
    const wanted = new Map<string, Expected>(Object.entries(expected));
    for (const name of new Set([...wanted.keys(), ...children.keys()])) {
      const want = wanted.get(name);
      if (unjudged.has(name) || want === undocumented || name === order) continue;
      const found = children.get(name) ?? [];
      const list = Array.isArray(want) ? want : want === undefined ? [] : [want];
      if (list.length !== found.length) {
        this.differences.push(
          `${where}/${name}: expected ${list.length} (${show(want)}), got ${found.length}: ${show(found)}`,
        );
        continue;
      }
      for (const [index, one] of list.entries()) this.element(`${where}/${name}`, one, found[index]);
    }
    const inOrder = wanted.get(order);
    if (Array.isArray(inOrder)) this.#order(where, inOrder, actual);
  }

  #order(where: string, expected: readonly Expected[], actual: Element): void {
    const textOf = (element: Element, name: string): string =>
      element.children.find((child) => child.name === name)?.text ?? "";
    const found = actual.children
      .filter(({ name }) => name === "Version" || name === "DeleteMarker")
      .map((element) => [textOf(element, "Key"), textOf(element, "VersionId")]);
    const wanted = expected.map((pair) =>
      Array.isArray(pair) ? pair.map((word) => (typeof word === "string" ? (this.told.get(word) ?? word) : "")) : [],
    );
    this.text(`${where}/order`, JSON.stringify(wanted), JSON.stringify(found));
  }
}

const show = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  const text =
    typeof value === "string"
      ? value
      : JSON.stringify(value, (_key, inner) => (Buffer.isBuffer(inner) ? `${inner.length} bytes` : inner));
  return text === undefined ? "nothing" : text.slice(0, 300);
};

/** @param isKnown whether an id was told before */
export function compare(
  expected: Answer,
  actual: Observed,
  isHead: boolean,
  isKnown: (id: string) => boolean,
): Comparison {
  const comparing = new Comparing(isKnown);
  comparing.text("status", String(expected.status), String(actual.status));
  const code =
    actual.status < 400 || isHead ? undefined : actual.xml?.children.find(({ name }) => name === "Code")?.text;
  if (!isHead && expected.status >= 400) comparing.text("code", expected.code ?? undefined, code);
  if (comparing.differences.length > 0) {
    comparing.differences.push(
      `body: ${actual.bytes
        .toString("latin1")
        .replace(/(.)\1{60,}/g, "$1…")
        .slice(0, 600)}`,
    );
    return comparing;
  }
  for (const [name, value] of Object.entries(expected.headers)) comparing.text(name, value, actual.headers[name]);
  for (const [name, value] of Object.entries(actual.headers)) {
    if (strict.test(name) && expected.headers[name] === undefined) comparing.text(name, undefined, value);
  }
  if (actual.headers["x-amz-request-id"] === undefined) comparing.differences.push("x-amz-request-id is missing");
  const { body } = expected;
  if (body === null) return comparing;
  if (Buffer.isBuffer(body)) {
    if (!body.equals(actual.bytes))
      comparing.differences.push(`body: expected ${show(body)}, got others (${actual.bytes.length})`);
  } else {
    comparing.element("", body, actual.xml === null ? undefined : { name: "", text: "", children: [actual.xml] });
  }
  return comparing;
}
