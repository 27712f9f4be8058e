/** Listen addresses on the command line. Pure. */

import { isIPv6 } from "node:net";

export interface ListenAddress {
  /** Host name or IP address; an IPv6 address without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
}

/** Every IPv4 address. */
const anyHost = "0.0.0.0";

/**
 * Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`; without a host it is `anyHost`.
 * @returns the address, or a sentence about what is wrong
 */
export function parseListenAddress(text: string): ListenAddress | string {
  const match = /^(?:\[([^\]]*)\]:|([^:[\]/\s]*):)?(\d{1,5})$/.exec(text);
  if (match === null) {
    if (isIPv6(text) || text.split(":").length > 2)
      return "an IPv6 address stands in brackets before its port: [::1]:9000";
    if (/^[^:\s]+:?$/.test(text)) return "the port is missing: write HOST:PORT, :PORT or PORT";
    return "must be HOST:PORT, [IPv6]:PORT, :PORT or PORT";
  }
  const [, bracketed, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return `a port is at most 65535, not ${port}`;
  if (bracketed !== undefined) {
    return isIPv6(bracketed) ? { host: bracketed, port } : `[${bracketed}] is not an IPv6 address`;
  }
  return { host: name === undefined || name === "" ? anyHost : name, port };
}

/** The address for people and URLs: brackets around IPv6. */
export function formatListenAddress(address: ListenAddress): string {
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

/** A URL under which a client on the same machine reaches the address. */
export function localUrl(address: ListenAddress, secure: boolean): string {
  const host = address.host === anyHost || address.host === "::" ? "localhost" : address.host;
  return `${secure ? "https" : "http"}://${formatListenAddress({ host, port: address.port })}`;
}

/** The host as it stands in a URL: loopback for "any address", brackets around IPv6. */
export function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
