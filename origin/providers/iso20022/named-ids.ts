// Which ids of ours a part of a bank's file names: in fields made for references, or, as a last resort, in text for people.

import { type Mention, type OwnId, ownId, ownIdsIn } from './own-ids.ts';
import { elementsAt, within, type XmlElement } from './read-xml.ts';
import type { Turns } from './turns.ts';

export interface NamedIds {
  /** Each once, in the order of the file. */
  readonly references: readonly OwnId[];
  readonly mentions: readonly Mention[];
}

/** Fields of pain.002 and camt that hold a reference and nothing else. */
const referenceFields = new Set(
  (
    'EndToEndId OrgnlEndToEndId InstrId OrgnlInstrId TxId OrgnlTxId PmtInfId OrgnlPmtInfId MsgId OrgnlMsgId AcctSvcrRef ' +
    'AcctOwnrTxId AcctSvcrTxId MktInfrstrctrTxId PrcgId ClrSysRef ChqNb MndtId Ref NtryRef StsId StsReqId'
  ).split(' '),
);

/** `parts`: elements with all that is within them, but for what `isLeftOut`. */
export function namedIds(
  parts: readonly XmlElement[],
  isLeftOut: (element: XmlElement) => boolean = () => false,
): NamedIds {
  const found = new FoundIds();
  for (const part of parts) for (const element of within(part, isLeftOut)) found.look(element);
  return found.all();
}

class FoundIds {
  readonly #references = new Map<string, OwnId>();
  readonly #mentions = new Map<string, Mention>();

  look(element: XmlElement): void {
    const { name, text } = element;
    const own = referenceFields.has(name) ? ownId(text) : null;
    if (own !== null) this.#references.set(own.id, own);
    // A remittance text may be cut into several elements, in the middle of an id.
    for (const mention of [...ownIdsIn(text), ...ownIdsIn(joined(element))])
      if (own === null && !this.#mentions.get(mention.id)?.isToken) this.#mentions.set(mention.id, mention);
  }

  all(): NamedIds {
    return {
      references: [...this.#references.values()],
      mentions: [...this.#mentions.values()].filter(({ id }) => !this.#references.has(id)),
    };
  }
}

function joined(element: XmlElement): string {
  if (element.children.length < 2) return '';
  const lines = elementsAt(element, 'Ustrd');
  return lines.length < 2 ? '' : lines.map(({ text }) => text).join('\n');
}

export function namesTransfer({ references, mentions }: NamedIds): boolean {
  return [...references, ...mentions].some(({ what }) => what === 'transfer' || what === 'settlement');
}

/** Transfers that a whole message names, each once; texts that only look like an id left out. */
export async function transfersInLong(
  message: XmlElement,
  isLeftOut: (element: XmlElement) => boolean,
  turns: Turns,
): Promise<readonly OwnId[]> {
  const found = new FoundIds();
  for (const element of within(message, isLeftOut)) {
    found.look(element);
    if (turns.isOver()) await turns.next();
  }
  const { references, mentions } = found.all();
  return [...references, ...mentions.filter(({ isToken }) => isToken)].filter(({ what }) => what === 'transfer');
}

export function namesAnything({ references, mentions }: NamedIds): boolean {
  return references.length + mentions.length > 0;
}
