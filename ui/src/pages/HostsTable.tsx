// The table of hosts: sort in the header, choose by mouse or key, two lines a host on a narrow screen.
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Host } from '../api/types';
import type { HostFilter } from '../api/use';
import { useKeys } from '../keys';
import { Icon } from '../parts/Icon';
import { Shape, stateWord } from '../parts/Status';
import { Time } from '../parts/Time';
import { Txt } from '../parts/Txt';
import { bytes, count, duration } from '../text/format';
import classes from './HostsTable.module.css';

interface Column {
  key: string;
  name: string;
  numeric?: boolean;
  cell: (host: Host) => ReactNode;
}

const text = (value: string): ReactNode => (value ? <Txt value={value} /> : <span className="dim">–</span>);

const COLUMNS: Column[] = [
  { key: 'os_version', name: 'Operating system', cell: (host) => text(host.os_version || host.platform) },
  { key: 'primary_ip', name: 'Address', cell: (host) => <span className="num">{text(host.primary_ip)}</span> },
  { key: 'osquery_version', name: 'Agent', cell: (host) => <span className="num">{text(host.osquery_version)}</span> },
  {
    key: 'memory',
    name: 'Memory',
    numeric: true,
    cell: (host) => (host.memory ? <span title={`${count(host.memory)} bytes`}>{bytes(host.memory)}</span> : text('')),
  },
  {
    key: 'uptime',
    name: 'Up for',
    numeric: true,
    cell: (host) => (host.uptime ? duration(host.uptime / 1e9) : text('')),
  },
  { key: 'seen_time', name: 'Last seen', numeric: true, cell: (host) => <Time at={host.seen_time} /> },
];

function SortHead({
  column,
  filter,
  onSort,
}: {
  column: Column;
  filter: HostFilter;
  onSort: (change: Partial<HostFilter>) => void;
}) {
  const mine = filter.order_key === column.key;
  const next = mine && filter.order_direction === 'asc' ? 'desc' : 'asc';
  const sort = !mine ? 'none' : filter.order_direction === 'asc' ? 'ascending' : 'descending';
  return (
    <th
      role="columnheader"
      aria-sort={sort}
      data-column={column.key}
      className={column.numeric ? classes.right : undefined}
    >
      <button type="button" onClick={() => onSort({ order_key: column.key, order_direction: next })}>
        {column.name}
        <span className={classes.arrow} data-sort={sort}>
          <Icon name="down" size={12} />
        </span>
      </button>
    </th>
  );
}

interface Props {
  hosts: Host[];
  filter: HostFilter;
  onSort: (change: Partial<HostFilter>) => void;
  chosen: ReadonlySet<number>;
  onChoose: (chosen: ReadonlySet<number>) => void;
  stale: boolean;
}

/** Choosing with Shift extends from the last one that was chosen. */
function useChoice(hosts: Host[], chosen: ReadonlySet<number>, onChoose: (chosen: ReadonlySet<number>) => void) {
  const anchor = useRef<number | null>(null);
  return (index: number, extend: boolean): void => {
    const next = new Set(chosen);
    const on = !chosen.has(hosts[index]!.id);
    const from = extend && anchor.current !== null ? anchor.current : index;
    for (const host of hosts.slice(Math.min(from, index), Math.max(from, index) + 1)) {
      if (on) next.add(host.id);
      else next.delete(host.id);
    }
    anchor.current = index;
    onChoose(next);
  };
}

export function HostsTable({ hosts, filter, onSort, chosen, onChoose, stale }: Props) {
  const [, go] = useLocation();
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);
  const choose = useChoice(hosts, chosen, onChoose);
  const all = hosts.every((host) => chosen.has(host.id));
  const some = hosts.some((host) => chosen.has(host.id));

  const move = (step: number): void => setAt((now) => Math.max(0, Math.min(hosts.length - 1, now + step)));
  useKeys([
    { keys: 'j', does: 'Next host', run: () => move(1) },
    { keys: 'k', does: 'Previous host', run: () => move(-1) },
    { keys: 'x', does: 'Choose the host', run: () => hosts[at] && choose(at, false) },
    { keys: 'Enter', does: 'Open the host', run: () => hosts[at] && go(`/hosts/${hosts[at].id}`) },
  ]);
  useEffect(() => {
    body.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const toggleAll = (): void => {
    const next = new Set(chosen);
    for (const host of hosts) all ? next.delete(host.id) : next.add(host.id);
    onChoose(next);
  };

  const open = (event: MouseEvent, host: Host): void => {
    const target = event.target as HTMLElement;
    if (target.closest('a, input, label') || getSelection()?.toString()) return;
    go(`/hosts/${host.id}`);
  };

  return (
    <section className={classes.scroll} tabIndex={0} aria-label="Hosts">
      {stale && <p className={classes.stale}>The list cannot be refreshed now. It is shown as it was last read.</p>}
      <table className={classes.table} role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" className={classes.check} data-column="check">
              <input
                type="checkbox"
                aria-label="Choose all hosts on this page"
                checked={all}
                ref={(box) => {
                  if (box) box.indeterminate = some && !all;
                }}
                onChange={toggleAll}
              />
            </th>
            <SortHead
              column={{ key: 'display_name', name: 'Host', cell: () => null }}
              filter={filter}
              onSort={onSort}
            />
            {COLUMNS.map((column) => (
              <SortHead key={column.key} column={column} filter={filter} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} role="rowgroup">
          {hosts.map((host, index) => (
            <tr
              role="row"
              key={host.id}
              data-at={index === at || undefined}
              data-chosen={chosen.has(host.id) || undefined}
              onClick={(event) => open(event, host)}
            >
              <td role="cell" className={classes.check}>
                <input
                  type="checkbox"
                  aria-label={`Choose ${host.display_name}`}
                  checked={chosen.has(host.id)}
                  onChange={(event) =>
                    choose(index, (event.nativeEvent as unknown as { shiftKey?: boolean }).shiftKey === true)
                  }
                />
              </td>
              <td role="cell" data-column="display_name">
                <span className={classes.name} title={stateWord(host.status)}>
                  <Shape state={host.status} />
                  <span className="sr">{stateWord(host.status)}</span>
                  <Link to={`/hosts/${host.id}`}>
                    <Txt value={host.display_name || host.hostname || host.uuid} />
                  </Link>
                </span>
              </td>
              {COLUMNS.map((column) => (
                <td
                  role="cell"
                  key={column.key}
                  data-column={column.key}
                  className={column.numeric ? `${classes.right} num` : undefined}
                >
                  {column.cell(host)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
