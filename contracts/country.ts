// Countries as ISO 3166-1 has them. Inside, a country is its two letters; networks send three letters, a number, or codes of
// their own.

import * as z from 'zod/mini';

/**
 * Alpha-3; the second letter of alpha-2, where it is not that of alpha-3 (the first always is); and how much the number is above the one
 * before, in base 36, where that is not 4 (ISO 3166-1). After Afghanistan, AF, AFG and 004, Albania with AL, ALB and 008 is `ALB`. By number, and with
 * what is usual left out, since that makes the edge's bundle smaller. Kosovo's are user-assigned, its number is its dialling code.
 */
const codes =
  'AFG ALB ATAQ2 DZA2 ASM ANDD AGOO ATGG AZE3 ARG1 AUS AUTT BHSS BHR BGDD2 ARMM1 BRBB1 BEL BMU BTN BOL BIHA2 BWA2 BVT2 ' +
  'BRA2 BLZZ8 IOT2 SLBB VGB2 BRNN BGR MMR BDII BLRY KHM CMR CAN CPVV8 CAFF8 LKA TCDD CHLL CHNN TWN2 CXR CCK COL COGG8 ' +
  'CODD2 COKK CRI HRV3 CUB1 CYP CZE7 BENJ1 DNKK DMA DOM2 ECU SLVV GNQQ ETH5 ERI1 ESTE1 FROO1 FLKK FJI FIN ALAX2 FRA2 GUFF ' +
  'PYFF DJI GAB GEO2 GMB2 PSE5 DEU1 GHAc GIB KIR GRC GRLL GRDD GLPP GUM GTM GINN GUYY HTI HMD2 VAT2 HND HKG HUN ISL IND ' +
  'IDN IRN IRQQ IRLE ISRL ITA XKX3 CIV1 JAMM JPN KAZZ6 JOR2 KEN KORR6 KWT KGZ3 LAO1 LBN LSO LVA2 LBRR2 LBYY LIE LTU2 LUX2 ' +
  'MACO MDGG MWI MYS MDVV MLI MLTT MTQQ MRT MUS2 MEXX MCO8 MNG MDA2 MNEE1 MSR1 MAR MOZZ OMN NAM NRU NPL NLD CUWW3 ABWW2 ' +
  'SXM1 BESQ1 NCL5 VUT8 NZL6 NIC NER NGA NIUU NFK NOR MNPP2 UMI1 FSMM2 MHL1 PLWW1 PAKK1 PAN5 PNGG7 PRYY2 PER PHL PCNN ' +
  'POLL PRTT GNBW TLS2 PRI QAT REU ROU RUS1 RWA3 BLM6 SHN2 KNA5 AIA1 LCA2 MAFF1 VCT7 SMR STP SAU SENN SYCC SLE SGP8 SVKK1 ' +
  'VNM1 SVNI1 SOM1 ZAF ZWE6 ESP8 SSD SDN1 ESHH3 SURR8 SJM SWZZ SWEE CHE SYR TJK2 THA2 TGO TKL TON TTO AREE TUNN TURR ' +
  'TKMM3 TCA1 TUVV2 UGA2 UKRA MKD3 EGYb GBR8 GGY5 JEY1 IMN1 TZA1 USA6 VIRa BFA URYY UZB2 VEN2 WLFFe WSM6 YEM5 ZMB7';

/** Both forms and the number of the countries whose two forms begin with different letters. */
const unlike = 'GSSGS239 KMCOM174 KPPRK408 KYCYM136 PMSPM666 RSSRB688 TFATF260 YTMYT175';

/**
 * What networks and older systems still send: Mastercard's QZZ for Kosovo (900 in its numeric form), ROM for Romania, UK and EL
 * as the European Union writes them, and ISO 3166-3 codes of countries that have one successor. A country that fell apart into
 * several (AN, CS before 1993, SU) has none: which of them is meant cannot be known.
 */
const otherCodes =
  'QZZXK 900XK QZXK KOSXK UKGB ELGR ROMRO YUGRS YURS 891RS SCGRS TMPTL TPTL ZARCD ZRCD BURMM BUMM FXXFR FXFR 249FR DDRDE DDDE ' +
  '278DE 280DE 720YE YMDYE 736SD';

const alpha2ByCode = new Map(otherCodes.split(' ').map((pair) => [pair.slice(0, -2), pair.slice(-2)] as const));
const numberByAlpha2 = new Map<string, string>();

// After those, so that a code in force wins over a historical one of the same letters.
let above = 0;
for (const all of `${codes} ${unlike}`.split(' ')) {
  const [, second = all.charAt(1), step = '4'] = /^...([A-Z])?(.)?$/.exec(all) ?? [];
  above += Number.parseInt(step, 36);
  const alpha2 = all.charAt(0) + second;
  const [alpha3, number] =
    all.length > 5 ? [all.slice(2, 5), all.slice(5)] : [all.slice(0, 3), String(above).padStart(3, '0')];
  numberByAlpha2.set(alpha2, number);
  for (const code of [alpha2, alpha3, number]) alpha2ByCode.set(code, alpha2);
}

/** The number of a country by its two letters: many a currency has it too. */
export function countryNumber(alpha2: string): string {
  return numberByAlpha2.get(alpha2) ?? '';
}

/** ISO 3166-1 alpha-2, upper case. */
export const countryChecks = [
  z.refine<string>(
    (code) => alpha2ByCode.get(code) === code,
    'is not an ISO 3166-1 country code of two letters, such as "US"',
  ),
] as const;
export const countrySchema = z.string().check(...countryChecks);

/** The two letters of a code of any form, in either case; null for what is none. A number may have lost its zeros: 36 is "036". */
export function countryFromCode(code: string): string | null {
  const known = alpha2ByCode.get(code);
  if (known !== undefined) return known;
  return alpha2ByCode.get(/^\d{1,2}$/.test(code) ? code.padStart(3, '0') : code.toUpperCase()) ?? null;
}
