import assert from 'node:assert/strict';
import { rulesOf, type RuleBody } from './rule.ts';

/** Configured users, whose names and passcodes hold what escaping would change. */
const LOGIN = 'back\\nslash';
const PASSCODE = 'pa\\css\\\\word\\t';
const rule = rulesOf({ env: { STOMPEDE_USERS: `${LOGIN}:${PASSCODE},plain:secret` } });

const loginAsItStands =
  (command: string): RuleBody =>
  async (scene) => {
    const client = await scene.open();
    client.send(`${command}\naccept-version:${scene.version}\nhost:localhost\nlogin:${LOGIN}\npasscode:${PASSCODE}\n\n\0`);
    assert.equal((await client.expectFrame('CONNECTED')).headers['version'], scene.version);
  };

rule('E5 C11: login and passcode of CONNECT are taken as they stand', loginAsItStands('CONNECT'));
rule('E6 C11: login and passcode of STOMP are taken as they stand', loginAsItStands('STOMP'));

rule('C11 W15: configured users replace the built-in one', async (scene) => {
  await scene.connect({ login: 'plain', passcode: 'secret' });
  for (const headers of ['', 'login:guest\npasscode:guest\n', 'login:plain\npasscode:Secret\n', 'login:plain\n']) {
    const client = await scene.open();
    client.send(`CONNECT\naccept-version:${scene.version}\nhost:localhost\n${headers}\n\0`);
    await client.expectError(/^Bad CONNECT$/);
  }
});
