import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ADVISORY_PREFIX } from './advisory-topic.ts';
import type { Authenticator, Authorizer, Credentials, LoginVerdict } from './access.ts';

/** RabbitMQ's convention: a user for the developer at this very machine, and for nobody else. */
const GUEST = 'guest';

/** Names with their passcodes. */
export type Users = Readonly<Record<string, string>>;

/** The configured users, or as long as there are none the guest. */
export function createBuiltInAuthenticator(users: Users): Authenticator {
  return Object.keys(users).length > 0 ? createUserAuthenticator(users) : createGuestAuthenticator();
}

export const allowAll: Authorizer = { authorize: () => true };

/**
 * Everything is allowed to everyone, but advisories, which tell who is here: they are for the readers named, and for the
 * guest as long as he is the only user.
 */
export function createBuiltInAuthorizer(hasAuthentication: boolean, advisoryReaders: readonly string[]): Authorizer {
  const readers = new Set(hasAuthentication ? advisoryReaders : [GUEST, ...advisoryReaders]);
  return { authorize: ({ user }, _action, destination) => !destination.startsWith(ADVISORY_PREFIX) || readers.has(user) };
}

/**
 * `guest` with passcode `guest`, or no login at all, from this machine and through no proxy: behind one, every
 * stranger would look local.
 */
function createGuestAuthenticator(): Authenticator {
  const isKnown = createPasscodeCheck({ [GUEST]: GUEST });
  return {
    authenticate: ({ login, passcode, isLocal }) => {
      if (!isLocal) {
        return refuse('guest-is-local', 'without configured users this node serves its own machine only, and through no proxy');
      }
      return !login || isKnown(login, passcode ?? '') ? accept(GUEST) : wrongLogin();
    },
  };
}

function createUserAuthenticator(users: Users): Authenticator {
  const isKnown = createPasscodeCheck(users);
  return {
    authenticate: ({ login, passcode }: Credentials) => {
      if (!login) return refuse('login-required', 'CONNECT needs login and passcode');
      return isKnown(login, passcode ?? '') ? accept(login) : wrongLogin();
    },
  };
}

/**
 * Compares in a time that tells neither a passcode's length, nor how much of it is right, nor whether the name exists:
 * both sides are HMACs under a key of this process, and a name nobody has is compared with one that nothing equals.
 */
function createPasscodeCheck(users: Users): (login: string, passcode: string) => boolean {
  const key = randomBytes(32);
  const mac = (passcode: string): Buffer => createHmac('sha256', key).update(passcode).digest();
  const expected = new Map(Object.entries(users).map(([name, passcode]) => [name, mac(passcode)]));
  const nobody = randomBytes(32);
  return (login, passcode) => timingSafeEqual(mac(passcode), expected.get(login) ?? nobody);
}

function accept(user: string): LoginVerdict {
  return { ok: true, identity: { user } };
}

/** One answer for both causes, so that names cannot be found out. */
function wrongLogin(): LoginVerdict {
  return refuse('wrong-login', 'no such user, or not this passcode');
}

function refuse(code: string, detail: string): LoginVerdict {
  return { ok: false, code, detail };
}
