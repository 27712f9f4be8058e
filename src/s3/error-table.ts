/**
 * Every S3 error that this server can send. One row is one code.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */

export interface ErrorRow {
  readonly status: number;
  readonly message: string;
  /** Extra elements that AWS documents for the code; senders fill them. */
  readonly fields?: readonly string[];
}

const clientErrors = {
  AccessControlListNotSupported: { status: 400, message: "The bucket does not allow ACLs." },
  AmbiguousGrantByEmailAddress: {
    status: 400,
    message: "The e-mail address you provided is associated with more than one account.",
  },
  AuthorizationHeaderMalformed: {
    status: 400,
    message: "The authorization header that you provided is not valid.",
    fields: ["Region"],
  },
  AuthorizationQueryParametersError: { status: 400, message: "Error parsing the X-Amz-Credential parameter." },
  BadDigest: {
    status: 400,
    message: "The Content-MD5 or checksum value that you specified did not match what the server received.",
    fields: ["ExpectedDigest", "CalculatedDigest"],
  },
  BadRequest: { status: 400, message: "Bad Request" },
  CredentialsNotSupported: { status: 400, message: "This request does not support credentials." },
  CrossLocationLoggingProhibited: {
    status: 403,
    message: "Cross-Region logging is not allowed. Buckets in one Region cannot log to a bucket in another Region.",
  },
  EntityTooLarge: {
    status: 400,
    message: "Your proposed upload exceeds the maximum allowed size.",
    fields: ["ProposedSize", "MaxSizeAllowed"],
  },
  EntityTooSmall: {
    status: 400,
    message: "Your proposed upload is smaller than the minimum allowed size",
    fields: ["ProposedSize", "MinSizeAllowed", "PartNumber", "ETag"],
  },
  ExpiredToken: { status: 400, message: "The provided token has expired.", fields: ["Token-0"] },
  IllegalLocationConstraintException: {
    status: 400,
    message:
      "The specified location constraint is incompatible for the region specific endpoint this request was sent to.",
  },
  IllegalVersioningConfigurationException: {
    status: 400,
    message: "The versioning configuration specified in the request is not valid.",
  },
  IncompleteBody: {
    status: 400,
    message: "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  },
  IncorrectNumberOfFilesInPostRequest: { status: 400, message: "POST requires exactly one file upload per request." },
  InlineDataTooLarge: { status: 400, message: "The inline data exceeds the maximum allowed size." },
  InvalidAccessPoint: { status: 400, message: "The specified access point name or account is not valid." },
  InvalidAddressingHeader: { status: 400, message: "You must specify the Anonymous role." },
  InvalidArgument: {
    status: 400,
    message: "Invalid Argument",
    fields: ["ArgumentName", "ArgumentValue"],
  },
  InvalidBucketAclWithObjectOwnership: {
    status: 400,
    message: "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  },
  InvalidBucketName: { status: 400, message: "The specified bucket is not valid.", fields: ["BucketName"] },
  InvalidBucketOwnerAWSAccountID: {
    status: 400,
    message: "The value of the expected bucket owner parameter must be an AWS account ID.",
  },
  InvalidDigest: {
    status: 400,
    message: "The Content-MD5 you specified is not valid.",
    fields: ["Content-MD5"],
  },
  InvalidEncryptionAlgorithmError: {
    status: 400,
    message: "The encryption request that you specified is not valid. The valid value is AES256.",
  },
  InvalidLocationConstraint: {
    status: 400,
    message: "The specified location-constraint is not valid",
    fields: ["LocationConstraint"],
  },
  InvalidPart: {
    status: 400,
    message:
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    fields: ["UploadId", "PartNumber", "ETag"],
  },
  InvalidPartOrder: {
    status: 400,
    message: "The list of parts was not in ascending order. Parts must be ordered by part number.",
    fields: ["UploadId"],
  },
  InvalidPolicyDocument: {
    status: 400,
    message: "The content of the form does not meet the conditions specified in the policy document.",
  },
  InvalidRequest: { status: 400, message: "Invalid Request" },
  InvalidSOAPRequest: { status: 400, message: "The SOAP request body is not valid." },
  InvalidStorageClass: {
    status: 400,
    message: "The storage class you specified is not valid",
    fields: ["StorageClassRequested"],
  },
  InvalidTag: { status: 400, message: "The tag provided was not a valid tag.", fields: ["TagKey", "TagValue"] },
  InvalidTargetBucketForLogging: {
    status: 400,
    message:
      "The target bucket for logging either does not exist, is not owned by you, or does not have the appropriate grants.",
  },
  InvalidToken: {
    status: 400,
    message: "The provided token is malformed or otherwise not valid.",
    fields: ["Token-0"],
  },
  InvalidURI: { status: 400, message: "Couldn't parse the specified URI.", fields: ["URI"] },
  InvalidWriteOffset: {
    status: 400,
    message: "The write offset value that you specified does not match the current object size.",
  },
  "KMS.NotFoundException": { status: 400, message: "The specified KMS key does not exist." },
  KeyTooLongError: { status: 400, message: "Your key is too long", fields: ["Size", "MaxSizeAllowed"] },
  MalformedACLError: {
    status: 400,
    message: "The XML you provided was not well-formed or did not validate against our published schema",
  },
  MalformedPOSTRequest: {
    status: 400,
    message: "The body of your POST request is not well-formed multipart/form-data.",
  },
  MalformedPolicy: { status: 400, message: "Policies must be valid JSON and the first byte must be '{'" },
  MalformedTrailerError: { status: 400, message: "The request contained trailing data that was not well-formed." },
  MalformedXML: {
    status: 400,
    message: "The XML you provided was not well-formed or did not validate against our published schema",
  },
  MaxMessageLengthExceeded: { status: 400, message: "Your request was too large.", fields: ["MaxMessageLengthBytes"] },
  MaxPostPreDataLengthExceededError: {
    status: 400,
    message: "Your POST request fields preceding the upload file were too large.",
  },
  MetadataTooLarge: {
    status: 400,
    message: "Your metadata headers exceed the maximum allowed metadata size",
    fields: ["Size", "MaxSizeAllowed"],
  },
  MissingRequestBodyError: { status: 400, message: "Request body is empty." },
  MissingSecurityElement: { status: 400, message: "The SOAP 1.1 request is missing a security element." },
  MissingSecurityHeader: {
    status: 400,
    message: "Your request was missing a required header",
    fields: ["MissingHeaderName"],
  },
  NoLoggingStatusForKey: { status: 400, message: "There is no such thing as a logging status sub-resource for a key." },
  RequestHeaderSectionTooLarge: {
    status: 400,
    message: "Your request header section exceeds the maximum allowed size.",
    fields: ["MaxSizeAllowed"],
  },
  RequestIsNotMultiPartContent: {
    status: 400,
    message: "Bucket POST must be of the enclosure-type multipart/form-data.",
  },
  PolicyTooLarge: {
    status: 400,
    message: "The policy is larger than the maximum allowed size",
    fields: ["MaxSizeAllowed"],
  },
  RequestTimeout: {
    status: 400,
    message: "Your socket connection to the server was not read from or written to within the timeout period.",
  },
  RequestTorrentOfBucketError: { status: 400, message: "Requesting the torrent file of a bucket is not permitted." },
  ServerSideEncryptionConfigurationNotFoundError: {
    status: 404,
    message: "The server side encryption configuration was not found",
  },
  TokenCodeInvalidError: { status: 400, message: "The serial number and/or token code you provided is not valid." },
  TokenRefreshRequired: { status: 400, message: "The provided token must be refreshed." },
  TooManyBuckets: { status: 400, message: "You have attempted to create more buckets than allowed" },
  TooManyParts: { status: 400, message: "You have attempted to upload more parts than allowed" },
  UnauthorizedAccessError: { status: 403, message: "The provided token is not authorized for this region." },
  UnexpectedContent: { status: 400, message: "This request contains unsupported content." },
  UnresolvableGrantByEmailAddress: {
    status: 400,
    message: "The email address you provided does not match any account on record.",
  },
  UnsupportedArgument: { status: 400, message: "The request contained an unsupported argument." },
  UnsupportedSignature: {
    status: 400,
    message:
      "The provided request is signed with an unsupported STS Token version or the signature version is not supported.",
  },
  UserKeyMustBeSpecified: {
    status: 400,
    message:
      "The bucket POST must contain the specified field name. If it is specified, check the order of the fields.",
  },
  XAmzContentChecksumMismatch: {
    status: 400,
    message: "The provided 'x-amz-checksum' header does not match what was computed.",
  },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    fields: ["ClientComputedContentSHA256", "S3ComputedContentSHA256"],
  },
} as const satisfies Record<string, ErrorRow>;

const authorisationErrors = {
  AccessDenied: { status: 403, message: "Access Denied" },
  AccessForbidden: {
    status: 403,
    message: "CORSResponse: This CORS request is not allowed.",
    fields: ["Method", "ResourceType"],
  },
  AccessPointAlreadyOwnedByYou: {
    status: 409,
    message: "An access point with an identical name already exists in your account.",
  },
  AccountProblem: {
    status: 403,
    message: "There is a problem with your account that prevents the operation from completing successfully.",
  },
  AllAccessDisabled: { status: 403, message: "All access to this resource has been disabled." },
  InvalidAccessKeyId: {
    status: 403,
    message: "The AWS Access Key Id you provided does not exist in our records.",
    fields: ["AWSAccessKeyId"],
  },
  InvalidObjectState: {
    status: 403,
    message: "The operation is not valid for the object's storage class",
    fields: ["StorageClass", "AccessTier"],
  },
  InvalidPayer: { status: 403, message: "All access to this object has been disabled." },
  InvalidSecurity: { status: 403, message: "The provided security credentials are not valid." },
  NotSignedUp: { status: 403, message: "Your account is not signed up for the S3 service." },
  QuotaExceeded: { status: 403, message: "The write would exceed the quota of its account or bucket." },
  RequestTimeTooSkewed: {
    status: 403,
    message: "The difference between the request time and the current time is too large.",
    fields: ["RequestTime", "ServerTime", "MaxAllowedSkewMilliseconds"],
  },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    fields: ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "CanonicalRequest"],
  },
} as const satisfies Record<string, ErrorRow>;

