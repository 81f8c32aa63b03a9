// Merchants whose final amount is known days after the authorization: their holds last longer. Apart from the other groups
// because the edge carries these two alone.

/**
 * 3501-3999 are set aside for hotel chains, assigned up to 3839 so far; 3998 is a railway on one network, and 3999 nobody's.
 * Timeshares (7012) and campgrounds (7033) bill by the night too; day camps (7032) do not.
 */
export const lodgingCategories: readonly string[] = ['3501-3997', '7011', '7012', '7033'];

/** 3351-3500 are set aside for rental chains, assigned up to 3441; then cars, trucks and trailers, motor homes. */
export const carRentalCategories: readonly string[] = ['3351-3500', '7512', '7513', '7519'];
