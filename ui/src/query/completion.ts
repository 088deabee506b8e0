// The catalogue in the form that the editor completes from.
import type { Completion } from '@codemirror/autocomplete';
import { SQLDialect, SQLite, type SQLNamespace } from '@codemirror/lang-sql';
import type { CatalogueColumn, CatalogueTable } from '../api/types';

/** The words of a SELECT in SQLite. The editor's own list has names of columns (path, type, action) among its keywords. */
const KEYWORDS =
  'all and as asc between by case cast collate cross current_date current_time current_timestamp desc distinct else end escape except ' +
  'exists explain filter following from full glob group groups having in inner intersect is isnull join left like limit match ' +
  'materialized natural not notnull null nulls offset on or order outer over partition preceding range recursive regexp right ' +
  'rows select then unbounded union using values when where window with';

export const DIALECT = SQLDialect.define({ ...SQLite.spec, keywords: KEYWORDS });

const typeOf = (column: CatalogueColumn): string => (column.required ? `${column.type} · required` : column.type);

export const columnOption = (column: CatalogueColumn, table: string): Completion => ({
  label: column.name,
  type: 'property',
  detail: typeOf(column),
  info: `${table}.${column.name}: ${column.description}`,
  boost: column.required ? 60 : column.hidden ? 10 : 50,
});

export function schemaOf(tables: CatalogueTable[]): SQLNamespace {
  const names: Record<string, SQLNamespace> = {};
  for (const table of tables) {
    const children = table.columns.map((column) => columnOption(column, table.name));
    const self: Completion = { label: table.name, type: 'type', info: table.description, boost: 20 };
    for (const name of [table.name, ...table.aliases]) names[name] = { self: { ...self, label: name }, children };
  }
  return names;
}
