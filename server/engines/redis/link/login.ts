/** What AUTH takes. Without a password there is no AUTH. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Credentials that last until `end` is called, or until they are renewed. */
export interface OpenLogin {
  readonly credentials: Credentials;
  end(): void;
}

/** Asked for each connection; `onRenewed` may be called as long as it is open. */
export type Login = (onRenewed: (credentials: Credentials) => void) => Promise<OpenLogin>;

/** The same credentials for every connection. */
export function fixedLogin(credentials: Credentials): Login {
  return () => Promise.resolve({ credentials, end() {} });
}

export const NO_LOGIN = fixedLogin({});

/** Arguments of AUTH, or undefined when there is nothing to say. */
export function authCommand({ username, password }: Credentials): string[] | undefined {
  if (!password && !username) return undefined;
  return username ? ['AUTH', username, password ?? ''] : ['AUTH', password ?? ''];
}
