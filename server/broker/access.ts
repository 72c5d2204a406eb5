/**
 * PORTS. Who may come in, and who may do what. Verdicts may be immediate or promised: an immediate one costs the
 * session nothing, a promised one holds back that session's next frames and nobody else's.
 */
export interface Authenticator {
  authenticate(credentials: Credentials): LoginVerdict | Promise<LoginVerdict>;
}

export interface Authorizer {
  /**
   * Decides on a canonical destination, wildcards included, after all aliases were resolved. Advisories are asked about as
   * `/advisory/…`, and only for `subscribe`.
   */
  authorize(identity: Identity, action: Action, destination: string): boolean | Promise<boolean>;
}

/** What CONNECT brought. */
export interface Credentials {
  readonly login: string | undefined;
  readonly passcode: string | undefined;
  /** The `host` header as it came. */
  readonly host: string | undefined;
  readonly remoteAddress: string;
  /** The connection comes from this very machine and through no proxy. */
  readonly isLocal: boolean;
}

export type LoginVerdict =
  { readonly ok: true; readonly identity: Identity } | { readonly ok: false; readonly code: string; readonly detail: string };

/** Who a session acts for. */
export interface Identity {
  readonly user: string;
}

export type Action = 'send' | 'subscribe';
