// npm run explain: why an authorization of the running system was decided as it was, request by request, control by control.

import { parseArgs } from 'node:util';
import * as z from 'zod';
import { explanationSchema, shownExplanation } from './atlas/explained.ts';
import { forTerminal, jsonForTerminal } from './atlas/shown.ts';
import { apiOf } from './dev/demo.ts';
import { portBaseOption } from './dev/home.ts';
import { notAnswering, type Running, requireRunning } from './dev/running.ts';

const help = `npm run explain -- <authorization>    why it was decided as it was
npm run explain -- --card NAME          the card's newest authorization

  <authorization>   its id, auth_…
  --card NAME       plain, grocery-only, frozen, a card's id, card_…, or its network's token
  --json            the API's answer instead of text
  --port-base N     the system that npm start -- --port-base N started
npm start must be running in another terminal.`;

/** Exit codes: the system does not know it, or cannot be asked; and words that make no sense. */
const notExplained = 1;
const wrongWords = 2;
class WrongWords extends Error {}

interface Words {
  readonly authorization: string | null;
  readonly card: string | null;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parsed(args);
  const [authorization = null, extra] = positionals;
  const { card = null, json } = values;
  if (values.help) return null;
  if (extra !== undefined) throw new WrongWords(`${extra} is one word too many`);
  if (authorization === null && card === null) throw new WrongWords('say which authorization, or --card');
  if (authorization !== null && card !== null) throw new WrongWords('say an authorization or --card, not both');
  if (authorization !== null && !/^auth_[0-9a-z]{26}$/.test(authorization))
    throw new WrongWords(`${authorization} is no authorization's id: those look like auth_ and 26 letters and digits`);
  return { authorization, card, json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        card: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        ...portBaseOption,
      },
    });
  } catch (error) {
    throw new WrongWords(error instanceof Error ? error.message : String(error));
  }
}

/** An authorization appears when its event has come through the queue: ten seconds after the answer where its card was used a few times in a row. */
const bookedWithinMs = 15_000;

async function explain({ authorization, card, json }: Words): Promise<void> {
  const running = requireRunning();
  const api = apiOf(running.origin_url);
  const id = authorization ?? (await newestOf(api, running, card ?? ''));
  const untilMs = Date.now() + bookedWithinMs;
  for (;;) {
    const { status, body } = await api('GET', `/authorizations/${id}/explanation`);
    if (status === 200) {
      process.stdout.write(
        json ? `${jsonForTerminal(body)}\n` : forTerminal(shownExplanation(explanationSchema.parse(body))),
      );
      return;
    }
    if (status !== 404) throw new Error(`The origin answered ${status}: ${JSON.stringify(body)}`);
    if (Date.now() > untilMs) throw new Error(`The origin knows no authorization ${id}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const listSchema = z.object({ authorizations: z.array(z.object({ authorization_id: z.string() })) });

async function newestOf(api: ReturnType<typeof apiOf>, running: Running, name: string): Promise<string> {
  const cardId = running.cards.find((card) => card.name === name)?.card_id ?? (await cardIdOf(api, name));
  if (cardId === null) throw new Error(`The origin knows no card ${name}.`);
  const { status, body } = await api('GET', `/authorizations?card_id=${encodeURIComponent(cardId)}&limit=1`);
  if (status !== 200) throw new Error(`The origin knows no card ${name}.`);
  const [newest] = listSchema.parse(body).authorizations;
  if (newest === undefined) throw new Error(`Card ${name} has no authorization yet.`);
  return newest.authorization_id;
}

const cardsSchema = z.object({ cards: z.array(z.object({ card_id: z.string(), network: z.string() })) });

/** Of a card's id, or of what its network calls it; null: nobody knows it. */
async function cardIdOf(api: ReturnType<typeof apiOf>, name: string): Promise<string | null> {
  if (/^card_[0-9a-z]{26}$/.test(name)) return name;
  const { status, body } = await api('GET', `/cards?card_token=${encodeURIComponent(name)}`);
  if (status !== 200) return null;
  const { cards } = cardsSchema.parse(body);
  const [card, second] = cards;
  if (second !== undefined)
    throw new Error(
      `${name} is a card of ${cards.map(({ network, card_id }) => `${network} (${card_id})`).join(' and of ')}: say its id`,
    );
  return card?.card_id ?? null;
}

try {
  const words = readWords(process.argv.slice(2));
  if (words === null) process.stdout.write(`${help}\n`);
  else await explain(words);
} catch (error) {
  const away = error instanceof Error && String(error.cause).includes('ECONNREFUSED');
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof WrongWords) process.stderr.write(`${said}\n\n${help}\n`);
  else process.stderr.write(`${away ? notAnswering() : said}\n`);
  process.exitCode = error instanceof WrongWords ? wrongWords : notExplained;
}
