/** Host names of websites: `<bucket>.s3-website.<domain>`, `<bucket>.s3-website-<region>.<domain>`, and, where it is allowed, a bucket's own name. */

import { hostName } from "../s3/address.ts";

export class WebsiteHosts {
  readonly #suffixes: readonly string[];
  readonly #takesCustom: boolean;
  #lastHeader = "";
  /** What the last host names: most requests come to one. */
  #lastBucket: string | null = null;

  /**
   * @param endpoints host names of the website endpoints, lower case
   * @param takesCustom whether a host that is a bucket's name is its website
   */
  constructor(endpoints: readonly string[], takesCustom: boolean) {
    this.#suffixes = [...endpoints].sort((a, b) => b.length - a.length).map((endpoint) => `.${endpoint}`);
    this.#takesCustom = takesCustom;
  }

  /** The bucket that stands left of a website endpoint, dots included; "" for an endpoint itself; null for other hosts. */
  find(header: string): string | null {
    if (header !== this.#lastHeader) {
      this.#lastBucket = this.#parse(hostName(header));
      this.#lastHeader = header;
    }
    return this.#lastBucket;
  }

  /** The bucket that would have this host name as its own; null when such hosts are not taken or it can be none. */
  custom(header: string): string | null {
    if (!this.#takesCustom) return null;
    const host = hostName(header);
    return host.includes(".") ? host : null;
  }

  #parse(host: string): string | null {
    for (const suffix of this.#suffixes) {
      if (host.endsWith(suffix)) return host.slice(0, -suffix.length);
      if (host === suffix.slice(1)) return "";
    }
    return null;
  }
}

/** The website endpoints of an installation. @param configured host names of the configuration; none: made from its domains */
export const websiteEndpoints = (
  configured: readonly string[],
  domains: readonly string[],
  region: string,
): readonly string[] =>
  configured.length > 0
    ? configured
    : domains.flatMap((domain) => [
        `s3-website.${domain}`,
        `s3-website-${region.toLowerCase()}.${domain}`,
        `s3-website.${region.toLowerCase()}.${domain}`,
      ]);
