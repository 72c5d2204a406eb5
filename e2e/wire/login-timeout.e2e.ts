import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** A broker of its own, since a short patience would hit slow strangers of other rules, too. */
const LOGIN_TIMEOUT_MS = 1_500;
const rule = rulesOf({ env: { STOMPEDE_LIMITS_LOGIN_TIMEOUT_MS: String(LOGIN_TIMEOUT_MS) } });

rule(
  'C16: a connection that never says CONNECT ends after the login timeout',
  async (scene) => {
    const silent = await scene.open();
    const chatty = await scene.open();
    const openedAt = performance.now();
    chatty.send('\n\n\nCONN');
    for (const client of [silent, chatty]) {
      await client.expectError(/^Bad CONNECT$/);
      assert.ok(performance.now() - openedAt > LOGIN_TIMEOUT_MS - 500);
    }
  },
  { cuts: ['whole'], versions: ['1.2'] },
);
