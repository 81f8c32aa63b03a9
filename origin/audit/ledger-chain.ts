// The ledger's seals, recomputed from its transfers: each seal is the hash of one statement's rows and of the seal before. In
// one snapshot, which the caller has begun. Statements that ran at the same time took numbers in turn, so a seal's rows need not
// follow each other; they are read once, in the order of their numbers, and wait here for their seal. Last come those that no seal has yet
// (docs/decisions/0033): they are compared with what their commit left to be sealed.

import type { Sql } from '../db/client.ts';
import {
  type Anchor,
  Anchors,
  type ChainResult,
  type Fault,
  type FaultKind,
  faultOfStart,
  type LedgerSum,
  type Link,
  sha256,
} from './chain.ts';
import { differenceOf, RunningSums } from './ledger-sums.ts';

const sealsPerPage = 500;
const rowsPerPage = 20_000;
const earlierPerPage = 10_000;

interface Seal {
  readonly seal_no: string;
  readonly transfer_nos: string;
  readonly transfers: number;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
}

export interface LedgerChainResult extends ChainResult {
  readonly transfers: number;
  /** Booked, and in no seal yet. */
  readonly unsealed: number;
  /** Of all good seals. */
  readonly sums: readonly LedgerSum[];
}

/** `start`: a witnessed seal to go on from, with the sums up to it; of what is before it nothing is read. */
export async function verifyLedgerChain(
  sql: Sql,
  anchored: readonly Anchor[] = [],
  start: Anchor | null = null,
): Promise<LedgerChainResult> {
  const anchors = new Anchors('ledger', start === null ? anchored : []);
  const rows = new TransferReader(sql, start === null ? 0 : await beforeFirstOf(sql, start.no));
  let last: Link = start ?? { no: 0, hash: sha256('atlas ledger') };
  let transfers = 0;
  let unsealed = 0;
  const sums = new RunningSums(start?.sums);
  const end = (fault: Fault | null): LedgerChainResult => ({
    ...{ links: last.no, last, transfers, unsealed, fault },
    sums: sums.list(),
  });
  const beginning =
    start === null ? anchors.look(last) : faultOfStart('ledger', start, await hashOfSeal(sql, start.no));
  if (beginning !== null) return end(beginning);
  for (;;) {
    const { rows: seals } = await sql.query<Seal>(
      `select seal_no, transfer_nos::text, transfers, previous_hash, hash from ledger_seals where seal_no > $1 order by seal_no limit $2`,
      [last.no, sealsPerPage],
    );
    for (const seal of seals) {
      const read = await readSeal(seal, last, rows);
      if ('fault' in read) return end(read.fault);
      const witnessed = anchors.at(Number(seal.seal_no));
      for (const { currency, amount } of read.booked) sums.add(currency, amount);
      const fault = anchors.look({ no: Number(seal.seal_no), hash: seal.hash });
      const differs = witnessed.map((anchor) => differenceOf(anchor.sums ?? sums.list(), sums.list())).find(Boolean);
      if (fault !== null) return end(differs === undefined ? fault : { ...fault, says: `${fault.says}: ${differs}` });
      // The hashes agree and the sums do not: the checkpoint was signed for other sums than these rows have.
      if (differs)
        return end(bad(Number(seal.seal_no), 'rewritten', `${witnessed[0]?.from} has other sums: ${differs}`));
      last = { no: Number(seal.seal_no), hash: seal.hash };
      transfers += seal.transfers;
    }
    if (seals.length < sealsPerPage) break;
  }
  const head = await faultOfHead(sql, last);
  if (head !== null) return end(head);
  const waiting = await readWaiting(sql, last, rows);
  unsealed = waiting.transfers;
  if (start !== null) await leaveOutEarlier(sql, start.no, rows);
  return end(waiting.fault ?? (await faultOfRest(rows, last)) ?? anchors.end(last));
}

