// A Marqeta gateway message with marks where its tokens go, and the marks filled in: a load tool spends its time on sending.
// Imports nothing, because k6 runs it too.

export const marks = { card: 'CARD_TOKEN', transaction: 'TRANSACTION_TOKEN', jit: 'JIT_TOKEN' } as const;

/** The transaction's token stands in a message several times, the other two once. */
export function fillTemplate(
  template: string,
  tokens: { readonly card: string; readonly transaction: string; readonly jit: string },
): string {
  return template
    .replace(marks.card, tokens.card)
    .replaceAll(marks.transaction, tokens.transaction)
    .replace(marks.jit, tokens.jit);
}
