// Two authorizations that turn out to be one, both approved by the card: what was approved stays held, and an end releases what
// began before it, whenever the card hears that they are one.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, expiry, hourMs, noonMs, profile, refund, request, reversal } from '../testing/samples.ts';

const dayMs = 24 * hourMs;
const secondMs = 1_000;
const at = (atMs: number) => ({ occurred_at_ms: noonMs + atMs });

type Step =
  | { asks: number; as: string; atMs: number; changed?: Partial<AuthorizationRequest> }
  | { hears: CardMessage; as: string; atMs: number }
  | { voids: string; atMs: number }
  | { expires: true; atMs: number };

const asks = (atMs: number, as: string, amount: number, changed: Partial<AuthorizationRequest> = {}): Step => ({
  ...{ asks: amount, as, atMs, changed },
});
const hears = (atMs: number, as: string, message: CardMessage): Step => ({ hears: message, as, atMs });
/** A refund of nothing that names both. */
const ties = (atMs: number): Step => hears(atMs, 'A', refund({ amount_minor: 0, alias_key: 'B', ...at(atMs) }));

function lived(steps: readonly Step[]) {
  const sample = new SampleCard(profile());
  let keys = 0;
  for (const step of steps) {
    const nowMs = noonMs + step.atMs;
    if ('expires' in step) sample.card.expire(nowMs);
    else if ('voids' in step) sample.card.void(step.voids, nowMs);
    else if ('asks' in step) {
      const names = { request_key: `r-${step.as}`, authorization_key: step.as, amount_minor: step.asks };
      sample.card.authorize(request({ ...names, ...step.changed }), nowMs);
    } else {
      const named = { ...step.hears, authorization_key: step.as, message_key: `m${++keys}` } as CardMessage;
      sample.card.receive(named, nowMs);
    }
  }
  // Stored and read back it is the same.
  sample.reload(JSON.parse(JSON.stringify(sample.card.snapshot())));
  const { held_minor, posted_minor } = sample.card.state;
  return { held: held_minor, posted: posted_minor, log: sample.log };
}

type Row = [what: string, held: number, steps: readonly Step[]];

