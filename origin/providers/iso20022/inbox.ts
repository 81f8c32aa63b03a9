// The bank's files as they come in: `inbox/` is read in order of names, each file once. What was read is kept in `processed/`, what
// cannot be read in `set_aside/` with its reason beside it, and in front of a person. A file appears in the inbox whole; names that
// begin with a dot are not looked at. A file that fails keeps no other from being read.

import type { ObjectStore } from '../../object-store/object-store.ts';
import type { RaisedItem } from '../../open-items/raise.ts';
import type { ProviderWord } from '../provider.ts';
import { BadFile } from './bad-file.ts';
import type { BankMessage } from './bank-file.ts';
import { setAsideItem } from './bank-items.ts';
import { believeFile } from './believe-file.ts';
import { digestInTurns } from './digest-in-turns.ts';
import type { KeptWords } from './kept-words.ts';
import { maskedFile, maskedFileName } from './mask-file.ts';
import type { PaymentFiles } from './payment-files.ts';
import { readBankFile } from './read-bank-file.ts';

/** Beside its words, what else one file comes to. */
export interface InboxFile {
  readonly name: string;
  /** Its name among those that were read or set aside: the same content has the same one. */
  readonly kept: string;
  readonly items: readonly RaisedItem[];
  /** False: it is set aside, and its item among `items` says why. */
  readonly isRead: boolean;
}

/** Keeps all of it for good, the same again included: only then is the file put away. A failure leaves it in the inbox. */
export type TakeFile = (words: readonly ProviderWord[], file: InboxFile) => Promise<void>;

export interface InboxReport {
  readonly processed: readonly string[];
  readonly set_aside: readonly { readonly name: string; readonly reason: string }[];
  /** What was left to a person, and what is none of ours, each with its file. */
  readonly problems: readonly string[];
}

/** What became of a file that was set aside and read once more. */
export type ReadAgain =
  | { readonly outcome: 'read'; readonly words: number; readonly items: number }
  | { readonly outcome: 'set_aside'; readonly reason: string }
  | { readonly outcome: 'gone' };

export class Inbox {
  readonly #store: ObjectStore;
  readonly #files: PaymentFiles;
  readonly #words: KeptWords;

  constructor(store: ObjectStore, files: PaymentFiles, words: KeptWords) {
    this.#store = store;
    this.#files = files;
    this.#words = words;
  }

  /** Throws what the first file met that could be neither put away nor set aside, after all others were read. */
  async read(take: TakeFile): Promise<InboxReport> {
    const report = {
      processed: [] as string[],
      set_aside: [] as { name: string; reason: string }[],
      problems: [] as string[],
    };
    const failures: unknown[] = [];
    for (const key of await this.#store.list('inbox')) {
      const name = maskedFileName(key.slice('inbox/'.length));
      try {
        const content = await this.#store.read(key);
        const found = content === null ? null : await this.#readFile(name, content, take);
        await this.#store.remove(key);
        if (found === null) continue;
        if ('reason' in found) report.set_aside.push({ name, reason: found.reason });
        else report.processed.push(name);
        if ('problems' in found) report.problems = report.problems.concat(found.problems);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return report;
  }

  /** A file that was set aside, by the name it has there: after an upgrade it may be read. */
  async readAgain(kept: string, take: TakeFile): Promise<ReadAgain> {
    const content = await this.#store.read(`set_aside/${kept}`);
    if (content === null) return { outcome: 'gone' };
    const found = await this.#readFile(kept.slice(digestLength + 1), content, take);
    if (found === null) return { outcome: 'read', words: 0, items: 0 };
    if ('reason' in found) return { outcome: 'set_aside', reason: found.reason };
    return { outcome: 'read', words: found.words, items: found.items };
  }

  /** Null: it was read before, and its reader died before it was away; or the bank has sent it again. */
  async #readFile(
    name: string,
    content: Uint8Array,
    take: TakeFile,
  ): Promise<{ reason: string } | { words: number; items: number; problems: readonly string[] } | null> {
    const digest = (await digestInTurns(content)).slice(0, digestLength);
    const kept = `${digest}-${name.slice(0, 160)}`;
    if ((await this.#store.read(`processed/${kept}`)) !== null) return null;
    const messages = await messagesIn(content);
    const masked = await maskedFile(content);
    if (messages instanceof BadFile) {
      const reason = messages.message;
      await this.#store.putIfAbsent(`set_aside/${kept}`, masked);
      await this.#store.putIfAbsent(`set_aside/${kept}.reason.txt`, `${name} ${reason}\n`);
      await take([], { name, kept, items: [setAsideItem({ name, kept, reason, content: masked })], isRead: false });
      return { reason };
    }
    const { words, items, notes } = await believeFile(
      { messages, name, digest, kept },
      { files: this.#files, words: this.#words },
    );
    await take(words, { name, kept, items, isRead: true });
    await this.#store.putIfAbsent(`processed/${kept}`, masked);
    for (const set_aside of [`set_aside/${kept}`, `set_aside/${kept}.reason.txt`]) await this.#store.remove(set_aside);
    const problems = [...items.map(({ summary }) => summary), ...notes.map((note) => `${name}: ${note}`)];
    return { words: words.length, items: items.length, problems };
  }
}

const digestLength = 16;

/** Whatever a file makes the readers do is the file's fault: it is set aside, and the next one is read. */
async function messagesIn(content: Uint8Array): Promise<readonly BankMessage[] | BadFile> {
  try {
    return await readBankFile(content);
  } catch (error) {
    if (error instanceof BadFile) return error;
    return new BadFile(`made its reader fail: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`);
  }
}
