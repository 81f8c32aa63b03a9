// A queue of what cards must be told, for tests: keeps what it is sent, and brings it when the test says so. Not used by the worker.

import { type CardNotice, cardNoticeSchema } from '../../contracts/card-notice.ts';
import type { Env } from '../env.ts';

export function heldQueue(send: (notice: CardNotice) => Promise<unknown> = async () => undefined) {
  const sent: CardNotice[] = [];
  const STAND_INS = {
    send: async (notice: CardNotice) => {
      sent.push(cardNoticeSchema.parse(JSON.parse(JSON.stringify(notice))));
      await send(notice);
    },
  } as unknown as Env['STAND_INS'];
  return { sent, STAND_INS };
}
