/**
 * Which condition keys a policy may name. Pure; names compare without regard to case.
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html,
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */

const globalKeys: ReadonlySet<string> = new Set(
  [
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSMcpService",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
    "aws:userid",
    "aws:username",
  ].map((key) => key.toLowerCase()),
);

/** Keys that end in the name of a tag. */
const globalTagKeys = ["aws:principaltag/", "aws:requesttag/", "aws:resourcetag/"];

/** Services, and identity providers, that have keys of their own; the keys themselves are not listed. */
const servicePrefixes: ReadonlySet<string> = new Set([
  "access-analyzer",
  "account",
  "accounts.google.com",
  "acm",
  "acm-pca",
  "airflow",
  "apigateway",
  "appsync",
  "athena",
  "autoscaling",
  "backup",
  "batch",
  "bedrock",
  "ce",
  "cloudformation",
  "cloudfront",
  "cloudtrail",
  "cloudwatch",
  "codebuild",
  "codecommit",
  "codedeploy",
  "codepipeline",
  "codestar-connections",
  "cognito-identity.amazonaws.com",
  "cognito-idp",
  "config",
  "connect",
  "datasync",
  "dms",
  "ds",
  "dynamodb",
  "ebs",
  "ec2",
  "ecr",
  "ecs",
  "eks",
  "elasticache",
  "elasticbeanstalk",
  "elasticfilesystem",
  "elasticloadbalancing",
  "elasticmapreduce",
  "es",
  "events",
  "execute-api",
  "firehose",
  "fsx",
  "glacier",
  "glue",
  "graph.facebook.com",
  "guardduty",
  "iam",
  "identitystore",
  "imagebuilder",
  "iot",
  "kafka",
  "kinesis",
  "kms",
  "lakeformation",
  "lambda",
  "license-manager",
  "logs",
  "macie2",
  "network-firewall",
  "organizations",
  "ram",
  "rds",
  "redshift",
  "resource-groups",
  "route53",
  "route53resolver",
  "s3",
  "s3-object-lambda",
  "s3-outposts",
  "s3express",
  "s3tables",
  "s3vectors",
  "sagemaker",
  "saml",
  "scheduler",
  "secretsmanager",
  "securityhub",
  "servicecatalog",
  "servicediscovery",
  "ses",
  "shield",
  "signer",
  "sns",
  "sqs",
  "ssm",
  "ssmmessages",
  "sso",
  "states",
  "storagegateway",
  "sts",
  "tag",
  "transfer",
  "vpc-lattice",
  "wafv2",
  "workspaces",
  "www.amazon.com",
]);

/** Keys with several values in one request: they cannot be variables. */
const multivaluedKeys: ReadonlySet<string> = new Set([
  "aws:calledvia",
  "aws:principalorgpaths",
  "aws:principalservicenameslist",
  "aws:resourceorgpaths",
  "aws:sourceorgpaths",
  "aws:tagkeys",
  "aws:vpceorgpaths",
  "s3:requestobjecttagkeys",
]);

/** Letters, digits and what tag names may hold. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const keyName = /^[\p{L}\p{N} _.:/=+\-@]+$/u;

/**
 * True for a global key by its name, and for every key of a known service; a key of an OpenID Connect provider
 * (`host.name/path:claim`) is known where identity providers are: in trust policies.
 */
export function isConditionKey(key: string, mayNameProviders = false): boolean {
  const lower = key.toLowerCase();
  const colon = lower.lastIndexOf(":");
  const first = lower.indexOf(":");
  if (first <= 0 || first === lower.length - 1 || !keyName.test(key) || key !== key.trim()) return false;
  if (lower.startsWith("aws:")) {
    return globalKeys.has(lower) || globalTagKeys.some((tag) => lower.startsWith(tag) && lower.length > tag.length);
  }
  if (servicePrefixes.has(lower.slice(0, first))) return true;
  return mayNameProviders && lower.slice(0, colon).includes(".");
}

/** True for a key whose value may be put in for a variable. */
export function isVariableKey(key: string): boolean {
  return isConditionKey(key, true) && !multivaluedKeys.has(key.toLowerCase());
}
