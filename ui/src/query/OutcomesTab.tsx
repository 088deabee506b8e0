// What became of the question on each host that was asked.
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { HostOutcome } from '../api/types';
import { useOutcomes } from '../api/use';
import { Grid, type GridCell, type GridColumn, type Sort } from '../grid/Grid';
import { Failure, Skeleton } from '../parts/States';
import { Status, stateWord } from '../parts/Status';
import { Time } from '../parts/Time';
import { Txt } from '../parts/Txt';
import { count } from '../text/format';
import { visible } from '../text/visible';
import { compare } from './view';

const COLUMNS: GridColumn[] = [
  { key: 'host', title: 'Host', chars: 28, numeric: false, pinned: true },
  { key: 'state', title: 'Outcome', chars: 12, numeric: false },
  { key: 'rows', title: 'Rows', chars: 8, numeric: true },
  { key: 'answered_at', title: 'Answered', chars: 12, numeric: true },
  { key: 'error', title: 'Error', chars: 60, numeric: false },
];

const plain = (outcome: HostOutcome, key: string): string | number | null =>
  key === 'host' ? outcome.host.display_name : (outcome[key as 'state' | 'rows' | 'error' | 'answered_at'] ?? null);

function cellOf(outcome: HostOutcome, key: string): GridCell {
  switch (key) {
    case 'host': {
      const name = outcome.host.display_name || outcome.host.hostname;
      return {
        title: visible(name),
        show: () => (
          <Link to={`/hosts/${outcome.host.id}`}>
            <Txt value={name} />
          </Link>
        ),
      };
    }
    case 'state':
      return { title: stateWord(outcome.state), show: () => <Status state={outcome.state} /> };
    case 'rows':
      return { title: String(outcome.rows), show: () => (outcome.state === 'answered' ? count(outcome.rows) : '') };
    case 'answered_at':
      return {
        title: outcome.answered_at ?? '',
        show: () => (outcome.answered_at ? <Time at={outcome.answered_at} /> : ''),
      };
    default:
      return { title: visible(outcome.error ?? ''), show: () => <Txt value={outcome.error ?? ''} /> };
  }
}

export function OutcomesTab({ id, running }: { id: number; running: boolean }) {
  const [sort, setSort] = useState<Sort | null>(null);
  const answer = useOutcomes(id, running);
  const hosts = useMemo(() => {
    const list = answer.data?.hosts ?? [];
    if (!sort) return list;
    const sign = sort.down ? -1 : 1;
    return [...list].sort((a, b) => sign * compare(plain(a, sort.key), plain(b, sort.key)));
  }, [answer.data, sort]);
  if (answer.error && !answer.data)
    return (
      <Failure what="The hosts’ outcomes cannot be read." error={answer.error} retry={() => void answer.refetch()} />
    );
  if (!answer.data) return <Skeleton label="Loading the outcomes" rows={6} />;
  return (
    <Grid
      label="Hosts"
      columns={COLUMNS}
      count={hosts.length}
      sort={sort}
      onSort={setSort}
      cell={(row, column) => cellOf(hosts[row]!, column.key)}
    />
  );
}
