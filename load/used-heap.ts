// How much memory the objects of an isolate take, by the debugger's protocol: what garbage collection leaves, so what is kept on purpose.

import { WebSocket } from 'ws';

/** Asks the first isolate that a workerd with this inspector port shows. */
export async function usedHeapBytes(inspectorPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const [isolate] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
  if (isolate === undefined) throw new Error('workerd shows no isolate to its inspector');
  const socket = new WebSocket(isolate.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const call = (id: number, method: string) =>
    new Promise<unknown>((resolve, reject) => {
      socket.on('message', (data) => {
        const told = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (told.id === id) resolve(told.result);
      });
      socket.once('close', () => reject(new Error(`the inspector closed before ${method} was answered`)));
      socket.send(JSON.stringify({ id, method }));
    });
  try {
    await call(1, 'HeapProfiler.collectGarbage');
    const { usedSize } = (await call(2, 'Runtime.getHeapUsage')) as { usedSize: number };
    return usedSize;
  } finally {
    socket.terminate();
  }
}
