import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settlementStates, settlementSteps } from '../../contracts/settlement.ts';
import {
  advance,
  type Finding,
  type SettlementPolicy,
  type SettlementProgress,
  settlementTransitions,
} from './settlement.ts';

const policy: SettlementPolicy = {
  attemptsMax: 3,
  backoffMsMin: 1_000,
  backoffMsMax: 60_000,
  askAfterMs: 30_000,
  pollAfterMs: 300_000,
  pollsMax: 3,
};

const findings: Readonly<Record<Finding['found'], Finding>> = {
  reserved: { found: 'reserved', provider: 'simulated' },
  not_owed: { found: 'not_owed' },
  unpayable: { found: 'unpayable', code: 'destination_missing' },
  accepted: { found: 'accepted', reference: 'r1' },
  paid: { found: 'paid', reference: 'r1' },
  rejected: { found: 'rejected', code: 'account_closed' },
  not_taken: { found: 'not_taken', code: 'too_many_requests' },
  unknown: { found: 'unknown' },
  pending: { found: 'pending' },
};
const kinds = Object.keys(findings) as Finding['found'][];

const fresh: SettlementProgress = {
  state: 'processing',
  step: 'reserve',
  provider: null,
  provider_reference: null,
  submissions: 0,
  outcome_unknown: false,
  polls: 0,
  attempts: 0,
};
const sent = { ...fresh, step: 'submit', provider: 'simulated', submissions: 1, outcome_unknown: true } as const;
/** Where a settlement that is at work can stand. */
const standing = {
  'reserve, new': fresh,
  'submit, sent': sent,
  'submit, certainly not taken': { ...sent, outcome_unknown: false },
  confirm: { ...sent, step: 'confirm', provider_reference: 'r1' },
} as const satisfies Record<string, SettlementProgress>;

const refused = 'refused';
/** State, step, what the ledger does, when it is due. */
const table: Readonly<Record<keyof typeof standing, Readonly<Record<Finding['found'], string>>>> = {
  'reserve, new': {
    reserved: 'processing submit pending 300000',
    not_owed: 'failed finalise - never',
    unpayable: 'failed finalise - never',
    accepted: refused,
    paid: refused,
    rejected: refused,
    not_taken: refused,
    unknown: refused,
    pending: refused,
  },
  'submit, sent': {
    reserved: refused,
    not_owed: refused,
    unpayable: refused,
    accepted: 'processing confirm - 300000',
    paid: 'completed finalise post never',
    rejected: 'failed finalise void never',
    not_taken: 'retry_pending submit - 500',
    unknown: 'processing confirm - 30000',
    pending: 'processing confirm - 300000',
  },
  'submit, certainly not taken': {
    reserved: 'processing submit - 300000',
    not_owed: refused,
    unpayable: 'failed finalise void never',
    accepted: refused,
    paid: refused,
    rejected: refused,
    not_taken: refused,
    unknown: refused,
    pending: refused,
  },
  confirm: {
    reserved: refused,
    not_owed: refused,
    unpayable: refused,
    accepted: 'processing confirm - 300000',
    paid: 'completed finalise post never',
    rejected: 'failed finalise void never',
    not_taken: 'retry_pending submit - 500',
    unknown: 'processing confirm - 30000',
    pending: 'processing confirm - 300000',
  },
};

function outcomeOf(before: SettlementProgress, finding: Finding): string {
  try {
    const { progress, posting, due_in_ms } = advance(before, finding, policy, 0.5);
    return `${progress.state} ${progress.step} ${posting ?? '-'} ${due_in_ms ?? 'never'}`;
  } catch (error) {
    return /cannot find out/.test(String(error)) ? refused : String(error);
  }
}

describe('every standing and every finding', () => {
  test.each(
    Object.entries(table).flatMap(([from, outcomes]) =>
      Object.entries(outcomes).map(([found, outcome]) => [from, found, outcome] as const),
    ),
  )('%s, %s: %s', (from, found, outcome) => {
    expect(outcomeOf(standing[from as keyof typeof standing], findings[found as Finding['found']])).toBe(outcome);
  });

  test.each(settlementStates.filter((state) => state !== 'processing'))('%s finds nothing out', (state) => {
    for (const step of settlementSteps)
      for (const kind of kinds) expect(outcomeOf({ ...sent, state, step }, findings[kind])).toBe(refused);
  });

  test.each(['post', 'finalise'] as const)(
    'nothing is found out at %s: it is one commit with the word before',
    (step) => {
      for (const kind of kinds) expect(outcomeOf({ ...sent, step }, findings[kind])).toBe(refused);
    },
  );
});

