// The question being written: its SQL and its targets. Kept by the browser tab, so that leaving the page loses nothing.
import { useState } from 'react';

export interface Draft {
  sql: string;
  /** Host ids, or every host of the fleet. */
  targets: number[] | 'all';
}

const KEY = 'leadline-draft';
const FIRST: Draft = { sql: 'SELECT pid, name, path\nFROM processes', targets: 'all' };

function stored(): Draft {
  try {
    return { ...FIRST, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };
  } catch {
    return FIRST;
  }
}

/** What a link asks for: ?sql= and ?hosts=1,2. */
export function fromAddress(search: string): Partial<Draft> {
  const params = new URLSearchParams(search);
  const out: Partial<Draft> = {};
  const sql = params.get('sql');
  if (sql) out.sql = sql;
  const ids = (params.get('hosts') ?? '')
    .split(',')
    .map(Number)
    .filter((id) => Number.isInteger(id) && id > 0);
  if (ids.length > 0) out.targets = ids;
  return out;
}

export function useDraft(search: string): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() => ({ ...stored(), ...fromAddress(search) }));
  const change = (values: Partial<Draft>): void =>
    setDraft((before) => {
      const next = { ...before, ...values };
      try {
        sessionStorage.setItem(KEY, JSON.stringify(next));
      } catch {
        // The draft then lasts until the page is closed.
      }
      return next;
    });
  return [draft, change];
}