const absenceErrors = {
  NoSuchAccessPoint: { status: 404, message: "The specified access point does not exist" },
  NoSuchBucket: { status: 404, message: "The specified bucket does not exist", fields: ["BucketName"] },
  NoSuchBucketPolicy: { status: 404, message: "The bucket policy does not exist", fields: ["BucketName"] },
  NoSuchCORSConfiguration: { status: 404, message: "The CORS configuration does not exist", fields: ["BucketName"] },
  NoSuchConfiguration: { status: 404, message: "The specified configuration does not exist." },
  NoSuchKey: { status: 404, message: "The specified key does not exist.", fields: ["Key"] },
  NoSuchLifecycleConfiguration: {
    status: 404,
    message: "The lifecycle configuration does not exist",
    fields: ["BucketName"],
  },
  NoSuchObjectLockConfiguration: {
    status: 404,
    message: "The specified object does not have a ObjectLock configuration",
  },
  NoSuchPublicAccessBlockConfiguration: {
    status: 404,
    message: "The public access block configuration was not found",
    fields: ["BucketName"],
  },
  NoSuchTagSet: { status: 404, message: "The TagSet does not exist", fields: ["BucketName"] },
  NoSuchUpload: {
    status: 404,
    message:
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    fields: ["UploadId"],
  },
  NoSuchVersion: { status: 404, message: "The specified version does not exist.", fields: ["Key", "VersionId"] },
  NoSuchWebsiteConfiguration: {
    status: 404,
    message: "The specified bucket does not have a website configuration",
    fields: ["BucketName"],
  },
  ObjectLockConfigurationNotFoundError: {
    status: 404,
    message: "Object Lock configuration does not exist for this bucket",
    fields: ["BucketName"],
  },
  OwnershipControlsNotFoundError: {
    status: 404,
    message: "The bucket ownership controls were not found",
    fields: ["BucketName"],
  },
  ReplicationConfigurationNotFoundError: {
    status: 404,
    message: "The replication configuration was not found",
    fields: ["BucketName"],
  },
} as const satisfies Record<string, ErrorRow>;

