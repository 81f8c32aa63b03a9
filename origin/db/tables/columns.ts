// Kinds of columns that the tables share.

import { bigint, customType, timestamp } from 'drizzle-orm/pg-core';

export const at = (name: string) => timestamp(name, { withTimezone: true });
/** Money, numbers of rows, and whatever else may pass 2^53. */
export const big = (name: string) => bigint(name, { mode: 'bigint' });
/** Counts and instants, which stay far below 2^53. */
export const count = (name: string) => bigint(name, { mode: 'number' });
/** Of a type that only SQL reads and writes. */
export const other = (type: string) => customType<{ data: unknown }>({ dataType: () => type });
