// The lower half of the query page: the counts, and the answer as rows, by host, and as messages.
import { Tabs } from '@mantine/core';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { CatalogueTable } from '../api/types';
import { Empty, Failure, Skeleton } from '../parts/States';
import { Shape, stateWord } from '../parts/Status';
import { Time } from '../parts/Time';
import { count, plural } from '../text/format';
import { type Diagnosis, diagnose } from './diagnose';
import { group, MessagesTab } from './MessagesTab';
import { OutcomesTab } from './OutcomesTab';
import classes from './Results.module.css';
import { RowsTab } from './RowsTab';
import { summary } from './rows';
import type { Live } from './stream';

/** Says a changing text to screen readers every few seconds, not at every change. */
function Spoken({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), 3_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="sr" role="status">
      {said}
    </span>
  );
}

function Counts({ live }: { live: Live }) {
  const { totals, live: query } = live.state;
  if (!totals || !query) return <div className={classes.counts} />;
  const sums = summary(totals);
  const state =
    live.link === 'lost' && query.status === 'running' ? 'Connection lost, trying again' : stateWord(query.status);
  const text = `${count(sums.answered)} of ${plural(sums.targeted, 'host')} answered`;
  return (
    <div className={classes.counts}>
      <span className={classes.state}>
        <Shape state={live.link === 'lost' ? 'timed_out' : query.status} />
        {state}
      </span>
      <span>
        <b className="num">{count(sums.answered)}</b> of <b className="num">{count(sums.targeted)}</b>{' '}
        {sums.targeted === 1 ? 'host' : 'hosts'} answered
      </span>
      {sums.errors > 0 && (
        <span className={classes.bad}>
          <b className="num">{count(sums.errors)}</b> {sums.errors === 1 ? 'error' : 'errors'}
        </span>
      )}
      {sums.offline > 0 && (
        <span>
          <b className="num">{count(sums.offline)}</b> offline
        </span>
      )}
      {sums.waiting > 0 && query.status === 'running' && (
        <span>
          <b className="num">{count(sums.waiting)}</b> waiting
        </span>
      )}
      <span className="dim">
        asked <Time at={query.created_at} />
      </span>
      <Spoken text={`${state}. ${text}. ${plural(totals.rows, 'row')}.`} />
    </div>
  );
}

function NoRows({ live, onMessages }: { live: Live; onMessages: () => void }): ReactNode {
  const { totals, live: query, messages } = live.state;
  if (!query || !totals) return <Skeleton label="Loading the answers" rows={6} />;
  const sums = summary(totals);
  if (query.status === 'running') {
    return (
      <Empty
        title={
          sums.waiting > 0
            ? `Waiting for ${plural(sums.waiting, 'host')}.`
            : `All ${plural(sums.offline, 'host')} that are left are offline.`
        }
      >
        <p>
          {sums.offline > 0 && `${plural(sums.offline, 'offline host')} will be asked on coming back. `}
          The query goes on when you leave this page; it ends <Time at={query.expires_at} />.
        </p>
      </Empty>
    );
  }
  if (messages.length > 0 && totals.failed + totals.timed_out >= sums.targeted - sums.offline) {
    return (
      <Empty title="No host could answer.">
        <button type="button" className={classes.link} onClick={onMessages}>
          See what they said
        </button>
      </Empty>
    );
  }
  if (sums.answered === 0) {
    return (
      <Empty
        title={
          query.status === 'cancelled'
            ? 'Cancelled before a host answered.'
            : 'No host answered before the query ended.'
        }
      />
    );
  }
  return (
    <Empty title={`${plural(sums.answered, 'host')} answered, without a row.`}>
      The statement ran and nothing matched it.
    </Empty>
  );
}

interface Props {
  id: number;
  live: Live;
  tables: CatalogueTable[];
  onFix: (found: Diagnosis) => void;
  onRetry: () => void;
}

export function Results({ id, live, tables, onFix, onRetry }: Props) {
  const [picked, setPicked] = useState<string | null>(null);
  const { state, error } = live;
  const groups = useMemo(() => group(state.messages), [state.messages]);
  const over = state.live !== null && state.live.status !== 'running';
  const tab = picked ?? (over && state.rows.length === 0 && groups.length > 0 ? 'messages' : 'rows');
  if (error) return <Failure what="This live query cannot be shown." error={error} retry={onRetry} />;
  const sql = state.live?.query ?? '';
  const rows = state.rows.length + state.dropped;
  return (
    <section className={classes.results} aria-label="Results">
      <Counts live={live} />
      <Tabs
        value={tab}
        onChange={setPicked}
        keepMounted={false}
        classNames={{ root: classes.tabs!, list: classes.tablist!, tab: classes.tab!, panel: classes.panel! }}
      >
        <Tabs.List aria-label="Results as">
          <Tabs.Tab value="rows">
            Rows <span className="num">{count(rows)}</span>
          </Tabs.Tab>
          <Tabs.Tab value="hosts">
            Hosts <span className="num">{state.totals ? count(state.totals.targeted) : ''}</span>
          </Tabs.Tab>
          <Tabs.Tab value="messages">
            Messages <span className="num">{count(state.messages.length)}</span>
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rows">
          {state.rows.length > 0 ? (
            <RowsTab stream={state} withHost={(state.totals?.targeted ?? 1) > 1} name={`leadline-${id}`} />
          ) : (
            <NoRows live={live} onMessages={() => setPicked('messages')} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="hosts">
          <OutcomesTab id={id} running={!over} />
        </Tabs.Panel>
        <Tabs.Panel value="messages">
          <MessagesTab groups={groups} explain={(text) => diagnose(sql, text, tables)} onFix={onFix} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}
