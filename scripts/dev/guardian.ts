// Beside npm start for as long as that runs: when it has gone, however it went (kill -9, out of memory, a closed laptop's session), what it had
// started is ended, each by its own signal and the database last. Of a launcher that ended in order nothing is left to do.

import { endLeftovers } from './children.ts';

const launcher = Number(process.argv[2]);
// The other end of this pipe is the launcher's: the system closes it with the process, and nothing else does.
process.stdin.resume().once('close', () => {
  void endLeftovers(launcher).finally(() => process.exit(0));
});
