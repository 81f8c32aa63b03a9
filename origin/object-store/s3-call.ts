// One call to S3, within its time, as often as it may be repeated. Retries are here and not in AWS's client: whether an answer may
// have been lost decides what the next one means.

import { S3ServiceException } from '@aws-sdk/client-s3';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { beforeWaitingFor } from '../db/held.ts';

export interface S3CallOptions {
  /** One exchange; a longer one is ended, and tried again. */
  readonly tryMsMax?: number;
  /** All tries of one call together: below the 20 s that a provider's caller gives. */
  readonly callMsMax?: number;
  readonly backoffMs?: number;
}

const tryMsMaxDefault = 5_000;
const callMsMaxDefault = 15_000;
const backoffMsDefault = 100;
const retriesMax = 4;

/** Its number from 0, and when it is over: for every exchange of it. */
export interface S3Try {
  readonly attempt: number;
  readonly bounds: { readonly abortSignal: AbortSignal };
}

/** `what` says in an error what could not be done. Throws one line, without whatever else the server quoted. */
export type CallS3 = <T>(what: string, once: (one: S3Try) => Promise<T>) => Promise<T>;

export function createS3Call(bucket: string, options: S3CallOptions): CallS3 {
  const { tryMsMax = tryMsMaxDefault, callMsMax = callMsMaxDefault, backoffMs = backoffMsDefault } = options;
  const tries = retry(handleWhen(isWorthAnotherTry), {
    maxAttempts: retriesMax,
    backoff: new ExponentialBackoff({ initialDelay: backoffMs, maxDelay: 20 * backoffMs }),
  });
  return async (what, once) => {
    beforeWaitingFor('the object store');
    const deadline = AbortSignal.timeout(callMsMax);
    try {
      return await tries.execute(({ attempt }) => {
        const abortSignal = AbortSignal.any([deadline, AbortSignal.timeout(tryMsMax)]);
        return once({ attempt, bounds: { abortSignal } });
      }, deadline);
    } catch (error) {
      const reason = deadline.aborted ? `no whole answer within ${callMsMax} ms` : reasonOf(error);
      throw new Error(`object storage could not ${what} in ${bucket}: ${reason}`);
    }
  };
}

/** Null: there was no answer, or none that could be read. */
export function statusOf(error: unknown): number | null {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? null) : null;
}

/** S3's own code for what went wrong, such as `NoSuchKey`. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** No answer, half of one, too late, or one that says: again. */
function isWorthAnotherTry(error: Error): boolean {
  const status = statusOf(error);
  if (status === 409) return codeOf(error) === 'ConditionalRequestConflict';
  return status === null || status === 408 || status === 429 || status >= 500;
}

function reasonOf(error: unknown): string {
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return `${codeOf(error)}${status === null ? '' : ` (${status})`}: ${message}`;
}
