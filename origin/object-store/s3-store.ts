// A bucket as object storage, through S3's API: AWS S3, Cloudflare R2, any other that honours `If-None-Match: *` in PutObject. One
// that ignores it would let a second writer replace what is there, and nothing here would notice.

import { randomUUID } from 'node:crypto';
// AWS's own client: kept up with S3 every week, knows conditional writes; how requests are signed and answers read is not ours.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type KeyWatch, refusesKey, type ShowKey, showKey } from '../secrets/shown-key.ts';
import { isKeyPart, type ObjectStore, partsOf } from './object-store.ts';
import { type CallS3, codeOf, createS3Call, type S3CallOptions, statusOf } from './s3-call.ts';

export interface S3StoreOptions extends S3CallOptions {
  readonly endpoint: string;
  readonly region: string;
  /** Two while they change, the newest first. */
  readonly keys: readonly S3Key[];
  readonly keyWatch?: KeyWatch | undefined;
  readonly bucket: string;
  /** A folder of the bucket; nothing outside it is ever asked for. Empty: all of it. */
  readonly prefix: string;
}

export interface S3Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What our objects carry besides their bytes. */
const putIdName = 'put-id';

export class S3Store implements ObjectStore {
  readonly #withClient: ShowKey<S3Client>;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #call: CallS3;

  constructor({ endpoint, region, keys, keyWatch, bucket, prefix, ...bounds }: S3StoreOptions) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#call = createS3Call(bucket, bounds);
    const clientWith = (credentials: S3Key) =>
      new S3Client({
        endpoint,
        region,
        credentials,
        // Buckets in the path: every endpoint knows it, and no name of a bucket has to resolve.
        forcePathStyle: true,
        maxAttempts: 1,
        // Newer checksums are refused by some servers; the signature covers the body's SHA-256 without them.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      });
    this.#withClient = showKey('S3_SECRET_ACCESS_KEY', keys.map(clientWith), keyWatch);
  }

  async putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean> {
    const at = this.#at(key);
    // Tells ours from another's, with the very same bytes too.
    const putId = randomUUID();
    const object = {
      Body: typeof content === 'string' ? Buffer.from(content) : content,
      Metadata: { [putIdName]: putId },
      IfNoneMatch: '*',
    };
    return await this.#call(`put ${at.Key}`, async ({ attempt, bounds }) => {
      try {
        await this.#send((client) => client.send(new PutObjectCommand({ ...at, ...object }), bounds));
        return true;
      } catch (error) {
        if (statusOf(error) !== 412) throw error;
        if (attempt === 0) return false;
        // A try before this one may have arrived, and only its answer was lost: then what is there is ours.
        const there = await this.#send((client) => client.send(new HeadObjectCommand(at), bounds));
        return there.Metadata?.[putIdName] === putId;
      }
    });
  }

  async read(key: string): Promise<Uint8Array | null> {
    const at = this.#at(key);
    return await this.#call(`read ${at.Key}`, async ({ bounds }) => {
      try {
        const { Body } = await this.#send((client) => client.send(new GetObjectCommand(at), bounds));
        return Body === undefined ? new Uint8Array() : await Body.transformToByteArray();
      } catch (error) {
        // A bucket that is not there is 404 too, and is no empty one.
        if (codeOf(error) === 'NoSuchKey') return null;
        throw error;
      }
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    const within = folder === '' ? this.#prefix : this.#at(folder).Key;
    const names = await this.#namesRightBelow(within === '' ? '' : `${within}/`);
    const keys = names.filter(isKeyPart).map((name) => (folder === '' ? name : `${folder}/${name}`));
    // S3's order is that of bytes; ours, that of a directory's listing.
    return keys.sort();
  }

  async remove(key: string): Promise<void> {
    const at = this.#at(key);
    await this.#call(`remove ${at.Key}`, async ({ bounds }) => {
      try {
        await this.#send((client) => client.send(new DeleteObjectCommand(at), bounds));
      } catch (error) {
        // S3 answers 204 for what is not there; not every server does.
        if (codeOf(error) !== 'NoSuchKey') throw error;
      }
    });
  }

  /** S3 answers 403 for a key that it does not know, for a wrong signature, and for what the key may not do. */
  #send<A>(ask: (client: S3Client) => Promise<A>): Promise<A> {
    return this.#withClient(
      ask,
      (outcome) => outcome.status === 'rejected' && refusesKey(statusOf(outcome.reason) ?? 0),
    );
  }

  #at(key: string) {
    const parts = [...(this.#prefix === '' ? [] : [this.#prefix]), ...partsOf(key)];
    return { Bucket: this.#bucket, Key: parts.join('/') };
  }

  async #namesRightBelow(Prefix: string): Promise<string[]> {
    const names: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      // Names come encoded: XML cannot carry all of them.
      const asked = { Bucket: this.#bucket, Prefix, Delimiter: '/', EncodingType: 'url', ContinuationToken } as const;
      const page = await this.#call(`list ${Prefix}`, ({ bounds }) =>
        this.#send((client) => client.send(new ListObjectsV2Command(asked), bounds)),
      );
      const keys = (page.Contents ?? []).map(({ Key = '' }) => (page.EncodingType === 'url' ? decoded(Key) : Key));
      names.push(...keys.filter((key) => key.startsWith(Prefix)).map((key) => key.slice(Prefix.length)));
      if (page.IsTruncated && !page.NextContinuationToken) throw new Error(`the list of ${Prefix} breaks off`);
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
    return names;
  }
}

/** As a form's value, where a space is a plus. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
