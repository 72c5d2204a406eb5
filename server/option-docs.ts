import { optionEntries, type OptionEntry } from './config-table.ts';

const MARKS = { from: '<!-- options: written from server/config-table.ts -->', to: '<!-- /options -->' } as const;

/** README's table of all options. */
export function optionsTable(): string {
  const rows = optionEntries().map(({ name, env, option }) => {
    const unit = option.unit ? ` ${option.unit}` : '';
    return `| \`${name}\` | \`${env}\` | ${defaultText(option.default)}${unit} | ${option.sentence} |`;
  });
  return ['| option | environment | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

/** The same for a terminal. */
export function usage(): string {
  const widest = Math.max(...optionEntries().map(({ flag }) => flag.length));
  const line = ({ flag, option }: OptionEntry): string => `  ${flag.padEnd(widest)}  ${option.sentence}`;
  return [
    'stompede: a STOMP broker for browsers and services.',
    '',
    'Usage: npm start -- [--option value …]',
    '       node dist/server/main.js --port 8080 --engine memory',
    '',
    ...optionEntries().map(line),
    `  ${'--config'.padEnd(widest)}  The file of options (default stompede.config.json, if there is one).`,
    `  ${'--help'.padEnd(widest)}  This text.`,
    `  ${'--version'.padEnd(widest)}  The version.`,
    '',
    'Flags win over environment variables, these over the file. README.md has the variables and defaults.',
    '',
  ].join('\n');
}

/** The text with the table between its marks brought up to date; undefined when the marks are missing. */
export function withOptionsTable(text: string): string | undefined {
  const from = text.indexOf(MARKS.from);
  const to = text.indexOf(MARKS.to);
  if (from === -1 || to < from) return undefined;
  return `${text.slice(0, from + MARKS.from.length)}\n\n${optionsTable()}\n\n${text.slice(to)}`;
}

function defaultText(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.map((part) => `\`${String(part)}\``).join(', ') : 'none';
  const isShown = typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value !== '');
  return isShown ? `\`${value}\`` : 'none';
}