async function hashOfSeal(sql: Sql, sealNo: number): Promise<Buffer | undefined> {
  const { rows } = await sql.query<{ hash: Buffer }>('select hash from ledger_seals where seal_no = $1', [sealNo]);
  return rows[0]?.hash;
}

/** The number below that of the first transfer that is in a later seal, or waits for one; where there is none, the last of the seals before. */
async function beforeFirstOf(sql: Sql, sealNo: number): Promise<number> {
  const { rows } = await sql.query<{ first: string | null }>(
    `select coalesce(
       least(
         (select min(lower(transfer_nos)) from ledger_seals where seal_no > $1),
         (select min(lower(transfer_nos)) from waiting_for_seal)
       ) - 1,
       (select max(upper(transfer_nos)) - 1 from ledger_seals where seal_no > $1 - $2 and seal_no <= $1)
     ) as first`,
    [sealNo, earlierPerPage],
  );
  return Number(rows[0]?.first ?? 0);
}

/** Statements that ran at the same time took numbers in turn, so some of the numbers read are of seals before the start: the newest of those. */
async function leaveOutEarlier(sql: Sql, sealNo: number, rows: TransferReader): Promise<void> {
  for (let to = sealNo; to > 0 && (await rows.rest()) !== null; to -= earlierPerPage) {
    const { rows: seals } = await sql.query<{ transfer_nos: string }>(
      `select transfer_nos::text from ledger_seals where seal_no > $1 and seal_no <= $2 and upper(transfer_nos) > $3`,
      [to - earlierPerPage, to, rows.from],
    );
    for (const { transfer_nos } of seals)
      for (const no of numbersIn(transfer_nos)) if (no > rows.from) await rows.take(no);
  }
}

/** What waits to be sealed is there as it was booked. Who owns the database can change both alike: nothing is chained of it yet. */
async function readWaiting(sql: Sql, last: Link, rows: TransferReader) {
  const { rows: waiting } = await sql.query<{ transfer_nos: string; content: Buffer }>(
    `select transfer_nos::text, content from waiting_for_seal where transfer_nos is not null order by lower(transfer_nos)`,
  );
  let transfers = 0;
  for (const { transfer_nos, content } of waiting) {
    const texts: string[] = [];
    for (const transferNo of numbersIn(transfer_nos)) {
      const text = await rows.take(transferNo);
      const says = `transfer ${transferNo}, which waits to be sealed, is missing`;
      if (text === undefined) return { transfers, fault: bad(last.no + 1, 'missing', says) };
      texts.push(text);
    }
    const says = `transfers ${transfer_nos}, which wait to be sealed, are not what was booked`;
    if (!sha256(texts.join('\n')).equals(content)) return { transfers, fault: bad(last.no + 1, 'changed', says) };
    transfers += texts.length;
  }
  return { transfers, fault: null };
}

const bad = (no: number, problem: FaultKind, says: string): Fault => ({ chain: 'ledger', no, problem, says });

interface Booked {
  readonly currency: string;
  readonly amount: bigint;
}

/** What it has sealed; or why it is not what was sealed. */
async function readSeal(
  seal: Seal,
  last: Link,
  rows: TransferReader,
): Promise<{ booked: readonly Booked[] } | { fault: Fault }> {
  const booked: Booked[] = [];
  const fault = await faultOf(seal, last, rows, booked);
  return fault === null ? { booked } : { fault };
}

async function faultOf(seal: Seal, last: Link, rows: TransferReader, booked: Booked[]): Promise<Fault | null> {
  const no = Number(seal.seal_no);
  if (no !== last.no + 1)
    return bad(last.no + 1, 'missing', `seal ${last.no + 1} is missing: ${no} comes after ${last.no}`);
  if (!seal.previous_hash.equals(last.hash)) return bad(no, 'unlinked', `seal ${no} does not continue seal ${last.no}`);
  const texts: string[] = [];
  for (const transferNo of numbersIn(seal.transfer_nos)) {
    const text = await rows.take(transferNo);
    if (text === undefined) return bad(no, 'missing', `transfer ${transferNo} of seal ${no} is missing`);
    texts.push(text);
    booked.push(bookedBy(text));
  }
  if (texts.length !== seal.transfers)
    return bad(no, 'changed', `seal ${no} counts ${seal.transfers} transfers, not ${texts.length}`);
  if (!sha256('atlas ledger seal', last.hash, sha256(texts.join('\n'))).equals(seal.hash))
    return bad(no, 'changed', `seal ${no}, of transfers ${seal.transfer_nos}, is not what was sealed`);
  return null;
}

