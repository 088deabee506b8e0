// Every host of the fleet: searched, filtered, sorted and paged by the server; chosen here, to be queried.
import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { HostFilter } from '../api/use';
import { useHostCount, useHostSummary, useHosts } from '../api/use';
import { useKeys } from '../keys';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { Empty, Failure, Skeleton } from '../parts/States';
import { Shape } from '../parts/Status';
import { count, plural } from '../text/format';
import { Enroll } from './Enroll';
import { HostsTable } from './HostsTable';
import classes from './page.module.css';
import { useTitle } from './title';

const PER_PAGE = 100;

const STATUSES = [
  ['', 'All', 'totals_hosts_count'],
  ['online', 'Online', 'online_count'],
  ['offline', 'Offline', 'offline_count'],
  ['mia', 'Missing', 'mia_count'],
  ['new', 'New', 'new_count'],
] as const;

/** The filter lives in the address, so that it survives a reload and can be sent to somebody. */
function useFilter(): [HostFilter, (change: Partial<HostFilter>) => void] {
  const [params, setParams] = useSearchParams();
  const filter: HostFilter = {
    query: params.get('query') ?? '',
    status: params.get('status') ?? '',
    order_key: params.get('order_key') ?? 'display_name',
    order_direction: params.get('order_direction') === 'desc' ? 'desc' : 'asc',
    page: Math.max(0, Number(params.get('page')) || 0),
    per_page: PER_PAGE,
  };
  const change = (values: Partial<HostFilter>): void => {
    const next = { ...filter, page: 0, ...values };
    const kept = new URLSearchParams();
    if (next.query) kept.set('query', next.query);
    if (next.status) kept.set('status', next.status);
    if (next.order_key !== 'display_name' || next.order_direction !== 'asc') {
      kept.set('order_key', next.order_key);
      kept.set('order_direction', next.order_direction);
    }
    if (next.page) kept.set('page', String(next.page));
    setParams(kept, { replace: true });
  };
  return [filter, change];
}

/** A search box that waits for a pause in the typing. */
function Search({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  const tell = useRef(onChange);
  tell.current = onChange;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => tell.current(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text, value]);
  useKeys([{ keys: '/', does: 'Search hosts', run: () => box.current?.focus() }]);
  return (
    <TextInput
      ref={box}
      className={classes.search ?? ''}
      size="xs"
      type="search"
      aria-label="Search hosts"
      placeholder="Name, serial, UUID or address"
      leftSection={<Icon name="search" size={14} />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        setText('');
        event.currentTarget.blur();
      }}
    />
  );
}

function Statuses({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const summary = useHostSummary();
  return (
    <fieldset className={classes.statuses} style={{ border: 0, margin: 0, padding: 0 }} aria-label="Status">
      {STATUSES.map(([status, name, key]) => (
        <button key={status} type="button" aria-pressed={value === status} onClick={() => onChange(status)}>
          {status && <Shape state={status} />}
          {name}
          <span className="num dim">{summary.data ? count(summary.data[key] ?? 0) : ''}</span>
        </button>
      ))}
    </fieldset>
  );
}

function Pager({ page, total, onPage }: { page: number; total: number; onPage: (page: number) => void }) {
  if (total <= PER_PAGE) return null;
  const first = page * PER_PAGE + 1;
  const last = Math.min(total, first + PER_PAGE - 1);
  return (
    <nav className={classes.pager} aria-label="Pages of hosts">
      <span className="num">
        {count(first)}–{count(last)} of {count(total)}
      </span>
      <span className={classes.space} />
      <Button variant="default" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <Button variant="default" disabled={last >= total} onClick={() => onPage(page + 1)}>
        Next
      </Button>
    </nav>
  );
}

export function HostsPage() {
  useTitle('Hosts');
  const [, go] = useLocation();
  const [filter, change] = useFilter();
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const hosts = useHosts(filter);
  const total = useHostCount({ query: filter.query, status: filter.status });
  const rows = hosts.data?.hosts;
  const filtered = filter.query !== '' || filter.status !== '';
  const none = rows?.length === 0;
  const bare = none && !filtered && filter.page === 0;

  return (
    <>
      <header className={classes.head}>
        <h1>Hosts</h1>
        {total.data && !bare && <span className="num dim">{count(total.data.count)}</span>}
        <span className={classes.space} />
        {chosen.size > 0 && (
          <>
            <Button
              leftSection={<Icon name="play" size={12} />}
              onClick={() => go(`/query?hosts=${[...chosen].join(',')}`)}
            >
              Query {plural(chosen.size, 'host')}
            </Button>
            <Button variant="subtle" color="gray" onClick={() => setChosen(new Set())}>
              Clear
            </Button>
          </>
        )}
        {!bare && (
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
            Add hosts
          </Button>
        )}
      </header>
      {!bare && (
        <div className={classes.tools}>
          <Search value={filter.query} onChange={(query) => change({ query })} />
          <Statuses value={filter.status} onChange={(status) => change({ status })} />
        </div>
      )}
      {hosts.error && !rows && (
        <Failure what="The hosts cannot be listed." error={hosts.error} retry={() => void hosts.refetch()} />
      )}
      {hosts.isPending && <Skeleton label="Loading the hosts" />}
      {rows && rows.length > 0 && (
        <HostsTable
          hosts={rows}
          filter={filter}
          onSort={change}
          chosen={chosen}
          onChoose={setChosen}
          stale={hosts.isError}
        />
      )}
      {none && filtered && (
        <Empty title={filter.query ? `No host matches “${filter.query}”.` : 'No host has this status.'}>
          <p>
            {filter.query && filter.status
              ? 'The search and the status are both applied.'
              : 'Other hosts are hidden by this filter.'}
          </p>
          <Button variant="default" onClick={() => change({ query: '', status: '' })}>
            Show all hosts
          </Button>
        </Empty>
      )}
      {bare && (
        <Empty title="No host has enrolled yet.">
          <Enroll />
        </Empty>
      )}
      {total.data && rows && <Pager page={filter.page} total={total.data.count} onPage={(page) => change({ page })} />}
      <Dialog opened={adding} onClose={() => setAdding(false)} title="Add hosts" size={680}>
        <Enroll />
      </Dialog>
    </>
  );
}
