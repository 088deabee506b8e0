// The schema beside the editor: find a table, read what it holds, insert names and examples.
import { Button, TextInput } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { CatalogueTable } from '../api/types';
import { useCatalogue } from '../api/use';
import { Icon } from '../parts/Icon';
import { Failure, Skeleton } from '../parts/States';
import classes from './SchemaBar.module.css';

const PLATFORMS = [
  ['', 'All'],
  ['linux', 'Linux'],
  ['macos', 'macOS'],
  ['windows', 'Windows'],
] as const;

/** Tables whose name has the words first, then those whose columns or description do. */
export function find(tables: CatalogueTable[], text: string, platform: string): CatalogueTable[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = tables
    .filter((table) => !platform || table.platforms.includes(platform))
    .map((table) => {
      const columns = table.columns.map((column) => column.name).join(' ');
      const rank = words.map((word) => {
        if (table.name.startsWith(word)) return 0;
        if (table.name.includes(word)) return 1;
        if (columns.includes(word)) return 2;
        return table.description.toLowerCase().includes(word) ? 3 : 9;
      });
      return { table, rank: Math.max(0, ...rank) };
    });
  return scored
    .filter(({ rank }) => rank < 9)
    .sort((a, b) => a.rank - b.rank)
    .map(({ table }) => table);
}

interface Props {
  used: string[];
  onInsert: (text: string) => void;
  onExample: (sql: string) => void;
}

function Details({ table, onInsert, onExample }: { table: CatalogueTable } & Omit<Props, 'used'>) {
  const box = useRef<HTMLDivElement>(null);
  // The table of the statement is open from the start: bring its name into view, not only the page around it.
  useEffect(() => {
    box.current?.parentElement?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div className={classes.details} ref={box}>
      <p>{table.description}</p>
      {table.notes && <p className="dim">{table.notes}</p>}
      <ul className={classes.columns} aria-label={`Columns of ${table.name}`}>
        {table.columns.map((column) => (
          <li key={column.name}>
            <button type="button" onClick={() => onInsert(column.name)} title={`Insert ${column.name}`}>
              <code>{column.name}</code>
              <span className={classes.type}>{column.type.toLowerCase()}</span>
              {column.required && <span className={classes.required}>required</span>}
              {column.hidden && <span className={classes.type}>hidden</span>}
            </button>
            {column.description && <p>{column.description}</p>}
          </li>
        ))}
      </ul>
      {table.examples.length > 0 && <p className={classes.heading}>Examples</p>}
      {table.examples.map((example) => (
        <button
          key={example}
          type="button"
          className={classes.example}
          title="Put this into the editor"
          onClick={() => onExample(example)}
        >
          {example}
        </button>
      ))}
      <Button variant="default" onClick={() => onInsert(table.name)}>
        Insert the name
      </Button>
    </div>
  );
}

export function SchemaBar({ used, onInsert, onExample }: Props) {
  const tables = useCatalogue();
  const [text, setText] = useState('');
  const [platform, setPlatform] = useState('');
  const [open, setOpen] = useState<string | null>(used[0] ?? null);
  const found = useMemo(() => find(tables.data ?? [], text, platform), [tables.data, text, platform]);
  return (
    <div className={classes.bar}>
      <div className={classes.search}>
        <TextInput
          size="xs"
          type="search"
          aria-label="Search tables and columns"
          placeholder="Search tables and columns"
          leftSection={<Icon name="search" size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <fieldset className={classes.platforms} aria-label="Platform">
          {PLATFORMS.map(([value, name]) => (
            <button key={value} type="button" aria-pressed={platform === value} onClick={() => setPlatform(value)}>
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      {tables.error && (
        <Failure what="The tables cannot be listed." error={tables.error} retry={() => void tables.refetch()} />
      )}
      {tables.isPending && <Skeleton label="Loading the tables" />}
      <ul className={classes.tables} aria-label="Tables" tabIndex={0}>
        {found.map((table) => (
          <li key={table.name} data-open={open === table.name || undefined}>
            <button
              type="button"
              className={classes.table}
              aria-expanded={open === table.name}
              title={table.description}
              onClick={() => setOpen(open === table.name ? null : table.name)}
            >
              <span className={classes.twist}>
                <Icon name="right" size={12} />
              </span>
              <code>{table.name}</code>
              {!platform && !table.platforms.includes('linux') && (
                <span className={classes.type}>{table.platforms.join(', ')}</span>
              )}
            </button>
            {open === table.name && <Details table={table} onInsert={onInsert} onExample={onExample} />}
          </li>
        ))}
      </ul>
      {tables.data && found.length === 0 && (
        <p className={classes.none}>
          {text ? `No table has “${text}”` : 'No table works'}
          {platform && ` on ${PLATFORMS.find(([value]) => value === platform)?.[1]}`}.
        </p>
      )}
    </div>
  );
}
