// All that one file of the bank says, message by message and entry by entry: what is wrong with one of them is no reason not to
// believe the others.

import type { RaisedItem } from '../../open-items/raise.ts';
import type { ProviderWord } from '../provider.ts';
import type { BankMessage, Entry } from './bank-file.ts';
import { itemOf } from './bank-items.ts';
import { type Believed, type Believing, believeEntry } from './believe-entries.ts';
import { believeStatuses } from './believe-statuses.ts';
import { inLotsApart } from './in-lots.ts';
import type { KeptWords } from './kept-words.ts';
import { KnownPayments } from './known-payments.ts';
import type { OwnId } from './own-ids.ts';
import type { PaymentFiles } from './payment-files.ts';
import { Turns } from './turns.ts';

export interface FileBelieved {
  readonly words: readonly ProviderWord[];
  readonly items: readonly RaisedItem[];
  /** For the log: about payments of somebody else. */
  readonly notes: readonly string[];
}

export interface FileRead {
  readonly messages: readonly BankMessage[];
  readonly name: string;
  readonly digest: string;
  /** Where it will be kept. */
  readonly kept: string;
}

export async function believeFile(
  { messages, name, digest, kept }: FileRead,
  { files, words }: { readonly files: PaymentFiles; readonly words: KeptWords },
): Promise<FileBelieved> {
  const all: (Believed & { readonly notes?: readonly string[] })[] = [];
  const turns = new Turns();
  const by = { known: new KnownPayments(files, words), kept: words, digest };
  let index = 0;
  for (const message of messages) {
    const { kind, message_id } = message;
    const place = { file: name, kept: `processed/${kept}`, message: { kind, message_id } };
    all.push(await believeStatuses(message, { ...by, place }));
    await by.known.look(message.entries.flatMap(({ bookings }) => bookings.map(({ ids }) => ids)));
    const entries = message.entries.map((entry, at) => ({ entry, index: index + at }));
    index += entries.length;
    const believed = await inLotsApart(
      entries,
      ({ entry }) => paymentsNamed(entry),
      async ({ entry, index: at }) => {
        // Most entries are not ours, and nothing outside is asked about them: without this no turn of the loop would end.
        if (turns.isOver()) await turns.next();
        return await believeEntry(entry, at, { ...by, place });
      },
    );
    for (const one of believed) all.push(one);
  }
  const about = new Set(all.flatMap((one) => one.about));
  for (const message of messages) {
    const place = {
      file: name,
      kept: `processed/${kept}`,
      message: { kind: message.kind, message_id: message.message_id },
    };
    const rest = message.named.filter(({ id }) => !about.has(id));
    all.push({ about: [], words: [], items: await itemsOfRest(rest, { ...by, place }) });
  }
  return {
    // What was paid and came back in one file is told in that order, whatever the bank's is.
    words: all.flatMap(({ words: own }) => own).sort((one, other) => rank(one) - rank(other)),
    items: all.flatMap(({ items }) => items),
    notes: all.flatMap(({ notes = [] }) => notes),
  };
}

/** Which payments it may be about; null for a file of ours, which may be about any. */
function paymentsNamed({ bookings }: Entry): readonly string[] | null {
  const ids = bookings.flatMap(({ ids: { references, mentions } }) => [...references, ...mentions]);
  return ids.some(({ what }) => what === 'payment' || what === 'message') ? null : ids.map(({ id }) => id);
}

function rank({ outcome }: ProviderWord): number {
  return outcome === 'returned' ? 1 : 0;
}

/** Payments that the file names, and says nothing of that is read: in a text about another one, or where nothing is looked for. */
async function itemsOfRest(ids: readonly OwnId[], { known, place }: Believing): Promise<RaisedItem[]> {
  await known.look([{ references: ids, mentions: [] }]);
  const payments = ids.flatMap(({ id }) => known.transfer(id) ?? []);
  return payments.map((payment) =>
    itemOf(
      {
        ...{ kind: 'bank_entry_unmatched', about: [payment.id], sighting: place.kept, payment, amount: null },
        why: 'is named in a file that says nothing of it which could be read',
      },
      { ...place, element: null },
    ),
  );
}
