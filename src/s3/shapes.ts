/** Structures that several sub-resources share. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Types.html */

import { body } from "../model/member.ts";
import { boolean, integer, list, string, structure, timestamp } from "../model/shape.ts";
import { CompressionType, FileHeaderInfo, GranteeType, JSONType, Permission, QuoteFields } from "./enumerations.ts";

export const Grantee = structure("Grantee", {
  Type: body(GranteeType, { required: true, xmlName: "xsi:type", xmlAttribute: true }),
  DisplayName: body(string),
  EmailAddress: body(string),
  ID: body(string),
  URI: body(string),
});

export const Grant = structure("Grant", {
  Grantee: body(Grantee, { xmlNamespace: { prefix: "xsi", uri: "http://www.w3.org/2001/XMLSchema-instance" } }),
  Permission: body(Permission),
});

export const Owner = structure("Owner", {
  DisplayName: body(string),
  ID: body(string),
});

export const AccessControlPolicy = structure("AccessControlPolicy", {
  Grants: body(list(Grant, "Grant"), { xmlName: "AccessControlList" }),
  Owner: body(Owner),
});

const CSVInput = structure("CSVInput", {
  FileHeaderInfo: body(FileHeaderInfo),
  Comments: body(string),
  QuoteEscapeCharacter: body(string),
  RecordDelimiter: body(string),
  FieldDelimiter: body(string),
  QuoteCharacter: body(string),
  AllowQuotedRecordDelimiter: body(boolean),
});

const CSVOutput = structure("CSVOutput", {
  QuoteFields: body(QuoteFields),
  QuoteEscapeCharacter: body(string),
  RecordDelimiter: body(string),
  FieldDelimiter: body(string),
  QuoteCharacter: body(string),
});

export const CommonPrefix = structure("CommonPrefix", {
  Prefix: body(string),
});

export const EventHoldDuration = structure("EventHoldDuration", {
  Days: body(integer),
  Years: body(integer),
});

export const Initiator = structure("Initiator", {
  ID: body(string),
  DisplayName: body(string),
});

const JSONInput = structure("JSONInput", {
  Type: body(JSONType),
});

const ParquetInput = structure("ParquetInput", {});

export const InputSerialization = structure("InputSerialization", {
  CSV: body(CSVInput),
  CompressionType: body(CompressionType),
  JSON: body(JSONInput),
  Parquet: body(ParquetInput),
});

const JSONOutput = structure("JSONOutput", {
  RecordDelimiter: body(string),
});

export const OutputSerialization = structure("OutputSerialization", {
  CSV: body(CSVOutput),
  JSON: body(JSONOutput),
});

export const RestoreStatus = structure("RestoreStatus", {
  IsRestoreInProgress: body(boolean),
  RestoreExpiryDate: body(timestamp),
});

export const Tag = structure("Tag", {
  Key: body(string, { required: true }),
  Value: body(string, { required: true }),
});

export const Tagging = structure("Tagging", {
  TagSet: body(list(Tag, "Tag"), { required: true }),
});

/** The output of operations that answer with nothing but a status. */
export const Unit = structure("Unit", {});
