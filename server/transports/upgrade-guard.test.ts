import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guardUpgrade, type OriginPolicy } from './upgrade-guard.ts';

const LOOPBACK: OriginPolicy = { kind: 'loopback' };
const SAME: OriginPolicy = { kind: 'same-origin' };
const LIST: OriginPolicy = { kind: 'list', origins: ['https://app.example.com'] };

function verdicts(policy: OriginPolicy, cases: readonly (readonly [host: string | undefined, origin: string | undefined])[]): boolean[] {
  return cases.map(([host, origin]) => guardUpgrade({ ...(host && { host }), ...(origin && { origin }) }, policy).allowed);
}

function all(count: number, allowed: boolean): boolean[] {
  return new Array<boolean>(count).fill(allowed);
}

describe('the upgrade guard on loopback', () => {
  test('lets pages and names of this machine in, on any port, and programs without Origin', () => {
    const cases = [
      ['localhost:15674', undefined],
      ['127.0.0.1', undefined],
      ['[::1]:15674', undefined],
      ['LOCALHOST:1', undefined],
      ['localhost:15674', 'http://localhost:5173'],
      ['127.0.0.1:15674', 'https://localhost'],
      ['127.0.0.1:15674', 'http://[::1]:3000'],
    ] as const;
    assert.deepEqual(verdicts(LOOPBACK, cases), all(cases.length, true));
  });

  test('refuses a name that was made to point here, even if Origin says the same (DNS rebinding)', () => {
    const cases = [
      ['evil.example:15674', 'http://evil.example:15674'],
      ['evil.example:15674', undefined],
      ['localhost.evil.example', undefined],
      ['127.0.0.1.evil.example', undefined],
      ['localhost@evil.example', undefined],
      ['evil.example/localhost', undefined],
      ['192.168.0.7:15674', undefined],
      [undefined, undefined],
    ] as const;
    assert.deepEqual(verdicts(LOOPBACK, cases), all(cases.length, false));
  });

  test('refuses pages from elsewhere and of no origin', () => {
    const cases = [
      ['localhost:15674', 'https://evil.example'],
      ['localhost:15674', 'http://localhost.evil.example'],
      ['localhost:15674', 'null'],
      ['localhost:15674', 'http://localhost:5173 http://evil.example'],
      ['localhost:15674', 'localhost'],
    ] as const;
    assert.deepEqual(verdicts(LOOPBACK, cases), all(cases.length, false));
  });

  test('looks at the origin header of the older protocol version too', () => {
    const headers = { host: 'localhost', 'sec-websocket-origin': 'https://evil.example' };
    assert.equal(guardUpgrade(headers, LOOPBACK).allowed, false);
  });
});

describe('the upgrade guard for the same origin', () => {
  test('lets pages in that were served under the very name and port, default ports written or not', () => {
    const cases = [
      ['broker.example', 'https://broker.example'],
      ['broker.example:443', 'https://broker.example'],
      ['broker.example', 'http://broker.example:80'],
      ['broker.example:8080', 'http://broker.example:8080'],
      ['Broker.Example', 'https://broker.example'],
      ['broker.example', undefined],
    ] as const;
    assert.deepEqual(verdicts(SAME, cases), all(cases.length, true));
  });

  test('refuses other names, other ports and no origin', () => {
    const cases = [
      ['broker.example', 'https://evil.example'],
      ['broker.example', 'https://broker.example:8443'],
      ['broker.example:8080', 'http://broker.example'],
      ['broker.example', 'https://broker.example.evil.example'],
      ['broker.example', 'null'],
      ['', 'https://broker.example'],
    ] as const;
    assert.deepEqual(verdicts(SAME, cases), all(cases.length, false));
  });
});

describe('the upgrade guard with a list', () => {
  test('lets only its origins in, whatever Host says', () => {
    assert.deepEqual(
      verdicts(LIST, [
        ['anything', 'https://app.example.com'],
        ['anything', undefined],
        ['app.example.com', 'http://app.example.com'],
        ['evil.example', 'https://evil.example'],
        ['anything', 'null'],
      ]),
      [true, true, false, false, false],
    );
  });

  test('takes a star for any origin, and null when it is listed', () => {
    assert.deepEqual(verdicts({ kind: 'list', origins: ['*'] }, [['a', 'https://b']]), [true]);
    assert.deepEqual(verdicts({ kind: 'list', origins: ['null'] }, [['a', 'null']]), [true]);
  });
});

test('a refusal says who may come in and who came', () => {
  const verdict = guardUpgrade({ host: 'localhost', origin: 'https://evil.example' }, LOOPBACK);
  assert.match(verdict.allowed ? '' : verdict.sentence, /localhost, 127\.0\.0\.1 or \[::1\].*'https:\/\/evil\.example'/);
});
