// The model's purchases, by any of the network's names for them.

import { ModelLife } from './model-life.ts';
import { withheldOf } from './model-refunds.ts';

/** A request that held nothing, of a purchase that nobody has spoken of: the card keeps its name, and by that its id. */
interface Asked {
  readonly sequence: number;
  /** All that are the same purchase's. */
  readonly names: readonly string[];
  readonly life: ModelLife;
}

export interface Trimmed {
  readonly firstSequence: number;
  readonly beforeMs: number;
}

interface Longest {
  readonly nowMs: number;
  /** Of the rolling windows in force; 0: there is none. */
  readonly longestMs: number;
}

export class ModelLives {
  all: ModelLife[] = [];
  readonly byName = new Map<string, ModelLife>();
  /** Of what counts: the profile's; before there is one, that of the first purchase. */
  currency: string | null = null;
  #hasOthers = false;
  readonly #asked = new Map<string, Asked>();

  /** Those in the card's currency: the only ones that count in limits, funds and uses. */
  get counting(): readonly ModelLife[] {
    if (!this.#hasOthers) return this.all;
    return this.all.filter((life) => life.currency === this.currency);
  }

  /** Over all in the card's currency, each time anew. */
  get totals(): { held_minor: number; posted_minor: number; uses: number; withheld_minor: number } {
    let [held_minor, posted_minor, uses] = [0, 0, 0];
    for (const life of this.all) {
      if (life.currency !== this.currency) continue;
      held_minor += life.hold_minor;
      posted_minor += life.posted_minor;
      if (life.isUse) uses++;
    }
    return { held_minor, posted_minor, uses, withheld_minor: withheldOf(this.all, this.currency) };
  }

  /** What names speak of: two purchases where those are not known to be one, unless they are in two currencies. */
  known(name: string, alias: string | undefined): [ModelLife?, ModelLife?] {
    const lives = new Set(this.#allNames(name, alias).map((each) => this.byName.get(each)));
    lives.delete(undefined);
    const [one, other] = lives;
    if (one === undefined) return [];
    return other === undefined || other.currency !== one.currency ? [one] : [one, other];
  }

  /** What is known under its names: two where they turn out to be one. */
  partsOf(life: ModelLife | null): readonly ModelLife[] {
    return [...new Set([...(life?.names ?? [])].flatMap((name) => this.byName.get(name) ?? []))];
  }

  /** With those that a request gave which held nothing; a purchase that is known has its names already. */
  #allNames(name: string, alias: string | undefined): string[] {
    const all: string[] = alias === undefined ? [name] : [name, alias];
    for (const each of all)
      if (!this.byName.has(each))
        for (const other of this.#asked.get(each)?.names ?? []) if (!all.includes(other)) all.push(other);
    return all;
  }

  /** Only a name is kept. The life is nobody's yet: it learns the id that the card gives. */
  askedInVain(name: string, alias: string | undefined, sequence: number, atMs: number, currency: string): ModelLife {
    const names = this.#allNames(name, alias);
    const life = this.#askedFirst(names)?.life ?? new ModelLife(name, atMs, currency);
    for (const each of [name, alias]) if (each !== undefined) this.#asked.set(each, { sequence, names, life });
    return life;
  }

  take(
    name: string,
    alias: string | undefined,
    atMs: number,
    currency: string,
  ): { life: ModelLife; hasJoined: boolean; hasJoinedApprovals: boolean } {
    const names = this.#allNames(name, alias);
    const [one, other] = this.known(name, alias);
    const life = one ?? this.#begin(name, alias, atMs, currency);
    const hasJoinedApprovals = other !== undefined && life.approved_minor > 0 && other.approved_minor > 0;
    if (other !== undefined) {
      life.take(other);
      this.all = this.all.filter((each) => each !== other);
    }
    life.heardUntil(atMs);
    const vain = names.flatMap((each) => this.#asked.get(each)?.sequence ?? []);
    if (vain.length > 0) life.begun ??= { number: Math.min(...vain), heard_ms: 1, byEdge: false };
    for (const each of names) {
      const known = this.byName.get(each);
      if (known === undefined || known === life || known === other) life.names.add(each);
    }
    for (const each of life.names) this.byName.set(each, life);
    return { life, hasJoined: other !== undefined, hasJoinedApprovals };
  }

  #askedFirst(names: readonly string[]): Asked | undefined {
    return names.map((each) => this.#asked.get(each)).find((one) => one !== undefined);
  }

  #begin(name: string, alias: string | undefined, atMs: number, currency: string): ModelLife {
    const life = new ModelLife(name, atMs, currency);
    life.authorization_id = this.#askedFirst(this.#allNames(name, alias))?.life.authorization_id ?? null;
    this.all.push(life);
    this.currency ??= currency;
    this.#hasOthers ||= this.currency !== currency;
    return life;
  }

  /** What was told in other currencies before the profile came keeps to itself, under no name that the network has. */
  takeCurrency(currency: string): void {
    this.#hasOthers ||= this.currency !== null && this.currency !== currency;
    this.currency = currency;
    if (!this.#hasOthers) return;
    for (const life of this.all)
      if (life.currency !== currency)
        for (const name of life.names) {
          this.byName.delete(name);
          this.#asked.delete(name);
        }
  }

  /** A profile with other limits: what was trimmed counts on in those that it still has. */
  countIn(keys: ReadonlySet<string | null>): void {
    for (const life of this.all) {
      life.forgetLooks();
      if (life.countsOnlyIn !== null)
        life.countsOnlyIn = new Set([...life.countsOnlyIn].filter((key) => keys.has(key)));
    }
  }

  /** What is trimmed loses its names, and counts on in the limits that are in force; how many were. */
  forget(
    { firstSequence, beforeMs }: Trimmed,
    { nowMs, longestMs }: Longest,
    keys: readonly (string | null)[],
  ): number {
    this.#forgetBefore(firstSequence);
    let dropped = 0;
    for (const life of this.all) {
      if (life.countsOnlyIn !== null || life.hold_minor > 0 || life.touched_ms >= beforeMs) continue;
      if (longestMs > 0 && life.pieces.some(({ given_ms }) => given_ms > nowMs - longestMs)) continue;
      life.countsOnlyIn = new Set(keys.filter((key) => key !== null));
      for (const name of life.names) this.byName.delete(name);
      dropped++;
    }
    return dropped;
  }

  #forgetBefore(firstSequence: number): void {
    for (const [name, { sequence }] of this.#asked) if (sequence < firstSequence) this.#asked.delete(name);
  }
}
