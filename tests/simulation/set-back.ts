// A card's storage returns to an earlier moment, and for a while it goes on from there: then the origin's question finds that it lacks what is
// booked, or has another event under that number. It is fenced, its past is brought back from what is booked, from the first event on, and what
// it had written meanwhile is told to it again. The question is the object's own (`durable-objects/card/has-event.ts`).
//
// What it writes in ignorance are requests given up, which the model can follow; what it approves so is `npm run faults -- restore-card`.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardHistory } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { tellAgain } from '../../core/card/tell-again.ts';
import type { hasEvent as realQuestion } from '../../durable-objects/card/has-event.ts';
import type { CardRun } from './card-run.ts';
import type { Draw } from './draw.ts';
import { hold } from './laws.ts';

/** Whether the card has an event that is booked. */
export type HasEvent = typeof realQuestion;

export interface SetBacks {
  readonly draw: Draw;
  readonly hasEvent: HasEvent;
}

/** Of the steps. */
const share = 0.002;

export async function setBackSometimes(run: CardRun): Promise<void> {
  if (run.setBacks.draw.chance(share)) await setBack(run);
}

async function setBack(run: CardRun): Promise<void> {
  const { store, object } = run;
  const { draw, hasEvent } = run.setBacks;
  const booked = store.archive.length;
  // One that was trimmed is rebuilt with more than it had.
  if (run.hasTrimmed || booked < 2) return;
  const before = JSON.stringify(run.card.snapshot());
  const past = store.rowsFrom(1);
  const kept = draw.chance(0.5) ? booked - draw.between(1, Math.min(3, booked)) : draw.below(booked);
  const log = past.slice(0, kept);
  const ignorant = run.makeCard(historyOn(log), null, log.slice());
  for (let row = draw.below(5); row > 0; row--) ignorant.void(`in-ignorance-${booked}-${row}`, run.clockMs);
  const after = (sequence: number, limit: number) => log.slice(sequence, sequence + limit);
  const seen = { sequence: booked, event_id: store.at(booked).event_id };
  run.note({ set_back: { kept, booked, written: log.length - kept } });
  run.tally.count('set_back');
  object.reload(hasEvent({ after }, ignorant.sequence, seen) ? log : past);
  hold('set_back_changes_nothing', 'the card', JSON.stringify(run.card.snapshot()), before);
  for (const row of log.slice(kept)) {
    if (!object.isAwake) await object.wake();
    tell(run, row);
  }
}

/** Rows of its own, beside what is booked; as if read back. */
function historyOn(log: LoggedEvent[]): CardHistory {
  let ids = 0;
  const idOf = () => `${log.length}ignorant${++ids}`.padStart(26, '0');
  return {
    append: (event) => void log.push(JSON.parse(JSON.stringify(event))),
    at: (sequence): CardEventBody => log[sequence - 1]?.body ?? noRow(sequence),
    freshIds: () => ({ event_id: `evt_${idOf()}`, authorization_id: `auth_${idOf()}` }),
  };
}

function noRow(sequence: number): never {
  throw new Error(`there is no row ${sequence}`);
}

/** In one commit, as the rebuild does it. Nothing is drawn from the traffic's own choices: they stay what they were. */
function tell(run: CardRun, row: LoggedEvent): void {
  const { body } = row;
  if (body.kind !== 'void') throw new Error(`${body.kind} is written by nobody who lost their past here`);
  run.note({ told_again: body });
  run.store.begin(false);
  tellAgain(run.card, { ...row, at_ms: run.clockMs });
  run.store.commit();
  run.model.void(body.request_key, run.clockMs);
  run.tally.count('told_again');
}
