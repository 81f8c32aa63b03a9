// A person releases refunds that the card withholds: as the origin tells the card, sometimes twice, sometimes a part.

import type { Card } from '../../core/card/card.ts';
import type { CardRun } from './card-run.ts';
import type { Draw } from './draw.ts';
import { hold } from './laws.ts';
import { unmatchedOf } from './model-refunds.ts';

type Release = Parameters<Card['releaseRefund']>[0];

/** Of the steps: then a person releases what is withheld of a refund, where anything is. */
const share = 0.01;

export async function releaseSometimes(run: CardRun, draw: Draw): Promise<void> {
  if (draw.chance(share)) await releaseSome(run, draw);
}

/** One of the refunds that no purchase has cleared, of a life that the card knows or has forgotten. */
async function releaseSome(run: CardRun, draw: Draw): Promise<void> {
  const { model, tally } = run;
  const refunded = model.all.filter((life) => life.authorization_id !== null && life.currency === model.currency);
  const left = refunded.flatMap((life) =>
    unmatchedOf(life).flatMap(({ date, minor }) => (minor > 0 ? [{ life, date, minor }] : [])),
  );
  if (left.length === 0) return;
  const forgotten = left.filter(({ life }) => life.countsOnlyIn !== null);
  const { life, date, minor } = draw.pick(forgotten.length > 0 && draw.chance(0.7) ? forgotten : left);
  const release = {
    message_key: `open-item-${model.sequence}`,
    authorization_id: life.authorization_id,
    currency: life.currency,
    minor: draw.chance(0.5) ? minor : draw.between(1, minor),
    refunded_at_ms: Date.parse(date) + draw.below(86_400_000),
  } as Release;
  await tell(run, release);
  if (draw.chance(0.2)) await tell(run, release);
  tally.count(life.countsOnlyIn === null ? 'refund_released' : 'forgotten_refund_released');
}

/** Until the card has it, as the origin does. */
async function tell(run: CardRun, release: Release): Promise<void> {
  for (;;) {
    if (!run.object.isAwake) await run.object.wake();
    const clockMs = run.readClock();
    const { committed, rows } = run.call({ release }, (card) => card.releaseRefund(release, clockMs));
    if (!committed) continue;
    const isFirst = run.model.releaseRefund(release, clockMs);
    hold('message_equals_model', 'releases recorded', rows.length, isFirst ? 1 : 0);
    return;
  }
}
