// Merchant categories by the words people use for them. A group is a convenience: a merchant is in it because its acquirer
// gave it such a code, which says little about what was in the basket. Groups may overlap.
// What a code is for: as the lists of names.ts have it; where that is not plain, the comment says.

import { carRentalCategories, lodgingCategories } from './long-stays.ts';

/** Group → codes and ranges, ascending and apart from each other. */
export const categoryGroups: Readonly<Record<string, readonly string[]>> = {
  // Travel
  /** 3000-3350 are set aside for airlines with a code of their own. */
  airlines: ['3000-3350', '4511'],
  lodging: lodgingCategories,
  car_rental: carRentalCategories,
  cruises: ['4411'],
  /** 4723 is for Germany alone; 5962 sells travel by telephone and mail, and travel clubs. */
  travel_agencies: ['4722', '4723', '5962'],
  /** Not 4011, which carries freight. */
  transit: ['4111', '4112', '4131'],
  /** Ride hailing too. */
  taxis: ['4121'],
  parking_and_tolls: ['4784', '7523'],

  // Vehicles
  /** Stations, pumps, charging; 5983 sells heating oil, and diesel in bulk. */
  fuel: ['5541', '5542', '5552', '5983'],
  vehicle_sales: ['5271', '5511', '5521', '5551', '5561', '5571', '5592', '5598', '5599'],
  vehicle_parts_and_repair: ['5013', '5531-5533', '7531', '7534', '7535', '7538', '7542', '7549'],

  // Food and drink
  /** 5499 is convenience stores and delicatessens; warehouse clubs and superstores are general_merchandise. */
  groceries: ['5411', '5422', '5441', '5451', '5462', '5499'],
  /** With caterers (5811) and fast food (5814). */
  restaurants: ['5811', '5812', '5814'],
  /** Nightclubs too. */
  bars: ['5813'],
  /** Producers, bars, wholesalers, shops. Supermarkets and restaurants sell it under their own codes. */
  alcohol: ['0743', '0744', '5715', '5813', '5921'],

  // Shops
  /** As Stripe's word: department stores alone. */
  department_stores: ['5311'],
  general_merchandise: ['5262', '5300', '5309-5311', '5331', '5399'],
  clothing: ['5137', '5139', '5611', '5621', '5631', '5641', '5651', '5655', '5661', '5681', '5691', '5697-5699'],
  jewelry: ['5094', '5944'],
  electronics: ['5045', '5732', '5734', '5946'],
  hardware: ['5072', '5200', '5211', '5231', '5251', '5261'],
  home_furnishing: ['5712-5714', '5718', '5719', '5722', '5950'],
  books_and_news: ['5192', '5942', '5994'],
  office_supplies: ['5021', '5044', '5111', '5943', '7338'],
  pets: ['0742', '5995'],
  personal_care: ['5977', '7230', '7297', '7298'],
  secondhand: ['5931-5933', '5937'],
  /** Vape shops too. */
  tobacco: ['5993'],
  /** In use since 2024 and only where a law asks for it: elsewhere gun shops are sporting goods, 5941. */
  weapons: ['5723'],

  // Digital, and at a distance
  digital_goods: ['5815-5818'],
  games: ['5816', '5945', '7994'],
  /** 5815 sells films and music also by the piece; 4899 is cable television too. */
  streaming: ['4899', '5815'],
  /** Billed again and again as a trade of its own; most subscriptions come under their seller's code. */
  subscriptions: ['5968'],
  /** Not 5963, which knocks at the door. */
  direct_marketing: ['5960-5962', '5964-5969'],
  telecom: ['4812-4816', '4821', '4899'],
  advertising: ['7311'],

  // Leisure
  entertainment: [
    '7832',
    '7841',
    '7911',
    '7922',
    '7929',
    '7932',
    '7933',
    '7941',
    '7991',
    '7994',
    '7996',
    '7998',
    '7999',
  ],
  sports: ['5655', '5940', '5941', '7032', '7933', '7941', '7992', '7997', '7999'],
  /** 9406 is the world's lotteries, 7800-7802 what is licensed in the United States; arcades (7994) are games. */
  gambling: ['7800-7802', '7995', '9406'],
  /** What Visa wants adult content sold under (5967), and dating with escorts (7273). */
  adult: ['5967', '7273'],
  dating: ['7273'],

  // Money
  /** 6010 is a bank's counter, 6011 a machine. */
  cash: ['6010', '6011'],
  /**
   * What is as good as cash: transfers, currency and money orders, loads of cards and wallets, truck stops' cash advances
   * (7511), casino chips and stakes (7801, 7802, 7995).
   */
  quasi_cash: ['4829', '6050', '6051', '6540', '7511', '7801', '7802', '7995'],
  /**
   * No code is crypto's alone: 6051 also sells foreign currency, money orders and travelers cheques, and takes payments of
   * debts; an exchange with a broker's licence comes as 6211, a bank as 6012.
   */
  crypto: ['6051'],
  /** 6536-6538 are sent from card to card. */
  money_transfer: ['4829', '6536-6538'],
  /** As Stripe's word: a bank's goods and services, and debts paid to it; its cash is in cash. */
  financial_institutions: ['6012'],
  securities: ['6211'],
  /** 5960 sells it by mail and telephone; 6381 and 6399 are no longer given out. */
  insurance: ['5960', '6300', '6381', '6399'],
  debt_collection: ['7322'],

  // Health and learning
  /** 5122 is the wholesaler. */
  pharmacy: ['5122', '5912'],
  health: ['4119', '5047', '5975', '5976', '8011', '8021', '8031', '8041-8044', '8049', '8050', '8062', '8071', '8099'],
  education: ['8211', '8220', '8241', '8244', '8249', '8299'],
  child_care: ['7295', '8351'],

  // Household, trades and the public
  /** As Stripe's word: power, gas, water, waste. Telephone and internet are telecom. */
  utilities: ['4900'],
  rent: ['6513'],
  building_trades: ['1520', '1711', '1731', '1740', '1750', '1761', '1771', '1799'],
  post_and_couriers: ['4215', '9402'],
  /** Tax advice, law, accounting. */
  legal_and_accounting: ['7276', '8111', '8931'],
  charity: ['8398'],
  religion: ['5973', '8661'],
  politics: ['8651'],
  memberships: ['7997', '8641', '8675', '8699'],
  taxes: ['9311'],
  /** Courts, fines, bail, taxes, and what has no code of its own; the post is post_and_couriers. */
  government: ['9211', '9222', '9223', '9311', '9399', '9405'],
};
