// Survivors in the parts of core that a card's turn goes through, each with its reason: they were looked at and stay.

import { type Accepted, neverFails, neverMissing, shorterWay, stays } from './stays.ts';

export const acceptedInTurns: readonly Accepted[] = [
  ...stays('core/card/stored-authorization.ts', neverMissing, [
    [
      'const [at_ms = 0, does = 0, minor = 0, nth = 0] = [stored[at], stored[at + 1], stored[at + 2], stored[at + 3]];',
      '0 → 1',
    ],
    ['const heard_ms = isOld ? 0 : (heard[1 + changes.length] ?? 0);', '0 → 1'],
    ['const [place = 0, network_minor = -1, order = -1] = [more[at], more[at + 1], more[at + 2]];', '0 → 1', '1 → 2'],
    [
      'const [kind = 0, given_at_ms = 0, window_at_ms = 0, held_minor = 0, cleared_minor = 0] = stored.slice(at, at + 5);',
      '0 → 1',
    ],
  ]),
  ...stays('core/card/stored-authorization.ts', 'five numbers are taken of however many', [
    [
      'const [kind = 0, given_at_ms = 0, window_at_ms = 0, held_minor = 0, cleared_minor = 0] = stored.slice(at, at + 5);',
      '5 → 6',
    ],
  ]),
  ...stays('core/card/rows-of-old.ts', neverMissing, [
    ["const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;", '0 → 1'],
  ]),
  ...stays('core/card/snapshot-v1.ts', neverMissing, [
    ['const [stepAtMs = 0, minor = 0] = [steps[at], steps[at + 1]];', '0 → 1'],
    ['more.push(before + (toldSteps[at] ?? 0), Math.abs(toldSteps[at + 1] ?? 0), -1);', '0 → 1'],
  ]),
  ...stays('core/card/hold-changes.ts', shorterWay, [
    ['if (!isNumbered(changes)) return ({ at_ms }) => at_ms;', '!isNumbered(changes) → false'],
  ]),
  ...stays('core/card/hold-changes.ts', shorterWay, [
    ['const isLast = last === undefined || compare(last, last.at_ms, change, change.at_ms) <= 0;', ...['<= → <']],
    [
      'if (!isLast || hasNumber(change) || isNumbered(changes)) return merged([...changes, change]);',
      '!isLast || hasNumber(change) || isNumbered(changes) → true',
    ],
  ]),
  ...stays(
    'core/card/hold-changes.ts',
    'only the order of the ranks counts, and an end with a rank of its own leaves 0 as before',
    [['const rank = { adds: 0, sets: 1, ends: 2, lapses: 2, takes: 3 } as const;', '2 → 3', '3 → 4']],
  ),
  ...stays('core/card/hold-changes.ts', 'only its sign counts', [
    ['if (isBeginning(one) !== isBeginning(other)) return isBeginning(one) ? -1 : 1;', '1 → 2'],
  ]),
  ...stays('core/card/hold-changes.ts', neverMissing, [
    ['numbered.sort((one, other) => (one.order ?? 0) - (other.order ?? 0) || one.at_ms - other.at_ms);', '0 → 1'],
  ]),
  ...stays('core/card/hold-changes.ts', 'no message is stamped in the first millisecond of 1970', [
    ['let latestMs = 0;', '0 → 1'],
  ]),
  ...stays(
    'core/card/hold-changes.ts',
    'the figure has its own instant, so that it is kept by the other half as well',
    [
      [
        'return { changes: ordered.filter((one, place) => place >= last || mayComeAfter(one, figure, ordered)), ...hold };',
        '>= → >',
      ],
    ],
  ),
  ...stays('core/card/hold-changes.ts', 'an instant to compare with: nobody asks when it was heard', [
    [
      "const instant: HoldChange = { at_ms, nth: 0, does: 'takes', minor: Number.MAX_SAFE_INTEGER, heard: 0, heard_ms: 0 };",
      '0 → 1',
    ],
  ]),
  ...stays('core/card/hold-changes.ts', 'the largest so far is -1 at least, so that nothing below it is ever taken', [
    ['number = Math.max(number, change.order ?? -1);', '1 → 2'],
  ]),
  ...stays('core/card/authorization.ts', shorterWay, [
    [
      'if (isUnchanged && how.voidsGivenAtMs === undefined && isUse(before) === isUse(after))',
      'isUnchanged && how.voidsGivenAtMs === undefined && isUse(… → false',
    ],
  ]),
  ...stays('core/card/snapshot-v1.ts', neverMissing, [
    ['changes.push(place[0] ?? 0, minor > 0 ? adds : takes, Math.abs(minor), place[1] ?? 0);', '0 → 1'],
  ]),
  ...stays('core/card/found.ts', 'what is new has counted nothing, be it absent or of 0', [
    ['setAuthorization(state, key, parts.length === 0 ? null : authorization, after);', 'parts.length === 0 → false'],
  ]),
  ...stays('core/card/asked-names.ts', shorterWay, [
    ['if (state.asked.size === 0) return fresh;', 'state.asked.size === 0 → false', '0 → 1'],
  ]),
  ...stays('core/card/asked-names.ts', 'no names and an empty list of them are recorded alike', [
    [
      'return { authorization_id: own, ...(also_named.length === 0 ? {} : { also_named }) };',
      'also_named.length === 0 → false',
    ],
  ]),
  ...stays('core/card/answers.ts', 'two events never have the same number, and none is below 1', [
    [
      'return answer === undefined || answer.sequence < (givenUp.get(requestKey) ?? 0) ? null : answer;',
      ...['< → <=', '0 → 1'],
    ],
  ]),
  ...stays('core/card/card-state.ts', shorterWay, [
    [
      'if (state.currency === currency && state.others.size === 0) return;',
      'state.currency === currency && state.others.size === 0 → false',
    ],
    ['if (state.currency === currency) return;', 'state.currency === currency → false'],
  ]),
  ...stays('core/card/card.ts', 'no event is of the first millisecond of 1970', [
    ['this.#clockMs = snapshot?.at_ms ?? 0;', '0 → 1'],
  ]),
  ...stays('core/card/card.ts', 'what an assertion says', [
    [
      "assert(this.#sequence === 0, 'a card that has events counts on from them');",
      "'a card that has events counts on from them' → ''",
    ],
    [
      "assert(heldInAll(this.#state) - held === hold_minor - released, 'an event says what it did to what is held');",
      "'an event says what it did to what is held' → ''",
    ],
    [
      "assert(postedInAll(this.#state) - posted === posted_minor, 'an event says what it did to what is posted');",
      "'an event says what it did to what is posted' → ''",
    ],
  ]),
  ...stays('core/card/card.ts', neverFails, [
    [
      "assert(heldInAll(this.#state) - held === hold_minor - released, 'an event says what it did to what is held');",
      'without assert(heldInAll(this.#state) - held === hold_minor - rel…',
    ],
    [
      "assert(postedInAll(this.#state) - posted === posted_minor, 'an event says what it did to what is posted');",
      'without assert(postedInAll(this.#state) - posted === posted_minor…',
    ],
  ]),
  ...stays('core/card/card.ts', neverMissing, [
    ["const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;", '0 → 1'],
  ]),
  ...stays(
    'core/card/controls.ts',
    'what a control declines is approved neither in full nor in part, so that nobody asks for its room',
    [['room_minor: 0,', '0 → 1']],
  ),
  ...stays(
    'core/card/controls.ts',
    'a limit of one transaction allows one use at least, so that it never matters whose it is',
    [
      [
        'ownUses: own !== null && isUse(own) ? 1 : 0,',
        ...['own !== null && isUse(own) → true', 'own !== null && isUse(own) → false', '1 → 2', '0 → 1'],
      ],
    ],
  ),
  ...stays('core/card/controls.ts', 'no amount that is held is below 1', [
    ['const { percent = 0, add_minor = 0, at_least_minor = 0, cap_minor = limits.amountMinorMax } = control;', '0 → 1'],
  ]),
  ...stays('core/card/decide.ts', shorterWay, [
    ['const known = found.parts.length === 0 ? null : found;', 'found.parts.length === 0 → false'],
  ]),
  ...stays('core/card/decide.ts', 'only what adjusts says how much it wants to be held', [
    ['if (adjusts) findings.wantedMinor = Math.max(findings.wantedMinor, verdict.hold_minor ?? 0);', 'adjusts → true'],
  ]),
  ...stays(
    'core/card/decide.ts',
    'a verification or an inquiry that names an amount is declined: there is nothing that could move',
    [
      ['approved_minor: moves ? amountMinor : 0,', 'moves → true'],
      ['hold_minor: moves ? hold_minor : 0,', 'moves → true'],
      [
        'available_minor: available_minor === null ? null : available_minor - (moves ? hold_minor : 0),',
        'moves → true',
      ],
    ],
  ),
  ...stays('core/card/found.ts', shorterWay, [
    ['if (asked.size === 0) return null;', 'asked.size === 0 → false'],
    ['return dated.begun === begun ? dated : { ...dated, begun };', 'dated.begun === begun → false'],
    ['if (others.length > 0) return other === undefined ? [one, ...others] : [one, other, ...others];', '> → >='],
  ]),
  ...stays('core/card/request.ts', 'what is undefined and what is absent are recorded alike', [
    ['...(approval === undefined ? {} : { approval }),', 'approval === undefined → false'],
  ]),
  ...stays('core/card/message.ts', 'what is undefined and what is absent are recorded alike', [
    ['...(approval === undefined ? {} : { approval }),', 'approval === undefined → false'],
  ]),
  ...stays('core/card/request.ts', neverFails, [
    ['assert(', 'without assert( held === decided.hold_minor || (approval?.nth ===…'],
  ]),
  ...stays('core/card/request.ts', neverFails, [
    ['held === decided.hold_minor || (approval?.nth === -1 && held < decided.hold_minor),', '&& → ||'],
  ]),
  ...stays('core/card/request.ts', 'what an assertion says', [
    ["'what is approved is held',", "'what is approved is held' → ''"],
  ]),
  ...stays('core/card/message.ts', 'it is asked of an advice alone, which posts nothing', [
    ['const moreHeld = spentBy(effect, found) - effect.posted_minor;', '- → +'],
  ]),
  ...stays('core/card/in-place.ts', neverMissing, [
    ['if (own !== undefined) held.approved_minor = answer?.decision.approved_minor ?? 0;', '0 → 1'],
  ]),
  ...stays('core/card/in-place.ts', 'one request has one answer in its place, of one amount: the desk gives it once', [
    ['return { ...held, own: inPlace.length === 0 ? own : undefined };', 'inPlace.length === 0 → true'],
  ]),
  ...stays('core/card/request.ts', 'where both are equal the assertion holds by its first half already', [
    ['held === decided.hold_minor || (approval?.nth === -1 && held < decided.hold_minor),', '< → <='],
  ]),
  ...stays('core/card/hearing.ts', 'two numbers that differ are never equal', [
    ['return isByNumber ? one.heard < other.heard : one.heard_ms <= other.heard_ms;', '< → <='],
  ]),
  ...stays('core/card/hearing.ts', 'what comes after an event without a number, or after none, stands alike', [
    ['heard > 0 && heard_ms > unknownInstantMs && in_place === undefined;', '> → >='],
  ]),
  ...stays('core/card/stored-authorization.ts', 'its number is read only where its instant is not 0', [
    ['if (one === null) return 0;', '0 → 1'],
  ]),
  ...stays('core/card/held-together.ts', 'where both are equal, they are the same event or instant', [
    ['return compare(one, other) <= 0 ? one : other;', '<= → <'],
  ]),
];
