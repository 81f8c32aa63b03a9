// Every world that one step leads to: an action from outside, a message delivered, kept to come again or lost, a bound that passes, a crash
// before or after what was done is durable.

import { type AccountInput, newAccount } from '../../account/account.ts';
import type { CardInput } from '../../account/card-shares.ts';
import type { Message } from '../../account/message.ts';
import type { Violation } from './laws.ts';
import { acted, type Done, disturbed, nothing, settled } from './onlooker.ts';
import type { Action, Faults, Protocol, World } from './world.ts';

export interface Next {
  readonly label: string;
  readonly world: World;
  readonly violation: Violation | null;
}

export function nextWorlds(world: World, actions: readonly Action[], protocol: Protocol): Next[] {
  return [
    ...world.to_come.flatMap((index) => byAction(world, index, actions, protocol)),
    ...world.under_way.flatMap((message, index) => byMessage(world, message, index, protocol)),
    ...byTime(world, protocol),
    ...byCrash(world),
  ];
}

export function byAction(world: World, index: number, actions: readonly Action[], protocol: Protocol): Next[] {
  const action = actions[index];
  if (action === undefined) return [];
  const input = inputOf(world, action);
  if (input === null) return [];
  const asked = { ...world, to_come: world.to_come.filter((one) => one !== index) };
  const known = input.kind === 'request' || input.kind === 'withdraw' ? acted(asked, action.on, input) : asked;
  return run(known, action.on, input, `${action.on}: ${JSON.stringify(action.does)}`, protocol);
}

/** Null: not yet, or not any more. */
function inputOf({ books }: World, { does }: Action): AccountInput | CardInput | null {
  if (does.kind === 'reversal' || does.kind === 'clearing') {
    const approval = books.approvals[does.request];
    if (approval === undefined || approval.is !== 'held') return null;
    const { share, amount_minor } = approval;
    const kind = does.kind === 'reversal' ? 'release' : 'clear';
    return { kind, share, request: does.request, amount_minor };
  }
  return does;
}

export function byMessage(world: World, message: Message, index: number, protocol: Protocol): Next[] {
  const says = `${message.from} → ${message.to}: ${describe(message)}`;
  const without = { ...world, under_way: world.under_way.toSpliced(index, 1) };
  if (message.kind === 'withdrawal') return [];
  const next = run(without, message.to, message, says, protocol);
  const { lose, repeat } = world.faults;
  if (repeat > 0)
    next.push(...run(spend(world, 'repeat', false), message.to, message, `${says} (comes again)`, protocol, false));
  if (lose > 0) next.push({ label: `${says} is lost`, world: spend(without, 'lose'), violation: null });
  return next;
}

function describe(message: Message): string {
  const { kind, to: _to, from: _from, ...rest } = message;
  return `${kind} ${JSON.stringify(rest)}`;
}

export function byTime(world: World, protocol: Protocol): Next[] {
  if (world.faults.time_up === 0) return [];
  const passed = spend(world, 'time_up');
  const bounds = [
    ...Object.entries(world.accounts).flatMap(([on, { work }]) =>
      [work.turn?.recall, ...work.above.map(({ own }) => own)].flatMap((recall) =>
        recall === undefined || recall === null ? [] : [{ on, input: { kind: 'time_up' as const, recall } }],
      ),
    ),
    ...Object.entries(world.cards).flatMap(([on, { waiting }]) =>
      waiting.map(({ request }) => ({ on, input: { kind: 'time_up' as const, request } })),
    ),
  ];
  return bounds.flatMap(({ on, input }) => run(passed, on, input, `${on}: a bound has passed`, protocol, false));
}

export function byCrash(world: World): Next[] {
  if (world.faults.crash === 0) return [];
  const hasMemory = [
    ...Object.entries(world.accounts).flatMap(([on, { work }]) =>
      work.line.length > 0 || work.above.length > 0 ? [on] : [],
    ),
    ...Object.entries(world.cards).flatMap(([on, { waiting }]) => (waiting.length > 0 ? [on] : [])),
  ];
  return hasMemory.map((on) => ({ label: `${on} crashes`, world: crash(spend(world, 'crash'), on), violation: null }));
}

/** The step itself, and where crashes are allowed the same with one before or after it is durable. */
function run(
  world: World,
  on: string,
  input: AccountInput | CardInput,
  label: string,
  protocol: Protocol,
  mayCrash = true,
): Next[] {
  const done = doneBy(world, on, input, protocol);
  if (done === null) return [];
  const next: Next[] = [{ label, ...settled(world, done) }];
  if (!mayCrash || world.faults.crash === 0) return next;
  const crashed = spend(world, 'crash');
  next.push({ label: `${label}, crash before it is durable`, world: crash(crashed, on), violation: null });
  const silent = settled(crashed, { ...done, messages: [], isTold: false });
  next.push({ label: `${label}, crash before anybody is told`, ...silent, world: crash(silent.world, on) });
  const early = protocol.tellsEarly;
  if (early !== undefined && (early === 'cards') === (world.cards[on] !== undefined)) {
    const told = settled(crashed, done);
    const forgot = { ...told.world, accounts: world.accounts, cards: world.cards };
    next.push({ label: `${label}, told, and a crash before it is durable`, ...told, world: crash(forgot, on) });
  }
  return next;
}

function doneBy(world: World, on: string, input: AccountInput | CardInput, protocol: Protocol): Done | null {
  let { tokens } = world;
  const newToken = () => `#${++tokens}`;
  const account = world.accounts[on];
  if (account !== undefined) {
    const { node, events, messages } = protocol.stepAccount(account, input as AccountInput, newToken);
    const accounts = { ...world.accounts, [on]: node };
    const isRefilled = events.some(({ kind }) => kind === 'refilled');
    return { ...nothing, accounts, cards: world.cards, messages, tokens, refilled: isRefilled ? on : null };
  }
  const card = world.cards[on];
  if (card === undefined) return null;
  const { node, events, messages, decided } = protocol.stepCard(card, input as CardInput, newToken);
  const cards = { ...world.cards, [on]: node };
  const moved = events.some(({ kind }) => kind === 'moved') ? on : null;
  return { ...nothing, accounts: world.accounts, cards, messages, decided, events, moved, tokens };
}

function spend(world: World, fault: keyof Faults, disturbs = true): World {
  const less = { ...world, faults: { ...world.faults, [fault]: world.faults[fault] - 1 } };
  return disturbs ? disturbed(less) : less;
}

/** What is in memory is gone; whoever waited for an answer gets none. */
function crash(world: World, on: string): World {
  const account = world.accounts[on];
  if (account !== undefined) return { ...world, accounts: { ...world.accounts, [on]: newAccount(account.state) } };
  const card = world.cards[on];
  if (card === undefined) return world;
  const open = Object.fromEntries(Object.entries(world.books.open).filter(([, one]) => one.card !== on));
  return {
    ...world,
    cards: { ...world.cards, [on]: { ...card, waiting: [] } },
    books: { ...world.books, open },
  };
}