describe('two approvals under two names, joined', () => {
  test.each<Row>([
    [
      'an end of the first before the second: 100 cleared, 50 held',
      50,
      [asks(0, 'A', 100, at(0)), hears(10, 'A', clearing({ amount_minor: 100, ...at(10) })), asks(20, 'B', 50, at(20))],
    ],
    [
      'the same in the first one’s second',
      50,
      [asks(0, 'A', 100, at(0)), hears(10, 'A', reversal(at(0))), asks(20, 'B', 50, at(0))],
    ],
    [
      'the same, the second stamped before it by a clock behind ours',
      50,
      [asks(0, 'A', 100, at(0)), hears(10, 'A', expiry(at(10))), asks(20, 'B', 50, at(-2 * secondMs))],
    ],
    ['the same without stamps', 50, [asks(0, 'A', 100), hears(10, 'A', reversal()), asks(20, 'B', 50)]],
    [
      'an advice of the first before the second',
      130,
      [asks(0, 'A', 100, at(0)), hears(10, 'A', advice({ hold_minor: 80, ...at(10) })), asks(20, 'B', 50, at(10))],
    ],
    [
      'an end of the whole after both',
      0,
      [asks(0, 'A', 100, at(0)), asks(20, 'B', 50, at(20)), hears(40, 'A', reversal(at(30)))],
    ],
    [
      'an end of between them that the card hears after both',
      50,
      [asks(0, 'A', 100, at(0)), asks(20, 'B', 50, at(20)), hears(40, 'A', reversal(at(10)))],
    ],
    [
      'an end under the second name that is older than it',
      50,
      [asks(0, 'A', 100, at(0)), asks(20, 'B', 50, at(20)), hears(40, 'B', reversal(at(10)))],
    ],
    [
      'an end that names the second, heard before the second is approved',
      50,
      [asks(0, 'A', 100, at(0)), hears(10, 'B', reversal(at(10))), asks(20, 'B', 50)],
    ],
    [
      'a part taken under either name',
      110,
      [
        asks(0, 'A', 100, at(0)),
        asks(20, 'B', 50, at(20)),
        hears(30, 'A', reversal({ amount_minor: 30, ...at(30) })),
        hears(40, 'B', clearing({ amount_minor: 10, final: false, ...at(40) })),
      ],
    ],
    [
      'numbered: an end by number 2, the second approved as number 3, all stamped alike',
      50,
      [
        asks(0, 'A', 100, { order: 1, ...at(0) }),
        asks(20, 'B', 50, { order: 3, ...at(0) }),
        hears(30, 'A', reversal({ order: 2, ...at(0) })),
      ],
    ],
  ])('T2: %s', (_, held, steps) => {
    // Known to be one after all of it, before all of it, and at every instant between.
    for (let place = 0; place <= steps.length; place++) {
      const tied = ties(place === steps.length ? 50 : (steps[place]?.atMs ?? 0));
      // What is heard after the join, of an instant before the second: it stands by its stamp, wherever the join is.
      expect(lived([...steps.slice(0, place), tied, ...steps.slice(place)]).held, `joined at ${place}`).toBe(held);
    }
  });

  test('T1: the later beginning follows the void of it, and the void of the first leaves it', () => {
    const both = [asks(0, 'A', 100, at(0)), asks(20, 'B', 50, at(20))];
    for (const [key, held] of [
      ['r-A', 50],
      ['r-B', 100],
    ] as const) {
      expect(lived([...both, ties(30), { voids: key, atMs: 40 }]).held).toBe(held);
      expect(lived([...both, { voids: key, atMs: 30 }, ties(40)]).held).toBe(held);
    }
    const ended = [...both, ties(30), hears(40, 'A', reversal(at(10)))];
    expect(lived([...ended, { voids: 'r-A', atMs: 50 }]).held).toBe(50);
    expect(lived([...ended, { voids: 'r-B', atMs: 50 }]).held).toBe(0);
  });

  test('T1: a request that names both joins them, and what it approves is held too', () => {
    const steps = [
      ...[
        asks(0, 'A', 100, at(0)),
        hears(10, 'A', clearing({ amount_minor: 100, ...at(10) })),
        asks(20, 'B', 50, at(20)),
      ],
      asks(30, 'A', 7, { request_key: 'more', kind: 'incremental', alias_key: 'B', ...at(10) }),
    ];
    const { held, log } = lived(steps);
    expect(held).toBe(57);
    expect(log.at(-1)?.body).toMatchObject({ decision: { hold_minor: 7 }, joined: { released_minor: 50 } });
  });

  test('T3: our own expiry of the one says nothing of the other', () => {
    const steps = [
      asks(0, 'A', 100, at(0)),
      asks(5 * dayMs, 'B', 50, at(5 * dayMs)),
      { expires: true, atMs: 7 * dayMs } as const,
    ];
    expect(lived([...steps, ties(8 * dayMs)]).held).toBe(50);
    // What had lapsed does not come back.
    expect(lived([...steps, { expires: true, atMs: 13 * dayMs }, ties(13 * dayMs)]).held).toBe(0);
  });

  test('T2: of one millisecond, the approval counts as given last', () => {
    const steps = [asks(0, 'A', 100, at(0)), hears(20, 'A', reversal(at(20))), asks(20, 'B', 50, at(10))];
    expect(lived([...steps, ties(30)]).held).toBe(50);
  });

  test('T6: an end without a stamp, heard after both, ends both', () => {
    const steps = [asks(0, 'A', 100, at(0)), asks(20, 'B', 50, at(20)), hears(30, 'A', reversal())];
    expect(lived([...steps, ties(40)]).held).toBe(0);
    expect(lived([steps[0] as Step, steps[2] as Step, steps[1] as Step, ties(40)]).held).toBe(50);
  });

  test('T2: what a message under its own name has ended, stamped after it, a join does not bring back', () => {
    const steps = [
      hears(0, 'B', reversal(at(50))),
      asks(10, 'A', 100, at(0)),
      asks(20, 'A', 30, { request_key: 'more', kind: 'incremental', ...at(20) }),
      hears(30, 'A', reversal(at(40))),
    ];
    expect(lived([...steps, ties(60)]).held).toBe(0);
  });

  test('T2: a decline under the one name does not make the approval under the other a later one', () => {
    const declined = asks(0, 'A', 100, { currency: 'EUR', ...at(0) });
    // Half a second before its stamp, and of it all the same: nothing was held before.
    const steps = [declined, hears(5, 'A', refund({ amount_minor: 0 })), asks(20, 'B', 50, at(1_000))];
    expect(lived([...steps, ties(30), hears(40, 'A', reversal(at(500)))]).held).toBe(0);
  });
});

test('a snapshot of before changes said when they were heard is read, and the hold that is larger stands', () => {
  const sample = new SampleCard(profile());
  for (const as of ['A', 'B'])
    sample.card.authorize(request({ request_key: as, authorization_key: as, amount_minor: 50, ...at(0) }), noonMs);
  const snapshot = JSON.parse(JSON.stringify(sample.card.snapshot()));
  for (const stored of snapshot.authorizations) {
    stored.splice(15);
    stored[10] = 1;
    stored[12] = [0, 0, 50, -1];
  }
  sample.reload(snapshot);
  expect(sample.card.state.held_minor).toBe(100);
  sample.card.receive(reversal({ authorization_key: 'A', ...at(-1_000) }), noonMs + 1);
  sample.card.receive(
    refund({ authorization_key: 'A', alias_key: 'B', message_key: 'm2', amount_minor: 0 }),
    noonMs + 2,
  );
  expect(sample.card.state.held_minor).toBe(100);
  sample.card.void('B', noonMs + 3);
  expect(sample.card.state.held_minor).toBe(50);
});
