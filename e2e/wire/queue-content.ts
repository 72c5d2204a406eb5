import type { ServerFrame } from '../harness/server-frame.ts';
import type { Scene } from './scene.ts';

const END = 'end of the queue';

/**
 * Takes what a queue holds, by another client: puts a mark at its end and reads up to it, so that the answer needs no
 * waiting for nothing. What somebody still holds is not seen.
 */
export async function takeAll(scene: Scene, destination: string): Promise<ServerFrame[]> {
  const reader = await scene.other();
  await reader.request('SEND', { destination }, END);
  await reader.request('SUBSCRIBE', { id: 'take-all', destination });
  const taken: ServerFrame[] = [];
  for (;;) {
    const message = await reader.expectFrame('MESSAGE');
    if (message.text === END) break;
    taken.push(message);
  }
  await reader.request('UNSUBSCRIBE', { id: 'take-all' });
  return taken;
}

export async function takeTexts(scene: Scene, destination: string): Promise<string[]> {
  return (await takeAll(scene, destination)).map((message) => message.text);
}
