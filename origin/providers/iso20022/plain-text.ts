// The letters that every SEPA bank must carry (EPC217-08): Latin without accents, digits, and a few signs.

const letters: Readonly<Record<string, string>> = {
  ...{
    ß: 'ss',
    æ: 'ae',
    Æ: 'AE',
    œ: 'oe',
    Œ: 'OE',
    ø: 'o',
    Ø: 'O',
    ł: 'l',
    Ł: 'L',
    đ: 'd',
    Đ: 'D',
    ð: 'd',
    þ: 'th',
    ı: 'i',
  },
  ...{ '&': '+', '’': "'", '‘': "'", '–': '-', '—': '-', _: '-', '@': '(at)' },
};

/** The text in those letters, without outer and doubled spaces; null where a character has no equal in them. */
export function plainText(text: string): string | null {
  const plain = spelled(text, '');
  return /^[A-Za-z0-9/?:().,'+ -]*$/.test(plain) ? plain : null;
}

/** The same, with a dot for what has no equal: for a reference, which may lose a sign but never hold up its payment. */
export function plainTextOrDots(text: string): string {
  return spelled(text, '.');
}

function spelled(text: string, otherwise: string): string {
  const latin = [...text.normalize('NFKD')].map((sign) => letters[sign] ?? sign).join('');
  const bare = latin.replaceAll(/\p{M}/gu, '').replaceAll(/\s+/gu, ' ').trim();
  return otherwise === '' ? bare : bare.replaceAll(/[^A-Za-z0-9/?:().,'+ -]/gu, otherwise);
}
