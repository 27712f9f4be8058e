/** IP addresses and CIDR ranges in configuration. */

import { isIP } from "node:net";

/** True for an IPv4 or IPv6 address, alone or with a prefix length that fits. Source: RFC 4632, RFC 4291. */
export function isAddressRange(text: string): boolean {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = isIP(address);
  if (family === 0) return false;
  if (slash < 0) return true;
  const prefix = text.slice(slash + 1);
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
