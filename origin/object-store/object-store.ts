// Where bank files and signed checkpoints lie: object storage, as little of it as is needed. An object is whole or absent, never
// changed, and the first to write it wins. Who may read and remove it is for the directory or the bucket to say.

export interface ObjectStore {
  /** False: there is one already, somebody else's, and it stays as it is. Durable when it returns true. A throw says neither. */
  putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean>;
  /** Null: there is none. */
  read(key: string): Promise<Uint8Array | null>;
  /** Keys right below a folder, in order; `''`: those in none. What begins with a dot is being written, and left out. */
  list(folder: string): Promise<readonly string[]>;
  /** Whether it was there or not. */
  remove(key: string): Promise<void>;
}

const keyPart = /^(?!\.)[^\p{Cc}/\\]{1,200}$/u;

/** Whether it can be the name of an object, or of a folder. */
export function isKeyPart(name: string): boolean {
  return keyPart.test(name);
}

/** Its parts. Throws for a key that could lead elsewhere. */
export function partsOf(key: string): readonly string[] {
  const parts = key.split('/');
  if (!parts.every(isKeyPart)) throw new Error(`${JSON.stringify(key)} is no key`);
  return parts;
}
