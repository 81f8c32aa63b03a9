// Shops, cards that buy there, and accrual, for tests: from a card's event to what a merchant is owed, through the real intake.
import type { Amounts } from '../contracts/amount-max.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Profile } from '../contracts/profile.ts';
import { type Database, openDatabase } from '../origin/db/client.ts';
import type { Intake } from '../origin/intake/intake.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { insertTransfers } from '../origin/ledger/transfers.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { accrue } from '../origin/merchants/accrual.ts';
import { raiseUnassigned } from '../origin/merchants/raise-unassigned.ts';
import { raiseWithheld } from '../origin/merchants/raise-withheld.ts';
import { defaultBounds, type UnapprovedBounds } from '../origin/merchants/unapproved-bounds.ts';
import { withheldBooks } from '../origin/merchants/withheld-books.ts';
import { createActing } from '../origin/open-items/act.ts';
import type { ActionParts } from '../origin/open-items/action.ts';
import { actionsOf } from '../origin/open-items/actions/all.ts';
import type { OpenItemKind } from '../origin/open-items/kinds.ts';
import { asMessages, SampleBooks } from '../origin/testing/sample-books.ts';
import type { SampleCard } from '../origin/testing/sample-card.ts';
import { balanceOf, doer, sampleMerchant } from './test-settlements.ts';

export interface Shop {
  readonly id: string | null;
  readonly name: string | null;
  readonly category: null;
  readonly country: null;
}

export function shop(id: string | null, name: string | null = 'Shop'): Shop {
  return { id, name, category: null, country: null };
}

let messages = 0;
/** What whoever has a network's credential says; at the shop OURS, and of no purchase, where nothing else is given. */
export function saying(kind: 'clearing' | 'refund', amount_minor: number, over: object = {}): CardMessage {
  messages += 1;
  const message = { message_key: `said-${messages}`, currency: 'USD', authorization_key: null, amount_minor };
  return {
    kind,
    ...message,
    ...(kind === 'clearing' && { final: true }),
    merchant: shop('OURS'),
    ...over,
  } as CardMessage;
}

interface Totals {
  readonly posted: number;
  readonly owed: number;
  readonly unassigned: number;
  readonly withheld: number;
  /** Of refunds: what no shop is charged with. */
  readonly unmatched: number;
  /** What was refunded at shops beyond what they were owed. */
  readonly deficit: number;
}

export class SampleShops {
  readonly database: Database;
  bounds: UnapprovedBounds = defaultBounds;
  /** What cards spend of refunds of no purchase; with more than the default, the origin is the only one that bounds it. */
  unmatchedMax: Amounts = new Map();
  readonly #books: SampleBooks;
  readonly #intake: Intake;

  constructor(url: string) {
    this.database = openDatabase({ url, poolMax: 16, onIdleError: () => {} });
    this.#books = new SampleBooks(this.database);
    this.#intake = this.#books.intake();
  }

  merchantAt(...ids: string[]) {
    return sampleMerchant(this.database, 0n, { network_merchant_ids: ids });
  }

  async owed(merchant: string): Promise<number> {
    const [credits = 0, , debits = 0] = (await balanceOf(this.database, merchant)).split(' ').map(Number);
    return credits - debits;
  }

  /** `profile`: what it has beside a plain card's, at the edge and here. */
  async card(profile: Partial<Profile> = {}): Promise<SampleCard> {
    const card = await this.#books.knownCard(this.unmatchedMax);
    if (Object.keys(profile).length === 0) return card;
    card.putProfile(profile);
    const { profile: written } = card.state;
    await this.database.sql.query('update cards set profile = $2, profile_version = $3 where card_token = $1', [
      ...[card.card_token, JSON.stringify(written), written?.version],
    ]);
    return card;
  }

  /** Gives the card's account money. */
  async fund(card: SampleCard, amount: number): Promise<void> {
    const { sql } = this.database;
    const source = { kind: 'funding_source', currency: 'USD', network: null } as const;
    const house = createHouseAccounts(sql);
    await house.ensure([source]);
    const { rows } = await sql.query<{ no: string }>(
      `select l.ledger_account_no as no from cards c join ledger_accounts l on l.account_id = c.account_id where c.card_token = $1`,
      [card.card_token],
    );
    const accounts = { debit_account_no: house.numberOf(source), credit_account_no: Number(rows[0]?.no) };
    const moved = {
      amount_minor: BigInt(amount),
      currency: 'USD',
      kind: 'direct',
      event_at_ms: 0,
      event: null,
    } as const;
    await insertTransfers(sql, [{ ...accounts, ...moved }]);
  }