/** By the fifth and sixth of the columns that are sealed. */
function bookedBy(text: string): Booked {
  const [, , , , amount = '0', currency = ''] = text.split('|', 6);
  return { currency, amount: BigInt(amount) };
}

async function faultOfHead(sql: Sql, last: Link): Promise<Fault | null> {
  const { rows } = await sql.query<{ seal_no: string; hash: Buffer }>('select seal_no, hash from ledger_seal_head');
  const [head] = rows;
  if (head === undefined) return bad(last.no, 'head_differs', 'the head of the seals is gone');
  const no = Number(head.seal_no);
  if (no > last.no) return bad(last.no + 1, 'missing', `seal ${last.no + 1} is missing: the head counts ${no}`);
  if (no < last.no) return bad(no + 1, 'inserted', `seal ${no + 1} is beyond the head, which counts ${no}`);
  if (!head.hash.equals(last.hash))
    return bad(last.no, 'head_differs', `seal ${last.no} is not the one that the head knows`);
  return null;
}

async function faultOfRest(rows: TransferReader, last: Link): Promise<Fault | null> {
  const unsealed = await rows.rest();
  return unsealed === null
    ? null
    : bad(last.no, 'inserted', `transfer ${unsealed} is in no seal, and does not wait for one`);
}

/** `{[1,4),[6,7)}`: 1, 2, 3, 6. */
function* numbersIn(multirange: string): Generator<number> {
  for (const [, from, to] of multirange.matchAll(/\[(\d+),(\d+)\)/g))
    for (let no = Number(from); no < Number(to); no += 1) yield no;
}

interface TransferRow {
  readonly transfer_no: string;
  readonly text: readonly string[];
}

/** The transfers' sealed texts, page by page; those read and not yet taken are kept, which are few. */
class TransferReader {
  /** The first is above it. */
  readonly from: number;
  readonly #sql: Sql;
  readonly #waiting = new Map<number, string>();
  #readTo: number;
  #ended = false;

  constructor(sql: Sql, from: number) {
    this.#sql = sql;
    this.from = from;
    this.#readTo = from;
  }

  async take(transferNo: number): Promise<string | undefined> {
    while (!this.#ended && this.#readTo < transferNo) await this.#readPage();
    const text = this.#waiting.get(transferNo);
    this.#waiting.delete(transferNo);
    return text;
  }

  /** The first that nobody took; null: none. */
  async rest(): Promise<number | null> {
    while (!this.#ended && this.#waiting.size === 0) await this.#readPage();
    const [first] = this.#waiting.keys();
    return first ?? null;
  }

  async #readPage(): Promise<void> {
    const { rows } = await this.#sql.query<TransferRow>(
      `select transfer_no, array[transfer_no::text, transfer_id, debit_account_no::text, credit_account_no::text, amount_minor::text,
         currency, kind, coalesce(authorization_id, '-'), coalesce(event_id, '-'), coalesce(stream_id, 0)::text,
         coalesce(sequence, 0)::text, coalesce(settlement_id, '-'), event_at_ms::text,
         (extract(epoch from booked_at) * 1000000)::bigint::text] as text
       from ledger_transfers where transfer_no > $1 order by transfer_no limit $2`,
      [this.#readTo, rowsPerPage],
    );
    for (const { transfer_no, text } of rows) this.#waiting.set(Number(transfer_no), text.join('|'));
    this.#readTo = Number(rows.at(-1)?.transfer_no ?? this.#readTo);
    this.#ended = rows.length < rowsPerPage;
  }
}
