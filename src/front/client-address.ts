/**
 * Where a request really comes from. X-Forwarded-For is believed only from a proxy that the configuration trusts, and then
 * from right to left: the first address that is no trusted proxy's is the client's. What stands left of it anybody can write.
 */

import { BlockList, isIP } from "node:net";
import type { HttpRequest } from "../model/http.ts";
import { withoutMapping } from "./remote-address.ts";

export interface ClientPlace {
  readonly address: string;
  /** Whether the client's own connection is TLS. */
  readonly secure: boolean;
}

/** Addresses and CIDR ranges, matched as one set; IPv4 also in its mapped form. */
export class AddressRanges {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @param ranges each is an address or a range: `isAddressRange` */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0;
    for (const range of ranges) {
      const [address = "", prefix] = range.split("/");
      const family = isIP(address) === 4 ? "ipv4" : "ipv6";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 4 ? "ipv4" : "ipv6");
  }
}

/** @param proxies of the configuration's `trustedProxies` */
export function clientPlace(request: HttpRequest, proxies: AddressRanges): ClientPlace {
  const peer = withoutMapping(request.remoteAddress);
  if (proxies.isEmpty || !proxies.has(peer)) return { address: peer, secure: request.secure };
  const secure = request.headers.get("x-forwarded-proto")?.trim().toLowerCase() === "https";
  return { address: forwardedFor(request.headers.get("x-forwarded-for") ?? "", proxies) ?? peer, secure };
}

function forwardedFor(header: string, proxies: AddressRanges): string | null {
  const hops = header.split(",").reverse();
  let nearest: string | null = null;
  for (const hop of hops) {
    const address = plainAddress(hop.trim());
    // What a trusted proxy has not understood is not passed over: nothing beyond it can be trusted.
    if (address === null) return nearest;
    nearest = address;
    if (!proxies.has(address)) return address;
  }
  return nearest;
}

/** `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`; null for anything else. */
function plainAddress(text: string): string | null {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  const address = withoutMapping(bracketed ?? withPort ?? text);
  return isIP(address) === 0 ? null : address;
}
