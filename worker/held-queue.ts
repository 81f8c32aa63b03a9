// A queue of stand-ins for tests: keeps what it is sent, and brings it when the test says so. Not used by the worker.

import type { Env } from './env.ts';
import { type StandIn, standInSchema } from './stand-in.ts';

export function heldQueue(send: (told: StandIn) => Promise<unknown> = async () => undefined) {
  const sent: StandIn[] = [];
  const STAND_INS = {
    send: async (told: StandIn) => {
      sent.push(standInSchema.parse(JSON.parse(JSON.stringify(told))));
      await send(told);
    },
  } as unknown as Env['STAND_INS'];
  return { sent, STAND_INS };
}
