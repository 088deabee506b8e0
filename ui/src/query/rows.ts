// The answers of a live query as one growing table: columns in order of appearance, rows in order of arrival.
import type { Answer, Cell, HostRef, LiveQuery, Totals } from '../api/types';

/** Rows held in the browser. Past this they are counted, and the host's answer stays on the server. */
export const MAX_ROWS = 200_000;

export interface Row {
  host: HostRef;
  cells: Record<string, Cell>;
}

export interface Message {
  host: HostRef;
  state: 'failed' | 'timed_out' | 'truncated';
  text: string;
}

export interface Column {
  name: string;
  /** Right-aligned and sorted as numbers: decided by the first answer that has the column, then kept. */
  numeric: boolean;
  /** Characters of the longest value in that first answer, at most 60. */
  chars: number;
}

export interface Stream {
  live: LiveQuery | null;
  totals: Totals | null;
  seq: number;
  columns: Column[];
  rows: Row[];
  /** Rows that came after MAX_ROWS. */
  dropped: number;
  messages: Message[];
}

export type Event =
  | { type: 'answers'; answers: Answer[] }
  | { type: 'totals'; totals: Totals }
  | { type: 'live'; live: LiveQuery };

export const EMPTY: Stream = { live: null, totals: null, seq: 0, columns: [], rows: [], dropped: 0, messages: [] };

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const MAX_CHARS = 60;

export const isNumber = (value: Cell | undefined): boolean =>
  typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value));

/** How a column that is new in these rows will look. */
export function measure(name: string, rows: Record<string, Cell>[]): Column {
  let numeric = true;
  let seen = false;
  let chars = name.length;
  for (const row of rows) {
    const value = row[name];
    if (value === null || value === undefined || value === '') continue;
    seen = true;
    numeric &&= isNumber(value);
    chars = Math.max(chars, Math.min(MAX_CHARS, String(value).length));
  }
  return { name, numeric: numeric && seen, chars };
}

function newColumns(known: Column[], rows: Record<string, Cell>[]): Column[] {
  const names = new Set(known.map((column) => column.name));
  const found: Column[] = [];
  for (const row of rows) {
    for (const name in row) {
      if (names.has(name)) continue;
      names.add(name);
      found.push(measure(name, rows));
    }
  }
  return found;
}

function messagesOf(answer: Answer): Message[] {
  const { host } = answer;
  const out: Message[] = [];
  if (answer.state === 'failed')
    out.push({ host, state: 'failed', text: answer.error || 'The query failed; the host gave no reason.' });
  if (answer.state === 'timed_out')
    out.push({ host, state: 'timed_out', text: answer.error || 'The host gave no answer in time.' });
  if (answer.truncated)
    out.push({
      host,
      state: 'truncated',
      text: 'The answer was longer than the server keeps; its first rows are shown.',
    });
  return out;
}

/** Adds answers. One that was seen before (the stream resumes after a lost connection) is skipped by its number. */
function add(state: Stream, answers: Answer[]): Stream {
  const fresh = answers.filter((answer) => answer.seq > state.seq);
  if (fresh.length === 0) return state;
  let { columns, dropped } = state;
  const rows = state.rows.slice();
  const messages = state.messages.slice();
  let seq = state.seq;
  for (const answer of fresh) {
    if (answer.seq <= seq) continue;
    seq = answer.seq;
    const added = newColumns(columns, answer.rows);
    if (added.length > 0) columns = [...columns, ...added];
    const room = Math.max(0, MAX_ROWS - rows.length);
    for (const cells of answer.rows.slice(0, room)) rows.push({ host: answer.host, cells });
    dropped += Math.max(0, answer.rows.length - room);
    messages.push(...messagesOf(answer));
  }
  return { ...state, seq, columns, rows, dropped, messages };
}

export function reduce(state: Stream, event: Event): Stream {
  switch (event.type) {
    case 'answers':
      return add(state, event.answers);
    case 'totals':
      return { ...state, totals: event.totals };
    case 'live':
      return { ...state, live: event.live, totals: event.live.totals };
  }
}

/** "1,204 of 10,000 hosts answered · 3 errors · 96 offline", as its parts. */
export function summary(totals: Totals): {
  answered: number;
  targeted: number;
  errors: number;
  offline: number;
  waiting: number;
} {
  return {
    answered: totals.answered + totals.empty + totals.failed,
    targeted: totals.targeted,
    errors: totals.failed + totals.timed_out,
    offline: totals.offline,
    waiting: totals.queued + totals.sent,
  };
}
