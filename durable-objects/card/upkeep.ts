// What a card owes to time: holds that nobody cleared are dropped, the snapshot follows the log, and rows past their retention
// go. All of it synchronous, so that no request ever sees half of it.
//
// What is in memory, and why losing it is harmless: how far the snapshot reaches stands in the snapshot.

import { limits } from '../../contracts/limits.ts';
import type { Card } from '../../core/card/card.ts';
import type { CardLog } from './card-log.ts';
import type { CardSnapshot } from './card-snapshot.ts';

export class Upkeep {
  readonly #storage: DurableObjectStorage;
  readonly #card: Card;
  readonly #log: CardLog;
  readonly #snapshot: CardSnapshot;
  /** The newest row that the snapshot holds; 0 without one. */
  #snapshotSequence: number;

  constructor(parts: {
    storage: DurableObjectStorage;
    card: Card;
    log: CardLog;
    snapshot: CardSnapshot;
    snapshotSequence: number;
  }) {
    this.#storage = parts.storage;
    this.#card = parts.card;
    this.#log = parts.log;
    this.#snapshot = parts.snapshot;
    this.#snapshotSequence = parts.snapshotSequence;
  }

  /** Does what is due. Where it throws, memory may have run ahead of what is durable. */
  run(nowMs: number, publishedSequence: number): void {
    this.#card.expire(nowMs);
    this.shortenWhereDue(nowMs, publishedSequence);
  }

  /** The snapshot and the old rows alone. */
  shortenWhereDue(nowMs: number, publishedSequence: number): void {
    if (this.isSnapshotDue || this.#trimDueMs(publishedSequence) <= nowMs) this.#shorten(nowMs, publishedSequence);
  }

  /**
   * A card that never had a profile, whose every event is sent and older than the retention, and that holds nothing any more: some
   * token that a network named once.
   */
  isNobodys(nowMs: number): boolean {
    const { profile, held_minor } = this.#card.state;
    if (profile !== null || this.#card.sequence === 0 || held_minor !== 0) return false;
    return this.#log.firstSince(nowMs - limits.retentionMs - limits.trimDelayMs) === null;
  }

  /** When something will be due that no event brings with it; null: never. */
  nextMs(nowMs: number): number | null {
    const nextMs = Math.min(this.#card.state.next_expiry_ms, this.#trimDueMs());
    // A network may let a hold stand until any instant; the storage's alarms end with the year 2262.
    return nextMs === Number.POSITIVE_INFINITY ? null : Math.min(nextMs, nowMs + limits.retentionMs);
  }

  /** The rows since the last one take longer to fold than a new one takes to write. */
  get isSnapshotDue(): boolean {
    const rows = this.#card.sequence - this.#snapshotSequence;
    const { authorizations, asked, answers } = this.#card.state;
    // A key and its number are a quarter of an authorization, in bytes and in time: 70 against 250 in the snapshot's text.
    const entries = authorizations.size + (asked.size + answers.byCard.size) / 4;
    return rows >= Math.max(limits.snapshotRowsMin, entries / limits.snapshotEntriesPerRowMax);
  }

  /** One transaction: rows go only with the snapshot that holds them, and both agree with what memory has forgotten. */
  #shorten(nowMs: number, publishedSequence: number): void {
    const beforeMs = nowMs - limits.retentionMs;
    const firstKept = this.#log.firstSince(beforeMs) ?? this.#card.sequence + 1;
    const rowsKeptAfter = this.#snapshot.rowsKeptAfter(this.#card.sequence, nowMs);
    const firstSequence = Math.min(firstKept, publishedSequence + 1, rowsKeptAfter + 1);
    this.#card.forget({ firstSequence, beforeMs }, nowMs);
    const snapshot = { ...this.#card.snapshot(), rows_from: firstSequence };
    this.#storage.transactionSync(() => {
      this.#snapshot.write(snapshot, nowMs);
      this.#log.trim(firstSequence);
    });
    this.#snapshotSequence = snapshot.sequence;
  }

  /** When rows are to be trimmed: those past their retention, where they are sent; or what nothing was written over since the last time. */
  #trimDueMs(publishedSequence = Number.POSITIVE_INFINITY): number {
    const [kept, left] = [this.#log.oldest(), this.#log.oldest(0)];
    const pastMs = limits.retentionMs + limits.trimDelayMs;
    const keptMs =
      kept !== null && kept.sequence <= publishedSequence
        ? Math.max(kept.at_ms + pastMs, this.#snapshot.keepsUntilMs(kept.sequence))
        : Number.POSITIVE_INFINITY;
    const isLeft = left !== null && left.sequence !== kept?.sequence;
    return isLeft ? Math.min(keptMs, left.at_ms + pastMs + limits.trimDelayMs) : keptMs;
  }
}
