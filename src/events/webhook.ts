/**
 * Events as HTTP POSTs. An address is judged when it is connected to, so that a name that changes its mind between look-up and
 * connection gets nowhere; redirects are not followed.
 */

import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { type ClientRequest, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { EventTarget, TargetSettings } from "./target.ts";

/**
 * Addresses of this machine, of its network, and of what clouds answer secrets at.
 * Source: IANA special-purpose address registries for IPv4 and IPv6.
 */
const innerRanges: readonly (readonly [network: string, prefix: number, family: "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 127, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

const inner = new BlockList();
for (const [network, prefix, family] of innerRanges) inner.addSubnet(network, prefix, family);

const withoutZone = (address: string): string => address.replace(/%.*$/, "");

/**
 * The IPv4 addresses that an IPv6 address carries: mapped (RFC 4291 section 2.5.5.2), compatible (2.5.5.1), by 6to4 (RFC 3056).
 * @param address any spelling; the URL parser writes it with the longest run of zeros left out
 */
function carriedAddresses(address: string): readonly string[] {
  const shortest = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail = ""] = shortest.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros: string[] = shortest.includes("::") ? Array(8 - before.length - after.length).fill("0") : [];
  const words = [...before, ...zeros, ...after].map((word) => Number.parseInt(word, 16));
  const dotted = (high = 0, low = 0): string => [high, low].map((word) => `${word >> 8}.${word & 255}`).join(".");
  const isLow = words.slice(0, 5).every((word) => word === 0) && (words[5] === 0 || words[5] === 0xffff);
  if (isLow) return [dotted(words[6], words[7])];
  return words[0] === 0x2002 ? [dotted(words[1], words[2])] : [];
}

/** Whether an address is of this machine or its network. IPv6 that carries IPv4 counts as what it carries. */
export function isInnerAddress(address: string): boolean {
  const family = isIP(address);
  // What is no address is not connected to.
  if (family === 0) return true;
  if (family === 4) return inner.check(address, "ipv4");
  const plain = withoutZone(address);
  return inner.check(plain, "ipv6") || carriedAddresses(plain).some((carried) => inner.check(carried, "ipv4"));
}

class InnerAddressError extends Error {
  override readonly name = "InnerAddressError";

  constructor(host: string) {
    super(`${host} is an address of this machine or its network, which the target's configuration does not allow`);
  }
}

/** How names are looked up: all addresses of one. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Looks names up as Node does, and refuses addresses that lie inside. */
const outerLookup =
  (lookUp: Lookup): LookupFunction =>
  (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isInnerAddress(address))) {
        return callback(new InnerAddressError(hostname), "", 0);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

export class Webhook implements EventTarget {
  readonly #settings: TargetSettings;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #lookUp: Lookup;

  constructor(settings: TargetSettings, clock: Clock, lookUp: Lookup = lookup) {
    this.#settings = settings;
    this.#url = new URL(settings.url);
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  send(message: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const { allowsPrivate } = this.#settings;
      const host = this.#url.hostname.replace(/^\[|\]$/g, "");
      // Addresses are not looked up, so they are judged here.
      if (!allowsPrivate && isIP(host) !== 0 && isInnerAddress(host)) return reject(new InnerAddressError(host));
      const request = this.#open(Buffer.byteLength(message));
      const end = (error: Error | null): void => {
        timer.cancel();
        if (error === null) resolve();
        else reject(error);
      };
      const timer = this.#clock.after(limits.eventSendMs, () => {
        end(new Error("no answer in time"));
        request.destroy();
      });
      request.on("error", end);
      // A connection that ends with an answer that is none, as a 101, ends without an error.
      request.on("close", () => end(new Error("the connection ended without an answer")));
      request.on("response", (response) => {
        const { statusCode = 0 } = response;
        response.on("error", end);
        // What it says beside its status is not read.
        response.destroy();
        end(statusCode >= 200 && statusCode < 300 ? null : new Error(`it answered ${statusCode}`));
      });
      request.end(message);
    });
  }

  async close(): Promise<void> {}

  #open(length: number): ClientRequest {
    const { authorization, allowsPrivate } = this.#settings;
    const headers = {
      "content-type": "application/json",
      "content-length": length,
      "user-agent": "Troupe",
      ...(authorization === null ? {} : { authorization }),
    };
    const options = {
      method: "POST",
      headers,
      agent: false,
      ...(allowsPrivate ? {} : { lookup: outerLookup(this.#lookUp) }),
    } as const;
    return this.#url.protocol === "https:" ? requestHttps(this.#url, options) : requestHttp(this.#url, options);
  }
}
