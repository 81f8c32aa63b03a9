// Survivors that were looked at and stay, each with its reason. Named by the line's text, not its number, so that they are found
// again when lines move; a changed line has to be looked at anew.

export interface Accepted {
  readonly path: string;
  readonly code: string;
  readonly change: string;
  readonly because: string;
}

const cache = 'a cache that keeps less, or nothing, gives the same answers later';
const size = 'other sizes of messages fit as well: each is halved until it does';

export const accepted: readonly Accepted[] = [
  {
    path: 'core/windows.ts',
    code: 'days.set(timeZone, known);',
    change: 'without days.set(timeZone, known);',
    because: cache,
  },
  { path: 'core/windows.ts', code: 'ofDay.push(found);', change: 'without ofDay.push(found);', because: cache },
  { path: 'core/windows.ts', code: 'if (known.size >= cacheDaysMax) known.clear();', change: '>= → >', because: cache },
  {
    path: 'core/windows.ts',
    code: 'if (known.size >= cacheDaysMax) known.clear();',
    change: 'known.size >= cacheDaysMax → false',
    because: cache,
  },
  {
    path: 'core/windows.ts',
    code: 'if (day.end_ms - day.start_ms === dayMs) return Math.floor((atMs - day.start_ms) / minuteMs);',
    change: '- → +',
    because: 'never true then: every day takes the longer way, by the zone, to the same minute',
  },
  {
    path: 'durable-objects/card/pack-messages.ts',
    code: 'const half = Math.ceil(events.length / 2);',
    change: '2 → 3',
    because: size,
  },
  {
    path: 'durable-objects/card/pack-messages.ts',
    code: 'const half = Math.ceil(events.length / 2);',
    change: 'ceil → floor',
    because: size,
  },
  {
    path: 'core/settlement.ts',
    code: 'const doubled = Math.min(policy.pollAfterMs, policy.askAfterMs * 2 ** Math.min(before.polls, 30));',
    change: '30 → 31',
    because: 'the bound only keeps the power finite: the longest wait is reached long before',
  },
  {
    path: 'core/settlement.ts',
    code: 'const longest = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** Math.min(attempts - 1, 30));',
    change: '30 → 31',
    because: 'the bound only keeps the power finite: the longest wait is reached long before',
  },
  {
    path: 'core/hold-changes.ts',
    code: 'if (!isNumbered(changes)) return ({ at_ms }) => at_ms;',
    change: '!isNumbered(changes) → false',
    because: 'a shorter way: where nothing has a number, the longer one finds no date either and takes the stamp',
  },
  {
    path: 'core/hold-changes.ts',
    code: 'number = Math.max(number, change.order ?? -1);',
    change: '1 → 2',
    because: 'the largest so far is -1 at least, so that nothing below it is ever taken',
  },
  {
    path: 'core/window-sums.ts',
    code: 'if (next.at_ms > this.#afterMs) break;',
    change: 'next.at_ms > this.#afterMs → false',
    because: 'what it takes off too much, the loop after it adds again: the same sum, more slowly',
  },
  {
    path: 'core/counter.ts',
    code: 'if (parts[0] === authorization) return sum;',
    change: '0 → 1',
    because: 'a shorter way: the longer one takes off and adds the same amounts',
  },
  {
    path: 'core/receive.ts',
    code: 'held === decided.hold_minor || (approval?.nth === -1 && held < decided.hold_minor),',
    change: '< → <=',
    because: 'where both are equal the assertion holds by its first half already',
  },
];
