/** Owns the files of certificates: read and checked before a listener has them, with the names they are for. */

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { CertificateFiles } from "../model/http.ts";

export interface Certificate {
  readonly files: CertificateFiles;
  /** PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
  /** DNS names, lower case, of which the first label may be `*`. */
  readonly names: readonly string[];
}

/** @throws Error when a file cannot be read, or certificate and key are none or no pair */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readFileSync(files.certFile);
  const key = readFileSync(files.keyFile);
  createSecureContext({ cert, key });
  return { files, cert, key, names: namesOf(cert) };
}

/** As `readCertificate`, for a certificate that is chosen by name. @throws Error also when it has no DNS name */
export function readNamedCertificate(files: CertificateFiles): Certificate {
  const certificate = readCertificate(files);
  if (certificate.names.length === 0) throw new Error(`${files.certFile} has no DNS name, so nobody could ask for it`);
  return certificate;
}

/** `DNS:a.example, IP Address:10.0.0.1`, of which a value may stand in quotes. Source: node's X509Certificate.subjectAltName. */
function namesOf(cert: Buffer): readonly string[] {
  const alternatives = new X509Certificate(cert).subjectAltName ?? "";
  const names = alternatives
    .split(", ")
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice("DNS:".length).toLowerCase());
  return [...new Set(names)];
}
