// The bank's files as they come in: `inbox/` is read in order of names, each file once. What was read is kept in `processed/`, what
// is bad in `set_aside/` with its reason beside it. A file appears in the inbox whole; names that begin with a dot are not looked at.

import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { providerCode } from '../exchange.ts';
import type { ProviderWord } from '../provider.ts';
import { inLots } from './in-lots.ts';
import type { Claim, PaymentFiles } from './payment-files.ts';
import { type BankFile, type Report, readBankFile } from './read-reports.ts';
import { BadFile } from './read-xml.ts';

export interface InboxFile {
  readonly name: string;
  readonly text: string;
}

/** Keeps the words for good, the same ones again included: only then is the file put away. A failure leaves it in the inbox. */
export type TakeWords = (words: readonly ProviderWord[], file: InboxFile) => Promise<void>;

export interface InboxReport {
  readonly processed: readonly string[];
  readonly set_aside: readonly { readonly name: string; readonly reason: string }[];
  /** Reports that were left out, each with its file: for a person. */
  readonly problems: readonly string[];
}

interface Said {
  readonly words: readonly ProviderWord[];
  readonly problems: readonly string[];
}

export class Inbox {
  readonly #store: ObjectStore;
  readonly #files: PaymentFiles;

  constructor(store: ObjectStore, files: PaymentFiles) {
    this.#store = store;
    this.#files = files;
  }

  async read(take: TakeWords): Promise<InboxReport> {
    const report = {
      processed: [] as string[],
      set_aside: [] as { name: string; reason: string }[],
      problems: [] as string[],
    };
    for (const key of await this.#store.list('inbox')) {
      const name = key.slice('inbox/'.length);
      const content = await this.#store.read(key);
      if (content === null) continue;
      const kept = `${createHash('sha256').update(content).digest('hex').slice(0, 16)}-${name.slice(0, 160)}`;
      // Read before, and its reader died before it was away; or the bank has sent it again.
      if ((await this.#store.read(`processed/${kept}`)) !== null) {
        await this.#store.remove(key);
        continue;
      }
      try {
        const { words, problems } = await this.#said(readBankFile(content));
        await take(words, { name, text: Buffer.from(content).toString() });
        await this.#store.putIfAbsent(`processed/${kept}`, content);
        report.processed.push(name);
        report.problems.push(...problems.map((problem) => `${name}: ${problem}`));
      } catch (error) {
        if (!(error instanceof BadFile)) throw error;
        await this.#store.putIfAbsent(`set_aside/${kept}`, content);
        await this.#store.putIfAbsent(`set_aside/${kept}.reason.txt`, `${name} ${error.message}\n`);
        report.set_aside.push({ name, reason: error.message });
      }
      await this.#store.remove(key);
    }
    return report;
  }

  /** What the bank has said of one, as far as it was read: a payment that came back counts as not paid. */
  async wordOf(end_to_end_id: string): Promise<{ outcome: 'paid' } | { outcome: 'rejected'; code: string } | null> {
    const rejected = await this.#store.read(`words/${end_to_end_id}/rejected`);
    if (rejected !== null) return { outcome: 'rejected', code: Buffer.from(rejected).toString() };
    return (await this.#store.read(`words/${end_to_end_id}/paid`)) === null ? null : { outcome: 'paid' };
  }

  async #said(file: BankFile): Promise<Said> {
    const words: ProviderWord[] = [];
    const problems: string[] = [];
    for (const report of file.reports) {
      const members = await this.#meant(report);
      if (members === null) problems.push(`${report.about.id} was booked as another sum than its transfers have`);
      for (const end_to_end_id of members ?? []) {
        const claim = await this.#files.claimOf(end_to_end_id);
        const problem = problemOf(report, claim);
        if (claim !== null && problem === null) {
          const word = wordOf(file, report, { end_to_end_id, claim });
          await this.#store.putIfAbsent(`words/${end_to_end_id}/${word.outcome}`, word.code ?? '');
          words.push(word);
        } else if (file.kind === 'pain.002' || claim !== null) {
          // A statement tells of everything on the account: what is none of ours there is no problem.
          problems.push(`${end_to_end_id} ${problem ?? 'is none of ours'}`);
        }
      }
    }
    return { words, problems };
  }

  /**
   * Whom a report is about; null where a batch was booked and nobody can say of which transfers: its sum is neither that of all of
   * them, nor that of all but the rejected. The sum of all counts even where some are rejected: they came back after it.
   */
  async #meant(report: Report): Promise<readonly string[] | null> {
    const members = await this.#membersOf(report);
    const { about, amount } = report;
    if (about.what === 'transfer' || amount === null || members.length === 0) return members;
    if (await this.#isSum(members, amount)) return members;
    const words = await inLots(members, async (member) => await this.wordOf(member));
    const rest = members.filter((_, index) => words[index]?.outcome !== 'rejected');
    return (await this.#isSum(rest, amount)) ? rest : null;
  }

  async #isSum(members: readonly string[], amount: NonNullable<Report['amount']>): Promise<boolean> {
    if (amount === 'uncountable') return false;
    const claims = await inLots(members, async (member) => await this.#files.claimOf(member));
    const sum = claims.reduce((total, claim) => total + BigInt(claim?.amount_minor ?? 0), 0n);
    return sum === amount.minor && claims.every((claim) => claim?.currency === amount.currency);
  }

  async #membersOf({ about }: Report): Promise<readonly string[]> {
    switch (about.what) {
      case 'transfer':
        return [about.id];
      case 'message':
        return await this.#files.membersOf(about.id);
      case 'payment': {
        const cut = about.id.lastIndexOf('-');
        const members = await this.#files.membersOf(about.id.slice(0, cut));
        const currency = about.id.slice(cut + 1);
        const claims = await Promise.all(members.map((member) => this.#files.claimOf(member)));
        return members.filter((_, index) => claims[index]?.currency === currency);
      }
    }
  }
}

function problemOf({ about, amount }: Report, claim: Claim | null): string | null {
  if (claim === null) return 'is none of ours';
  if (amount === null || about.what !== 'transfer') return null;
  const isSame =
    amount !== 'uncountable' && String(amount.minor) === claim.amount_minor && amount.currency === claim.currency;
  return isSame ? null : 'is of another amount than was sent';
}

function wordOf(file: BankFile, report: Report, of: { end_to_end_id: string; claim: Claim }): ProviderWord {
  const { settlement_id, submission } = of.claim;
  return {
    webhook_id: `${file.kind}:${file.message_id}:${of.end_to_end_id}:${report.outcome}`,
    settlement_id,
    submission,
    outcome: report.outcome,
    provider_reference: of.end_to_end_id,
    code: report.outcome === 'paid' ? null : providerCode(report.code),
  };
}
