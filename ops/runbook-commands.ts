// The commands of a runbook, as tests/runbooks.test.ts runs them. Each line of a block ```sh or ```sql is one. Words in capitals are
// placeholders (CARD_ID); `# elsewhere: why` at a line's end says that it needs what npm start does not have.

export interface RunbookCommand {
  readonly language: 'sh' | 'sql';
  readonly text: string;
  /** Null: it runs beside npm start. */
  readonly elsewhere: string | null;
}

export function commandsOf(page: string): readonly RunbookCommand[] {
  return [...page.matchAll(/^```(sh|sql)\n([^`]*)^```$/gm)].flatMap(([, language, block = '']) =>
    block
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [text = '', elsewhere = null] = line.split(/\s+# elsewhere: /);
        return { language: language === 'sql' ? 'sql' : 'sh', text, elsewhere };
      }),
  );
}

/** In the order of their first use. `$NAME` is the shell's own. */
export function placeholdersIn(text: string): readonly string[] {
  return [
    ...new Set(
      [...text.matchAll(/(?<![$\w])(?:[A-Z]+(?:_[A-Z]+)*_ID|VERSION|REVISION|REASON|SUM|HOST|PID)\b/g)].map(
        ([word]) => word,
      ),
    ),
  ];
}

/** Commands that running text names. Nobody runs them there, so each must be one of a block, or its beginning. */
export function commandsInText(page: string): readonly string[] {
  const text = page.replace(/^```[^`]*^```$/gm, '');
  return [...text.matchAll(/`((?:npm run|npx|curl|psql|openssl|systemctl|select) [^`]+)`/g)].map(
    ([, named = '']) => named,
  );
}
