// What the bank has said of each payment, kept in object storage beside its claim, written once and never changed:
//   words/<id>/paid, words/<id>/rejected   that a status report said so
//   words/<id>/booked                      the first entry that booked it, so that it is paid: another one is a second booking
//   words/<id>/return-<digest>             a return, and the entry that booked it
//   words/<id>/return-booked               the entry of a return that a status report had told before

import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { inLots } from './in-lots.ts';
import { type Sighting, sightingSchema } from './same-booking.ts';

const returnSchema = z.object({
  /** Of the return, not of the payment. */
  reference: z.string(),
  amount_minor: z.string(),
  code: z.string(),
  /** Null: told by a status report, and not booked yet. */
  sighting: z.nullable(sightingSchema),
});
export type KeptReturn = z.infer<typeof returnSchema>;

export type Answer = { outcome: 'paid' } | { outcome: 'rejected'; code: string } | { outcome: 'unclear' } | null;

export class KeptWords {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** For who asks; null: nothing final. What came back had been paid: the return is a word of its own. */
  async answerOf(id: string): Promise<Answer> {
    const [rejected, isPaid] = [await this.#read(id, 'rejected'), await this.isPaid(id)];
    if (isPaid && rejected !== null)
      return (await this.returnsOf(id)).length > 0 ? { outcome: 'paid' } : { outcome: 'unclear' };
    if (rejected !== null) return { outcome: 'rejected', code: rejected };
    return isPaid || (await this.returnsOf(id)).length > 0 ? { outcome: 'paid' } : null;
  }

  async isPaid(id: string): Promise<boolean> {
    return (await this.#read(id, 'booked')) !== null || (await this.#read(id, 'paid')) !== null;
  }

  async isRejected(id: string): Promise<boolean> {
    return (await this.#read(id, 'rejected')) !== null;
  }

  async putPaid(id: string): Promise<void> {
    await this.#put(id, 'paid', '');
  }

  async putRejected(id: string, code: string): Promise<void> {
    await this.#put(id, 'rejected', code);
  }

  /** The first one that was told of, which is this one where there was none. */
  async firstBooking(id: string, sighting: Sighting): Promise<Sighting> {
    return await this.#first(id, 'booked', sighting);
  }

  async firstBookingOfReturn(id: string, sighting: Sighting): Promise<Sighting> {
    return await this.#first(id, 'return-booked', sighting);
  }

  async returnsOf(id: string): Promise<readonly KeptReturn[]> {
    const keys = await this.#store.list(`words/${id}`);
    const returns = keys.filter((key) => key.startsWith(`words/${id}/return-`) && !key.endsWith('/return-booked'));
    const contents = await inLots(returns, async (key) => await this.#store.read(key));
    return contents.flatMap((content) => (content === null ? [] : [returnSchema.parse(JSON.parse(text(content)))]));
  }

  async putReturn(id: string, one: KeptReturn): Promise<void> {
    const digest = createHash('sha256').update(one.reference).digest('hex').slice(0, 16);
    await this.#put(id, `return-${digest}`, JSON.stringify(one));
  }

  async #first(id: string, name: string, sighting: Sighting): Promise<Sighting> {
    if (await this.#put(id, name, JSON.stringify(sighting))) return sighting;
    const kept = await this.#read(id, name);
    return kept === null ? sighting : sightingSchema.parse(JSON.parse(kept));
  }

  async #put(id: string, name: string, content: string): Promise<boolean> {
    return await this.#store.putIfAbsent(`words/${id}/${name}`, content);
  }

  async #read(id: string, name: string): Promise<string | null> {
    const content = await this.#store.read(`words/${id}/${name}`);
    return content === null ? null : text(content);
  }
}

function text(content: Uint8Array): string {
  return Buffer.from(content).toString();
}
