/**
 * A POST form as the PutObject that it stands for: its fields as headers, its file as the body; and the answer that the form
 * asked for.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */

import type { FormFields } from "../auth/post-policy.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import type { StructureValue } from "../model/shape.ts";
import { compileXmlReader } from "../model/xml-read.ts";
import { escapeXml, xmlDeclaration } from "../model/xml-write.ts";
import type { Address } from "../s3/address.ts";
import { S3Error } from "../s3/errors.ts";
import { Tagging } from "../s3/shapes.ts";
import { checkKey, encodeListed } from "../s3/uri.ts";
import { type FormData, hasForm, readForm } from "./form-data.ts";

const filenameVariable = /\$\{filename\}/g;

/** Fields that are signed or sign: what they hold is not text to fill in. */
const verbatim: ReadonlySet<string> = new Set(["policy", "signature", "x-amz-signature", "x-amz-credential"]);

/** Fields that a PutObject has as a header of another name. */
const headerNames: ReadonlyMap<string, string> = new Map([
  ["acl", "x-amz-acl"],
  ["tagging", "x-amz-tagging"],
]);

/** Fields that are headers of a PutObject under their own names, beside x-amz-*. */
const headerFields: ReadonlySet<string> = new Set([
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-md5",
  "content-type",
  "expires",
]);

/** x-amz-* fields that are about the form, and what only headers of a request may say. */
const notHeaders: ReadonlySet<string> = new Set([
  "x-amz-algorithm",
  "x-amz-content-sha256",
  "x-amz-copy-source",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-decoded-content-length",
  "x-amz-security-token",
  "x-amz-signature",
  "x-amz-trailer",
]);

/**
 * The form's fields by lower-case name, with the file's name put in, and with its bucket.
 * @throws S3Error InvalidArgument for a field that is given twice, or that names another bucket; UserKeyMustBeSpecified
 */
export function fieldsOf({ fields, file }: Pick<FormData, "fields" | "file">, bucket: string): FormFields {
  const all = new Map<string, string>([["bucket", bucket]]);
  for (const [sent, value] of fields) {
    const name = sent.toLowerCase();
    const filled = verbatim.has(name) ? value : value.replaceAll(filenameVariable, () => file?.name ?? "");
    const known = all.get(name);
    if (known !== undefined && (name !== "bucket" || known !== filled)) {
      throw new S3Error("InvalidArgument", {
        Message: `The form field '${sent}' is given twice, or contradicts the request.`,
        ArgumentName: sent,
        ArgumentValue: value,
      });
    }
    all.set(name, filled);
  }
  if ((all.get("key") ?? "") === "") throw new S3Error("UserKeyMustBeSpecified");
  return all;
}

/** The object's key. @throws S3Error KeyTooLongError, InvalidURI */
export function keyOf(fields: FormFields): string {
  return checkKey(fields.get("key") ?? "");
}

/** The headers of the PutObject. @throws S3Error InvalidArgument for control characters, MalformedXML of a tag set */
export function headersOf(fields: FormFields, host: string): Headers {
  const headers = new Map<string, string>([["host", host]]);
  for (const [name, value] of fields) {
    const header = headerNames.get(name) ?? (isHeader(name) ? name : null);
    if (header === null || value === "") continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header.
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(value) && name !== "tagging") {
      throw new S3Error("InvalidArgument", { Message: "A form field has control characters.", ArgumentName: name });
    }
    headers.set(header, name === "tagging" ? tagsOf(value) : value);
  }
  return { get: (name) => headers.get(name), has: (name) => headers.has(name), entries: () => headers.entries() };
}

function isHeader(name: string): boolean {
  return headerFields.has(name) || (name.startsWith("x-amz-") && !notHeaders.has(name));
}

const readTagging = compileXmlReader("Tagging", Tagging);

