/** Owns the text form of a peer's address, the same for both fronts: dotted IPv4, also when mapped, or RFC 5952 IPv6. */

/** @param bytes 4 or 16 bytes in network order */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (isMapped(bytes)) return addressText(bytes.subarray(12));
  const groups: number[] = [];
  for (let index = 0; index < bytes.length; index += 2) {
    groups.push(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0));
  }
  return compress(groups);
}

/** Takes the mapped prefix off an address in text form; others are returned as they are. */
export function withoutMapping(text: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text) ? text.slice(7) : text;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** The longest run of at least two zero groups, the first of equals, becomes "::". Source: RFC 5952 section 4.2. */
function compress(groups: readonly number[]): string {
  let bestStart = -1;
  let bestCount = 1;
  for (let start = 0; start < groups.length; start++) {
    let count = 0;
    while (groups[start + count] === 0) count += 1;
    if (count > bestCount) {
      bestStart = start;
      bestCount = count;
    }
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (bestStart === -1) return text(groups);
  return `${text(groups.slice(0, bestStart))}::${text(groups.slice(bestStart + bestCount))}`;
}
