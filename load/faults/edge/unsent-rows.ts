// E5 of a live edge: the queue of events refuses what one card sends until it has more rows than memory keeps; its object starts again in
// between, and traffic goes on. Once the queue is there, every row is in it.

import { limits } from '../../../contracts/limits.ts';
import { type Case, seen } from './cases.ts';

/** A batch of so many is stored before it is answered; of a larger one the rest would take the queue. */
const perCall = limits.batchDirectMax;
/** The outbox tries again after 1, 2, 4, 8 seconds and so on; after the object's start it begins anew. */
const sentWithinMs = 20_000;

export const unsentRows: Case = {
  id: 'E5',
  what: `more than ${limits.unsentInMemoryMax} rows unsent, the object starts again once, traffic goes on`,
  async run(edge, { rows }) {
    const card = await edge.newCard('native');
    const key = `native:${card.token}`;
    // Its profile is sent first, so that what is refused afterwards is what this case makes.
    await seen(
      async () => edge.queues.sequencesOf(key).length,
      (sent) => sent > 0,
    );
    edge.queues.refuse('events', key);
    let told = 0;
    const tell = async (count: number) => {
      const messages = Array.from({ length: count }, () => {
        told += 1;
        const message = { kind: 'clearing', message_key: `m-${told}`, currency: 'USD', amount_minor: 1, final: true };
        return { card_token: card.token, message: { ...message, authorization_key: null, merchant: null } };
      });
      const { status } = await edge.native('messages', { messages });
      if (status !== 200) throw new Error(`messages were answered ${status}`);
    };
    const beforeMany = Math.ceil(rows / perCall / 2);
    for (let call = 0; call < beforeMany; call++) await tell(perCall);
    await edge.setFault(card, { how: 'aborts', calls: 1, of: ['receive'] });
    for (let call = beforeMany; call * perCall < rows; call++) await tell(perCall);
    const sentMeanwhile = edge.queues.sequencesOf(key).length;
    edge.queues.take('events', key);
    // Traffic goes on while the rest is sent.
    await tell(perCall);
    const { last_sequence } = await edge.read(card);
    const sent = await seen(
      async () => new Set(edge.queues.sequencesOf(key)),
      ({ size }) => size >= last_sequence,
      sentWithinMs,
    );
    const missing = Array.from({ length: last_sequence }, (_, index) => index + 1).filter((one) => !sent.has(one));
    return {
      right: `${told + 1} rows, 1 sent before; then 0 missing, without a gap`,
      got: `${last_sequence} rows, ${sentMeanwhile} sent before; then ${missing.length} missing, ${orderOf(edge.queues.sequencesOf(key))}`,
    };
  },
};

/** Some may come twice; none may come before the one that it follows. */
function orderOf(sequences: readonly number[]): string {
  let last = 0;
  for (const sequence of sequences) {
    if (sequence > last + 1) return `a gap after ${last}`;
    last = Math.max(last, sequence);
  }
  return 'without a gap';
}
