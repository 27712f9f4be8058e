/** The Credential of a SigV4 request: access key and scope. Pure. */

import { limits } from "../base/limits.ts";

/** The services that requests are signed for. */
export type SigningService = "s3" | "iam" | "sts";

const services: readonly string[] = ["s3", "iam", "sts"] satisfies readonly SigningService[];

export interface Credential {
  readonly accessKeyId: string;
  /** YYYYMMDD. */
  readonly date: string;
  readonly region: string;
  readonly service: SigningService;
  /** `<date>/<region>/<service>/aws4_request`. */
  readonly scope: string;
}

const datePattern = /^\d{8}$/;
/** Any region is served, so only its characters are judged: printable ASCII, as the string to sign is ASCII. */
const regionPattern = /^[\x21-\x7e]+$/;

/**
 * Takes the scope from the right, so that an access key may contain "/".
 * @param text `AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request`
 * @param refuse makes the error to throw from S3's words on what is wrong; it differs between header and query
 * @throws what `refuse` returns
 */
export function parseCredential(text: string, refuse: (fault: string) => Error): Credential {
  const parts = text.split("/");
  const [date, region, service, terminal] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (date === undefined || region === undefined || accessKeyId === "") {
    throw refuse('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  }
  if (terminal !== "aws4_request") {
    throw refuse(`incorrect terminal "${terminal}". This endpoint uses "aws4_request".`);
  }
  if (!isService(service)) throw refuse(wrongService(service));
  if (!datePattern.test(date)) {
    throw refuse(`incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`);
  }
  if (region.length > limits.regionCharsMax || !regionPattern.test(region)) {
    throw refuse(`the region "${region}" is mal-formed.`);
  }
  return { accessKeyId, date, region, service, scope: `${date}/${region}/${service}/aws4_request` };
}

/**
 * A credential of one service is none of another's: what was signed for IAM is no request to S3.
 * @throws what `refuse` returns
 */
export function checkService(
  { service }: Credential,
  allowed: readonly SigningService[],
  refuse: (fault: string) => Error,
): void {
  if (!allowed.includes(service)) throw refuse(wrongService(service));
}

export const s3Only: readonly SigningService[] = ["s3"];

function isService(service: string | undefined): service is SigningService {
  return service !== undefined && services.includes(service);
}

function wrongService(service: string | undefined): string {
  return `incorrect service "${service}". This endpoint belongs to "s3".`;
}
