// The model's picture of where a purchase counts in windows: pieces of it, each with the instant of its approval. Oldest first.

export interface Piece {
  /** `try`: an approval that is a use. `more`: added to one. `unasked`: cleared without an approval. */
  what: 'try' | 'more' | 'unasked';
  given_ms: number;
  window_ms: number;
  held: number;
  cleared: number;
}

/** What a step did to a purchase: the change of its hold and of what is cleared. */
export interface Moved {
  readonly nowMs: number;
  readonly held: number;
  readonly cleared: number;
  readonly isUse: boolean;
  /** Approved by the card: as a try or as more, and how much it would hold if nothing had been told before. */
  readonly approved?: { readonly isMore: boolean; readonly minor: number };
  /** What was given at that instant is taken back. */
  readonly voidedMs?: number;
}

/** What more is added to: nothing, once nothing of the purchase counts. */
export function addedTo<P extends Piece>(pieces: readonly P[]): P | undefined {
  if (pieces.every(({ held, cleared }) => held + cleared === 0)) return undefined;
  return pieces.findLast(({ what }) => what === 'try');
}

export function afterMove(pieces: readonly Piece[], moved: Moved): Piece[] {
  let all = pieces.map((piece) => ({ ...piece }));
  const { nowMs, approved } = moved;
  const lastTry = () => all.findLast(({ what }) => what === 'try');
  if (approved !== undefined || moved.held > 0) {
    const isMore = approved?.isMore ?? all.some(({ held }) => held > 0);
    const addsTo = isMore ? addedTo(all) : undefined;
    const piece: Piece = {
      what: addsTo === undefined ? 'try' : 'more',
      given_ms: nowMs,
      window_ms: addsTo?.window_ms ?? nowMs,
      held: moved.held,
      cleared: 0,
    };
    if (approved !== undefined) piece.cleared = drain(all, 'unasked', approved.minor - moved.held);
    all.push(piece);
  }
  let gone = moved.held < 0 ? -moved.held : 0;
  let spent = moved.cleared;
  let voided: Piece | undefined;
  if (moved.voidedMs !== undefined) {
    const given = all.filter(({ given_ms }) => given_ms === moved.voidedMs);
    voided = given.filter(({ held }) => held > 0).at(-1) ?? given.at(-1);
    const back = Math.min(voided?.held ?? 0, gone);
    if (voided !== undefined) voided.held -= back;
    gone -= back;
  }
  for (const piece of all) {
    const turned = Math.min(piece.held, gone, spent);
    piece.held -= turned;
    piece.cleared += turned;
    gone -= turned;
    spent -= turned;
  }
  for (const piece of all) {
    const back = Math.min(piece.held, gone);
    piece.held -= back;
    gone -= back;
  }
  const tried = lastTry();
  if (spent > 0 && tried !== undefined) tried.cleared += spent;
  else if (spent > 0) all.push({ what: 'unasked', given_ms: nowMs, window_ms: nowMs, held: 0, cleared: spent });
  all = all.filter((piece) => piece.held + piece.cleared > 0 || (piece.what === 'try' && piece !== voided));
  if (moved.isUse && all.every(({ what }) => what === 'more'))
    all.push({ what: 'try', given_ms: nowMs, window_ms: nowMs, held: 0, cleared: 0 });
  return all;
}

/** Two purchases that were one all along; `heldMinor`: what they hold together. */
export function joinedPieces(one: readonly Piece[], other: readonly Piece[], heldMinor: number): Piece[] {
  const all = [...one, ...other].map((piece) => ({ ...piece }));
  all.sort((first, second) => first.given_ms - second.given_ms);
  let gone = all.reduce((sum, { held }) => sum + held, 0) - heldMinor;
  const tried = all.findLast(({ what }) => what === 'try');
  let spent = tried === undefined ? 0 : drain(all, 'unasked', Number.POSITIVE_INFINITY);
  for (const piece of all) {
    const turned = Math.max(0, Math.min(piece.held, gone, spent));
    piece.held -= turned;
    piece.cleared += turned;
    gone -= turned;
    spent -= turned;
  }
  for (const piece of all) {
    const back = Math.max(0, Math.min(piece.held, gone));
    piece.held -= back;
    gone -= back;
  }
  if (tried !== undefined) tried.cleared += spent;
  const last = all.at(-1);
  if (gone < 0 && last !== undefined) last.held -= gone;
  return all.filter((piece) => piece.held + piece.cleared > 0 || piece.what === 'try');
}

function drain(pieces: readonly Piece[], what: Piece['what'], most: number): number {
  let taken = 0;
  for (const piece of pieces) {
    if (piece.what !== what || taken >= most) continue;
    const part = Math.min(piece.cleared, most - taken);
    piece.cleared -= part;
    taken += part;
  }
  return taken;
}

/** What of each piece counts, less what refunds give back: the oldest first, and never more than counts. */
export function countingOf(pieces: readonly Piece[], refunded: number): { piece: Piece; minor: number }[] {
  let back = refunded;
  return pieces.map((piece) => {
    const whole = piece.held + piece.cleared;
    const given = Math.min(whole, back);
    back -= given;
    return { piece, minor: whole - given };
  });
}

/** The piece that is the use of the card: the newest that no other is added to. */
export function useOf(pieces: readonly Piece[]): Piece | undefined {
  return pieces.filter(({ what }) => what !== 'more').at(-1);
}
