/** What answers on the S3 port of a front: S3 itself, IAM, STS and S3 Control, the guide and the probes. For front-host.ts alone. */

import { ownActor } from "./account/principal.ts";
import type { Principals } from "./account/principals.ts";
import type { TemporaryCredentials } from "./account/temporary-credentials.ts";
import type { Admission } from "./actor/admission.ts";
import type { Log } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import { urlHost } from "./cli/address.ts";
import { identityKeys } from "./control/identity-records.ts";
import { bucketPolicyOf } from "./front/bucket-rules.ts";
import { AddressRanges } from "./front/client-address.ts";
import { ConsoleCors } from "./front/console-cors.ts";
import { Cors } from "./front/cors.ts";
import type { Exchanged } from "./front/exchanged.ts";
import type { KeyUse } from "./front/key-use.ts";
import { Pipeline } from "./front/pipeline.ts";
import { PrincipalGate } from "./front/principal-gate.ts";
import { QueryPort } from "./front/query-port.ts";
import type { FrontServices } from "./front/request-services.ts";
import { S3ControlPort } from "./front/s3-control-port.ts";
import { s3Port } from "./front/s3-port.ts";
import { TenantHosts } from "./front/tenant-host.ts";
import { WebsitePort } from "./front/website.ts";
import { WebsiteHosts } from "./front/website-host.ts";
import type { FrontData } from "./front-data.ts";
import { s3ControlPort } from "./iam/s3-control.ts";
import { iamPort } from "./iam/service.ts";
import type { HttpHandler } from "./model/http.ts";
import { compileRoutes } from "./model/route.ts";
import { s3Guide } from "./node-guide.ts";
import { operations } from "./operations/table.ts";
import { isEndpointHost } from "./s3/address.ts";
import type { PublicAccessBlock } from "./s3/public-access.ts";

export interface HandlerParts {
  readonly data: FrontData;
  /** null: there is no console. */
  readonly consoleUrl: string | null;
  readonly services: FrontServices;
  readonly principals: Principals;
  readonly temporary: TemporaryCredentials;
  readonly admission: Admission;
  readonly keyUse: KeyUse;
  readonly log: Log;
  /** Bound once it serves. */
  readonly port: () => number;
  readonly isReady: () => boolean;
  readonly observe: (exchange: Exchanged) => void;
}

export function s3Handler(parts: HandlerParts): HttpHandler {
  const { data, consoleUrl, services, principals, admission, log, isReady, observe } = parts;
  const { endpoints, takesVersion2, hostId, listen } = data;
  const { control, clock } = services;
  const random = systemRandom;
  const cors = new Cors(new ConsoleCors(consoleUrl), services);
  const gate = new PrincipalGate(principals, new TenantHosts(data.domains), control);
  const proxies = new AddressRanges(data.trustedProxies);
  const pipeline = new Pipeline({
    services,
    route: compileRoutes(operations),
    endpoints,
    takesVersion2,
    hostId,
    admission,
    gate,
    proxies,
    cors,
    keyUse: parts.keyUse,
    random,
    log,
    observe,
  });
  const guide = s3Guide({
    ...data,
    consoleUrl: () => consoleUrl,
    proxies,
    gate,
    reader: control,
    listening: () => `${listen.tls === null ? "http" : "https"}://${urlHost(listen.host)}:${parts.port()}`,
    log,
  });
  const query = new QueryPort({
    gate,
    serve: queryService(parts),
    proxies,
    keyUse: parts.keyUse,
    region: data.region,
    clock,
    random,
    log,
  });
  const s3Control = new S3ControlPort({ gate, serve: controlService(parts), proxies, clock, random });
  const website = new WebsitePort({
    hosts: new WebsiteHosts(data.websites.endpoints, data.websites.customHosts),
    control,
    configurations: services.configurations,
    isEndpoint: (request) =>
      isEndpointHost(request.headers.get("host") ?? "", gate.tenantOf(request)?.endpoints ?? endpoints),
    pipeline: pipeline.handle,
    proxies,
    random,
    hostId,
    log,
  });
  return s3Port({ pipeline: pipeline.handle, isReady, consoleUrl, cors, query, s3Control, guide, website, log });
}

function queryService({ services, temporary, log }: HandlerParts) {
  const { control, askControl, clock } = services;
  return iamPort({
    reader: control,
    askControl,
    clock,
    credentials: temporary,
    secondFactor: {
      verify: async (accountId, userName, code) => {
        const by = ownActor(accountId, userName);
        return (await askControl("mfa.take", { by, accountId, userName, code })).ok;
      },
    },
    log,
  });
}

function controlService({ services, log }: HandlerParts) {
  const { control, configurations, askControl } = services;
  return s3ControlPort({
    bucket: (name) => control.bucket(name),
    bucketPolicy: ({ id, partition }) => bucketPolicyOf(configurations.of({ bucket: id, partition }))?.whole ?? null,
    publicAccessBlock: (accountId) => control.record<PublicAccessBlock>(identityKeys.publicAccessBlock(accountId)),
    askControl,
    log,
  });
}
