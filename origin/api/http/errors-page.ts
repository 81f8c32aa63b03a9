// docs/errors.md: every error of the API as a page, made of the same table that the API answers from. `node scripts/errors-page.ts`
// writes it, and a test says when it is out of date.

import { type ErrorCode, errors } from '../../errors.ts';

const meanings: Readonly<Record<number, string>> = {
  400: 'malformed',
  401: 'not known',
  403: 'not allowed',
  404: "not there, or another merchant's",
  405: 'not by this method',
  406: 'no such version',
  409: 'not now, or not any more',
  413: 'too large',
  415: 'not JSON',
  422: 'understood, and refused',
  429: 'too many',
  500: 'failed here',
  503: 'away for a moment',
};

export function errorsPage(): string {
  const codes = Object.keys(errors) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => errors[code].status))].toSorted((one, other) => one - other);
  const sections = statuses.map((status) => {
    const rows = codes.filter((code) => errors[code].status === status).map(rowOf);
    const meaning = meanings[status];
    if (meaning === undefined) throw new Error(`status ${status} has no meaning in ${import.meta.filename}`);
    return [`## ${status}: ${meaning}`, '', '| error_code | means | what to do |', '|---|---|---|', ...rows].join('\n');
  });
  return `${intro}\n\n${sections.join('\n\n')}\n`;
}

function rowOf(code: ErrorCode): string {
  const { says, remedy } = errors[code];
  return `| \`${code}\` | ${cell(says)} | ${cell(remedy)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const intro = `# Errors of the API

Written by \`node scripts/errors-page.ts\` from \`origin/errors.ts\`: change it there.

Every refusal is \`application/problem+json\` (RFC 9457) with the same members:

\`\`\`json
{
  "type": "urn:atlas:error:amount_not_owed",
  "title": "amount not owed",
  "status": 422,
  "error_code": "amount_not_owed",
  "message": "The ledger owes the merchant less than this amount.",
  "request_id": "req_0123456789abcdefghjkmnpqrs"
}
\`\`\`

Go by \`error_code\`: it is stable. \`message\` is for people and may change. Where fields are wrong, \`details\` lists each with its
\`field\` (\`controls[0].amount_minor\`) and its \`problem\`; what was sent is never repeated. \`request_id\` names the request in our
logs and audit trail, and is ours; your own \`X-Request-Id\`, if it has 8 to 64 letters, digits, \`_\` or \`-\`, comes back as
\`X-Client-Request-Id\` and stands beside ours in our log.`;
