// The answers as one table: filtered by a click, sorted by the header, steady while more rows arrive.
import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Cell } from '../api/types';
import { Grid, type GridColumn, type Sort } from '../grid/Grid';
import { useKeys } from '../keys';
import { Icon } from '../parts/Icon';
import { Txt } from '../parts/Txt';
import { count, plural } from '../text/format';
import { visible } from '../text/visible';
import { ExportMenu } from './ExportMenu';
import type { Sheet } from './export';
import classes from './Results.module.css';
import type { Stream } from './rows';
import { Value } from './Value';
import { arrange, cellAt, type Filter, HOST } from './view';

const HINT = 'Click: only this value. Alt-click: all others.';

const columnName = (key: string): string => (key === HOST ? 'host' : key);

function Chip({ filter, onRemove }: { filter: Filter; onRemove: () => void }) {
  const value = filter.value === null ? 'NULL' : visible(String(filter.value)) || 'empty';
  const text = `${columnName(filter.key)} ${filter.exclude ? 'is not' : 'is'} ${value}`;
  return (
    <button
      type="button"
      className={classes.chip}
      onClick={onRemove}
      aria-label={`Remove the filter: ${text}`}
      title={text}
    >
      <span>
        {columnName(filter.key)} {filter.exclude ? '≠' : '='} <b>{value}</b>
      </span>
      <Icon name="close" size={12} />
    </button>
  );
}

/** The whole value of the cell that has the focus. */
function Detail({ name, value }: { name: string; value: Cell }) {
  return (
    <div className={classes.detail}>
      <span className="dim">{name}</span>
      <div>
        {value === null ? (
          <span className="null">NULL</span>
        ) : value === '' ? (
          <span className="dim">empty</span>
        ) : (
          <Txt value={String(value)} />
        )}
      </div>
    </div>
  );
}

/** The rows that are arranged now. A sorted table takes no new ones until the reader asks for them. */
function useArranged(stream: Stream, filters: Filter[], sort: Sort | null, limit: number | null) {
  const shown = sort && limit !== null ? Math.min(limit, stream.rows.length) : stream.rows.length;
  const order = useMemo(() => arrange(stream.rows, shown, filters, sort), [stream.rows, shown, filters, sort]);
  return { order, fresh: stream.rows.length - shown };
}

export function RowsTab({ stream, withHost, name }: { stream: Stream; withHost: boolean; name: string }) {
  const [filters, setFilters] = useState<Filter[]>([]);
  const [sort, setSort] = useState<Sort | null>(null);
  const [limit, setLimit] = useState<number | null>(null);
  const [active, setActive] = useState<[number, string] | null>(null);
  const { order, fresh } = useArranged(stream, filters, sort, limit);

  useKeys([
    { keys: 'Arrows', does: 'Move among the cells of the rows' },
    { keys: 'Enter', does: 'On a cell: show only rows with its value' },
    { keys: 'Alt Enter', does: 'On a cell: leave out rows with its value' },
    { keys: 's', does: 'On a cell: sort by its column' },
    { keys: 'Ctrl C', does: 'On a cell: copy its value' },
  ]);

  const columns = useMemo((): GridColumn[] => {
    const hosts =
      stream.rows.length > 0
        ? Math.min(32, Math.max(16, ...stream.rows.slice(0, 500).map((row) => row.host.display_name.length)))
        : 16;
    const first: GridColumn[] = withHost
      ? [{ key: HOST, title: 'host', chars: hosts, numeric: false, pinned: true }]
      : [];
    return [
      ...first,
      ...stream.columns.map(({ name: key, numeric, chars }) => ({
        key,
        title: key,
        chars: Math.max(chars + 1, 5),
        numeric,
      })),
    ];
    // The host column keeps the width that the first rows gave it.
  }, [stream.columns, withHost, stream.rows.slice, stream.rows.length]);

  const cell = (row: number, column: GridColumn) => {
    const value = cellAt(stream.rows[order[row]!]!, column.key);
    return {
      title: value === null ? 'NULL' : visible(String(value).slice(0, 2_000)),
      show: (room: number) => <Value value={value} room={room} />,
    };
  };
  const pick = (row: number, column: GridColumn, exclude: boolean): void => {
    const value = cellAt(stream.rows[order[row]!]!, column.key);
    setFilters((before) => [
      ...before.filter((one) => one.key !== column.key || (one.exclude && exclude && one.value !== value)),
      { key: column.key, value, exclude },
    ]);
    setActive(null);
  };
  const resort = (next: Sort | null): void => {
    setSort(next);
    setLimit(stream.rows.length);
  };
  const sheet = (): Sheet => ({
    columns: columns.map((column) => columnName(column.key)),
    rows: order.map((index) => columns.map((column) => cellAt(stream.rows[index]!, column.key))),
  });
  const current = active && order[active[0]] !== undefined ? stream.rows[order[active[0]]!] : undefined;

  return (
    <>
      <div className={classes.filters}>
        {filters.map((filter) => (
          <Chip
            key={`${filter.key} ${filter.exclude} ${filter.value}`}
            filter={filter}
            onRemove={() => setFilters(filters.filter((one) => one !== filter))}
          />
        ))}
        <span className={classes.shown}>
          {filters.length > 0
            ? `${count(order.length)} of ${plural(stream.rows.length - fresh, 'row')}`
            : plural(order.length, 'row')}
          {stream.dropped > 0 && `; ${plural(stream.dropped, 'more')} on the server, not held in this page`}
        </span>
        {fresh > 0 && (
          <Button variant="light" onClick={() => setLimit(stream.rows.length)}>
            Show {plural(fresh, 'new row')}
          </Button>
        )}
        <span className={classes.space} />
        <ExportMenu sheet={sheet} rows={order.length} name={name} />
      </div>
      {order.length === 0 ? (
        <div className={classes.none}>
          <p>No row passes the filters.</p>
          <Button variant="default" onClick={() => setFilters([])}>
            Remove all filters
          </Button>
        </div>
      ) : (
        <Grid
          label="Rows"
          columns={columns}
          count={order.length}
          cell={cell}
          sort={sort}
          onSort={resort}
          onPick={pick}
          onActive={(row, column) => setActive(column ? [row, column.key] : null)}
          hint={HINT}
        />
      )}
      {active && current && <Detail name={columnName(active[1])} value={cellAt(current, active[1])} />}
    </>
  );
}
