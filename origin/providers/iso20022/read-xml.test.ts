// Hostile and broken XML: each is refused with its reason, and none of it takes long.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { libxmlReading } from '../../../scripts/iso20022/libxml-reading.ts';
import { schemaMessages } from '../../../scripts/iso20022/official-schema.ts';
import { sampleBySchema } from '../../../scripts/iso20022/sample-by-schema.ts';
import { BadFile } from './bad-file.ts';
import { readBankFile } from './read-bank-file.ts';
import { readXml, textAt } from './read-xml.ts';

const good = statusReport({ of: 'ATM1', group: 'ACSC' });
const head = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">';
const wrapped = (inner: string) => `${head}<CstmrPmtStsRpt>${inner}</CstmrPmtStsRpt></Document>`;
const bombs = Array.from(
  { length: 10 },
  (_, i) => `<!ENTITY l${i + 1} "&l${i};&l${i};&l${i};&l${i};&l${i};&l${i};&l${i};&l${i};">`,
);

const hostile: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  [
    'an external entity',
    `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>${wrapped('<GrpHdr><MsgId>&x;</MsgId></GrpHdr>')}`,
    /document type/,
  ],
  [
    'a billion laughs',
    `<!DOCTYPE d [<!ENTITY l0 "ha">${bombs.join('')}]>${wrapped('<GrpHdr><MsgId>&l10;</MsgId></GrpHdr>')}`,
    /document type/,
  ],
  [
    'a parameter entity',
    `<!DOCTYPE d [<!ENTITY % p SYSTEM "http://a.example/x.dtd">%p;]>${wrapped('')}`,
    /document type/,
  ],
  [
    'a DTD after the declaration',
    good.replace('?>', '?><!DOCTYPE Document SYSTEM "http://a.example/x.dtd">'),
    /document type/,
  ],
  ['an entity without a document type', wrapped('<GrpHdr><MsgId>&x;</MsgId></GrpHdr>'), /entity/],
  ['an ampersand alone', wrapped('<GrpHdr><MsgId>a & b</MsgId></GrpHdr>'), /entity/],
  ['a zero by number', wrapped('<GrpHdr><MsgId>&#0;</MsgId></GrpHdr>'), /entity/],
  ['a bell by number', wrapped('<GrpHdr><MsgId>&#7;</MsgId></GrpHdr>'), /entity/],
  ['half of a surrogate pair by number', wrapped('<GrpHdr><MsgId>&#xD800;</MsgId></GrpHdr>'), /entity/],
  ['CDATA that never ends', wrapped('<GrpHdr><MsgId><![CDATA[x</MsgId></GrpHdr>'), /within a tag/],
  ['CDATA beside the root', `<![CDATA[x]]>${good}`, /beside its root/],
  [
    'an include',
    wrapped('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
    /another namespace/,
  ],
  ['a thousand deep', wrapped('<A>'.repeat(1_000) + '</A>'.repeat(1_000)), /deeper/],
  ['a million deep', `${head}${'<A>'.repeat(1_000_000)}`, /deeper/],
  ['more elements than any statement', wrapped('<A/>'.repeat(1_000_001)), /elements/],
  ['tags that never end', `${head}${'<A'.repeat(200_000)}`, /well-formed/],
  ['a tag within a tag', wrapped('<A <B> />'), /well-formed/],
  ['an attribute twice', wrapped('<A b="1" b="2"/>'), /attribute b twice/],
  ['an attribute without quotes', wrapped('<A b=1/>'), /well-formed/],
  ['text beside the root', `${good} paid`, /beside its root/],
  ['a comment that never ends', `${head}<!-- ${'x'.repeat(100_000)}`, /within a tag/],
  ['too large', Buffer.alloc(33 * 1024 * 1024, 0x20), /bytes/],
  ['a message that is not read here', good.replace('pain.002.001.10', 'pain.008.001.02'), /namespace/],
  ['a payment file of our own', good.replace('pain.002.001.10', 'pain.001.001.09'), /namespace/],
  ['another namespace within', wrapped('<GrpHdr xmlns="urn:other"><MsgId>x</MsgId></GrpHdr>'), /another namespace/],
  ['another prefix within', wrapped('<x:GrpHdr/>'), /prefix that is not declared/],
  ['another root', '<Evil xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"/>', /root/],
  ['a Document of nothing', `${head}</Document>`, /nothing in it/],
  ['two roots', `${good}<Evil/>`, /two roots/],
  ['an end without its start', wrapped('</GrpHdr>'), /well-formed/],
  ['no end', `${head}<CstmrPmtStsRpt>`, /well-formed/],
  ['a name from a prototype', `${head}<constructor/></Document>`, /not read here/],
  ['another encoding by its own word', good.replace('UTF-8', 'UTF-7'), /encoding/],
  ['a zero byte', good.replace('BANK1', 'BANK\u0000'), /zero byte/],
  ['nothing', '', /no element/],
  ['no XML at all', '{"paid": true}', /beside its root/],
];

describe('refused', () => {
  test.each(hostile)('%s', async (_, content, reason) => {
    const startedMs = performance.now();
    let problem: unknown = null;
    try {
      await readBankFile(Buffer.from(content));
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(BadFile);
    expect(String(problem)).toMatch(reason);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test('names that could reach into objects are only names', async () => {
    const content = wrapped('<__proto__><polluted>1</polluted></__proto__><constructor/>');
    expect(await readBankFile(Buffer.from(content))).toMatchObject([{ kind: 'pain.002', statuses: [] }]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('read', () => {
  test('the five entities and characters by number, once', () => {
    const content = wrapped('<GrpHdr><MsgId>&amp;lt;&lt;&#65;&#x42;</MsgId></GrpHdr>');
    const document = readXml(content);
    expect(textAt(document, 'CstmrPmtStsRpt', 'GrpHdr', 'MsgId')).toBe('&lt;<AB');
  });

  test('a tab and the ends of a line by number, as Java writes them', () => {
    const content = wrapped('<GrpHdr><MsgId>a&#xD;&#10;b&#9;c</MsgId></GrpHdr>');
    const document = readXml(content);
    expect(textAt(document, 'CstmrPmtStsRpt', 'GrpHdr', 'MsgId')).toBe('a\r\nb\tc');
  });

  test('a byte order mark, comments, and one prefix for all', async () => {
    const prefixed = good.replaceAll(/<(\/?)([A-Z])/g, '<$1ns2:$2').replace('xmlns=', 'xmlns:ns2=');
    const content = `\ufeff${prefixed.replace('?>', '?><!-- from the bank -->')}`;
    expect(await readBankFile(Buffer.from(content))).toMatchObject([{ message_id: 'BANK1' }]);
  });

  test("is libxml2's reading, of whatever the schemas allow", () => {
    fc.assert(
      fc.property(fc.constantFrom(...schemaMessages), fc.nat(), (message, seed) => {
        const text = sampleBySchema(message, {}, seed);
        expect(readXml(text)).toEqual(libxmlReading(text));
      }),
      { numRuns: 60 },
    );
  });
});
