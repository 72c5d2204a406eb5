import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Agenda } from './agenda.ts';

describe('an agenda', () => {
  /** Node's timers and the clock of the day moved by hand, together or apart. */
  const use = (run: (scene: { agenda: Agenda; ran: string[]; pass: (ms: number) => void; jump: (ms: number) => void }) => void): void => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const ran: string[] = [];
    let now = 1_000;
    const agenda = new Agenda((name) => ran.push(name), () => now);
    const pass = (ms: number): void => {
      now += ms;
      mock.timers.tick(ms);
    };
    const jump = (ms: number): void => {
      now += ms;
    };
    try {
      run({ agenda, ran, pass, jump });
    } finally {
      agenda.close();
      mock.timers.reset();
    }
  };

  test('runs each name once, at its time and not before, in the order of the times', () =>
    use(({ agenda, ran, pass }) => {
      agenda.note('late', 1_300);
      agenda.note('early', 1_100);
      agenda.note('past', 900);
      pass(0);
      assert.deepEqual(ran, ['past']);
      pass(99);
      assert.deepEqual(ran, ['past']);
      pass(1);
      assert.deepEqual(ran, ['past', 'early']);
      pass(10_000);
      assert.deepEqual(ran, ['past', 'early', 'late']);
      assert.equal(agenda.size, 0);
    }));

  test('keeps the earlier of two times', () =>
    use(({ agenda, ran, pass }) => {
      agenda.note('a', 1_500);
      agenda.note('a', 1_200);
      agenda.note('a', 1_400);
      pass(200);
      assert.deepEqual(ran, ['a']);
      pass(1_000);
      assert.deepEqual(ran, ['a']);
    }));

  test('forgets a name, and takes it again', () =>
    use(({ agenda, ran, pass }) => {
      for (let i = 0; i < 500; i++) agenda.note(`n${i}`, 1_100 + i);
      for (let i = 1; i < 500; i++) agenda.forget(`n${i}`);
      agenda.note('n7', 1_050);
      pass(1_000);
      assert.deepEqual(ran, ['n7', 'n0']);
    }));

  test('may be written in by what it runs', () =>
    use(({ pass }) => {
      const ran: number[] = [];
      let now = 0;
      const agenda = new Agenda((name) => {
        ran.push(now);
        if (ran.length < 3) agenda.note(name, now + 10);
      }, () => now);
      agenda.note('again', 5);
      for (let i = 0; i < 40; i++) {
        now++;
        pass(1);
      }
      assert.deepEqual(ran, [5, 15, 25]);
      agenda.close();
    }));

  test('takes a time of years from now, and sees within a minute that the clock was put forward', () =>
    use(({ agenda, ran, pass, jump }) => {
      agenda.note('far', 1_000 + 2 ** 40);
      pass(3_600_000);
      assert.deepEqual(ran, []);
      jump(2 ** 40);
      pass(60_000);
      assert.deepEqual(ran, ['far']);
    }));

  test('is silent once it is closed', () =>
    use(({ agenda, ran, pass }) => {
      agenda.note('a', 1_100);
      agenda.close();
      agenda.note('b', 1_050);
      pass(1_000);
      assert.deepEqual(ran, []);
    }));
});
