// Which dependencies and loops of /health are queues' own, for whoever shows them.

/** Loops that take something from a queue or bring it on, in the order of the way. */
export const loopsOfQueues = [
  ...['queue pull', 'gap repair', 'sweep', 'settlement queue', 'settlement claims', 'provider words'],
  ...['edge outbox', 'webhook delivery'],
];

/** Of several queues of card events each has its loop: `queue pull 2` is that of the second. */
export function isLoop(name: string, wanted: string): boolean {
  return name === wanted || (wanted === 'queue pull' && /^queue pull \d+$/.test(name));
}

/** A dependency of /health. */
export function isOfQueues(dependency: string): boolean {
  if (['queue', 'intake'].includes(dependency)) return true;
  const [, loop] = /^loop (.*)$/.exec(dependency) ?? [];
  return loop !== undefined && loopsOfQueues.some((wanted) => isLoop(loop, wanted));
}
