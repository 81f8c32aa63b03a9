// From the bytes of a bank's file to what it says, whatever the version and around it. Which message it is, its first element tells;
// the namespace only has to agree: banks have namespaces of their own (Austria's, Switzerland's, SWIFT's) for the same shapes.

import { createHash } from 'node:crypto';
import { BadFile } from './bad-file.ts';
import type { BankMessage, MessageKind } from './bank-file.ts';
import { decodeFile } from './decode-file.ts';
import { transfersIn } from './named-ids.ts';
import { readEntry } from './read-entries.ts';
import { readStatusReport } from './read-status-report.ts';
import { elementsAt, readXml, textAt, within, type XmlElement } from './read-xml.ts';
import { idLengthMax } from './write-pain001.ts';

const messages: Readonly<Record<string, { readonly kind: MessageKind; readonly part: string | null }>> = {
  CstmrPmtStsRpt: { kind: 'pain.002', part: null },
  BkToCstmrStmt: { kind: 'camt.053', part: 'Stmt' },
  BkToCstmrAcctRpt: { kind: 'camt.052', part: 'Rpt' },
  BkToCstmrDbtCdtNtfctn: { kind: 'camt.054', part: 'Ntfctn' },
};

/** Throws a BadFile where it has no message that is read here. */
export function readBankFile(bytes: Uint8Array): readonly BankMessage[] {
  const root = readXml(decodeFile(bytes));
  const documents = root.name === 'Document' ? [root] : within(root).filter(({ name }) => name === 'Document');
  if (documents.length === 0) throw new BadFile(`has the root ${root.name}, and no Document in it`);
  return documents.flatMap((document) => messagesOf(document, bytes));
}

function messagesOf(document: XmlElement, bytes: Uint8Array): BankMessage[] {
  if (document.children.length === 0) throw new BadFile('has a Document with nothing in it');
  const named = /[a-z]{4}\.\d{3}(?=\.\d{3}\.\d{2})/.exec(document.namespace)?.[0] ?? null;
  return document.children.map((message) => {
    const known = Object.hasOwn(messages, message.name) ? messages[message.name] : undefined;
    if (known === undefined || (named !== null && named !== known.kind)) {
      const what = `${message.name.slice(0, 80)} of namespace ${JSON.stringify(document.namespace.slice(0, 80))}`;
      throw new BadFile(`holds ${what}, which is not read here`);
    }
    const { kind, part } = known;
    const common = { kind, message_id: messageIdOf(message, bytes) };
    if (part === null) {
      const statuses = readStatusReport(message);
      const final = new Set(statuses.map(({ element }) => element));
      const named = transfersIn([message], (element) => element.name === 'TxInfAndSts' && !final.has(element));
      return { ...common, statuses, entries: [], named };
    }
    const elements = elementsAt(message, part).flatMap((one) => elementsAt(one, 'Ntry'));
    const entries = elements.map(readEntry);
    const notYet = new Set(entries.flatMap(({ status, element }) => (status === 'not_yet' ? [element] : [])));
    return { ...common, statuses: [], entries, named: transfersIn([message], (element) => notYet.has(element)) };
  });
}

/** Only a part of the name under which a word is kept: where it is missing or odd, the file itself has one. */
function messageIdOf(message: XmlElement, bytes: Uint8Array): string {
  const own = textAt(message, 'GrpHdr', 'MsgId');
  if (own !== null && own.length <= idLengthMax && !/[\p{C}]/u.test(own)) return own;
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