/** The form has the XML of a tag set where a PutObject has a query. */
function tagsOf(xml: string): string {
  // The reader is compiled from this shape.
  const { TagSet } = readTagging(Buffer.from(xml)) as StructureValue<(typeof Tagging)["members"]>;
  return TagSet.map(({ Key, Value }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`).join("&");
}

/** A form whose file has not been read. */
export interface OpenForm {
  readonly fields: FormFields;
  readonly bucket: string;
  readonly key: string;
  /** The PutObject that it stands for. */
  readonly asPut: HttpRequest;
}

/** Whether a POST to a bucket carries a form. */
export function isPostForm({ method, headers }: HttpRequest, { bucket, key }: Address): boolean {
  return method === "POST" && bucket !== null && key === null && hasForm(headers);
}

/** What frames and signs a body in chunks has no part in forms: taken as they come, chunks would go unverified. */
function refuseChunks(headers: Headers): void {
  if (headers.get("x-amz-content-sha256")?.startsWith("STREAMING-") !== true) return;
  throw new S3Error("InvalidRequest", { Message: "The body of a form cannot be aws-chunked." });
}

/**
 * Reads a form up to its file.
 * @throws S3Error InvalidRequest for an aws-chunked body, those of `readForm`, `fieldsOf`, `keyOf` and `headersOf`; IncorrectNumberOfFilesInPostRequest
 */
export async function openForm(request: HttpRequest, bucket: string, clock: Clock): Promise<OpenForm> {
  refuseChunks(request.headers);
  const form = await readForm(request.body, request.headers, clock);
  if (form.file === null) throw new S3Error("IncorrectNumberOfFilesInPostRequest");
  const fields = fieldsOf(form, bucket);
  const { rawPath, rawQuery, remoteAddress, secure } = request;
  const headers = headersOf(fields, request.headers.get("host") ?? "");
  const asPut = { method: "PUT", rawPath, rawQuery, remoteAddress, secure, headers, body: form.file.body };
  return { fields, bucket, key: keyOf(fields), asPut };
}

/** `http://host/bucket` of a request to a bucket; without the bucket where the host names it. */
export function baseUrl({ headers }: HttpRequest, { style, bucket }: Address, secure: boolean): string {
  const origin = `${secure ? "https" : "http"}://${headers.get("host") ?? ""}`;
  return style === "path" ? `${origin}/${bucket ?? ""}` : origin;
}

/**
 * 303 to where the form says, 200 or 201 as it says, else 204.
 * @param put the PutObject's answer, whose headers are kept
 */
export function answerOf(
  { fields, bucket, key }: Pick<OpenForm, "fields" | "bucket" | "key">,
  put: EncodedAnswer,
  base: string,
): EncodedAnswer {
  const etag = put.headers.find(([name]) => name.toLowerCase() === "etag")?.[1] ?? "";
  const location = `${base}/${encodeListed(key)}`;
  const redirect = redirectOf(fields, { bucket, key, etag });
  if (redirect !== null) return { ...put, status: 303, headers: [...put.headers, ["location", redirect]], body: null };
  const headers = [...put.headers, ["location", location]] as const;
  const status = fields.get("success_action_status");
  if (status === "200") return { ...put, status: 200, headers, body: null };
  if (status !== "201") return { ...put, status: 204, headers, body: null };
  const elements = Object.entries({ Location: location, Bucket: bucket, Key: key, ETag: etag })
    .map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`)
    .join("");
  const body = `${xmlDeclaration}<PostResponse>${elements}</PostResponse>`;
  return { ...put, status: 201, headers: [...headers, ["content-type", "application/xml"]], body };
}

/** As S3 does, what is no URL is passed over. */
function redirectOf(fields: FormFields, words: Readonly<Record<"bucket" | "key" | "etag", string>>): string | null {
  const asked = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (asked === undefined || asked.length > limits.postRedirectCharsMax || !URL.canParse(asked)) return null;
  const url = new URL(asked);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  for (const [name, value] of Object.entries(words)) url.searchParams.set(name, value);
  return url.href;
}
