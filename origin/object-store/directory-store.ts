// Where bank files lie: object storage, as little of it as is needed, and a directory that does the same for one machine.
// An object is whole or absent, never changed, and the first to write it wins: that is what R2 and S3 do with `If-None-Match: *`.

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface ObjectStore {
  /** False: there is one already, and it stays as it is. Durable when it returns true. */
  putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean>;
  /** Null: there is none. */
  read(key: string): Promise<Uint8Array | null>;
  /** Keys below a folder, in order. */
  list(folder: string): Promise<readonly string[]>;
  remove(key: string): Promise<void>;
}

const keyPart = /^[^\p{Cc}/\\]{1,200}$/u;

export function createDirectoryStore(root: string): ObjectStore {
  /** Throws for a key that leads out of the directory. */
  function pathOf(key: string): string {
    const parts = key.split('/');
    if (parts.some((part) => !keyPart.test(part) || part.startsWith('.')))
      throw new Error(`${JSON.stringify(key)} is no key`);
    return join(root, ...parts);
  }

  return {
    async putIfAbsent(key, content) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const draft = join(dirname(path), `.${randomBytes(12).toString('hex')}`);
      try {
        const file = await open(draft, 'wx');
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
        const entries = await readdir(pathOf(folder), { withFileTypes: true });
        // What begins with a dot is being written.
        const files = entries.filter(
          (entry) => entry.isFile() && keyPart.test(entry.name) && !entry.name.startsWith('.'),
        );
        return files.map((entry) => `${folder}/${entry.name}`).sort();
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
