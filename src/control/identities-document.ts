/** Accounts, users and keys as JSON: the identities file, and the accounts that a node in another process is started with. */

/** An access key of a user. */
export interface IdentityKey {
  /** 3 to 128 of A-Z a-z 0-9 _ . + @ -; unique in the installation. */
  readonly accessKeyId: string;
  /** 8 to 128 printable ASCII characters without spaces. */
  readonly secretAccessKey: string;
}

/** A user of an account. */
export interface IdentityUser {
  readonly name: string;
  readonly email: string;
  readonly role: "admin" | "user";
  readonly password?: string | undefined;
  readonly policies?: readonly (string | Readonly<Record<string, unknown>>)[] | undefined;
  readonly keys?: readonly IdentityKey[] | undefined;
}

/** An account, its Root and its users. */
export interface IdentityAccount {
  /** 12 digits. */
  readonly accountId: string;
  readonly canonicalId: string;
  readonly displayName: string;
  readonly kind: "operator" | "reseller" | "customer";
  /** Account id of the reseller or operator above it. */
  readonly parent?: string | undefined;
  readonly root: {
    readonly email: string;
    readonly password?: string | undefined;
    readonly keys?: readonly IdentityKey[] | undefined;
  };
  readonly users?: readonly IdentityUser[] | undefined;
}

/** Accounts with their users and keys, as the identities file holds them. Adds and updates, never deletes. */
export interface IdentitiesDocument {
  readonly accounts: readonly IdentityAccount[];
}
