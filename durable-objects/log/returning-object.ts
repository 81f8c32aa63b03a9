// An object whose storage can return to an earlier instant, by the history that the platform keeps of it for 30 days. It does so when it starts
// again. What it has written since is gone then: whoever books its events has to bring them back.

import { DurableObject } from 'cloudflare:workers';

export class ReturningObject<Env> extends DurableObject<Env> {
  /** The bookmark of now, by which the return could be undone. Throws where the platform keeps no history. */
  async returnTo(atMs: number): Promise<{ undo_bookmark: string }> {
    const { storage } = this.ctx;
    const bookmark = await storage.getBookmarkForTime(atMs);
    return { undo_bookmark: await storage.onNextSessionRestoreBookmark(bookmark) };
  }

  /** The call itself fails, as all that are under way do: the object is gone until the next one. */
  startAgain(): void {
    this.ctx.abort('its storage returns to an earlier instant');
  }
}
