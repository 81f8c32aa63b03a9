// A bank's file is put away without card numbers, and otherwise as it came.

import { expect, test } from 'vitest';
import { maskedFile } from './mask-file.ts';

const card = '4111111111111111';
const masked = async (text: string, encoding: 'utf8' | 'latin1' = 'utf8') =>
  Buffer.from(await maskedFile(Buffer.from(text, encoding))).toString(encoding);

test('X2: free text and what is said of a card are masked; references and accounts are not', async () => {
  expect(
    await masked(
      `<Document><Ntry><NtryRef>${card}</NtryRef><AddtlNtryInf>card ${card} 12/27</AddtlNtryInf>` +
        `<PAN>${card}</PAN><CSCVal>123</CSCVal><x:Ustrd a="1"><![CDATA[${card}]]></x:Ustrd><Nm>Müller</Nm></Ntry></Document>`,
    ),
  ).toBe(
    `<Document><Ntry><NtryRef>${card}</NtryRef><AddtlNtryInf>card **************** **/**</AddtlNtryInf>` +
      `<PAN>****************</PAN><CSCVal>***</CSCVal><x:Ustrd a="1"><![CDATA[****************]]></x:Ustrd><Nm>Müller</Nm></Ntry></Document>`,
  );
  expect(await masked(`Müller ${card}`, 'latin1')).toBe('Müller ****************');
});

test('a file without a card number is the same bytes, whatever they are', async () => {
  const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => index % 256);
  expect(await maskedFile(bytes)).toBe(bytes);
});

test('X2: found at every place of a long file, and no text makes it slow', async () => {
  const filler = `<Ntry><NtryRef>7</NtryRef><AddtlNtryInf>${'a'.repeat(50)}</AddtlNtryInf></Ntry>`.repeat(8_000);
  const long = await masked(`<D>${filler}<Ustrd>${card}</Ustrd>${filler}<![CDATA[${card}]]></D>`);
  expect(long).not.toContain(card);
  for (const unit of ['<Ustrd ', '<![CDATA[', '<Ustrd>', '4', '<', '</', ']]>']) {
    const startMs = performance.now();
    await maskedFile(Buffer.from(`<${unit.repeat(2_000_000 / unit.length)}`));
    // Quadratic in two million characters would be hours.
    expect(performance.now() - startMs, unit).toBeLessThan(5_000);
  }
});
