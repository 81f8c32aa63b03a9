// The payments of ours that a file names, as they were sent: read from object storage once a file.

import { inLots } from './in-lots.ts';
import type { KeptWords } from './kept-words.ts';
import type { NamedIds } from './named-ids.ts';
import type { OwnId } from './own-ids.ts';
import type { PaymentFiles } from './payment-files.ts';
import type { Known, Sent } from './verdict.ts';

export class KnownPayments implements Known {
  readonly #files: PaymentFiles;
  readonly #kept: KeptWords;
  readonly #transfers = new Map<string, Sent | null>();
  readonly #members = new Map<string, readonly string[]>();

  constructor(files: PaymentFiles, kept: KeptWords) {
    this.#files = files;
    this.#kept = kept;
  }

  /** Reads what is not known yet; what the others of this class answer is only of what was looked at. */
  async look(named: readonly NamedIds[]): Promise<void> {
    const ids = named.flatMap(({ references, mentions }) => [...references, ...mentions]);
    await inLots(ids, async (one) => await this.#lookAtFile(one));
    const members = ids.flatMap(({ id }) => this.#members.get(id) ?? []);
    const transfers = ids.filter(({ what }) => what === 'transfer').map(({ id }) => id);
    const all = [...new Set([...transfers, ...members])];
    await inLots(
      all.filter((id) => !this.#transfers.has(id)),
      async (id) => {
        const claim = await this.#files.claimOf(id);
        this.#transfers.set(id, claim === null ? null : { id, claim, isRejected: false });
      },
    );
    // Rejected meanwhile, perhaps by the file that is being read: only a batch depends on it.
    await inLots([...new Set(members)], async (id) => {
      const sent = this.#transfers.get(id);
      if (sent) this.#transfers.set(id, { ...sent, isRejected: await this.#kept.isRejected(id) });
    });
  }

  transfer(id: string): Sent | null {
    return this.#transfers.get(id) ?? null;
  }

  members(id: string): readonly Sent[] {
    const members = (this.#members.get(id) ?? []).flatMap((member) => this.transfer(member) ?? []);
    // A payment is one currency of a file: `ATM…-EUR`.
    const [, currency] = /-([A-Z]{3})$/.exec(id) ?? [];
    return members.filter(({ claim }) => currency === undefined || claim.currency === currency);
  }

  async #lookAtFile({ what, id }: OwnId): Promise<void> {
    if ((what !== 'payment' && what !== 'message') || this.#members.has(id)) return;
    this.#members.set(id, await this.#files.membersOf(id.replace(/-[A-Z]{3}$/, '')));
  }
}
