// A virtualised grid: sticky header, resizable columns, sort in the header, cells reached by arrow keys.
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { Icon } from '../parts/Icon';
import classes from './Grid.module.css';
import { useCharWidth } from './width';

export interface GridColumn {
  key: string;
  title: string;
  /** Width in characters until the reader drags the edge. */
  chars: number;
  numeric: boolean;
  /** Stays at the left while the others scroll. */
  pinned?: boolean;
}

export interface Sort {
  key: string;
  down: boolean;
}

export interface GridCell {
  /** What the cell shows, given how many characters fit. */
  show: (room: number) => ReactNode;
  /** The full value, shown on hover. */
  title: string;
}

interface Props {
  label: string;
  columns: GridColumn[];
  count: number;
  cell: (row: number, column: GridColumn) => GridCell;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  /** A cell was clicked, or Enter pressed on it; `other` with Alt. */
  onPick?: (row: number, column: GridColumn, other: boolean) => void;
  onActive?: (row: number, column: GridColumn | null) => void;
  hint?: string;
}

const ROW = 28;
const PADDING = 25;
const NARROW = 48;

/** Unsorted, ascending, descending, unsorted. */
const turn = (sort: Sort | null, key: string): Sort | null =>
  sort?.key !== key ? { key, down: false } : sort.down ? null : { key, down: true };

function Head({
  column,
  index,
  sort,
  onSort,
  onResize,
}: {
  column: GridColumn;
  index: number;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  onResize: (width: number) => void;
}) {
  const mine = sort?.key === column.key ? (sort.down ? 'descending' : 'ascending') : 'none';
  const drag = (event: PointerEvent<HTMLElement>): void => {
    const handle = event.currentTarget;
    const start = event.clientX;
    const width = handle.parentElement!.offsetWidth;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const move = (now: globalThis.PointerEvent): void => onResize(Math.max(NARROW, width + now.clientX - start));
    const end = (): void => {
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', end);
      handle.removeEventListener('pointercancel', end);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', end);
    handle.addEventListener('pointercancel', end);
  };
  return (
    <div
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={mine}
      className={classes.head}
      data-numeric={column.numeric || undefined}
      data-pinned={column.pinned || undefined}
    >
      <button type="button" tabIndex={-1} title={column.title} onClick={() => onSort(turn(sort, column.key))}>
        <span>{column.title}</span>
        <span className={classes.arrow} data-sort={mine}>
          <Icon name="down" size={12} />
        </span>
      </button>
      <span className={classes.handle} onPointerDown={drag} aria-hidden="true" />
    </div>
  );
}

const STEPS: Record<string, [number, number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  PageDown: [20, 0],
  PageUp: [-20, 0],
};

export function Grid({ label, columns, count, cell, sort, onSort, onPick, onActive, hint }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const char = useCharWidth();
  const [widths, setWidths] = useState<Record<string, number>>({});
  const [at, setAt] = useState<[number, number] | null>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollPaddingStart: ROW,
    initialRect: { width: 1000, height: 600 },
  });

  const width = (column: GridColumn): number =>
    widths[column.key] ?? Math.ceil(Math.max(6, column.chars) * char) + PADDING;
  const template = `${columns.map((column) => `${width(column)}px`).join(' ')} 1fr`;
  const total = columns.reduce((sum, column) => sum + width(column), 0);

  useEffect(() => {
    if (at && (at[0] >= count || at[1] >= columns.length)) setAt(null);
  }, [at, count, columns.length]);

  const activate = (next: [number, number] | null): void => {
    setAt(next);
    onActive?.(next ? next[0] : -1, next ? (columns[next[1]] ?? null) : null);
  };

  const press = (event: KeyboardEvent): void => {
    if (event.target !== box.current || count === 0) return;
    const [row, column] = at ?? [rows.range?.startIndex ?? 0, 0];
    const step = STEPS[event.key];
    let next: [number, number] | null = null;
    if (step) next = at ? [row + step[0], column + step[1]] : [row, column];
    else if (event.key === 'Home') next = event.ctrlKey ? [0, 0] : [row, 0];
    else if (event.key === 'End') next = event.ctrlKey ? [count - 1, column] : [row, columns.length - 1];
    else if (event.key === 'Escape') activate(null);
    else if (event.key === 'Enter' && at) onPick?.(row, columns[column]!, event.altKey);
    else if (event.key === 's' && at && !event.ctrlKey && !event.metaKey) onSort(turn(sort, columns[column]!.key));
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && at && !getSelection()?.toString()) {
      void navigator.clipboard.writeText(cell(row, columns[column]!).title);
    } else return;
    event.preventDefault();
    if (!next) return;
    const clamped: [number, number] = [
      Math.max(0, Math.min(count - 1, next[0])),
      Math.max(0, Math.min(columns.length - 1, next[1])),
    ];
    activate(clamped);
    rows.scrollToIndex(clamped[0]);
    requestAnimationFrame(() =>
      document
        .getElementById(`${id}-${clamped[0]}-${clamped[1]}`)
        ?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    );
  };

  const click = (event: MouseEvent, row: number, column: number): void => {
    if (getSelection()?.toString() || (event.target as HTMLElement).closest('a')) return;
    activate([row, column]);
    onPick?.(row, columns[column]!, event.altKey);
  };

  const items = rows.getVirtualItems();
  return (
    <div
      ref={box}
      className={classes.grid}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={at ? `${id}-${at[0]}-${at[1]}` : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div role="rowgroup" className={classes.header} style={{ minWidth: total }}>
        <div role="row" aria-rowindex={1} className={classes.row} style={{ gridTemplateColumns: template }}>
          {columns.map((column, index) => (
            <Head
              key={column.key}
              column={column}
              index={index}
              sort={sort}
              onSort={onSort}
              onResize={(value) => setWidths((before) => ({ ...before, [column.key]: value }))}
            />
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes.body} style={{ height: rows.getTotalSize(), minWidth: total }}>
        {items.map((item) => (
          <div
            key={item.key}
            role="row"
            aria-rowindex={item.index + 2}
            className={classes.row}
            style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
          >
            {columns.map((column, index) => {
              const { show, title } = cell(item.index, column);
              const active = at !== null && at[0] === item.index && at[1] === index;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the grid does the same
                <div
                  key={column.key}
                  id={`${id}-${item.index}-${index}`}
                  role="gridcell"
                  aria-colindex={index + 1}
                  className={classes.cell}
                  data-numeric={column.numeric || undefined}
                  data-pinned={column.pinned || undefined}
                  data-active={active || undefined}
                  data-pick={onPick ? true : undefined}
                  title={hint ? `${title}\n\n${hint}` : title}
                  onClick={(event) => click(event, item.index, index)}
                >
                  {show(Math.floor((width(column) - PADDING + 1) / char))}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