const stateErrors = {
  BucketAlreadyExists: {
    status: 409,
    message:
      "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
    fields: ["BucketName"],
  },
  BucketAlreadyOwnedByYou: {
    status: 409,
    message: "Your previous request to create the named bucket succeeded and you already own it.",
    fields: ["BucketName"],
  },
  BucketNotEmpty: { status: 409, message: "The bucket you tried to delete is not empty", fields: ["BucketName"] },
  ConditionalRequestConflict: {
    status: 409,
    message: "The conditional request cannot succeed due to a conflicting operation against this resource.",
    fields: ["Condition", "Key"],
  },
  InvalidBucketState: { status: 409, message: "The request is not valid for the current state of the bucket." },
  InvalidRange: {
    status: 416,
    message: "The requested range is not satisfiable",
    fields: ["RangeRequested", "ActualObjectSize"],
  },
  InvalidPartNumber: {
    status: 416,
    message: "The requested partnumber is not satisfiable",
    fields: ["PartNumberRequested", "ActualPartCount"],
  },
  MethodNotAllowed: {
    status: 405,
    message: "The specified method is not allowed against this resource.",
    fields: ["Method", "ResourceType"],
  },
  MissingContentLength: { status: 411, message: "You must provide the Content-Length HTTP header." },
  NotModified: { status: 304, message: "Not Modified" },
  OperationAborted: {
    status: 409,
    message: "A conflicting conditional operation is currently in progress against this resource. Try again.",
  },
  PermanentRedirect: {
    status: 301,
    message: "The bucket you are attempting to access must be addressed using the specified endpoint.",
    fields: ["Endpoint", "Bucket"],
  },
  PreconditionFailed: {
    status: 412,
    message: "At least one of the pre-conditions you specified did not hold",
    fields: ["Condition"],
  },
  Redirect: { status: 307, message: "Temporary redirect.", fields: ["Endpoint", "Bucket"] },
  RestoreAlreadyInProgress: { status: 409, message: "Object restore is already in progress." },
  TemporaryRedirect: {
    status: 307,
    message: "You are being redirected to the bucket while DNS updates.",
    fields: ["Endpoint", "Bucket"],
  },
} as const satisfies Record<string, ErrorRow>;

const serverErrors = {
  /** Not S3's, whose storage does not end: a client that gets it does not send the same again at once. RFC 4918. */
  InsufficientStorage: { status: 507, message: "There is not enough free space on this node to store what you sent." },
  InternalError: { status: 500, message: "We encountered an internal error. Please try again." },
  NotImplemented: {
    status: 501,
    message: "A header or query you provided implies functionality that is not implemented.",
    fields: ["Header", "Operation"],
  },
  ServiceUnavailable: { status: 503, message: "Please reduce your request rate." },
  SlowDown: { status: 503, message: "Please reduce your request rate." },
} as const satisfies Record<string, ErrorRow>;

export const s3Errors = {
  ...clientErrors,
  ...authorisationErrors,
  ...absenceErrors,
  ...stateErrors,
  ...serverErrors,
} as const;

export type S3ErrorCode = keyof typeof s3Errors;
