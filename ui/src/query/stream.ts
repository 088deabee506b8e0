// A live query followed from its first answer to its end: events while it runs, pages of results when it is over.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useState } from 'react';
import { ApiError, get, OURS } from '../api/client';
import type { Answer, LiveQuery, Totals } from '../api/types';
import { EMPTY, type Event, reduce, type Stream } from './rows';

/** idle: nothing to follow. loading: no word yet. following: events arrive. lost: reconnecting. over: all is here. */
export type Link = 'idle' | 'loading' | 'following' | 'lost' | 'over';

export interface Live {
  state: Stream;
  link: Link;
  error: Error | null;
}

const PAGE = 500;
const FLUSH = 100;
const RETRY = 2_000;

type Act = { type: 'reset' } | Event;

const act = (state: Stream, action: Act): Stream => (action.type === 'reset' ? EMPTY : reduce(state, action));

interface Follower {
  tell: (event: Event) => void;
  link: (link: Link) => void;
  fail: (error: Error) => void;
  ended: () => void;
}

/** Reads stored results from `after` on; answers the last number read and the query as it was then. */
async function readStored(id: number, after: number, to: Follower, signal: AbortSignal): Promise<[number, LiveQuery]> {
  let seq = after;
  for (;;) {
    const path = `${OURS}/live_queries/${id}/results?after=${seq}&limit=${PAGE}`;
    const { results, live_query } = await get<{ results: Answer[]; live_query: LiveQuery }>(path, signal);
    to.tell({ type: 'answers', answers: results });
    to.tell({ type: 'live', live: live_query });
    seq = results.at(-1)?.seq ?? seq;
    if (results.length === 0) return [seq, live_query];
  }
}

/** Follows the stream of events. Answers are handed on in batches, so that a burst costs one paint. */
function listen(id: number, to: Follower, lost: () => void): () => void {
  const source = new EventSource(`${OURS}/live_queries/${id}/events`);
  let waiting: Answer[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    to.tell({ type: 'answers', answers: waiting });
    waiting = [];
  };
  source.addEventListener('open', () => to.link('following'));
  source.addEventListener('result', (event) => {
    waiting.push(JSON.parse(event.data) as Answer);
    timer ??= setTimeout(flush, FLUSH);
  });
  source.addEventListener('totals', (event) => to.tell({ type: 'totals', totals: JSON.parse(event.data) as Totals }));
  source.addEventListener('end', (event) => {
    source.close();
    clearTimeout(timer);
    flush();
    to.tell({ type: 'live', live: JSON.parse(event.data) as LiveQuery });
    to.link('over');
    to.ended();
  });
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED)
      to.link('lost'); // the browser reconnects by itself, with Last-Event-ID
    else lost();
  });
  return () => {
    source.close();
    clearTimeout(timer);
  };
}

/** Where events cannot be had at all (a proxy that holds them back), asks again and again instead. */
async function poll(id: number, to: Follower, signal: AbortSignal): Promise<void> {
  let seq = 0;
  while (!signal.aborted) {
    try {
      const [last, live] = await readStored(id, seq, to, signal);
      seq = last;
      to.link(live.status === 'running' ? 'following' : 'over');
      if (live.status !== 'running') {
        to.ended();
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
        to.fail(error);
        return;
      }
      to.link('lost');
    }
    await new Promise((done) => setTimeout(done, RETRY));
  }
}

function follow(id: number, to: Follower): () => void {
  const abort = new AbortController();
  let stop = (): void => undefined;
  const start = async (): Promise<void> => {
    try {
      const { live_query } = await get<{ live_query: LiveQuery }>(`${OURS}/live_queries/${id}`, abort.signal);
      to.tell({ type: 'live', live: live_query });
      if (live_query.status !== 'running') return await poll(id, to, abort.signal);
      if (!abort.signal.aborted) stop = listen(id, to, () => void poll(id, to, abort.signal));
    } catch (error) {
      if (!abort.signal.aborted) to.fail(error as Error);
    }
  };
  void start();
  return () => {
    abort.abort();
    stop();
  };
}

/** Follows the live query with this id; another id starts anew. */
export function useLive(id: number | null, attempt: number): Live {
  const cache = useQueryClient();
  const [state, tell] = useReducer(act, EMPTY);
  const [link, setLink] = useState<Link>('idle');
  const [error, setError] = useState<Error | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt follows the same query anew
  useEffect(() => {
    tell({ type: 'reset' });
    setError(null);
    setLink(id === null ? 'idle' : 'loading');
    if (id === null) return;
    return follow(id, {
      tell,
      link: setLink,
      fail: setError,
      ended: () => void cache.invalidateQueries({ queryKey: ['live_queries'] }),
    });
  }, [id, attempt, cache]);
  return { state, link, error };
}
