/** The errors of decoding a request by its declaration, by their S3 codes; `s3/errors.ts` gives them status and message. */

/** S3 codes that a declaration's decoder refuses with. */
export type RefusalCode =
  | "InvalidArgument"
  | "InvalidRequest"
  | "InvalidStorageClass"
  | "MalformedACLError"
  | "MalformedXML"
  | "MaxMessageLengthExceeded"
  | "MetadataTooLarge"
  | "MissingRequestBodyError"
  | "NotImplemented";

/** Thrown while a request is decoded; `detail` becomes extra elements of the error's XML, `Message` replaces the default text. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly detail: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, detail: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(detail["Message"] ?? code, options);
    this.code = code;
    this.detail = detail;
  }
}
