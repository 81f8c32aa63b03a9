// An answer that is the same for everybody, made once in a while however often it is asked for: those that ask while it is made
// wait for the same one. So a stranger who asks for /health 500 times a second costs the database what one does.

import type { Context } from 'hono';

type Answerer = (context: Context) => Response | Promise<Response>;

/** `isOver`: what was kept is not true any more. */
export function cached(answerer: Answerer, { ttlMs, isOver = () => false }: { ttlMs: number; isOver?: () => boolean }) {
  let kept: { readonly answer: Promise<Response>; untilMs: number } | null = null;
  return async (context: Context): Promise<Response> => {
    if (kept === null || kept.untilMs <= performance.now() || isOver()) {
      const making = { answer: Promise.resolve(answerer(context)), untilMs: Number.POSITIVE_INFINITY };
      kept = making;
      making.answer.then(
        () => {
          // From when it was made: one that took two seconds is not made twice at once.
          making.untilMs = performance.now() + ttlMs;
        },
        () => {
          if (kept === making) kept = null;
        },
      );
    }
    return (await kept.answer).clone();
  };
}
