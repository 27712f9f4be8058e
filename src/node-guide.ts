/** The API guide of a node's two ports. It is loaded by the first request for it. */

import type { Log } from "./base/log.ts";
import { productVersion } from "./cli/version.ts";
import type { ControlReader } from "./control/reader.ts";
import type { AddressRanges } from "./front/client-address.ts";
import { GuideGate, lazyGuide, ownEndpoint } from "./front/guide-gate.ts";
import type { PrincipalGate } from "./front/principal-gate.ts";
import type { HttpHandler } from "./model/http.ts";

interface GuideParts {
  readonly domains: readonly string[];
  /** Where people reach the console, without a slash at its end; null: there is none. */
  readonly consoleUrl: () => string | null;
  /** The URL that the S3 port listens at. */
  readonly listening: () => string;
  readonly region: string;
  readonly log: Log;
}

export interface S3GuideParts extends GuideParts {
  /** Host names of the installation's endpoints. */
  readonly endpoints: readonly string[];
  readonly proxies: AddressRanges;
  readonly gate: PrincipalGate;
  readonly reader: ControlReader;
}

export function s3Guide(parts: S3GuideParts): GuideGate {
  const { listening, endpoints, domains, proxies, gate, reader } = parts;
  return new GuideGate({
    show: showing("s3", parts),
    proxies,
    ownEndpoint: () => ownEndpoint(listening(), domains),
    endpointsOf: (request) => {
      reader.refresh();
      return gate.tenantOf(request)?.endpoints ?? endpoints;
    },
  });
}

export function consoleGuide(parts: GuideParts): HttpHandler {
  const show = showing("console", parts);
  return (request, response) => show(request, response, ownEndpoint(parts.listening(), parts.domains));
}

const showing = (port: "s3" | "console", { consoleUrl, region, log }: GuideParts): ReturnType<typeof lazyGuide> =>
  lazyGuide(async () => {
    const { openGuide } = await import("./apidoc/guide.ts");
    return openGuide({ port, consoleUrl: consoleUrl(), region, version: productVersion() });
  }, log);