  /** Of the card's newest authorization. */
  async authorizationOf(card: SampleCard): Promise<string> {
    const { rows } = await this.database.sql.query<{ id: string }>(
      `select authorization_id as id from authorizations join card_streams using (stream_id) where card_token = $1
       order by opened_at_ms desc limit 1`,
      [card.card_token],
    );
    return rows[0]?.id ?? '';
  }

  /** What a card buys and the shop clears. */
  buy(card: SampleCard, amount: number, at: Shop): string {
    const key = card.authorize(amount, { merchant: at });
    card.clear(key, amount);
    return key;
  }

  /** Returns the outcomes. */
  async book(...cards: SampleCard[]): Promise<string[]> {
    const results = await this.#intake.take(asMessages(...cards.map((card) => card.message())));
    return results.map(({ outcome }) => outcome);
  }

  async told(card: SampleCard, ...said: CardMessage[]): Promise<void> {
    for (const message of said) card.receive(message);
    await this.book(card);
    await this.accrueAll();
  }

  /** Returns the merchants that were set aside. */
  async accrueAll(): Promise<string[]> {
    const setAside: string[] = [];
    while (
      await accrue(this.database, { onSetAside: (merchant_id) => setAside.push(merchant_id), bounds: this.bounds })
    );
    while (await raiseUnassigned(this.database, 'open_items'));
    while (await raiseWithheld(this.database));
    return setAside;
  }

  async openItems() {
    const { rows } = await this.database.sql.query<{ kind: string; item_key: string; amount: number; status: string }>(
      'select kind, item_key, amount_minor::int as amount, status from open_items order by open_item_no',
    );
    return rows;
  }

  /** On the only item that is open, of one kind where there are several. */
  async acted(name: string, input: object, kind: OpenItemKind | null = null) {
    const { rows } = await this.database.sql.query<{ id: string; kind: OpenItemKind }>(
      `select open_item_id as id, kind from open_items where status = 'open' and kind = coalesce($1, kind)`,
      [kind],
    );
    const action = actionsOf(rows[0]?.kind ?? 'dead_letter').find((one) => one.name === name);
    if (action === undefined) throw new Error(`there is no ${name}`);
    const read = action.input.parse(input);
    const acting = { open_item_id: rows[0]?.id ?? '', action, input: read, reason: 'looked at' };
    return await createActing({ database: this.database } as ActionParts)(acting, doer);
  }

  /** Posted by authorizations; owed to merchants; owed to nobody; withheld from whoever has the shop. */
  async totals(): Promise<Totals> {
    const { rows } = await this.database.sql.query<Totals>(
      `select (select coalesce(sum(posted_minor), 0)::int from authorizations) as posted,
         (select coalesce(sum(b.credits_posted - b.debits_posted), 0)::int from ledger_balances b
          join ledger_accounts using (ledger_account_no) where kind = 'merchant_payable') as owed,
         (select coalesce(sum(net_minor), 0)::int from unassigned_clearings) as unassigned,
         (select coalesce(sum(left_minor), 0)::int from unapproved_clearings where state in ('withheld', 'kept')) as withheld,
         (select coalesce(sum(left_minor), 0)::int from unmatched_refunds where state in ('withheld', 'kept')) as unmatched,
         (select coalesce(sum(deficit_minor), 0)::int from merchant_accruals) as deficit`,
    );
    return rows[0] ?? { posted: 0, owed: 0, unassigned: 0, withheld: 0, unmatched: 0, deficit: 0 };
  }

  /**
   * Empty: what is posted is what is owed, unassigned or withheld, less refunds that no shop is charged with and those beyond what it was owed;
   * open items' sums are those of their rows; and the ledger agrees with itself.
   */
  async broken(): Promise<string[]> {
    const { posted, owed, unassigned, withheld, unmatched, deficit } = await this.totals();
    const booked = owed + unassigned + withheld - unmatched - deficit;
    const { rows } = await this.database.sql.query<{ of: string; each: number; sum: number }>(
      withheldBooks
        .map(
          ({ each, sums }) => `select '${each}' as of,
             (select coalesce(sum(left_minor), 0)::int from ${each} where state = 'withheld') as each,
             (select coalesce(sum(left_minor), 0)::int from ${sums}) as sum`,
        )
        .join(' union all '),
    );
    const { differences } = await verifyLedger(this.database.sql);
    return [
      ...(booked === posted ? [] : [`${posted} is posted, and ${booked} is owed or withheld`]),
      ...rows.flatMap(({ of, each, sum }) => (each === sum ? [] : [`${of}: ${each} in rows, ${sum} in sums`])),
      ...differences.map((difference) => JSON.stringify(difference)),
    ];
  }
}
