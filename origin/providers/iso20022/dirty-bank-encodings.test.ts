// How a bank's file is written: its version, its encoding, and what else is in it. What is read says the same whatever way it is written.

import { describe, expect, test } from 'vitest';
import { type StatementOptions, statementOf } from '../../../scripts/iso20022/bank-entries.ts';
import { statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { judged, schemaMessages } from '../../../scripts/iso20022/official-schema.ts';
import { sampleInbox } from '../../testing/sample-inbox.ts';
import type { ProviderWord } from '../provider.ts';

const paid = [expect.objectContaining({ outcome: 'paid' })];

async function received(make: (id: string, message: string) => string | Uint8Array) {
  const inbox = await sampleInbox(1);
  return { ...inbox, ...(await inbox.receive(make(inbox.ids[0] ?? '', inbox.message))) };
}

const statement = (id: string, options: StatementOptions = {}, text = 'Müller & Söhne'.replace('&', '&amp;')) =>
  statementOf([{ transactions: [{ endToEnd: id, remittance: [text] }] }], options);

describe('B6: versions', () => {
  const versions = Array.from({ length: 13 }, (_, index) => String(index + 2).padStart(2, '0'));
  test.each((['052', '053', '054'] as const).flatMap((kind) => versions.map((version) => [kind, version] as const)))(
    'B6: camt.%s.001.%s',
    async (kind, version) => {
      const { words, set_aside } = await received((id) => {
        const text = statement(id, { kind, version });
        return schemaMessages.includes(`camt.${kind}.001.${version}`) ? judged(text) : text;
      });
      expect(set_aside).toEqual([]);
      expect(words).toEqual(paid);
    },
  );

  test.each([
    '001.03',
    '001.04',
    '001.05',
    '001.06',
    '001.07',
    '001.08',
    '001.09',
    '001.10',
    '001.11',
    '001.12',
    '001.13',
    '001.14',
    '003.03',
    '002.03',
  ])('B6: pain.002.%s', async (version) => {
    const { words, set_aside } = await received((id, message) =>
      statusReport({ of: message, payment: { id: `${message}-EUR`, transfers: [{ id, status: 'ACSC' }] } }).replace(
        '001.10',
        version,
      ),
    );
    expect(set_aside).toEqual([]);
    expect(words).toEqual(paid);
  });

  test.each([
    'ISO:camt.053.001.02:APC:STUZZA:payments:003',
    'http://www.six-interbank-clearing.com/de/camt.053.001.04.ch.02.xsd',
    'urn:swift:xsd:camt.053.001.08',
    'urn:iso:std:iso:20022:tech:xsd:camt.053.001.99',
  ])("B6: the same shape in a bank's own namespace %s", async (namespace) => {
    const { words } = await received((id) => statement(id, { namespace }));
    expect(words).toEqual(paid);
  });

  test.each([
    ['urn:iso:std:iso:20022:tech:xsd:pain.008.001.02', /not read here/],
    ['urn:iso:std:iso:20022:tech:xsd:camt.054.001.08', /not read here/],
  ])('B6: a namespace that says another message, %s, is set aside', async (namespace, reason) => {
    const { words, set_aside, items } = await received((id) => statement(id, { namespace }));
    expect(words).toEqual([]);
    expect(set_aside[0]?.reason).toMatch(reason);
    expect(items).toEqual([expect.objectContaining({ kind: 'bank_file_set_aside' })]);
  });
});

describe('B6: encodings', () => {
  const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
  const wide = (text: string, mark = '\ufeff') => Buffer.from(`${mark}${text}`, 'utf16le');
  test.each<[string, string, (text: string) => Uint8Array]>([
    ['ISO-8859-1, declared', 'ISO-8859-1', (text) => Buffer.from(text, 'latin1')],
    ['ISO-8859-15, declared', 'iso-8859-15', (text) => Buffer.from(text, 'latin1')],
    ['windows-1252, declared', 'windows-1252', (text) => Buffer.from(text, 'latin1')],
    ['UTF-8 with a byte order mark', 'UTF-8', (text) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a byte order mark', 'UTF-16', (text) => wide(text)],
    ['UTF-16, the other way round', 'UTF-16', (text) => swapped(wide(text))],
    ['UTF-16 without a mark', 'UTF-16', (text) => wide(text, '')],
    ['declared UTF-16 and written as UTF-8, as .NET does', 'utf-16', (text) => Buffer.from(text)],
    ['declared UTF-8 and written as Latin-1', 'UTF-8', (text) => Buffer.from(text, 'latin1')],
    ['US-ASCII', 'US-ASCII', (text) => Buffer.from(text.replaceAll(/\P{ASCII}/gu, '?'))],
  ])('B6: %s', async (_, encoding, write) => {
    const { words, set_aside } = await received((id) => write(statement(id, { encoding })));
    expect(set_aside).toEqual([]);
    expect(words).toEqual(paid);
  });

  test.each<[string, (text: string) => Uint8Array, RegExp]>([
    ['UTF-7 by its declaration', (text) => Buffer.from(text.replace('UTF-8', 'UTF-7')), /encoding "UTF-7"/],
    ['half of a UTF-16 sign', (text) => wide(text).subarray(0, -1), /utf-16le/],
    ['a zip archive', (text) => Buffer.from(`PK\u0003\u0004${text}`), /zip archive: unpack/],
    ['gzip', (text) => Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from(text)]), /gzip/],
    ['a PDF', () => Buffer.from('%PDF-1.7'), /PDF/],
    ['an MT940', () => Buffer.from(':20:STARTUMS\n:25:12345678/123456\n'), /no element|text beside/],
  ])('B6: %s is set aside, kept, and an open item with its head', async (_, write, reason) => {
    const { words, set_aside, items, store } = await received((id) => write(statement(id)));
    expect(words).toEqual([]);
    expect(set_aside[0]?.reason).toMatch(reason);
    expect(items).toMatchObject([
      { kind: 'bank_file_set_aside', evidence: { head: expect.any(String), file: 'file 0001.xml' } },
    ]);
    expect([...store.objects.keys()].filter((key) => key.startsWith('set_aside/'))).toHaveLength(2);
  });
});

