// Countries as ISO 3166-1 has them. Inside, a country is its two letters; networks send three letters, a number, or codes of
// their own.

import * as z from 'zod/mini';

/**
 * Every country by its number (ISO 3166-1; Kosovo's codes are user-assigned, its number is its dialling code), short, since each new
 * isolate reads it: alpha-2; the letter that makes alpha-3 of it, behind the two, or between them where it is small (`AEr` is ARE), or
 * all three; how far its number is from the one before, 4 where nothing is said.
 */
const codes =
  'AFG ALB AQATA2 DZA2 ASM ADn AOg AGt AZE3 ARG1 AUS ATu BSh BHR BDg2 AMr1 BBr1 BEL BMU BTN BOL BABIH2 BWA2 BVT2 BRA2 ' +
  'BZl8 IOT2 SBl VGB2 BNr BGR MMR BId BYBLR KHM CMR CAN CVp8 KYCYM CFa LKA TDc CLh CNh TWN2 CXR CCK COL KMCOM YTMYT1 ' +
  'CGo3 CDo2 CKo CRI HRV3 CUB1 CYP CZE7 BJBEN1 DKn DMA DOM2 ECU SVl GQn ETH5 ERI1 EEEST1 FOr1 FKl GSSGS1 FJI3 FIN ' +
  'AXALA2 FRA2 GFu PFy TFATF2 DJI2 GAB GEO2 GMB2 PSE5 DEU1 GHA12 GIB KIR GRC GLr GDr GPl GUM GTM GNi GYu HTI HMD2 ' +
  'VAT2 HND HKG HUN ISL IND IDN IRN IQr IEIRL ILISR ITA XKX3 CIV1 JMa JPN KZa6 JOR2 KEN KPPRK KRo2 KWT KGZ3 LAO1 LBN ' +
  'LSO LVA2 LRb2 LYb LIE LTU2 LUX2 MOMAC MGd MWI MYS MVd MLI MTl MQt MRT MUS2 MXe MCO8 MNG MDA2 MEn1 MSR1 MAR MZo OMN ' +
  'NAM NRU NPL NLD CWu3 AWb2 SXM1 BQBES1 NCL5 VUT8 NZL6 NIC NER NGA NUi NFK NOR MPn2 UMI1 FMs2 MHL1 PWl1 PKa1 PAN5 ' +
  'PGn7 PYr2 PER PHL PNc PLo PTr GWGNB TLS2 PRI QAT REU ROU RUS1 RWA3 BLM6 SHN2 KNA5 AIA1 LCA2 MFa1 PMSPM3 VCT SMR ' +
  'STP SAU SNe RSSRB2 SCy2 SLE SGP8 SKv1 VNM1 SISVN1 SOM1 ZAF ZWE6 ESP8 SSD SDN1 EHs3 SRu8 SJM SZw SEw CHE SYR TJK2 ' +
  'THA2 TGO TKL TON TTO AEr TNu TRu TMk3 TCA1 TVu2 UGA2 UAUKR MKD3 EGY11 GBR8 GGY5 JEY1 IMN1 TZA1 USA6 VIR10 BFA UYr ' +
  'UZB2 VEN2 WFl14 WSM6 YEM5 ZMB7';

interface Country {
  readonly alpha2: string;
  readonly alpha3: string;
  /** Three digits. */
  readonly number: string;
}

let lastNumber = 0;
const countries = codes.split(' ').map((code): Country => {
  const [, alpha2 = '', more = '', step] = /^(..)([A-Z]{3}|[A-Za-z])(\d*)$/.exec(code) ?? [];
  const between = (alpha2.charAt(0) + more + alpha2.charAt(1)).toUpperCase();
  lastNumber += Number(step || 4);
  return {
    alpha2,
    alpha3: more.length > 1 ? more : more < 'a' ? alpha2 + more : between,
    number: String(lastNumber).padStart(3, '0'),
  };
});

/**
 * What networks and older systems still send: Mastercard's QZZ for Kosovo (900 in its numeric form), ROM for Romania, UK and EL
 * as the European Union writes them, and ISO 3166-3 codes of countries that have one successor. A country that fell apart into
 * several (AN, CS before 1993, SU) has none: which of them is meant cannot be known.
 */
const otherCodes =
  'QZZXK 900XK QZXK KOSXK UKGB ELGR ROMRO YUGRS YURS 891RS SCGRS TMPTL TPTL ZARCD ZRCD BURMM BUMM FXXFR FXFR 249FR DDRDE DDDE ' +
  '278DE 280DE 720YE YMDYE 736SD';

const alpha2ByCode: ReadonlyMap<string, string> = new Map([
  ...otherCodes.split(' ').map((pair) => [pair.slice(0, -2), pair.slice(-2)] as const),
  // Last, so that a code in force wins over a historical one of the same letters.
  ...countries.flatMap(({ alpha2, alpha3, number }) => [alpha2, alpha3, number].map((code) => [code, alpha2] as const)),
]);

/** The three digits of countries by their two letters: ISO 4217 mostly gives a country's currency the same ones. */
export const numberByCountry: ReadonlyMap<string, string> = new Map(
  countries.map(({ alpha2, number }) => [alpha2, number] as const),
);

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
