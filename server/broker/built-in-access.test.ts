import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Credentials } from './access.ts';
import { allowAll, createBuiltInAuthenticator, type Users } from './built-in-access.ts';

const local: Credentials = { login: undefined, passcode: undefined, host: '/', remoteAddress: '127.0.0.1:5', isLocal: true };

/** The user that comes out, or the code of the refusal. */
async function login(users: Users, credentials: Partial<Credentials>): Promise<string> {
  const verdict = await createBuiltInAuthenticator(users).authenticate({ ...local, ...credentials });
  return verdict.ok ? verdict.identity.user : verdict.code;
}

describe('the built-in guest', () => {
  test('is who connects from this machine without a login', async () => {
    assert.equal(await login({}, {}), 'guest');
    assert.equal(await login({}, { login: '', passcode: '' }), 'guest');
  });

  test('is let in with his passcode', async () => {
    assert.equal(await login({}, { login: 'guest', passcode: 'guest' }), 'guest');
  });

  test('is refused with a wrong passcode, none, and as someone else', async () => {
    for (const passcode of ['wrong', 'gues', 'guestt', '', undefined]) {
      assert.equal(await login({}, { login: 'guest', passcode }), 'wrong-login');
    }
    assert.equal(await login({}, { login: 'anna', passcode: 'guest' }), 'wrong-login');
  });

  test('is refused from elsewhere and through a proxy, with the right passcode too', async () => {
    assert.equal(await login({}, { isLocal: false }), 'guest-is-local');
    assert.equal(await login({}, { isLocal: false, login: 'guest', passcode: 'guest' }), 'guest-is-local');
  });
});

describe('configured users', () => {
  const users = { anna: 'lock', bob: 'key' };

  test('come in with their own passcode, from anywhere', async () => {
    assert.equal(await login(users, { login: 'anna', passcode: 'lock', isLocal: false }), 'anna');
    assert.equal(await login(users, { login: 'bob', passcode: 'key' }), 'bob');
  });

  test('are refused with the passcode of another, a wrong one and none', async () => {
    for (const passcode of ['key', 'loc', 'lockk', '', undefined]) {
      assert.equal(await login(users, { login: 'anna', passcode }), 'wrong-login');
    }
  });

  test('replace the guest', async () => {
    assert.equal(await login(users, { login: 'guest', passcode: 'guest' }), 'wrong-login');
    assert.equal(await login(users, {}), 'login-required');
  });

  test('are found by their own names only, whatever objects carry besides', async () => {
    for (const name of ['toString', '__proto__', 'constructor']) {
      assert.equal(await login(users, { login: name, passcode: 'x' }), 'wrong-login');
    }
  });
});

test('without rules everybody may do everything', () => {
  assert.equal(allowAll.authorize({ user: 'anna' }, 'send', '/queue/a'), true);
});
