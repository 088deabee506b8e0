// From an error of a host to the place in the SQL and a way to mend it.
import type { CatalogueTable } from '../api/types';

export interface Diagnosis {
  from: number;
  to: number;
  text: string;
  /** What to put there instead. */
  fix?: string;
}

/** Edit distance with neighbouring swaps (optimal string alignment), given up past `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const line = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, line[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      line.push(best);
    }
    before = last;
    last = line;
  }
  return last[b.length]!;
}

/** The name nearest to a mistyped one, or undefined when none is near. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of names) {
    const steps = distance(wanted, candidate.toLowerCase(), limit);
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** SQL with comments and quoted strings blanked out, so that words keep their places. */
export const bare = (sql: string): string =>
  sql.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)/g, (text) => text.replace(/[^\n]/g, ' '));

const FROM =
  /\b(?:from|join)\s+((?:"?[\w]+"?(?:\s+(?:as\s+)?(?!on\b|where\b|join\b|left\b|inner\b|cross\b|natural\b|using\b|group\b|order\b|limit\b|union\b)\w+)?\s*,\s*)*"?\w+"?)/gi;

/** The tables that a statement names after FROM and JOIN, with their places. */
export function tablesIn(sql: string): { name: string; from: number; to: number }[] {
  const text = bare(sql);
  const found: { name: string; from: number; to: number }[] = [];
  for (const match of text.matchAll(FROM)) {
    const list = match[1]!;
    let at = match.index + match[0].length - list.length;
    for (const part of list.split(',')) {
      const word = /\w+/.exec(part);
      if (word) found.push({ name: word[0], from: at + word.index, to: at + word.index + word[0].length });
      at += part.length + 1;
    }
  }
  return found;
}

const named = (sql: string): Set<string> => {
  const names = new Set<string>();
  for (const match of bare(sql).matchAll(
    /(?:\bwith(?:\s+recursive)?|,)\s+"?(\w+)"?\s*(?:\([^)]*\))?\s+as\s+(?:not\s+)?(?:materialized\s+)?\(/gi,
  )) {
    names.add(match[1]!.toLowerCase());
  }
  return names;
};

const place = (sql: string, word: string): [number, number] | undefined => {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const edge = /^\w/.test(word) ? '\\b' : '';
  const match = new RegExp(`${edge}${escaped}`, 'i').exec(bare(sql));
  return match ? [match.index, match.index + match[0].length] : undefined;
};

const mend = (at: [number, number], text: string, fix: string | undefined): Diagnosis =>
  fix ? { from: at[0], to: at[1], text: `${text} Did you mean ${fix}?`, fix } : { from: at[0], to: at[1], text };

/** Where an error message of SQLite or osquery points at in the statement; undefined when it does not say. */
export function diagnose(sql: string, message: string, tables: CatalogueTable[]): Diagnosis | undefined {
  const table = /no such table: (\w+)/.exec(message);
  if (table) {
    const at = place(sql, table[1]!);
    return (
      at &&
      mend(
        at,
        `There is no table ${table[1]} on that host.`,
        nearest(
          table[1]!,
          tables.map((entry) => entry.name),
        ),
      )
    );
  }
  const column = /no such column: (?:\w+\.)?(\w+)/.exec(message);
  if (column) {
    const at = place(sql, column[1]!);
    const used = new Set(tablesIn(sql).map((entry) => entry.name.toLowerCase()));
    const columns = tables
      .filter((entry) => used.has(entry.name))
      .flatMap((entry) => entry.columns.map((one) => one.name));
    return at && mend(at, `No table here has a column ${column[1]}.`, nearest(column[1]!, columns));
  }
  const near = /near "([^"]+)": syntax error/.exec(message);
  if (near) {
    const at = place(sql, near[1]!);
    return (
      at && { from: at[0], to: at[1], text: `SQLite does not expect “${near[1]}” here; look at what stands before it.` }
    );
  }
  if (/incomplete input/.test(message))
    return { from: Math.max(0, sql.length - 1), to: sql.length, text: 'The statement ends too early.' };
  return undefined;
}

/** What can be seen before a host is asked: tables that no host has, and required columns that are not mentioned. */
export function precheck(sql: string, tables: CatalogueTable[]): Diagnosis[] {
  const known = new Map<string, CatalogueTable>();
  for (const table of tables) for (const name of [table.name, ...table.aliases]) known.set(name.toLowerCase(), table);
  const local = named(sql);
  const text = bare(sql);
  return tablesIn(sql).flatMap((found): Diagnosis[] => {
    const name = found.name.toLowerCase();
    if (local.has(name) || name.startsWith('sqlite_') || name.startsWith('json_') || name === 'generate_series')
      return [];
    const table = known.get(name);
    if (!table)
      return [
        mend([found.from, found.to], `There is no table ${found.name} in the catalogue.`, nearest(name, known.keys())),
      ];
    const required = table.columns.filter((column) => column.required).map((column) => column.name);
    if (required.length === 0 || required.some((column) => new RegExp(`\\b${column}\\b`, 'i').test(text))) return [];
    return [
      {
        from: found.from,
        to: found.to,
        text: `${table.name} needs ${required.join(' or ')} in WHERE, or it gives no rows.`,
      },
    ];
  });
}
