// Where an authorization counts in windows: portions of what it holds and has cleared, each at the instant of its approval.
//
// Example: 100 approved on Monday, all of it reversed; asked for again and approved on Tuesday. Two portions, Monday's of 0 and
// Tuesday's of 100.

/**
 * `asked`: an approval that is a use of the card. `added`: an increment, or an advice above the hold: in a calendar window it
 * counts with what it adds to, in a rolling one at its own instant. `forced`: cleared without an approval.
 */
export interface Portion {
  readonly kind: 'asked' | 'added' | 'forced';
  /** By the card's clock. */
  readonly given_at_ms: number;
  /** The instant that decides in which calendar window it counts. */
  readonly window_at_ms: number;
  readonly held_minor: number;
  readonly cleared_minor: number;
}

/** What happened to an authorization, as far as it matters for where it counts. */
export interface Recount {
  readonly nowMs: number;
  readonly heldChange: number;
  readonly clearedChange: number;
  /** Of an approval: what it adds to the hold if nothing was heard before. */
  readonly approves?: { readonly kind: 'asked' | 'added'; readonly minor: number };
  /** Of a void: when what it takes back was given. */
  readonly voidsGivenAtMs?: number;
  /** It is a use of the card after it. */
  readonly isUse: boolean;
}

type Changing = { -readonly [K in keyof Portion]: Portion[K] };

/** The newest portion that is a use: where the use counts, and what is added to it in calendar windows. */
export function usePortion(portions: readonly Portion[]): Portion | null {
  return portions.findLast(({ kind }) => kind !== 'added') ?? null;
}

/**
 * What an increment is added to in calendar windows; undefined: nothing of the authorization counts any more, and the increment is an
 * approval of its own, that counts when it is given. Example: 100 of Monday reversed in full, then an increment of 50 on Tuesday:
 * Tuesday's.
 */
export function portionAddedTo<P extends Portion>(portions: readonly P[]): P | undefined {
  const counts = portions.some(({ held_minor, cleared_minor }) => held_minor + cleared_minor > 0);
  return counts ? portions.findLast(({ kind }) => kind === 'asked') : undefined;
}

export function recounted(before: readonly Portion[], change: Recount): readonly Portion[] {
  const { nowMs, heldChange, clearedChange, approves, voidsGivenAtMs } = change;
  const portions: Changing[] = before.map((portion) => ({ ...portion }));
  if (approves !== undefined) approve(portions, approves, heldChange, nowMs);
  else if (heldChange > 0) raise(portions, heldChange, nowMs);
  const voided = voidsGivenAtMs === undefined ? undefined : newestGivenAt(portions, voidsGivenAtMs);
  let released = Math.max(0, -heldChange);
  if (voided !== undefined) released -= takeHeld([voided], released);
  const fromHold = Math.min(released, Math.max(0, clearedChange));
  clearHeld(portions, fromHold);
  takeHeld(portions, released - fromHold);
  if (clearedChange > fromHold) clearBeyond(portions, clearedChange - fromHold, nowMs);
  const kept = portions.filter(
    (portion) =>
      portion.held_minor > 0 || portion.cleared_minor > 0 || (portion.kind === 'asked' && portion !== voided),
  );
  if (change.isUse && usePortion(kept) === null) kept.push(portionAt(nowMs, 'asked'));
  // As long as it is: what was pushed into has room for 16 more, 130 bytes for as long as the card remembers the authorization.
  return kept.slice();
}

/** Two authorizations that turn out to be one. */
export function joinedPortions(
  one: readonly Portion[],
  other: readonly Portion[],
  heldChange: number,
): readonly Portion[] {
  const portions: Changing[] = [...one, ...other].map((portion) => ({ ...portion }));
  portions.sort((first, second) => first.given_at_ms - second.given_at_ms);
  // A clearing under the one name was of the approval under the other: what exceeds its hold counts there too.
  const approved = portions.findLast(({ kind }) => kind === 'asked');
  const forced = approved === undefined ? 0 : takeForced(portions, Number.MAX_SAFE_INTEGER);
  const fromHold = Math.min(Math.max(0, -heldChange), forced);
  clearHeld(portions, fromHold);
  takeHeld(portions, -heldChange - fromHold);
  if (approved !== undefined) approved.cleared_minor += forced - fromHold;
  const last = portions.at(-1);
  if (heldChange > 0 && last !== undefined) last.held_minor += heldChange;
  return portions.filter(
    ({ kind, held_minor, cleared_minor }) => held_minor > 0 || cleared_minor > 0 || kind === 'asked',
  );
}

/** In a calendar window an increment counts with its authorization, as long as anything of that counts. */
function approve(
  portions: Changing[],
  { kind, minor }: NonNullable<Recount['approves']>,
  heldChange: number,
  nowMs: number,
): void {
  const addsTo = kind === 'added' ? portionAddedTo(portions) : undefined;
  const portion: Changing =
    addsTo === undefined
      ? portionAt(nowMs, 'asked')
      : { ...portionAt(nowMs, 'added'), window_at_ms: addsTo.window_at_ms };
  portion.held_minor = heldChange;
  // Cleared before it was asked for: that counts with the approval from now on.
  portion.cleared_minor = takeForced(portions, minor - heldChange);
  portions.push(portion);
}

/** An advice above the hold: where nothing was held, an approval of its own. */
function raise(portions: Changing[], minor: number, nowMs: number): void {
  const isHeld = portions.some(({ held_minor }) => held_minor > 0);
  approve(portions, { kind: isHeld ? 'added' : 'asked', minor }, minor, nowMs);
}

function newestGivenAt(portions: Changing[], givenAtMs: number): Changing | undefined {
  const given = portions.filter(({ given_at_ms }) => given_at_ms === givenAtMs);
  return given.findLast(({ held_minor }) => held_minor > 0) ?? given.at(-1);
}

/** Releases give back the oldest hold first. */
function takeHeld(portions: readonly Changing[], minor: number): number {
  let left = Math.max(0, minor);
  for (const portion of portions) {
    const taken = Math.min(left, portion.held_minor);
    portion.held_minor -= taken;
    left -= taken;
  }
  return Math.max(0, minor) - left;
}

function clearHeld(portions: readonly Changing[], minor: number): void {
  let left = minor;
  for (const portion of portions) {
    const cleared = Math.min(left, portion.held_minor);
    portion.held_minor -= cleared;
    portion.cleared_minor += cleared;
    left -= cleared;
  }
}

/** Above the hold it counts with the newest approval; without one it is a force post. */
function clearBeyond(portions: Changing[], minor: number, nowMs: number): void {
  const approved = portions.findLast(({ kind }) => kind === 'asked');
  if (approved !== undefined) approved.cleared_minor += minor;
  else portions.push({ ...portionAt(nowMs, 'forced'), cleared_minor: minor });
}

function takeForced(portions: readonly Changing[], minor: number): number {
  let left = Math.max(0, minor);
  for (const portion of portions) {
    if (portion.kind !== 'forced') continue;
    const taken = Math.min(left, portion.cleared_minor);
    portion.cleared_minor -= taken;
    left -= taken;
  }
  return Math.max(0, minor) - left;
}

function portionAt(nowMs: number, kind: Portion['kind']): Changing {
  return { kind, given_at_ms: nowMs, window_at_ms: nowMs, held_minor: 0, cleared_minor: 0 };
}