describe('what a finding leaves behind', () => {
  const { 'reserve, new': fromNew, 'submit, certainly not taken': fromNotTaken, confirm } = standing;

  /** Who has it and whether it may be paid, what a person is told, and what the audit trail says. */
  test.each([
    [fromNew, 'reserved', 'simulated null 1 unknown', '-', 'goes to simulated'],
    [fromNotTaken, 'reserved', 'simulated null 2 unknown', '-', 'goes to simulated'],
    [fromNew, 'not_owed', 'null null 0 known', 'hard amount_not_owed', 'more than the ledger owes'],
    [fromNew, 'unpayable', 'null null 0 known', 'hard destination_missing', 'no provider can pay it'],
    [sent, 'accepted', 'simulated r1 1 unknown', '-', 'taken by simulated'],
    [sent, 'paid', 'simulated r1 1 known', '-', 'paid by simulated'],
    [confirm, 'rejected', 'simulated r1 1 known', 'hard account_closed', 'rejected by simulated'],
    [confirm, 'not_taken', 'simulated r1 1 known', 'soft too_many_requests', 'tried again: too_many_requests'],
    [sent, 'unknown', 'simulated null 1 unknown', '-', 'its outcome is not known yet'],
    [confirm, 'pending', 'simulated r1 1 unknown', '-', 'on its way'],
  ] as const)('%o, %s', (before, found, progress, failure, reason) => {
    const change = advance(before, findings[found], policy, 0.5);
    const { provider, provider_reference, submissions, outcome_unknown } = change.progress;
    expect(`${provider} ${provider_reference} ${submissions} ${outcome_unknown ? 'unknown' : 'known'}`).toBe(progress);
    expect(change.failure === null ? '-' : `${change.failure.kind} ${change.failure.code}`).toBe(failure);
    expect(change).toMatchObject({ reason, dead_letter: false, overdue: false });
  });

  test('questions are counted anew for each provider that takes it', () => {
    const asked = { ...sent, polls: 3 };
    expect(advance(asked, findings.accepted, policy, 0).progress.polls).toBe(0);
    expect(advance({ ...asked, outcome_unknown: false }, findings.reserved, policy, 0).progress.polls).toBe(0);
    expect(advance(asked, findings.pending, policy, 0).progress.polls).toBe(4);
  });

  test('the last try says how many there were', () => {
    const last = advance({ ...sent, attempts: 2 }, findings.not_taken, policy, 0.5);
    expect(last).toMatchObject({ reason: 'set aside after 3 tries', progress: { attempts: 3 } });
  });
});

describe('tries', () => {
  test('wait longer each time, anywhere up to the doubled wait, and end with a person', () => {
    const waits = [0, 0.0001, 0.5, 0.999].map(
      (random) => advance({ ...sent, attempts: 1 }, findings.not_taken, policy, random).due_in_ms,
    );
    expect(waits).toEqual([0, 1, 1_000, 1_998]);
    const last = advance({ ...sent, attempts: 2 }, findings.not_taken, policy, 0.5);
    expect(last).toMatchObject({
      due_in_ms: null,
      dead_letter: true,
      posting: null,
      progress: { state: 'retry_pending' },
    });
  });

  test('never wait longer than the longest wait', () => {
    const many = { ...policy, attemptsMax: 100 };
    expect(advance({ ...sent, attempts: 90 }, findings.not_taken, many, 0.5).due_in_ms).toBe(30_000);
  });

  test('an outcome that stays unknown is asked about less and less often, and a person is told', () => {
    const answers = [0, 1, 2, 3, 4].map((polls) =>
      advance({ ...sent, step: 'confirm', polls }, findings.unknown, policy, 0),
    );
    expect(answers.map(({ due_in_ms }) => due_in_ms)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000]);
    expect(answers.map(({ overdue }) => overdue)).toEqual([false, false, false, true, true]);
  });
});

test('property: no findings in any order leave the allowed states, pay twice, post without a reservation, or send what may be paid', () => {
  const step = fc.record({ kind: fc.constantFrom(...kinds), provider: fc.constantFrom('simulated', 'stripe') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (steps, random) => {
      let progress = fresh;
      const postings: string[] = [];
      for (const { kind, provider } of steps) {
        // As the engine does: what is tried again is taken up first.
        if (progress.state === 'retry_pending') progress = { ...progress, state: 'processing' };
        const finding = kind === 'reserved' ? { found: kind, provider } : findings[kind];
        let change: ReturnType<typeof advance>;
        try {
          change = advance(progress, finding, policy, random);
        } catch {
          continue;
        }
        const after = change.progress;
        if (after.state !== progress.state) expect(settlementTransitions[progress.state]).toContain(after.state);
        if (after.provider !== progress.provider || after.submissions > progress.submissions)
          expect(progress.outcome_unknown).toBe(false);
        expect(after.submissions).toBeGreaterThanOrEqual(progress.submissions);
        if (change.posting !== null) postings.push(change.posting);
        progress = after;
      }
      const ended = progress.state === 'completed' ? ['pending', 'post'] : ['pending', 'void'];
      if (settlementTransitions[progress.state].length > 0) expect(postings.length).toBeLessThanOrEqual(1);
      expect(ended.slice(0, postings.length)).toEqual(postings);
      if (progress.state === 'completed') expect(postings).toEqual(['pending', 'post']);
      if (progress.state === 'failed') expect([0, 2]).toContain(postings.length);
    }),
    { numRuns: 2_000 },
  );
});
