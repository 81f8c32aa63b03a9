// Real answers of the origin's API held to its own OpenAPI document: a member that it does not name, or one that is missing, is an
// error in the test that saw it.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats, { type FormatsPlugin } from 'ajv-formats';

interface Api {
  readonly app: { request(path: string): Response | Promise<Response> };
}
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}
interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown> }> }>>;
}

/** For `SampleApi.onAnswer`. Throws at an answer of success that is not as documented, and at a refusal that is undocumented. */
export async function answersHeldTo({ app }: Api): Promise<(method: string, path: string, answer: Answer) => void> {
  const document = (await (await app.request('/openapi.json')).json()) as Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  // A CommonJS module whose types say that its function is a member.
  (addFormats as unknown as FormatsPlugin)(ajv);
  // Its own members are no JSON Schema; what answers are held to is inside of it, and found by a pointer.
  ajv.addSchema(document, 'openapi');
  const shapes = Object.keys(document.paths).map((path) => {
    return { path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) };
  });
  const known = new Map<string, ValidateFunction>();

  return (method, target, { status, text, headers }) => {
    const [asked = ''] = target.split('?');
    const documented = shapes
      .filter(({ pattern }) => pattern.test(asked))
      .find(({ path }) => document.paths[path]?.[method.toLowerCase()] !== undefined);
    if (documented === undefined) return;
    const { path } = documented;
    const { responses } = document.paths[path]?.[method.toLowerCase()] ?? { responses: {} };
    const said = `${method} ${path} answered ${status}`;
    const response = responses[status];
    if (response === undefined) throw new Error(`${said}, which its document does not name: ${text}`);
    if (response.content === undefined) {
      if (text !== '') throw new Error(`${said} with a body, and its document names none`);
      return;
    }
    const type = headers.get('content-type') ?? '';
    if (!(type in response.content)) throw new Error(`${said} as ${type}, which its document does not name`);
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
    const reference = `openapi#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    const validate = known.get(reference) ?? ajv.compile({ $ref: reference });
    known.set(reference, validate);
    if (!validate(JSON.parse(text)))
      throw new Error(`${said} otherwise than documented: ${ajv.errorsText(validate.errors)}\n${text}`);
  };
}
