// Protocols that are broken on purpose, each in one way: a checker that finds nothing wrong with them proves nothing.

import { type Account, stepAccount } from '../../account/account.ts';
import { stepCard } from '../../account/card-step.ts';
import type { Law } from './laws.ts';
import { noFaults } from './scenarios.ts';
import type { Faults, Protocol } from './world.ts';

export const protocol: Protocol = { stepAccount, stepCard };

export interface Broken {
  readonly says: string;
  readonly protocol: Protocol;
  readonly scenario: string;
  readonly faults: Faults;
  /** That it breaks. */
  readonly law: Law;
}

type StepAccount = Protocol['stepAccount'];
type StepCard = Protocol['stepCard'];

const addsWhatItHears: StepCard = (card, input, newToken) => {
  if (input.kind !== 'granted') return stepCard(card, input, newToken);
  const known = card.state.shares.at(-1)?.granted_minor ?? 0;
  const isRepeat = known === input.granted_minor && known > 0;
  return stepCard(card, isRepeat ? { ...input, granted_minor: known + known } : input, newToken);
};

const forgetsWhatItGaveBack: StepCard = (card, input, newToken) => {
  const stepped = stepCard(card, input, newToken);
  const isGivenBack = stepped.events.some(({ kind }) => kind === 'given_back');
  return isGivenBack ? { ...stepped, node: { ...stepped.node, state: card.state } } : stepped;
};

/** Whoever it asked counts as having answered at once. */
const asksNobody: StepAccount = (account, input, newToken) => {
  const stepped = stepAccount(account, input, newToken);
  const { turn } = stepped.node.work;
  if (turn === null || turn.waiting.length === 0) return stepped;
  const heard: Account = { ...stepped.node, work: { ...stepped.node.work, turn: { ...turn, waiting: [] } } };
  const again = stepAccount(heard, { kind: 'time_up', recall: '' }, newToken);
  return { ...again, events: [...stepped.events, ...again.events], messages: [...stepped.messages, ...again.messages] };
};

/** Who gave all that it was called upon for counts as having nothing left. */
const callsBackOnce: StepAccount = (account, input, newToken) => {
  const stepped = stepAccount(account, input, newToken);
  const { turn } = stepped.node.work;
  if (turn === null) return stepped;
  const calledForMinor = Object.fromEntries(Object.keys(turn.calledForMinor).map((share) => [share, Infinity]));
  const work = { ...stepped.node.work, turn: { ...turn, calledForMinor } };
  return { ...stepped, node: { ...stepped.node, work } };
};

const withdrawsUnasked: StepAccount = (account, input, newToken) => {
  if (input.kind !== 'withdraw') return stepAccount(account, input, newToken);
  const { key, amount_minor } = input;
  const { state } = account;
  const withdrawn_minor = state.withdrawn_minor + amount_minor;
  const message = { kind: 'withdrawal', to: 'owner', from: state.id, key, outcome: 'withdrawn' } as const;
  const event = { kind: 'withdrawn', key, amount_minor } as const;
  return { node: { ...account, state: { ...state, withdrawn_minor } }, events: [event], messages: [message] };
};

const takesAnyAnswer: StepAccount = (account, input, newToken) => {
  const recall = account.work.turn?.recall ?? null;
  return stepAccount(account, input.kind === 'returned' ? { ...input, recall } : input, newToken);
};

const believesThatItEnded: StepAccount = (account, input, newToken) => {
  if (input.kind !== 'returned') return stepAccount(account, input, newToken);
  const granted_minor = account.state.shares[input.share]?.granted_minor ?? 0;
  return stepAccount(account, { ...input, granted_minor }, newToken);
};

const knowsNoReturnByAnAsk: StepAccount = (account, input, newToken) =>
  stepAccount(account, input.kind === 'ask' ? { ...input, returned_minor: 0 } : input, newToken);

/** A card's first answer is its last word. */
const asksOnce: StepCard = (card, input, newToken) => {
  if (input.kind !== 'granted') return stepCard(card, input, newToken);
  const share = card.state.shares.at(-1);
  const waiting = card.waiting.map((one) => ({ ...one, needed_minor: Number.MAX_SAFE_INTEGER }));
  return stepCard({ ...card, waiting }, { ...input, returned_minor: share?.returned_minor ?? 0 }, newToken);
};

