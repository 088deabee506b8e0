// The live queries of late: what was asked, by whom, and what came back.
import { Link } from 'wouter';
import { useLiveQueries } from '../api/use';
import { Empty, Failure, Skeleton } from '../parts/States';
import { Status } from '../parts/Status';
import { Time } from '../parts/Time';
import { count, plural } from '../text/format';
import { visible } from '../text/visible';
import classes from './Recent.module.css';
import { summary } from './rows';

export function Recent() {
  const answer = useLiveQueries();
  const queries = answer.data?.live_queries;
  if (answer.error && !queries)
    return (
      <Failure what="The recent queries cannot be listed." error={answer.error} retry={() => void answer.refetch()} />
    );
  if (!queries) return <Skeleton label="Loading the recent queries" rows={6} />;
  if (queries.length === 0) {
    return (
      <Empty title="Nothing has been asked yet.">
        <p>Write a statement above and run it. What was asked stays here, with its answers.</p>
      </Empty>
    );
  }
  return (
    <section className={classes.recent} aria-labelledby="recent">
      <h2 id="recent">Recent queries</h2>
      <ul>
        {queries.map((query) => {
          const sums = summary(query.totals);
          return (
            <li key={query.id}>
              <Link to={`/queries/live/${query.id}`}>
                <code>{visible(query.query.replace(/\s+/g, ' ').trim())}</code>
                <span className={classes.facts}>
                  <Status state={query.status} />
                  <span>{plural(query.totals.rows, 'row')}</span>
                  <span>
                    {count(sums.answered)} of {plural(sums.targeted, 'host')}
                  </span>
                  <span className={classes.bad}>{sums.errors > 0 ? plural(sums.errors, 'error') : ''}</span>
                  <Time at={query.created_at} />
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
