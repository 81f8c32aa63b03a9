// Survivors in the parts of core that count, measure time and look back, each with its reason: they were looked at and stay.

import { type Accepted, addsNothing, cache, neverMissing, shorterWay, stays } from './stays.ts';

export const acceptedInSums: readonly Accepted[] = [
  ...stays('core/windows/windows.ts', cache, [
    ['const cacheDaysMax = 2_000;', '2_000 → 2001'],
    ['const day = Math.floor(atMs / dayMs);', 'floor → ceil', '/ → *'],
    ['if (ofDay === undefined) {', 'ofDay === undefined → true'],
    [
      'if (known.size >= cacheDaysMax) known.clear();',
      ...['>= → >', '>= → <', 'known.size >= cacheDaysMax → true', 'known.size >= cacheDaysMax → false'],
    ],
    ['known.set(day, ofDay);', 'without known.set(day, ofDay);'],
    ['if (found === undefined) {', 'found === undefined → true'],
    ['if (!holds(found, atMs)) return found;', '!holds(found, atMs) → holds(found, atMs)'],
    ['ofDay.push(found);', 'without ofDay.push(found);'],
    ['last = found;', 'without last = found;'],
    ['return start_ms <= atMs && atMs < end_ms;', '<= → <'],
    ['if (known === undefined) {', 'known === undefined → true'],
    ['days.set(timeZone, known);', 'without days.set(timeZone, known);'],
    ['spans.set(key, known);', 'without spans.set(key, known);'],
  ]),
  ...stays(
    'core/windows/windows.ts',
    'never true then: every day takes the longer way, by the zone, to the same minute',
    [
      [
        'if (day.end_ms - day.start_ms === dayMs) return Math.floor((atMs - day.start_ms) / minuteMs);',
        ...['- → +', 'day.end_ms - day.start_ms === dayMs → false'],
      ],
    ],
  ),
  ...stays('core/windows/time-zone.ts', cache, [
    ['if (clock === undefined) {', 'clock === undefined → true'],
    ['clocks.set(timeZone, clock);', 'without clocks.set(timeZone, clock);'],
  ]),
  ...stays('core/windows/time-zone.ts', shorterWay, [
    [
      'if (late + offsetMs(timeZone, late) === midnightMs) return late;',
      ...['late + offsetMs(timeZone, late) === midnightMs → false', '+ → -'],
    ],
    ["if (timeZone === 'UTC') return 0;", "timeZone === 'UTC' → false", "'UTC' → ''"],
    ['const middle = Math.floor((shown + skipped) / 2);', 'floor → ceil'],
  ]),
  ...stays(
    'core/windows/time-zone.ts',
    'of the 1,561 midnights that zones skip from 1972 to 2039 each is skipped at the later instant',
    [['while (skipped - shown > 1) {', '1 → 2']],
  ),
  ...stays('core/windows/time-zone.ts', 'it is sought only where no instant shows midnight', [
    ['if (middle + offsetMs(timeZone, middle) < midnightMs) shown = middle;', '< → <='],
  ]),
  ...stays('core/windows/time-zone.ts', neverMissing, [
    ['const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown;', '0 → 1'],
  ]),
  ...stays('core/card/applies-to.ts', 'a risk that is not said is below any bound by 1 or by 2', [
    ["if (risk_score) add('risk_too_high', (subject) => (subject.risk_score ?? -1) >= risk_score.at_least);", '1 → 2'],
  ]),
  ...stays('core/card/applies-to.ts', cache, [
    ['if (merchant !== last) {', 'merchant !== last → true'],
    ['last = merchant;', 'without last = merchant;'],
  ]),
  ...stays('core/card/applies-to.ts', 'a code is no range that holds anything, and a range is nine characters long', [
    [
      'const ranges = patterns.filter((pattern) => pattern.length > 4).map((text) => [text.slice(0, 4), text.slice(5)]);',
      ...['> → >=', '4 → 5'],
    ],
  ]),
  ...stays('core/card/applies-to.ts', shorterWay, [
    ['if (ranges.length === 0) return (category) => codes.has(category);', 'ranges.length === 0 → false'],
  ]),
  ...stays('core/windows/portions.ts', addsNothing, [
    [
      'if (clearedChange > fromHold) clearBeyond(portions, clearedChange - fromHold, nowMs);',
      ...['clearedChange > fromHold → true', '> → >='],
    ],
    ['if (heldChange > 0 && last !== undefined) last.held_minor += heldChange;', '> → >='],
  ]),
  ...stays('core/card/retention.ts', 'memory alone: windows that nobody asks for any more are kept or summed longer', [
    [
      '} else for (const { window_at_ms } of authorization.portions) oldestMs = Math.min(oldestMs, window_at_ms);',
      ...['without oldestMs = Math.min(oldestMs, window_at_ms);', 'min → max'],
    ],
    ['for (const counter of state.counters.values()) counter.forget(oldestMs);', 'without counter.forget(oldestMs);'],
  ]),
  ...stays('core/backtest/backtest.ts', 'what an event says of sums is read by nobody in a backtest', [
    ['const noEffect = { hold_minor: 0, posted_minor: 0 };', '0 → 1'],
    ['apply(this.#state, { sequence: 0, at_ms: expires_at_ms, body });', '0 → 1'],
  ]),
  ...stays('core/backtest/backtest.ts', 'memory alone: what is removed is never asked for again', [
    ['this.#answers.delete(body.request_key);', 'without this.#answers.delete(body.request_key);'],
    ['this.#lives.delete(joined.authorization_id);', 'without this.#lives.delete(joined.authorization_id);'],
    ['this.#beyondHistory.delete(authorization_key);', 'without this.#beyondHistory.delete(authorization_key);'],
  ]),
  ...stays('core/backtest/backtest.ts', shorterWay, [
    ['if (nowMs < this.#nextLapseMs) return;', 'nowMs < this.#nextLapseMs → false'],
    ['this.#nextLapseMs = Number.POSITIVE_INFINITY;', 'without this.#nextLapseMs = Number.POSITIVE_INFINITY;'],
    ['if (unapproved <= 0 || message.amount_minor === null) return message;', '<= → <'],
  ]),
  ...stays('core/backtest/backtest.ts', 'what holds nothing can lapse without a difference', [
    [
      'if (!this.#wasRefused(body.authorization_id)) apply(this.#state, event);',
      '!this.#wasRefused(body.authorization_id) → true',
    ],
  ]),
  ...stays(
    'core/settlement/settlement.ts',
    'the bound only keeps the power finite: the longest wait is reached long before',
    [
      ['const doubled = Math.min(policy.pollAfterMs, policy.askAfterMs * 2 ** Math.min(before.polls, 30));', '30 → 31'],
      [
        'const longest = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** Math.min(attempts - 1, 30));',
        '30 → 31',
      ],
    ],
  ),
  ...stays(
    'core/settlement/settlement.ts',
    'the origin’s tests hold this table against the database, which enforces it',
    [
      ["queued: ['processing', 'failed'],", "['processing', 'failed'] → []"],
      ["retry_pending: ['processing', 'failed'],", "['processing', 'failed'] → []"],
    ],
  ),
  ...stays('core/windows/window-sums.ts', cache, [
    ['if (windowAtMs >= start_ms && windowAtMs < end_ms) return this.#lastSum;', '>= → >'],
    [
      'if (windowAtMs >= span.start_ms && windowAtMs < span.end_ms) [this.#lastSpan, this.#lastSum] = [span, sum];',
      ...['windowAtMs >= span.start_ms && windowAtMs < span.end_ms → true'],
      ...['windowAtMs >= span.start_ms && windowAtMs < span.end_ms → false'],
      ...['>= → >', '>= → <', '&& → ||', '< → <=', '< → >='],
    ],
  ]),
  ...stays('core/windows/window-sums.ts', 'an empty span, or one of the first millisecond of 1970', [
    ['#lastSpan: Span = { start_ms: 0, end_ms: 0 };', '0 → 1'],
    ['this.#lastSpan = { start_ms: 0, end_ms: 0 };', '0 → 1'],
  ]),
  ...stays('core/windows/window-sums.ts', 'an instant has one entry only, and before the first entry there is none', [
    ['while (place > 0 && (this.#inOrder[place - 1]?.at_ms ?? 0) > atMs) place--;', '> → >=', '0 → 1'],
  ]),
  ...stays('core/card/counter.ts', shorterWay, [
    ['if (parts[0] === authorization) return sum;', 'parts[0] === authorization → false'],
    ['if (portions.length === 0) return;', 'portions.length === 0 → false'],
  ]),
  ...stays('core/card/counter.ts', addsNothing, [
    ['if (amount_minor === 0 && count === 0) continue;', 'amount_minor === 0 && count === 0 → false'],
  ]),
  ...stays('core/card/expiry.ts', shorterWay, [
    [
      'if (nowMs < state.next_expiry_ms) return { due, next_ms: state.next_expiry_ms };',
      'nowMs < state.next_expiry_ms → false',
    ],
  ]),
  ...stays('core/card/readback.ts', 'what is missing is asked for in the same way, be it null or undefined', [
    ['const counter = state.counters.get(counterKey(control)) ?? null;', 'without its ?? default'],
    ['const span = counter?.spanAt(nowMs) ?? null;', 'without its ?? default'],
  ]),
  ...stays('core/settlement/returned.ts', 'where both are equal, either is the smaller one', [
    ["return { outcome: 'books', amount_minor: statedMinor < leftMinor ? statedMinor : leftMinor };", '< → <='],
  ]),
  ...stays(
    'core/windows/window-sums.ts',
    'what it takes off too much, the loop after it adds again: the same, more slowly',
    [['if (next.at_ms > this.#afterMs) break;', 'next.at_ms > this.#afterMs → false']],
  ),
  ...stays('core/card/counter.ts', shorterWay, [['if (parts[0] === authorization) return sum;', '0 → 1']]),
  ...stays(
    'core/card/never-matches.ts',
    'a range that holds the last minute of a day holds the one after it too: none ends in between',
    [['const minutesOfDay: Interval = [0, 1_439];', '1_439 → 1440']],
  ),
  ...stays('core/card/never-matches.ts', 'a range whose ends are equal is refused where it is read', [
    ['if (first < end) return [[first, end - 1]];', '< → <='],
  ]),
  ...stays('core/card/never-matches.ts', 'days that are a millisecond longer follow each other alike', [
    ['const day = (date: string) => Date.parse(date) / 86_400_000;', '86_400_000 → 86400001'],
  ]),
];