describe('B6: what else is in a file', () => {
  const head =
    '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><MsgDefIdr>camt.053.001.08</MsgDefIdr></AppHdr>';
  const bare = (text: string) => text.replace(/^<\?xml[^>]*>\s*/, '');
  test.each<[string, (text: string) => string]>([
    ['CDATA in a text', (text) => text.replace('Müller &amp; Söhne', '<![CDATA[Müller & <Söhne> &nbsp;]]>')],
    ['comments', (text) => text.replace('<Ntry>', '<!-- <Ntry> & -- --><Ntry>')],
    ['a stylesheet', (text) => text.replace('?>', '?><?xml-stylesheet href="http://a.example/x.xsl"?>')],
    ['a processing instruction within', (text) => text.replace('<Ntry>', '<?bank a > b?><Ntry>')],
    [
      "a bank's own namespace in an envelope",
      (text) =>
        text.replace(
          '</TxDtls>',
          '<SplmtryData><Envlp><x:Note xmlns:x="urn:bank"><EndToEndId>rent</EndToEndId></x:Note></Envlp></SplmtryData></TxDtls>',
        ),
    ],
    [
      'an envelope whose namespace is the default one within it',
      (text) =>
        text.replace(
          '</TxDtls>',
          '<SplmtryData><Envlp><Note xmlns="urn:bank"><Refs/></Note></Envlp></SplmtryData></TxDtls>',
        ),
    ],
    ['a prefix for all', (text) => text.replaceAll(/<(\/?)([A-Z])/g, '<$1ns2:$2').replace('xmlns=', 'xmlns:ns2=')],
    ['a business message around it', (text) => `<BizMsgEnvlp xmlns="urn:bank">${head}${bare(text)}</BizMsgEnvlp>`],
    ["SWIFT's payload around it", (text) => `<s:Payload xmlns:s="urn:swift">${head}${bare(text)}</s:Payload>`],
    ['a greater-than sign in an attribute', (text) => text.replace('<Document ', '<Document note="a > b" ')],
    ['no namespace', (text) => text.replace(/ xmlns="[^"]*"/, '')],
    ['no id of the message', (text) => text.replace('<MsgId>STMT1</MsgId>', '')],
    ['an id of the message that is too long', (text) => text.replace('STMT1', 'x'.repeat(400))],
    [
      'an entry that cannot be read beside it',
      (text) => text.replace('<Ntry>', '<Ntry><Amt Ccy="EUR">1e9</Amt><Sts><Cd>BOOK</Cd></Sts></Ntry><Ntry>'),
    ],
    [
      'an amount without a currency beside it',
      (text) => text.replace('<Ntry>', '<Ntry><Amt>1.00</Amt><CdtDbtInd>?</CdtDbtInd></Ntry><Ntry>'),
    ],
  ])('B6: %s', async (_, change) => {
    const { words, set_aside } = await received((id) => {
      const text = statement(id);
      expect(change(text)).not.toBe(text);
      return change(text);
    });
    expect(set_aside).toEqual([]);
    expect(words).toEqual(paid);
  });

  test('B6: CDATA and entities stay what they are', async () => {
    const { words } = await received((id) =>
      statement(id).replace(
        `<EndToEndId>${id}`,
        `<EndToEndId><![CDATA[${id.slice(0, 9)}]]>${id.slice(9).replace('-', '&#45;')}`,
      ),
    );
    expect(words).toEqual(paid);
  });

  test('B6: one file with several statements, and an envelope with several messages', async () => {
    const { ids, receive } = await sampleInbox(3);
    const [first = '', second = '', third = ''] = ids;
    const two = statement(first).replace('</Stmt>', `</Stmt>${/<Stmt>.*<\/Stmt>/s.exec(statement(second))?.[0]}`);
    const { words } = await receive(`<All>${bare(two)}${bare(statement(third, { kind: '052' }))}</All>`);
    expect(words.map(({ provider_reference }) => provider_reference)).toEqual([first, second, third]);
  });

  test('B6: a file that was set aside is read again from where it is kept', async () => {
    const {
      ids: [id = ''],
      receive,
      bank,
      items,
      words,
      store,
    } = await sampleInbox(1);
    const take = (taken: readonly ProviderWord[]) => Promise.resolve(void words.push(...taken));
    await receive('%PDF', 'a.xml');
    const kept = items[0]?.key ?? '';
    expect(await bank.readAgain('0000000000000000-none.xml', take)).toEqual({ outcome: 'gone' });
    expect(await bank.readAgain(kept, take)).toEqual({ outcome: 'set_aside', reason: 'is a PDF' });
    // As if an earlier release had set aside what this one reads.
    store.objects.set(`set_aside/${kept}`, statement(id));
    expect(await bank.readAgain(kept, take)).toEqual({ outcome: 'read', words: 1, items: 0 });
    expect(words).toEqual(paid);
    expect([...store.objects.keys()].filter((key) => key.startsWith('processed/'))).toHaveLength(1);
  });

  test('B6: a part of ours where nothing is read is an open item', async () => {
    const { words, items } = await received((id) =>
      statement('rent').replace('<Bal>', `<AddtlStmtInf>see ${id}</AddtlStmtInf><Bal>`),
    );
    expect(words).toEqual([]);
    expect(items).toMatchObject([{ kind: 'bank_entry_unmatched' }]);
  });

  test('account and card numbers of an entry are masked in what a person is shown', async () => {
    const { items } = await received((id) =>
      statement(id, {}, 'card 4111 1111 1111 1111 IBAN DE89370400440532013000').replace(
        '<Cd>BOOK</Cd>',
        '<Cd>ODD</Cd>',
      ),
    );
    const text = JSON.stringify(items[0]?.evidence);
    expect(text).toContain('DE**3000');
    expect(text).not.toMatch(/4111|37040044/);
  });
});
