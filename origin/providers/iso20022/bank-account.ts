// Bank accounts: IBAN (ISO 13616, its check digits and the length of its country), BIC (ISO 9362), and names in the letters that
// every bank carries.

import * as z from 'zod';
import { plainText } from './plain-text.ts';

/** Lengths by the SWIFT registry of IBAN formats; a country that is not here has no IBAN. */
const lengths =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 ' +
  'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 ' +
  'LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 ' +
  'SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';
const lengthOf: ReadonlyMap<string, number> = new Map(
  lengths.split(' ').map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** In electronic form: no spaces, upper case. */
export function problemOfIban(iban: string): string | null {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(iban)) return 'is not an IBAN in upper case without spaces';
  const length = lengthOf.get(iban.slice(0, 2));
  if (length === undefined) return `is of ${iban.slice(0, 2)}, which has no IBAN`;
  if (iban.length !== length) return `has ${iban.length} characters, and an IBAN of ${iban.slice(0, 2)} has ${length}`;
  // ISO 7064: the first four last, letters as 10 to 35, and the rest of a division by 97 is 1.
  const digits = (iban.slice(4) + iban.slice(0, 4)).replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n ? null : 'has wrong check digits';
}

/** Eight characters, or eleven with a branch. */
export function problemOfBic(bic: string): string | null {
  return /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(bic) ? null : 'is not a BIC of 8 or 11 characters';
}

/** ISO 20022 has 140 for a name; SEPA's rules keep 70. */
const nameLengthMax = 70;

const checked = (problemOf: (text: string) => string | null) =>
  z
    .string()
    .max(nameLengthMax)
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    });

/** Of a name, as it is in the letters that banks carry. */
export function problemOfName(name: string): string | null {
  const plain = plainText(name);
  if (plain === null) return 'has characters that banks do not carry';
  return plain.length < 1 || plain.length > nameLengthMax ? `must have 1 to ${nameLengthMax} characters` : null;
}

export const bankAccountSchema = z.strictObject({
  name: checked(problemOfName),
  iban: checked(problemOfIban),
  bic: checked(problemOfBic).optional(),
});
export type BankAccount = z.infer<typeof bankAccountSchema>;
