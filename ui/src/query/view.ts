// Which rows show, and in which order: filters of cells, and the sort of one column.

import type { Cell } from '../api/types';
import type { Sort } from '../grid/Grid';
import { isNumber, type Row } from './rows';

/** The key of the column with the host's name; no SQL column has it. */
export const HOST = '\u0000host';

export interface Filter {
  key: string;
  value: Cell;
  exclude: boolean;
}

export const cellAt = (row: Row, key: string): Cell =>
  key === HOST ? row.host.display_name || row.host.hostname : (row.cells[key] ?? null);

const passes = (row: Row, filters: Filter[]): boolean =>
  filters.every((filter) => (cellAt(row, filter.key) === filter.value) !== filter.exclude);

const collator = new Intl.Collator('en', { numeric: true });

/** NULL first, then numbers by size, then text; as SQLite orders, but with numbers inside text in order too. */
export function compare(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  const left = isNumber(a);
  const right = isNumber(b);
  if (left && right) return Number(a) - Number(b) || collator.compare(String(a), String(b));
  if (left !== right) return left ? -1 : 1;
  return collator.compare(String(a), String(b));
}

/** The indexes, into the first `limit` rows, of those that show, in order. Rows that compare equal stay in order of arrival. */
export function arrange(rows: Row[], limit: number, filters: Filter[], sort: Sort | null): number[] {
  const out: number[] = [];
  for (let index = 0; index < limit; index += 1)
    if (filters.length === 0 || passes(rows[index]!, filters)) out.push(index);
  if (!sort) return out;
  const sign = sort.down ? -1 : 1;
  return out.sort((a, b) => sign * compare(cellAt(rows[a]!, sort.key), cellAt(rows[b]!, sort.key)) || a - b);
}
