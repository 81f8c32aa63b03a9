// The commands of `npx atlas`, in the order of the help. What a command needs is loaded when it is asked for, so that the list of all of
// them costs a terminal nothing: the database's driver and the buckets' client alone are most of a second.

import type { Command } from './command.ts';

interface Listed {
  /** One or two words: `status`, `card show`. */
  readonly name: string;
  /** What it does, in a line of the list of all commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly Listed[] = [
  {
    name: 'status',
    summary: 'how the origin and each thing it depends on is',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'open-items',
    summary: 'what needs a person, and acting on it',
    load: async () => (await import('./open-items.ts')).openItems,
  },
  {
    name: 'card find',
    summary: "the card that has a network's token: what Marqeta calls it, and what it is here",
    load: async () => (await import('./cards.ts')).cardFind,
  },
  {
    name: 'card show',
    summary: 'a card, its profile, and its newest authorizations',
    load: async () => (await import('./cards.ts')).cardShow,
  },
  {
    name: 'card freeze',
    summary: 'no more purchases on a card, at once; undone by card unfreeze',
    load: async () => (await import('./cards.ts')).cardFreeze,
  },
  {
    name: 'card unfreeze',
    summary: 'a frozen card may buy again',
    load: async () => (await import('./cards.ts')).cardUnfreeze,
  },
  {
    name: 'card compare',
    summary: 'a card at the edge beside what is booked of it',
    load: async () => (await import('./card-comparison.ts')).cardCompare,
  },
  {
    name: 'card reread',
    summary: "fetch what is missing in the books from the card's own log now",
    load: async () => (await import('./card-comparison.ts')).cardReread,
  },
  {
    name: 'authorization show',
    summary: 'what happened to an authorization, and what was booked for it',
    load: async () => (await import('./authorizations.ts')).authorizationShow,
  },
  {
    name: 'authorization explain',
    summary: 'why it was decided so, request by request, control by control',
    load: async () => (await import('./authorizations.ts')).authorizationExplain,
  },
  {
    name: 'queue status',
    summary: 'how far behind the queues and outboxes are',
    load: async () => (await import('./queue.ts')).queueStatus,
  },
  {
    name: 'queue dead',
    summary: 'dead letters: messages that could not be taken, settlements out of tries',
    load: async () => (await import('./queue.ts')).queueDead,
  },
  {
    name: 'settlements stuck',
    summary: 'payouts that are not final although they should be',
    load: async () => (await import('./settlements.ts')).settlementsStuck,
  },
  {
    name: 'control-set apply',
    summary: 'move the cards of a control set to a version: --canary 1 or --percent 5 first, --all then',
    load: async () => (await import('./control-sets.ts')).controlSetApply,
  },
  {
    name: 'control-set status',
    summary: 'how far a version of a control set has come on its way to the cards',
    load: async () => (await import('./distribution.ts')).controlSetStatus,
  },
  {
    name: 'control-set pause',
    summary: 'move no more cards of a control set for now; apply goes on',
    load: async () => (await import('./distribution.ts')).controlSetPause,
  },
  {
    name: 'control-set undo',
    summary: 'give the cards of a control set back the controls that they had before',
    load: async () => (await import('./distribution.ts')).controlSetUndo,
  },
  {
    name: 'reconcile',
    summary: 'every card at the edge beside its books; names those that differ',
    load: async () => (await import('./card-comparison.ts')).reconcile,
  },
  {
    name: 'verify',
    summary: 'prove ledger and audit trail from the database, against the signed checkpoints',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'doctor',
    summary:
      'Node, free ports, origin, edge, database, roles, clocks, secrets, queues: what is wrong, and what mends it',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
