// The laws that need the whole card: after each step its sums, at its end its log, its outbox, its readback and the order of its
// events.

import type { CardEventBody } from '../../contracts/card-event.ts';
import { withheldMinor } from '../../core/card/funds.ts';
import { readControls } from '../../core/card/readback.ts';
import type { CardRun } from './card-run.ts';
import { EffectSums } from './effect-sums.ts';
import { hold } from './laws.ts';
import type { MessageRecord } from './model-answer.ts';
import { holdOrder } from './order-law.ts';

/** Of the cards, at their end: these laws cost more than a decision. */
const fullFoldShare = 0.03;
const outboxShare = 0.01;
const orderShare = 0.05;

export function holdNow({ card, model, store, tally, object }: CardRun): void {
  const { state } = card;
  object.holdPromise();
  const { held_minor, posted_minor, uses, withheld_minor } = model.totals;
  const booked = store.booked.in(model.currency);
  hold('money_equals_model', 'sequence', card.sequence, model.sequence);
  hold('money_equals_model', 'held_minor', state.held_minor, held_minor);
  hold('money_equals_model', 'posted_minor', state.posted_minor, posted_minor);
  hold('money_equals_model', 'uses', state.uses, uses);
  hold('money_equals_model', 'withheld_minor', withheldMinor(state), withheld_minor);
  hold('effects_equal_money', 'held_minor', booked.held_minor, held_minor);
  hold('effects_equal_money', 'posted_minor', booked.posted_minor, posted_minor);
  tally.digestOf(held_minor);
  tally.digestOf(posted_minor);
}

/** The row of a message says what the model would have written. */
export function recordMatches(rows: readonly CardEventBody[], should: MessageRecord): void {
  const [row] = rows;
  hold('message_equals_model', 'rows', rows.length, should.isRepeat ? 0 : 1);
  if (row?.kind !== 'message') return;
  const { life } = should;
  hold('message_equals_model', 'anomaly', row.anomaly ?? null, should.isMismatch ? 'currency_mismatch' : null);
  hold('message_equals_model', 'against', row.against ?? null, should.against);
  hold('message_equals_model', 'overdrawn', row.overdrawn ?? false, should.isOverdrawn);
  hold('message_equals_model', 'refund above', row.refund_above_cleared ?? false, should.isAboveCleared);
  const moreWithheld = row.message.kind === 'refund' && !should.isMismatch ? Math.max(0, should.moreWithheld) : null;
  hold('message_equals_model', 'withheld', row.withheld_minor ?? null, moreWithheld);
  hold('message_equals_model', 'joined', row.joined !== undefined, should.hasJoined);
  if (life === null) return;
  life.authorization_id ??= row.authorization_id;
  hold('message_equals_model', 'authorization_id', row.authorization_id, life.authorization_id);
}

export function holdAtEnd(run: CardRun): void {
  const { card, draw, store, model, makeCard, tally } = run;
  const nowMs = Math.max(run.clockMs, model.clockMs);
  for (const [index, { limit }] of readControls(card.state, nowMs).entries()) {
    const counted = model.counted(index, nowMs);
    if (limit?.amount) hold('readback_equals_model', 'amount', limit.amount.used_minor, counted?.minor);
    if (limit?.count) hold('readback_equals_model', 'count', limit.count.used, counted?.uses);
  }
  if (!run.hasTrimmed && draw.chance(fullFoldShare)) {
    tally.full_folds++;
    const folded = makeCard(store, null, store.rowsFrom(1));
    hold('log_is_the_state', 'the card', JSON.stringify(folded.snapshot()), JSON.stringify(card.snapshot()));
  }
  if (draw.chance(outboxShare)) holdOutbox(run);
  const told = run.network.purchases.filter(({ messages }) => messages.length > 0);
  if (told.length > 0 && draw.chance(orderShare))
    tally.orders_tried += holdOrder(draw, makeCard, draw.pick(told), run.clockMs);
}

/** The queue delivers each message once or more, in any order; the origin takes each number once and applies them in order. */
function holdOutbox({ draw, object, model }: CardRun): void {
  const { messages } = object.queue;
  const delivered = draw.shuffled([...messages, ...messages.filter(() => draw.chance(0.2))]);
  const taken = new Map<number, CardEventBody>();
  const booked = new EffectSums();
  let nextSequence = 1;
  for (const { sequence, ...body } of delivered.flatMap(({ events }) => events)) {
    if (sequence >= nextSequence) taken.set(sequence, body);
    for (let next = taken.get(nextSequence); next !== undefined; next = taken.get(nextSequence)) {
      taken.delete(nextSequence);
      nextSequence++;
      booked.take(next);
    }
  }
  hold('outbox_equals_log', 'the last event', nextSequence - 1, model.sequence);
  hold('outbox_equals_log', 'held', booked.in(model.currency).held_minor, model.totals.held_minor);
  hold('outbox_equals_log', 'posted', booked.in(model.currency).posted_minor, model.totals.posted_minor);
}
