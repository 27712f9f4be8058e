/** How one value of a request is compared with one value of a policy, by the kind of operator. */

/** An integer or decimal; null when the text is neither. */
export const numberOf = (text: string): number | null => (/^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null);

const isoForm = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

/** Milliseconds since 1970 of a W3C date (https://www.w3.org/TR/NOTE-datetime) or of epoch seconds. A year is a date. */
export function timeOf(text: string): number | null {
  if (isoForm.test(text)) return Date.parse(text);
  const seconds = numberOf(text);
  return seconds === null ? null : seconds * 1000;
}

const mappedIpv4 = 0xffffn << 32n;

interface Address {
  /** As an IPv6 address; IPv4 is mapped (RFC 4291 2.5.5.2). */
  readonly bits: bigint;
  readonly isWrittenAsIpv4: boolean;
}

function addressOf(text: string): Address | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const octets = text.split(".").map(Number);
    if (octets.some((octet) => octet > 255)) return null;
    return { bits: octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) + mappedIpv4, isWrittenAsIpv4: true };
  }
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const low = addressOf(dotted[2] ?? "");
    if (low === null) return null;
    const bits = low.bits - mappedIpv4;
    return addressOf(`${dotted[1]}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`);
  }
  const [left = "", right, ...more] = text.split("::");
  if (!text.includes(":") || more.length > 0) return null;
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (groups.some((group) => !/^[\da-fA-F]{1,4}$/.test(group))) return null;
  const bits = groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  return { bits, isWrittenAsIpv4: false };
}

/** Whether an address is in a range; an IPv6 range holds IPv4 addresses only when it is a range of mapped ones. */
export function isInRange(text: string, range: string): boolean {
  const [base = "", length] = range.split("/");
  const address = addressOf(text);
  const first = addressOf(base);
  if (address === null || first === null) return false;
  const prefix = length === undefined ? 128 : Number(length) + (first.isWrittenAsIpv4 ? 96 : 0);
  const isIpv4 = address.bits >> 32n === mappedIpv4 >> 32n;
  if (isIpv4 && prefix < 96) return false;
  const shift = BigInt(128 - prefix);
  return address.bits >> shift === first.bits >> shift;
}

export const sameBytes = (one: string, other: string): boolean =>
  Buffer.from(one, "base64").equals(Buffer.from(other, "base64"));
