// What every answer of the edge says of itself: nobody keeps it, or reads it as another type. No header of CORS among them: nothing here is for
// a page of another place.

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
/** Over plain http nobody would believe it. */
const overHttps = { ...always, 'strict-transport-security': 'max-age=31536000; includeSubDomains' };

export function ownHeaders(url: string): Readonly<Record<string, string>> {
  return url.startsWith('https:') ? overHttps : always;
}
