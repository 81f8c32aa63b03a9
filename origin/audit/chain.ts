// What both chains have in common: a running hash that each link continues, and the first place where what is stored is not what
// follows. The arithmetic is migrations/0011 and 0010 written a second time, so that a database which lies about its own
// functions is found out too.

import { createHash } from 'node:crypto';

/** The first bad row of a chain, by its number, and what is wrong with it. */
export interface Fault {
  readonly chain: 'audit' | 'ledger';
  readonly no: number;
  readonly problem: FaultKind;
  readonly says: string;
}
export type FaultKind = 'changed' | 'missing' | 'inserted' | 'unlinked' | 'head_differs' | 'rewritten';

export interface ChainResult {
  /** Links that were looked at and found good. */
  readonly links: number;
  readonly last: Link;
  readonly fault: Fault | null;
}
export interface Link {
  readonly no: number;
  readonly hash: Buffer;
}

/** Of transfers, in minor units: a sum may pass what a number holds exactly. */
export interface LedgerSum {
  readonly currency: string;
  readonly transfers: number;
  readonly amount_minor: string;
}

/** What a link must be, kept somewhere else than the database. */
export interface Anchor extends Link {
  /** Where that is known from, for people. */
  readonly from: string;
  /** Of the ledger: what was booked up to it. */
  readonly sums?: readonly LedgerSum[] | undefined;
}

/** Of a proof that begins at a witnessed link and not at the first: whether the database still has that link, as the first thing. */
export function faultOfStart(chain: Fault['chain'], start: Anchor, found: Buffer | undefined): Fault | null {
  if (start.no === 0 || found?.equals(start.hash)) return null;
  return found === undefined
    ? { chain, no: start.no, problem: 'missing', says: `row ${start.no} is missing: ${start.from} knew of it` }
    : {
        chain,
        no: start.no,
        problem: 'rewritten',
        says: `row ${start.no} is not that of ${start.from}: the chain was rewritten`,
      };
}

export function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Each value by its length in bytes, so that no two rows read the same; null is told from the empty text. */
export function sealedText(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part === null ? '-,' : `${Buffer.byteLength(part)}:${part},`)).join('');
}

/** Follows anchors while a chain is walked: the first that does not agree was rewritten since the one before it. */
export class Anchors {
  readonly #chain: Fault['chain'];
  readonly #left: Anchor[];
  #agreed = 0;

  constructor(chain: Fault['chain'], anchors: readonly Anchor[]) {
    this.#chain = chain;
    this.#left = anchors.toSorted((one, other) => one.no - other.no);
  }

  /** Those that stand at this link, before it is looked at. */
  at(no: number): readonly Anchor[] {
    const end = this.#left.findIndex((anchor) => anchor.no !== no);
    return this.#left.slice(0, end < 0 ? this.#left.length : end);
  }

  /** To be called with each link in turn, the beginning too, which is before the first row: `no` 0. */
  look({ no, hash }: Link): Fault | null {
    for (let [next] = this.#left; next !== undefined && next.no === no; [next] = this.#left) {
      this.#left.shift();
      if (!next.hash.equals(hash)) {
        const which = no === 0 ? 'the beginning is not that' : `rows ${this.#agreed + 1} to ${no} are not those`;
        const says = `${which} of ${next.from}: the chain was rewritten`;
        return { chain: this.#chain, no: this.#agreed + 1, problem: 'rewritten', says };
      }
      this.#agreed = no;
    }
    return null;
  }

  /** Where the chain has ended: an anchor beyond it means that its tail was cut. */
  end({ no }: Link): Fault | null {
    const [next] = this.#left;
    if (next === undefined) return null;
    const says = `row ${no + 1} is missing: ${next.from} knew of ${next.no} rows`;
    return { chain: this.#chain, no: no + 1, problem: 'missing', says };
  }
}
