// From the bytes of a bank's file to what it says, whatever the version and around it. Which message it is, its first element tells;
// the namespace only has to agree: banks have namespaces of their own (Austria's, Switzerland's, SWIFT's) for the same shapes.

import { BadFile } from './bad-file.ts';
import type { BankMessage, Entry, MessageKind } from './bank-file.ts';
import { decodeFile } from './decode-file.ts';
import { digestInTurns } from './digest-in-turns.ts';
import { transfersInLong } from './named-ids.ts';
import { readEntry } from './read-entries.ts';
import { readStatusReport } from './read-status-report.ts';
import { elementsAt, textAt, type XmlElement, XmlReader } from './read-xml.ts';
import { Turns } from './turns.ts';
import { idLengthMax } from './write-pain001.ts';

const kinds: Readonly<Record<string, { readonly kind: MessageKind; readonly part: string | null }>> = {
  CstmrPmtStsRpt: { kind: 'pain.002', part: null },
  BkToCstmrStmt: { kind: 'camt.053', part: 'Stmt' },
  BkToCstmrAcctRpt: { kind: 'camt.052', part: 'Rpt' },
  BkToCstmrDbtCdtNtfctn: { kind: 'camt.054', part: 'Ntfctn' },
};

/** Throws a BadFile where it has no message that is read here. */
export async function readBankFile(bytes: Uint8Array): Promise<readonly BankMessage[]> {
  const turns = new Turns();
  const reader = new XmlReader();
  for (const text of decodeFile(bytes)) {
    reader.write(text);
    if (turns.isOver()) await turns.next();
  }
  const root = reader.end();
  const documents = documentsIn(root);
  if (documents.length === 0) throw new BadFile(`has the root ${root.name}, and no Document in it`);
  const messages: BankMessage[] = [];
  for (const document of documents) messages.push(...(await messagesOf(document, bytes, turns)));
  return messages;
}

/** The root, or those in the envelope around them. */
function documentsIn(root: XmlElement): XmlElement[] {
  const [documents, open]: [XmlElement[], XmlElement[]] = [[], [root]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.name === 'Document') documents.push(next);
    else for (const child of next.children.toReversed()) open.push(child);
  }
  return documents;
}

async function messagesOf(document: XmlElement, bytes: Uint8Array, turns: Turns): Promise<BankMessage[]> {
  if (document.children.length === 0) throw new BadFile('has a Document with nothing in it');
  const named = /[a-z]{4}\.\d{3}(?=\.\d{3}\.\d{2})/.exec(document.namespace)?.[0] ?? null;
  const messages: BankMessage[] = [];
  for (const element of document.children) {
    const known = Object.hasOwn(kinds, element.name) ? kinds[element.name] : undefined;
    if (known === undefined || (named !== null && named !== known.kind)) {
      const what = `${element.name.slice(0, 80)} of namespace ${JSON.stringify(document.namespace.slice(0, 80))}`;
      throw new BadFile(`holds ${what}, which is not read here`);
    }
    const common = { kind: known.kind, message_id: await messageIdOf(element, bytes) };
    const read = known.part === null ? reportOf(element) : await entriesOf(element, known.part, turns);
    const { isLeftOut, ...parts } = read;
    messages.push({ ...common, ...parts, named: await transfersInLong(element, isLeftOut, turns) });
  }
  return messages;
}

function reportOf(message: XmlElement) {
  const statuses = readStatusReport(message);
  const final = new Set(statuses.map(({ element }) => element));
  const isLeftOut = (element: XmlElement) => element.name === 'TxInfAndSts' && !final.has(element);
  return { statuses, entries: [], isLeftOut };
}

async function entriesOf(message: XmlElement, part: string, turns: Turns) {
  const entries: Entry[] = [];
  for (const element of elementsAt(message, part).flatMap((one) => elementsAt(one, 'Ntry'))) {
    entries.push(readEntry(element));
    if (turns.isOver()) await turns.next();
  }
  const notYet = new Set(entries.flatMap(({ status, element }) => (status === 'not_yet' ? [element] : [])));
  return { statuses: [], entries, isLeftOut: (element: XmlElement) => notYet.has(element) };
}

/** Only a part of the name under which a word is kept: where it is missing or odd, the file itself has one. */
async function messageIdOf(message: XmlElement, bytes: Uint8Array): Promise<string> {
  const own = textAt(message, 'GrpHdr', 'MsgId');
  if (own !== null && own.length <= idLengthMax && !/[\p{C}]/u.test(own)) return own;
  return (await digestInTurns(bytes)).slice(0, 32);
}
