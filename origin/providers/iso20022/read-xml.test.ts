// Hostile and broken XML: each is refused with its reason, and none of it takes long.

import { describe, expect, test } from 'vitest';
import { statement, statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { readBankFile } from './read-reports.ts';
import { BadFile, readXml, textAt } from './read-xml.ts';

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
  ['an ampersand alone', wrapped('<GrpHdr><MsgId>a & b</MsgId></GrpHdr>'), /well-formed/],
  ['a zero by number', wrapped('<GrpHdr><MsgId>&#0;</MsgId></GrpHdr>'), /entity/],
  ['a bell by number', wrapped('<GrpHdr><MsgId>&#7;</MsgId></GrpHdr>'), /entity/],
  ['half of a surrogate pair by number', wrapped('<GrpHdr><MsgId>&#xD800;</MsgId></GrpHdr>'), /entity/],
  ['CDATA', wrapped('<GrpHdr><MsgId><![CDATA[x]]></MsgId></GrpHdr>'), /CDATA/],
  ['a stylesheet', good.replace('?>', '?><?xml-stylesheet href="http://a.example/x.xsl"?>'), /processing instruction/],
  ['PHP', wrapped('<?php phpinfo() ?>'), /processing instruction/],
  ['an include', wrapped('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'), /name/],
  ['a thousand deep', wrapped('<A>'.repeat(1_000) + '</A>'.repeat(1_000)), /deeper/],
  ['a million deep', `${head}${'<A>'.repeat(1_000_000)}`, /deeper/],
  ['more elements than any statement', wrapped('<A/>'.repeat(1_000_001)), /elements/],
  ['tags that never end', `${head}${'<A'.repeat(200_000)}`, /within a tag/],
  ['a tag within a tag', wrapped('<A <B> />'), /within a tag/],
  ['a comment that never ends', `${head}<!-- ${'x'.repeat(100_000)}`, /within a tag/],
  ['too large', Buffer.alloc(33 * 1024 * 1024, 0x20), /bytes/],
  ['no namespace', good.replace(/ xmlns="[^"]*"/, ''), /namespace/],
  ['a message that is not read here', good.replace('pain.002.001.10', 'pain.008.001.02'), /namespace/],
  ['a payment file of our own', good.replace('pain.002.001.10', 'pain.001.001.09'), /namespace/],
  ['a namespace that only begins like one', good.replace('pain.002.001.10', 'pain.002.001.10.evil'), /namespace/],
  ['another namespace within', wrapped('<GrpHdr xmlns="urn:other"><MsgId>x</MsgId></GrpHdr>'), /another namespace/],
  ['another prefix within', wrapped('<x:GrpHdr/>'), /another namespace/],
  ['another root', '<Evil xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"/>', /root/],
  ['two roots', `${good}<Evil/>`, /two roots/],
  ['an end without its start', wrapped('</GrpHdr>'), /well-formed/],
  ['no end', `${head}<CstmrPmtStsRpt>`, /well-formed/],
  ['a name that could reach into objects', wrapped('<__proto__><polluted>1</polluted></__proto__>'), /name/],
  ['a name from a prototype', wrapped('<constructor/>'), /name/],
  ['Latin 1 that is not UTF-8', Buffer.from(good.replace('BANK1', 'BANKÉ'), 'latin1'), /UTF-8/],
  ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), /UTF-8/],
  ['another encoding by its own word', good.replace('UTF-8', 'UTF-7'), /encoding/],
  ['a zero byte', good.replace('BANK1', 'BANK\u0000'), /zero byte/],
  ['nothing', '', /no element/],
  ['no XML at all', '{"paid": true}', /no element/],
];

describe('refused', () => {
  test.each(hostile)('%s', (_, content, reason) => {
    const startedMs = performance.now();
    const read = () => readBankFile(Buffer.from(content));
    expect(read).toThrow(BadFile);
    expect(read).toThrow(reason);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test('and nothing of it stays in objects', () => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each([
    ['no message id', wrapped('<GrpHdr/>'), /MsgId/],
    ['a message id longer than any', wrapped(`<GrpHdr><MsgId>${'x'.repeat(36)}</MsgId></GrpHdr>`), /35/],
    ['no original message', wrapped('<GrpHdr><MsgId>x</MsgId></GrpHdr>'), /OrgnlGrpInfAndSts/],
    ['an amount that is a word', statement([{ id: 'x' }]).replace('123.45', '1e9'), /amount/],
    ['a negative amount', statement([{ id: 'x' }]).replace('123.45', '-1'), /amount/],
    ['an amount of no digits', statement([{ id: 'x' }]).replace('123.45', '.'), /amount/],
    ['an amount without its currency', statement([{ id: 'x' }]).replaceAll(' Ccy="EUR"', ''), /amount/],
  ])('out of contract: %s', (_, content, reason) => {
    expect(() => readBankFile(Buffer.from(content))).toThrow(reason);
  });
});

describe('read', () => {
  const pain002 = [/^pain\.002/];
  test('the five entities and characters by number, once', () => {
    const content = wrapped('<GrpHdr><MsgId>&amp;lt;&lt;&#65;&#x42;</MsgId></GrpHdr>');
    const { document } = readXml(Buffer.from(content), pain002);
    expect(textAt(document, 'CstmrPmtStsRpt', 'GrpHdr', 'MsgId')).toBe('&lt;<AB');
  });

  test('a tab and the ends of a line by number, as Java writes them', () => {
    const content = wrapped('<GrpHdr><MsgId>a&#xD;&#10;b&#9;c</MsgId></GrpHdr>');
    const { document } = readXml(Buffer.from(content), pain002);
    expect(textAt(document, 'CstmrPmtStsRpt', 'GrpHdr', 'MsgId')).toBe('a\r\nb\tc');
  });

  test('a byte order mark, comments, and one prefix for all', () => {
    const prefixed = good.replaceAll(/<(\/?)([A-Z])/g, '<$1ns2:$2').replace('xmlns=', 'xmlns:ns2=');
    const content = `\ufeff${prefixed.replace('?>', '?><!-- from the bank -->')}`;
    expect(readBankFile(Buffer.from(content)).message_id).toBe('BANK1');
  });
});
