/** Actions of the published models that are not served, and why. Each is refused by its name. */

import type { QueryService } from "./query-answer.ts";

interface UnservedGroup {
  readonly service: QueryService;
  readonly reason: string;
  readonly names: readonly string[];
}

export const unservedActions: readonly UnservedGroup[] = [
  {
    service: "iam",
    reason: "passwords are set by their owners, by the admin API",
    names: [
      "ChangePassword",
      "CreateLoginProfile",
      "DeleteAccountPasswordPolicy",
      "GetAccountPasswordPolicy",
      "UpdateAccountPasswordPolicy",
      "UpdateLoginProfile",
    ],
  },
  {
    service: "iam",
    reason: "second factors are set up by their owners, by the admin API",
    names: [
      "CreateVirtualMFADevice",
      "DeactivateMFADevice",
      "DeleteVirtualMFADevice",
      "EnableMFADevice",
      "GetMFADevice",
      "ListMFADeviceTags",
      "ResyncMFADevice",
      "TagMFADevice",
      "UntagMFADevice",
    ],
  },
  {
    service: "iam",
    reason: "an account's alias is its DNS label, which the account above it sets",
    names: ["CreateAccountAlias", "DeleteAccountAlias"],
  },
  {
    service: "iam",
    reason: "there are no compute instances that could have roles",
    names: [
      "AddRoleToInstanceProfile",
      "CreateInstanceProfile",
      "DeleteInstanceProfile",
      "GetInstanceProfile",
      "ListInstanceProfileTags",
      "RemoveRoleFromInstanceProfile",
      "TagInstanceProfile",
      "UntagInstanceProfile",
    ],
  },
  {
    service: "iam",
    reason: "identity providers are set up by the operator",
    names: [
      "AddClientIDToOpenIDConnectProvider",
      "CreateOpenIDConnectProvider",
      "CreateSAMLProvider",
      "DeleteOpenIDConnectProvider",
      "DeleteSAMLProvider",
      "DisableOutboundWebIdentityFederation",
      "EnableOutboundWebIdentityFederation",
      "GetOpenIDConnectProvider",
      "GetOutboundWebIdentityFederationInfo",
      "GetSAMLProvider",
      "ListOpenIDConnectProviderTags",
      "ListSAMLProviderTags",
      "RemoveClientIDFromOpenIDConnectProvider",
      "TagOpenIDConnectProvider",
      "TagSAMLProvider",
      "UntagOpenIDConnectProvider",
      "UntagSAMLProvider",
      "UpdateOpenIDConnectProviderThumbprint",
      "UpdateSAMLProvider",
    ],
  },
  {
    service: "iam",
    reason: "only access keys are credentials here",
    names: [
      "CreateServiceSpecificCredential",
      "DeleteSSHPublicKey",
      "DeleteServerCertificate",
      "DeleteServiceSpecificCredential",
      "DeleteSigningCertificate",
      "GetSSHPublicKey",
      "GetServerCertificate",
      "ListServerCertificateTags",
      "ResetServiceSpecificCredential",
      "TagServerCertificate",
      "UntagServerCertificate",
      "UpdateSSHPublicKey",
      "UpdateServerCertificate",
      "UpdateServiceSpecificCredential",
      "UpdateSigningCertificate",
      "UploadSSHPublicKey",
      "UploadServerCertificate",
      "UploadSigningCertificate",
    ],
  },
  {
    service: "iam",
    reason: "no service has roles of its own",
    names: ["CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus"],
  },
  {
    service: "iam",
    reason: "organizations are accounts below one another, which the admin API manages",
    names: [
      "DisableOrganizationsRootCredentialsManagement",
      "DisableOrganizationsRootSessions",
      "EnableOrganizationsRootCredentialsManagement",
      "EnableOrganizationsRootSessions",
      "GenerateOrganizationsAccessReport",
      "GetOrganizationsAccessReport",
      "ListOrganizationsFeatures",
    ],
  },
  {
    service: "iam",
    reason: "the admin API has the audit log and reports",
    names: [
      "GenerateCredentialReport",
      "GenerateServiceLastAccessedDetails",
      "GetCredentialReport",
      "GetServiceLastAccessedDetails",
      "GetServiceLastAccessedDetailsWithEntities",
      "ListPoliciesGrantingServiceAccess",
    ],
  },
  {
    service: "iam",
    reason: "delegation requests are AWS's own way of support",
    names: [
      "AcceptDelegationRequest",
      "AssociateDelegationRequest",
      "CreateDelegationRequest",
      "GetDelegationRequest",
      "GetHumanReadableSummary",
      "ListDelegationRequests",
      "RejectDelegationRequest",
      "SendDelegationToken",
      "UpdateDelegationRequest",
    ],
  },
  {
    service: "iam",
    reason: "settings of AWS's own services",
    names: [
      "AcquireRole",
      "GetAccountProperties",
      "GetRoleTemplateVersion",
      "PutAccountProperties",
      "SetSecurityTokenServicePreferences",
    ],
  },
  {
    service: "sts",
    reason: "no identity provider is set up",
    names: ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetWebIdentityToken", "GetDelegatedAccessToken"],
  },
  {
    service: "sts",
    reason: "Root of an account above acts by the console or the admin API",
    names: ["AssumeRoot"],
  },
  {
    service: "sts",
    reason: "GetSessionToken and AssumeRole make temporary credentials",
    names: ["GetFederationToken"],
  },
  {
    service: "sts",
    reason: "refusals are not encoded: they say what was missing",
    names: ["DecodeAuthorizationMessage"],
  },
];
