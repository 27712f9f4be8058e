/**
 * IP addresses and CIDR ranges of IpAddress conditions. Pure.
 * An IPv4 address written in IPv6 (`::ffff:192.0.2.1`) is the IPv4 address, so that a rule holds whatever socket a client came by.
 * Sources: RFC 4291, RFC 4632; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */

import { isIPv4, isIPv6 } from "node:net";

/** An address as one big-endian number of 32 bits (IPv4) or four of them (IPv6). */
type Address = readonly number[];

export interface AddressRange {
  readonly words: Address;
  /** One mask for each word. */
  readonly masks: readonly number[];
}

/** @returns null when the text is not an address; zone ids are refused */
export function parseAddress(text: string): Address | null {
  if (isIPv4(text)) return [ipv4Word(text)];
  if (!isIPv6(text) || text.includes("%")) return null;
  const words = ipv6Words(text);
  return isMapped(words) ? [words[3] as number] : words;
}

/** @returns the range of `address` or `address/bits`; null when it cannot be read. Bits outside the prefix are ignored. */
export function parseAddressRange(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  if (host.includes("%")) return null;
  const isV4 = isIPv4(host);
  if (!isV4 && !isIPv6(host)) return null;
  const bitsMax = isV4 ? 32 : 128;
  const bitsText = slash < 0 ? String(bitsMax) : text.slice(slash + 1);
  const bits = Number(bitsText);
  if (String(bits) !== bitsText || bits < 0 || bits > bitsMax || !Number.isInteger(bits)) return null;
  if (isV4) return rangeOf([ipv4Word(host)], bits);
  const words = ipv6Words(host);
  return isMapped(words) && bits >= 96 ? rangeOf([words[3] as number], bits - 96) : rangeOf(words, bits);
}

export function rangeHolds({ words, masks }: AddressRange, address: Address): boolean {
  if (words.length !== address.length) return false;
  for (let index = 0; index < words.length; index++) {
    if ((((words[index] as number) ^ (address[index] as number)) & (masks[index] as number)) !== 0) return false;
  }
  return true;
}

function rangeOf(words: Address, bits: number): AddressRange {
  const masks = words.map((_, index) => {
    const ones = Math.min(32, Math.max(0, bits - 32 * index));
    return ones === 0 ? 0 : (-1 << (32 - ones)) >>> 0;
  });
  return { words, masks };
}

const isMapped = (words: Address): boolean => words[0] === 0 && words[1] === 0 && words[2] === 0xffff;

function ipv4Word(text: string): number {
  return text.split(".").reduce((word, part) => ((word << 8) | Number(part)) >>> 0, 0);
}

/** @param text a valid IPv6 address */
function ipv6Words(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const left = ipv6Groups(head);
  const right = tail === undefined ? [] : ipv6Groups(tail);
  const groups = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return [0, 2, 4, 6].map((index) => (((groups[index] as number) << 16) | (groups[index + 1] as number)) >>> 0);
}

function ipv6Groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const word = ipv4Word(group);
    return [word >>> 16, word & 0xffff];
  });
}