/** An account that has asked its parent answers no recall of it before it has its own answer. */
const waitsForItsOwnAsk: StepAccount = (account, input, newToken) => {
  const isAsking = account.work.turn?.asked?.answer === null;
  if (!isAsking || input.kind !== 'recall') return stepAccount(account, input, newToken);
  return { node: account, events: [], messages: [] };
};

const changed = (changes: Partial<Protocol>): Protocol => ({ ...protocol, ...changes });
const some = (changes: Partial<Faults>): Faults => ({ ...noFaults, ...changes });

export const brokenProtocols: Readonly<Record<string, Broken>> = {
  adds_what_it_hears: {
    ...{ says: 'a grant that comes twice is added twice', scenario: 'two_cards', faults: some({ repeat: 1 }) },
    ...{ protocol: changed({ stepCard: addsWhatItHears }), law: 'funds_conserved' },
  },
  forgets_what_it_gave_back: {
    ...{ says: 'a card goes on spending what it gave back', scenario: 'each_has_the_other_s', faults: noFaults },
    ...{ protocol: changed({ stepCard: forgetsWhatItGaveBack }), law: 'never_overspent' },
  },
  withdraws_unasked: {
    ...{ says: 'a withdrawal calls nothing back', scenario: 'withdrawal', faults: noFaults },
    ...{ protocol: changed({ stepAccount: withdrawsUnasked }), law: 'never_overspent' },
  },
  tells_before_it_is_durable: {
    ...{ says: 'an account sends a grant before it is durable', scenario: 'two_cards', faults: some({ crash: 1 }) },
    ...{ protocol: changed({ tellsEarly: 'accounts' }), law: 'never_overspent' },
  },
  answers_before_it_is_durable: {
    ...{ says: 'a card answers before its approval is durable', scenario: 'withdrawal', faults: some({ crash: 1 }) },
    ...{ protocol: changed({ tellsEarly: 'cards' }), law: 'answered_is_durable' },
  },
  refills_unasked: {
    ...{ says: 'a period begins, and nobody is asked for what is unspent', scenario: 'budget', faults: noFaults },
    ...{ protocol: changed({ stepAccount: asksNobody }), law: 'budget_kept' },
  },
  asks_nobody: {
    ...{ says: 'an account says no before others have answered', scenario: 'each_has_the_other_s', faults: noFaults },
    ...{ protocol: changed({ stepAccount: asksNobody }), law: 'no_false_decline' },
  },
  calls_back_once: {
    ...{ says: 'what a parent took of what was called back is called back no more', scenario: 'taken_from_above' },
    ...{ faults: noFaults, protocol: changed({ stepAccount: callsBackOnce }), law: 'no_false_decline' },
  },
  takes_any_answer: {
    ...{ says: 'an answer to an earlier recall counts for this one', scenario: 'two_turns', faults: noFaults },
    ...{ protocol: changed({ stepAccount: takesAnyAnswer }), law: 'no_false_decline' },
  },
  believes_that_it_ended: {
    ...{ says: 'a card that has left is not asked for what was under way to it', scenario: 'move', faults: noFaults },
    ...{ protocol: changed({ stepAccount: believesThatItEnded }), law: 'no_false_decline' },
  },
  asks_once: {
    ...{ says: 'a card takes an answer that did not know of its return', scenario: 'each_has_the_other_s' },
    ...{ faults: noFaults, protocol: changed({ stepCard: asksOnce }), law: 'no_false_decline' },
  },
  waits_for_its_own_ask: {
    ...{ says: 'two accounts wait for each other', scenario: 'two_under_a_parent', faults: noFaults },
    ...{ protocol: changed({ stepAccount: waitsForItsOwnAsk }), law: 'everybody_is_answered' },
  },
  knows_no_return_by_an_ask: {
    ...{ says: 'an ask does not say what was given back', scenario: 'each_has_the_other_s', faults: noFaults },
    ...{ protocol: changed({ stepAccount: knowsNoReturnByAnAsk }), law: 'few_asks' },
  },
};
