/** Where our actions differ from the published models on purpose. A line that no longer applies fails the test. */

export interface MemberNote {
  /** Of `Action.input.Member` or `Action.output.Member.Inner`. */
  readonly members: RegExp;
  readonly reason: string;
}

/** Members that the models have and our rows do not. */
export const unservedQueryMembers: readonly MemberNote[] = [
  {
    members: /^AssumeRole\.input\.(?:Tags|TransitiveTagKeys)\b/,
    reason: "session tags are refused: InvalidQueryParameter",
  },
  {
    members: /^AssumeRole\.input\.ProvidedContexts\b/,
    reason: "context assertions are refused: InvalidQueryParameter",
  },
  {
    members: /^Simulate\w+Policy\.input\.ResourceHandlingOption$/,
    reason: "scenarios of compute instances are refused: InvalidQueryParameter",
  },
  {
    members: /^ListServiceSpecificCredentials\.input\.AllUsers$/,
    reason: "there are none: refused with InvalidQueryParameter",
  },
  {
    members: /^Simulate\w+Policy\.input\.(?:OrderedOrganizationPolicyInputList|PolicyExclusionList)\b/,
    reason: "there are no policies of organizations: refused with InvalidQueryParameter",
  },
  {
    members: /\.(?:MinimumSessionTokenSize|SessionTokenSize|SessionTokenUtilization)$/,
    reason: "tokens have the size that they need; asking for another is refused with InvalidQueryParameter",
  },
  { members: /\.SourceRoleTemplate\b/, reason: "there are no templates of roles" },
  { members: /\.PasswordLastUsed$/, reason: "sign-ins are told by the admin API" },
  { members: /\.RoleLastUsed\b|\.MFADevices\[\]\.EnableDate$/, reason: "not kept" },
  { members: /\.InstanceProfileList\b/, reason: "there are no instance profiles" },
  { members: /\.PasswordResetRequired$/, reason: "there are no login profiles" },
  { members: /\.StartPosition\b|\.EndPosition\b/, reason: "statements are told by their policy" },
  { members: /\.OrganizationsDecisionDetail\b/, reason: "there are no policies of organizations" },
  { members: /\.EvalDecisionDetails$/, reason: "for resources of other accounts" },
  { members: /\.ResourceSpecificResults\b/, reason: "each pair of action and resource has its own result" },
  {
    members:
      /^List(?:InstanceProfiles|InstanceProfilesForRole|ServerCertificates|OpenIDConnectProviders|SAMLProviders|SigningCertificates|SSHPublicKeys|ServiceSpecificCredentials|VirtualMFADevices)\.output\.\w+\[\]/,
    reason: "the list is always empty",
  },
];

/** Members that our rows have otherwise than the models. */
export const otherQueryMembers: readonly MemberNote[] = [
  { members: /^AssumeRole\.input\.PolicyArns\[\]\.arn$/, reason: "a descriptor without its ARN is refused" },
  {
    members: /^GetAccountSummary\.output\.SummaryMap\b/,
    reason: "a map is written as the list of its entries, which is the same XML",
  },
  { members: /^List\w+\.output\.\w+\[\]\.Arn$/, reason: "the item of a list that is always empty" },
];
