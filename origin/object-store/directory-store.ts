// A directory as object storage, for one machine.

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isKeyPart, type ObjectStore, partsOf } from './object-store.ts';

export function createDirectoryStore(root: string): ObjectStore {
  const pathOf = (key: string) => join(root, ...partsOf(key));

  return {
    async putIfAbsent(key, content) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const draft = join(dirname(path), `.${randomBytes(12).toString('hex')}`);
      try {
        // Read-only for everybody: what is there is not changed by accident either.
        const file = await open(draft, 'wx', 0o444);
        try {
          await file.writeFile(content);
          await file.sync();
        } finally {
          await file.close();
        }
        // A link is made whole or not at all, and refuses a name that is taken; a rename would replace what is there.
        await link(draft, path);
      } catch (error) {
        if (isCode(error, 'EEXIST')) return false;
        throw error;
      } finally {
        await rm(draft, { force: true });
      }
      await syncDirectory(dirname(path));
      return true;
    },
    async read(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (isCode(error, 'ENOENT')) return null;
        throw error;
      }
    },
    async list(folder) {
      try {
        const entries = await readdir(folder === '' ? root : pathOf(folder), { withFileTypes: true });
        const names = entries.filter((entry) => entry.isFile() && isKeyPart(entry.name)).map(({ name }) => name);
        return names.map((name) => (folder === '' ? name : `${folder}/${name}`)).sort();
      } catch (error) {
        if (isCode(error, 'ENOENT')) return [];
        throw error;
      }
    },
    async remove(key) {
      try {
        await unlink(pathOf(key));
      } catch (error) {
        if (!isCode(error, 'ENOENT')) throw error;
      }
    },
  };
}

/** The name of a new file is the directory's: without this it could be gone after a power cut, and its content with it. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
