// Payments by bank file: submissions are gathered into one pain.001 and put into object storage; the bank's words come back as
// pain.002 and camt. Being asked brings a submission to an end too: one that is in no file by then never will be.

import { Refusal } from '../../../contracts/problem.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { notTaken, problemOf, rejected, unknown } from '../exchange.ts';
import type { ListedPayment, Provider, Submission, SubmitAnswer } from '../provider.ts';
import { type BankAccount, bankAccountSchema, problemOfName } from './bank-account.ts';
import { inLots } from './in-lots.ts';
import { Inbox, type InboxReport, type ReadAgain, type TakeFile } from './inbox.ts';
import { KeptWords } from './kept-words.ts';
import { endToEndId, type FileMember, PaymentFiles, type Standing } from './payment-files.ts';
import { plainTextOrDots } from './plain-text.ts';
import { type CreditTransfer, writePain001 } from './write-pain001.ts';

export interface Iso20022Options {
  readonly store: ObjectStore;
  /** Who we are to the bank. */
  readonly initiator: string;
  /** The account that pays, by currency: what is not here is not offered. */
  readonly debtors: Readonly<Record<string, BankAccount>>;
  /** How long a submission waits for others; below the time that a caller gives one call. */
  readonly gatherMs?: number;
  readonly transfersMax?: number;
  readonly now?: () => Date;
}

export interface Iso20022Provider extends Provider {
  /** To be called again and again; by one process at a time, for its order and not for its safety. */
  readInbox(take: TakeFile): Promise<InboxReport>;
  /** Reads a file that was set aside once more, by the name it has there. */
  readAgain(kept: string, take: TakeFile): Promise<ReadAgain>;
}

const gatherMsDefault = 1_000;
/** Banks take files of tens of thousands; a smaller one is found and mended sooner. */
const transfersMaxDefault = 1_000;
/** ISO 20022 has 18 digits for an amount, and SEPA's own rules 999,999,999.99. */
const amountMinorMax = 99_999_999_999n;

interface Waiting {
  readonly member: Member;
  readonly answer: (answer: SubmitAnswer) => void;
}
type Member = FileMember & { readonly transfer: CreditTransfer };

export function createIso20022Provider(options: Iso20022Options): Iso20022Provider {
  const { store, debtors, initiator } = options;
  const problem = problemOfName(initiator);
  if (problem !== null) throw new Error(`the initiator's name ${problem}: ${JSON.stringify(initiator)}`);
  for (const [currency, debtor] of Object.entries(debtors)) {
    const read = bankAccountSchema.safeParse(debtor);
    if (!read.success) throw new Error(`the account that pays ${currency}: ${problemOf(read.error)}`);
  }
  const files = new PaymentFiles(store);
  const words = new KeptWords(store);
  const inbox = new Inbox(store, files, words);
  const desk = new FileDesk(options, files);
  return {
    name: 'iso20022',
    submit: (submission, signal) => desk.submit(submission, signal),
    async ask({ idempotency_key }) {
      const id = endToEndId(idempotency_key);
      try {
        if ((await files.settle(id)) === 'closed') return { outcome: 'not_found' };
        const answer = await words.answerOf(id);
        if (answer?.outcome === 'rejected') return answer;
        // Both paid and rejected: the words of it are for the engine and for a person, and asking settles nothing.
        if (answer?.outcome === 'unclear') return unknown('bank_contradicts_itself');
        return { outcome: answer === null ? 'pending' : 'paid', provider_reference: id };
      } catch {
        return unknown('store_failed');
      }
    },
    readWebhook() {
      throw new Refusal(404, 'route_not_found', 'A bank sends files, and no webhooks.');
    },
    problemOfDestination(destination) {
      const read = bankAccountSchema.safeParse(destination);
      return read.success ? null : problemOf(read.error);
    },
    amounts: (currency) =>
      Object.hasOwn(debtors, currency) ? { unit_minor: 1n, min_minor: 1n, max_minor: amountMinorMax } : null,
    async listSince(since) {
      const sent = await files.sentSince(since);
      const payments = await inLots(sent, async ({ end_to_end_id, claim }): Promise<ListedPayment> => {
        const answer = await words.answerOf(end_to_end_id);
        const state = answer?.outcome === 'paid' || answer?.outcome === 'rejected' ? answer.outcome : 'pending';
        const { merchant_id = null } = claim;
        return { ...claim, merchant_id, provider_reference: end_to_end_id, reference: null, state };
      });
      return { payments, words: [] };
    },
    readInbox: (take) => inbox.read(take),
    readAgain: (kept, take) => inbox.readAgain(kept, take),
    close: () => desk.close(),
  };
}

class FileDesk {
  readonly #options: Iso20022Options;
  readonly #files: PaymentFiles;
  /** Lost with the process: none of them is in a file, and all of them were told nothing. */
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Iso20022Options, files: PaymentFiles) {
    this.#options = options;
    this.#files = files;
  }

  submit(submission: Submission, signal: AbortSignal): Promise<SubmitAnswer> {
    const destination = bankAccountSchema.safeParse(submission.destination);
    if (!destination.success) return Promise.resolve(rejected('destination_refused'));
    const { amount_minor, currency } = submission;
    if (!Object.hasOwn(this.#options.debtors, currency))
      return Promise.resolve(rejected('provider_currency_not_offered'));
    if (amount_minor < 1n || amount_minor > amountMinorMax)
      return Promise.resolve(rejected('provider_amount_not_offered'));
    if (signal.aborted) return Promise.resolve(notTaken('cancelled'));
    return new Promise((resolve) => {
      const waiting = { member: memberOf(submission, destination.data), answer: resolve };
      this.#waiting.push(waiting);
      const giveUp = () => {
        if (!this.#waiting.includes(waiting)) return;
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        resolve(notTaken('cancelled'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      if (this.#waiting.length >= (this.#options.transfersMax ?? transfersMaxDefault)) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), this.#options.gatherMs ?? gatherMsDefault);
    });
  }

  /** What waits is written now: it was taken. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0) this.#writing = this.#writing.then(() => this.#write(batch));
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    // The same submission twice in one batch is one transfer, and both are told of it.
    const members = new Map(batch.map(({ member }) => [member.end_to_end_id, member]));
    const { initiator, debtors, now = () => new Date() } = this.#options;
    try {
      const standings = await this.#files.send([...members.values()], (message_id, own) =>
        writePain001({ message_id, at: now(), initiator, debtors, transfers: own.map(({ transfer }) => transfer) }),
      );
      for (const { member, answer } of batch) {
        const provider_reference = member.end_to_end_id;
        answer(answerOf(standings.get(provider_reference) ?? 'none', provider_reference));
      }
    } catch {
      // Some of it may have been written: what, is found out by asking.
      for (const { answer } of batch) answer(unknown('store_failed'));
    }
  }
}

function answerOf(standing: Standing, provider_reference: string): SubmitAnswer {
  if (standing === 'sent') return { outcome: 'accepted', provider_reference };
  return standing === 'closed' ? notTaken('key_closed') : unknown('in_flight');
}

function memberOf(submission: Submission, creditor: BankAccount): Member {
  const { settlement_id, merchant_id, amount_minor, currency, reference } = submission;
  const end_to_end_id = endToEndId(submission.idempotency_key);
  const remittance = plainTextOrDots(reference) || end_to_end_id;
  return {
    end_to_end_id,
    claim: {
      settlement_id,
      merchant_id,
      submission: submission.submission,
      amount_minor: String(amount_minor),
      currency,
    },
    transfer: { end_to_end_id, amount_minor, currency, creditor, remittance },
  };
}
