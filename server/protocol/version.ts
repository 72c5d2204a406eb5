/** The STOMP versions spoken here, oldest first. */
export const VERSIONS = ['1.0', '1.1', '1.2'] as const;

export type Version = (typeof VERSIONS)[number];

/**
 * Chooses the highest version both sides speak. `acceptVersion` is the header's text, a comma separated list in
 * any order; unknown entries are ignored. Without the header a client speaks 1.0 only. Returns undefined when
 * nothing is in common.
 *
 * STOMP 1.2, Protocol Negotiation.
 */
export function negotiateVersion(acceptVersion: string | undefined): Version | undefined {
  if (acceptVersion === undefined) return '1.0';
  const offered = new Set(acceptVersion.split(',').map((entry) => entry.trim()));
  return VERSIONS.findLast((version) => offered.has(version));
}

/** WebSocket sub-protocols of these versions, as registered, oldest first. */
export const subProtocols = ['v10.stomp', 'v11.stomp', 'v12.stomp'] as const;

export type SubProtocol = (typeof subProtocols)[number];

/**
 * Chooses the highest sub-protocol a WebSocket client offered, in whatever order; undefined when it offered none that
 * is known, since answering one that was not offered fails the connection. It does not bind the version: CONNECT does.
 */
export function chooseSubProtocol(offered: Iterable<string>): SubProtocol | undefined {
  const names = new Set(offered);
  return subProtocols.findLast((name) => names.has(name));
}
