// Many messages to a queue, in as few calls as it takes.

import { limits } from '../contracts/limits.ts';

const utf8 = new TextEncoder();

/** Throws where the queue does not take one of the calls: those before it are taken, so whoever repeats must be known by a key. */
export async function sendInCalls<T>(queue: Pick<Queue<T>, 'sendBatch'>, bodies: readonly T[]): Promise<void> {
  let call: MessageSendRequest<T>[] = [];
  let callBytes = 0;
  for (const body of bodies) {
    const bytes = utf8.encode(JSON.stringify(body)).byteLength;
    if (call.length === limits.queueCallMessagesMax || callBytes + bytes > limits.queueCallBytesMax) {
      await queue.sendBatch(call);
      call = [];
      callBytes = 0;
    }
    call.push({ body, contentType: 'json' });
    callBytes += bytes;
  }
  if (call.length > 0) await queue.sendBatch(call);
}
