// Countries as ISO 3166-1 has them. Inside, a country is its two letters; networks send three letters, a number, or codes of
// their own.

import * as z from 'zod/mini';

/**
 * Alpha-3, the second letter of alpha-2 and the number of a country, run together (ISO 3166-1): AD, AND and 020 are `ANDD020`. The first letter
 * of both is the same; left out it saves 165 bytes of the edge's bundle. Kosovo's are user-assigned, its number is its dialling code.
 */
const codes =
  'ANDD020 AREE784 AFGF004 ATGG028 AIAI660 ALBL008 ARMM051 AGOO024 ATAQ010 ARGR032 ASMS016 AUTT040 AUSU036 ABWW533 ALAX248 ' +
  'AZEZ031 BIHA070 BRBB052 BGDD050 BELE056 BFAF854 BGRG100 BHRH048 BDII108 BENJ204 BLML652 BMUM060 BRNN096 BOLO068 BESQ535 ' +
  'BRAR076 BHSS044 BTNT064 BVTV074 BWAW072 BLRY112 BLZZ084 CANA124 CCKC166 CODD180 CAFF140 COGG178 CHEH756 CIVI384 COKK184 ' +
  'CHLL152 CMRM120 CHNN156 COLO170 CRIR188 CUBU192 CPVV132 CUWW531 CXRX162 CYPY196 CZEZ203 DEUE276 DJIJ262 DNKK208 DMAM212 ' +
  'DOMO214 DZAZ012 ECUC218 ESTE233 EGYG818 ESHH732 ERIR232 ESPS724 ETHT231 FINI246 FJIJ242 FLKK238 FSMM583 FROO234 FRAR250 ' +
  'GABA266 GBRB826 GRDD308 GEOE268 GUFF254 GGYG831 GHAH288 GIBI292 GRLL304 GMBM270 GINN324 GLPP312 GNQQ226 GRCR300 GTMT320 ' +
  'GUMU316 GNBW624 GUYY328 HKGK344 HMDM334 HNDN340 HRVR191 HTIT332 HUNU348 IDND360 IRLE372 ISRL376 IMNM833 INDN356 IOTO086 ' +
  'IRQQ368 IRNR364 ISLS352 ITAT380 JEYE832 JAMM388 JORO400 JPNP392 KENE404 KGZG417 KHMH116 KIRI296 KNAN659 KORR410 KWTW414 ' +
  'KAZZ398 LAOA418 LBNB422 LCAC662 LIEI438 LKAK144 LBRR430 LSOS426 LTUT440 LUXU442 LVAV428 LBYY434 MARA504 MCOC492 MDAD498 ' +
  'MNEE499 MAFF663 MDGG450 MHLH584 MKDK807 MLIL466 MMRM104 MNGN496 MACO446 MNPP580 MTQQ474 MRTR478 MSRS500 MLTT470 MUSU480 ' +
  'MDVV462 MWIW454 MEXX484 MYSY458 MOZZ508 NAMA516 NCLC540 NERE562 NFKF574 NGAG566 NICI558 NLDL528 NORO578 NPLP524 NRUR520 ' +
  'NIUU570 NZLZ554 OMNM512 PANA591 PERE604 PYFF258 PNGG598 PHLH608 PAKK586 POLL616 PCNN612 PRIR630 PSES275 PRTT620 PLWW585 ' +
  'PRYY600 QATA634 REUE638 ROUO642 RUSU643 RWAW646 SAUA682 SLBB090 SYCC690 SDND729 SWEE752 SGPG702 SHNH654 SVNI705 SJMJ744 ' +
  'SVKK703 SLEL694 SMRM674 SENN686 SOMO706 SURR740 SSDS728 STPT678 SLVV222 SXMX534 SYRY760 SWZZ748 TCAC796 TCDD148 TGOG768 ' +
  'THAH764 TJKJ762 TKLK772 TLSL626 TKMM795 TUNN788 TONO776 TURR792 TTOT780 TUVV798 TWNW158 TZAZ834 UKRA804 UGAG800 UMIM581 ' +
  'USAS840 URYY858 UZBZ860 VATA336 VCTC670 VENE862 VGBG092 VIRI850 VNMN704 VUTU548 WLFF876 WSMS882 XKXK383 YEME887 ZAFA710 ' +
  'ZMBM894 ZWEW716';

/** All codes of the countries whose two forms begin with different letters. */
const unlike =
  'GSGS SGSGS 239GS KMKM COMKM 174KM KPKP PRKKP 408KP KYKY CYMKY 136KY PMPM SPMPM 666PM RSRS SRBRS 688RS TFTF ATFTF 260TF YTYT MYTYT 175YT';

/**
 * What networks and older systems still send: Mastercard's QZZ for Kosovo (900 in its numeric form), ROM for Romania, UK and EL
 * as the European Union writes them, and ISO 3166-3 codes of countries that have one successor. A country that fell apart into
 * several (AN, CS before 1993, SU) has none: which of them is meant cannot be known.
 */
const otherCodes =
  'QZZXK 900XK QZXK KOSXK UKGB ELGR ROMRO YUGRS YURS 891RS SCGRS TMPTL TPTL ZARCD ZRCD BURMM BUMM FXXFR FXFR 249FR DDRDE DDDE ' +
  '278DE 280DE 720YE YMDYE 736SD';

const alpha2ByCode: ReadonlyMap<string, string> = new Map([
  ...`${otherCodes} ${unlike}`.split(' ').map((pair) => [pair.slice(0, -2), pair.slice(-2)] as const),
  // Last, so that a code in force wins over a historical one of the same letters.
  ...codes.split(' ').flatMap((all) => {
    const alpha2 = all.slice(0, 1) + all.slice(3, 4);
    return [alpha2, all.slice(0, 3), all.slice(4)].map((code) => [code, alpha2] as const);
  }),
]);

/** The number of a country that both forms begin alike of, by its two letters: many a currency has it too. */
export function countryNumber(alpha2: string): string {
  return codes.match(` ${alpha2.charAt(0)}..${alpha2.charAt(1)}(...)`)?.[1] ?? '';
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
