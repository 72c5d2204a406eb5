import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

/**
 * Heart-beats, with the shortest interval granted: 1000 ms. Times are judged with slack for a busy machine; what takes
 * long runs side by side. Silence is over WebSocket only silence when pings go unanswered, too.
 */
const rule = rulesOf();
const BEAT_MS = 1_000;
const SLOW = { cuts: ['whole'] } as const;

rule('H1 H9: without the header no heart-beats are agreed, in 1.0 either', async (scene) => {
  const client = await scene.open();
  assert.equal((await client.connect()).headers['heart-beat'], '0,0');
});

rule("H2 H8: the client's wish is mirrored within 1 s and 60 s, 0 stays 0", async (scene) => {
  const wishes = [
    ['5000,7000', '7000,5000'],
    ['1,1', '1000,1000'],
    ['0,0', '0,0'],
    ['0,2000', '2000,0'],
    ['10000,0', '0,10000'],
    ['600000,999999999', '60000,60000'],
  ] as const;
  for (const [wish, answer] of wishes) {
    const client = await scene.open();
    assert.equal((await client.connect({ 'heart-beat': wish })).headers['heart-beat'], answer);
  }
});

rule('H7: a malformed header is an error that says heart-beat', async (scene) => {
  for (const value of ['0', 'T,0', '100,10,50', '-1,0', '', '1.5,0', '0;0']) {
    const client = await scene.open();
    client.frame('CONNECT', { 'accept-version': scene.version, host: 'localhost', 'heart-beat': value });
    const error = await client.expectError();
    assert.match(`${error.headers['message']} ${error.text}`, /heart-beat/);
  }
});

describe('over time', { concurrency: true }, () => {
  rule(
    'H2 H3 H10: an idle server sends a lone LF a little more often than agreed, and not much more',
    async (scene) => {
      const client = await scene.connect({ 'heart-beat': `0,${BEAT_MS}` });
      const startedAt = performance.now();
      const beats = await client.expectBeats(4);
      const gaps = beats.map((at, i) => at - (beats[i - 1] ?? startedAt));
      for (const gap of gaps) assert.ok(gap < 1.6 * BEAT_MS, `gaps of ${gaps.join(', ')} ms`);
      const mean = ((beats.at(-1) ?? 0) - startedAt) / beats.length;
      assert.ok(mean > 0.7 * BEAT_MS && mean < 1.2 * BEAT_MS, `a mean gap of ${mean} ms`);
    },
    SLOW,
  );

  rule(
    'H4 W8: any octet is a sign of life, even part of a frame',
    async (scene) => {
      const client = await scene.connect({ 'heart-beat': `${BEAT_MS},0` }, { answersPings: false });
      const frame = Buffer.from('SEND\ndestination:/topic/void\nreceipt:slowly\n\n\0');
      const eols = [Buffer.from('\n'), Buffer.from('\r\n'), Buffer.from('\n\n\n')];
      const pieces = [...eols, ...Array.from({ length: 4 }, (_, i) => frame.subarray(i * 3, i * 3 + 3)), frame.subarray(12)];
      for (const piece of pieces) {
        await client.sendChunks([piece]);
        // The stimulus itself: a client that says little, but in time.
        await new Promise((resume) => setTimeout(resume, 0.7 * BEAT_MS));
      }
      await client.expectReceipt('slowly');
    },
    SLOW,
  );

  rule(
    'H5 H6: a silent client is cut after twice the interval, and its message goes back to the queue',
    async (scene) => {
      const destination = scene.queue();
      const silent = await scene.connect({ 'heart-beat': `${BEAT_MS},0` }, { answersPings: false });
      const heir = await scene.other();
      await heir.request('SEND', { destination }, 'work');
      silent.frame('BEGIN', { transaction: 't' });
      silent.frame('SEND', { destination, transaction: 't' }, 'never');
      silent.frame('SUBSCRIBE', { id: 's', destination, ack: 'client' });
      await silent.expectFrame('MESSAGE');
      const silentAt = performance.now();
      await heir.request('SUBSCRIBE', { id: 'h', destination, ack: 'client' });
      const message = await heir.expectFrame('MESSAGE');
      const cutAfterMs = performance.now() - silentAt;
      assert.equal(message.text, 'work');
      assert.equal(message.headers['redelivered'], 'true');
      assert.ok(cutAfterMs > 1.8 * BEAT_MS, `cut after ${cutAfterMs} ms`);
      assert.ok(cutAfterMs < 6 * BEAT_MS, `cut after ${cutAfterMs} ms`);
      heir.frame('ACK', ackHeaders('1.2', message));
      await heir.noFrameUntil();
      assert.equal((await silent.expectFrame('ERROR')).headers['code'], 'missed-heart-beat');
      await silent.expectClosed();
    },
    SLOW,
  );

  rule(
    'W8 H4: a pong is a sign of life as well',
    async (scene) => {
      const client = await scene.connect({ 'heart-beat': `${BEAT_MS},${BEAT_MS}` });
      await client.expectBeats(5);
      await client.noFrameUntil();
    },
    { cuts: ['whole'], transports: ['websocket-text', 'websocket-binary'] },
  );
});
