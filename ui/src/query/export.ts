// The rows on the screen as text for other programs.
import type { Cell } from '../api/types';
import { isNumber } from './rows';

export interface Sheet {
  columns: string[];
  rows: Cell[][];
}

export type Format = 'csv' | 'json' | 'markdown' | 'sql';

/** A cell that a spreadsheet would run as a formula gets an apostrophe in front; plain numbers are left alone. */
export const guard = (text: string): string => (/^[=+\-@\t\r]/.test(text) && !isNumber(text) ? `'${text}` : text);

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const csvCell = (value: Cell): string => (value === null ? '' : quoted(guard(String(value))));

/** RFC 4180, with formula guard. NULL and the empty string are both empty there. */
export const csv = ({ columns, rows }: Sheet): string =>
  [columns, ...rows]
    .map((row) => row.map(csvCell).join(','))
    .join('\r\n')
    .concat('\r\n');

/** An array of objects. Values stay as the host sent them. */
export function json({ columns, rows }: Sheet): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

const markdownCell = (value: Cell): string =>
  value === null
    ? 'NULL'
    : String(value)
        .replaceAll('\\', '\\\\')
        .replaceAll('|', '\\|')
        .replaceAll(/\r?\n|\r/g, ' ')
        .replaceAll('<', '&lt;');

export function markdown({ columns, rows }: Sheet): string {
  const line = (cells: Cell[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n').concat('\n');
}

const literal = (value: Cell): string =>
  value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;

/** A WITH clause that gives the rows back as a table named "answer". */
export function sql({ columns, rows }: Sheet): string {
  const names = columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
  if (rows.length === 0)
    return `WITH answer(${names}) AS (SELECT ${columns.map(() => 'NULL').join(', ')} WHERE 0)\nSELECT * FROM answer;\n`;
  const values = rows.map((row) => `  (${row.map(literal).join(', ')})`).join(',\n');
  return `WITH answer(${names}) AS (VALUES\n${values}\n)\nSELECT * FROM answer;\n`;
}

export const WRITERS: Record<Format, (sheet: Sheet) => string> = { csv, json, markdown, sql };

const TYPES: Record<Format, [string, string]> = {
  csv: ['text/csv', 'csv'],
  json: ['application/json', 'json'],
  markdown: ['text/markdown', 'md'],
  sql: ['application/sql', 'sql'],
};

/** Hands a file to the browser. */
export function download(sheet: Sheet, format: Format, name: string): void {
  const [type, extension] = TYPES[format];
  const url = URL.createObjectURL(new Blob([WRITERS[format](sheet)], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
