import type { IncomingHttpHeaders } from 'node:http';

/** Whose pages may open a WebSocket here. */
export type OriginPolicy =
  /** For a node that binds to loopback: pages and names of this very machine, on any port. */
  | { readonly kind: 'loopback' }
  /** Pages that were served under the very name and port the socket is asked for. */
  | { readonly kind: 'same-origin' }
  /** These origins (`https://app.example.com`, `null`), and no others; `*` is any. */
  | { readonly kind: 'list'; readonly origins: readonly string[] };

export type GuardVerdict = { readonly allowed: true } | { readonly allowed: false; readonly sentence: string };

const ALLOWED: GuardVerdict = { allowed: true };
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
const LOOPBACK_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

/**
 * Decides by Host and Origin, before the upgrade. CORS does not guard WebSockets: any page may open one to anywhere,
 * cookies included, and only the server can tell by Origin. A request without Origin does not come from a browser.
 * On loopback Host is looked at too: a page whose own name was made to point at 127.0.0.1 (DNS rebinding) has an
 * Origin that equals its Host, but neither names this machine.
 */
export function guardUpgrade(headers: IncomingHttpHeaders, policy: OriginPolicy): GuardVerdict {
  const { host } = headers;
  if (policy.kind === 'loopback' && !LOOPBACK_HOST.test(host ?? '')) {
    return refusal(`This node listens on loopback and answers to localhost, 127.0.0.1 or [::1] only; Host was '${shown(host)}'.`);
  }
  // Version 8 of the protocol, which the WebSocket library still takes, has a name of its own for it.
  for (const origin of [headers.origin, headers['sec-websocket-origin']]) {
    if (origin === undefined) continue;
    const verdict = guardOrigin(String(origin), host, policy);
    if (!verdict.allowed) return verdict;
  }
  return ALLOWED;
}

function guardOrigin(origin: string, host: string | undefined, policy: OriginPolicy): GuardVerdict {
  switch (policy.kind) {
    case 'loopback':
      if (LOOPBACK_ORIGIN.test(origin)) return ALLOWED;
      return refusal(`Pages of localhost, 127.0.0.1 or [::1] may connect; this one is from '${shown(origin)}'.`);
    case 'same-origin':
      if (isSameOrigin(origin, host)) return ALLOWED;
      return refusal(
        `Pages of this very origin may connect (Host is '${shown(host)}'); this one is from '${shown(origin)}'. ` +
          'Set the allowed origins, or let the proxy pass Host on.',
      );
    case 'list':
      if (policy.origins.includes('*') || policy.origins.includes(origin)) return ALLOWED;
      return refusal(`Pages of the allowed origins may connect; '${shown(origin)}' is not among them.`);
  }
}

/** The scheme is not compared: who ends TLS in front of this node is not known to it. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  const page = parse(origin);
  if (page === undefined || page.host === '' || host === undefined) return false;
  // Read as a name of the page's scheme, Host loses a default port as Origin has.
  return parse(`${page.protocol}//${host}`)?.host === page.host;
}

function parse(url: string): URL | undefined {
  // A user or path in a Host header is a disguise, never a name.
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+$/i.test(url) && URL.canParse(url)) return new URL(url);
  return undefined;
}

function refusal(sentence: string): GuardVerdict {
  return { allowed: false, sentence };
}

function shown(value: string | undefined): string {
  return (value ?? '').slice(0, 200);
}
