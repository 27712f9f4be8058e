/** The XML of lifecycle configurations. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_BucketLifecycleConfiguration.html */

import { body } from "../model/member.ts";
import {
  boolean,
  dateTime,
  enumeration,
  integer,
  list,
  long,
  string,
  structure,
  type ValueOf,
} from "../model/shape.ts";
import { Tag } from "./shapes.ts";

const TransitionStorageClass = enumeration(
  "DEEP_ARCHIVE",
  "GLACIER",
  "GLACIER_IR",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "STANDARD_IA",
);

export const TransitionDefaultMinimumObjectSize = enumeration("all_storage_classes_128K", "varies_by_storage_class");

const LifecycleExpiration = structure("LifecycleExpiration", {
  Date: body(dateTime),
  Days: body(integer),
  ExpiredObjectDeleteMarker: body(boolean),
});

const LifecycleRuleAndOperator = structure("LifecycleRuleAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
  ObjectSizeGreaterThan: body(long),
  ObjectSizeLessThan: body(long),
});

const LifecycleRuleFilter = structure("LifecycleRuleFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  ObjectSizeGreaterThan: body(long),
  ObjectSizeLessThan: body(long),
  And: body(LifecycleRuleAndOperator),
});

const Transition = structure("Transition", {
  Date: body(dateTime),
  Days: body(integer),
  StorageClass: body(TransitionStorageClass),
});

const NoncurrentVersionTransition = structure("NoncurrentVersionTransition", {
  NoncurrentDays: body(integer),
  StorageClass: body(TransitionStorageClass),
  NewerNoncurrentVersions: body(integer),
});

const NoncurrentVersionExpiration = structure("NoncurrentVersionExpiration", {
  NoncurrentDays: body(integer),
  NewerNoncurrentVersions: body(integer),
});

const AbortIncompleteMultipartUpload = structure("AbortIncompleteMultipartUpload", {
  DaysAfterInitiation: body(integer),
});

export const LifecycleRule = structure("LifecycleRule", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  Expiration: body(LifecycleExpiration),
  ID: body(string),
  Prefix: body(string),
  Filter: body(LifecycleRuleFilter),
  Transitions: body(list(Transition), { xmlName: "Transition", xmlFlattened: true }),
  NoncurrentVersionTransitions: body(list(NoncurrentVersionTransition), {
    xmlName: "NoncurrentVersionTransition",
    xmlFlattened: true,
  }),
  NoncurrentVersionExpiration: body(NoncurrentVersionExpiration),
  AbortIncompleteMultipartUpload: body(AbortIncompleteMultipartUpload),
});

export const BucketLifecycleConfiguration = structure("BucketLifecycleConfiguration", {
  Rules: body(list(LifecycleRule), { required: true, xmlName: "Rule", xmlFlattened: true }),
});

/** One rule as it stands in a document. */
export type RuleDocument = ValueOf<typeof LifecycleRule>;
