// The command palette: pages, hosts and tables by name, all by keyboard.
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useCatalogue, useHosts } from '../api/use';
import { Sheet } from '../parts/Dialog';
import { Txt } from '../parts/Txt';
import classes from './Palette.module.css';

interface Entry {
  key: string;
  kind: string;
  name: string;
  note: string;
  to: string;
}

const PAGES: Entry[] = [
  { key: 'hosts', kind: 'Page', name: 'Hosts', note: 'g h', to: '/hosts' },
  { key: 'query', kind: 'Page', name: 'Query', note: 'g q', to: '/query' },
];

function useEntries(text: string, opened: boolean): Entry[] {
  const [late] = useDebouncedValue(text.trim(), 120);
  const hosts = useHosts(
    { query: late, status: '', order_key: 'display_name', order_direction: 'asc', page: 0, per_page: 6 },
    opened ? 30_000 : 0,
  );
  const tables = useCatalogue();
  return useMemo(() => {
    const word = text.trim().toLowerCase();
    const pages = PAGES.filter((page) => page.name.toLowerCase().includes(word));
    // Until the server has searched for this word, only those of the last answer that have it: Enter must never open another.
    const settled = late === text.trim() && !hosts.isPlaceholderData;
    const listed = (hosts.data?.hosts ?? []).filter(
      (host) => settled || host.display_name.toLowerCase().includes(word),
    );
    const found = listed.map((host) => ({
      key: `host ${host.id}`,
      kind: 'Host',
      name: host.display_name,
      note: host.os_version,
      to: `/hosts/${host.id}`,
    }));
    const matching = word ? (tables.data ?? []).filter((table) => table.name.includes(word)) : [];
    matching.sort((a, b) => Number(b.name.startsWith(word)) - Number(a.name.startsWith(word)));
    const queries = matching.slice(0, 8).map((table) => ({
      key: `table ${table.name}`,
      kind: 'Table',
      name: table.name,
      note: table.description,
      to: `/query?sql=${encodeURIComponent(`SELECT * FROM ${table.name}`)}`,
    }));
    return [...pages, ...found, ...queries];
  }, [text, late, hosts.data, hosts.isPlaceholderData, tables.data]);
}

function Finder({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const entries = useEntries(text, true);
  const chosen = Math.min(at, entries.length - 1);

  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, chosen]);

  const open = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    go(entry.to);
  };

  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(entries[chosen]);
    }
  };

  return (
    <>
      <input
        className={classes.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-label="Find a page, host or table"
        placeholder="Find a page, host or table"
        value={text}
        data-autofocus
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div className={classes.list} role="listbox" id={id} aria-label="Found" tabIndex={-1}>
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the combobox that owns this list
          <div
            key={entry.key}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={classes.entry}
            onClick={() => open(entry)}
            onMouseMove={() => setAt(index)}
          >
            <span className={classes.kind}>{entry.kind}</span>
            <span className={entry.kind === 'Table' ? 'mono' : undefined}>
              <Txt value={entry.name} />
            </span>
            <span className={classes.note}>
              <Txt value={entry.note} />
            </span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p className={classes.none}>Nothing has this in its name.</p>}
    </>
  );
}

export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Sheet opened={opened} onClose={onClose} title="Find" yOffset="12vh" size={600}>
      <Finder onClose={onClose} />
    </Sheet>
  );
}
