// What a list shows when it has no rows to show: loading, nothing yet, nothing left after filtering, an error.
import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api/client';
import { Icon } from './Icon';
import classes from './States.module.css';

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.state}>
      <p className={classes.title}>{title}</p>
      {children && <div className={classes.body}>{children}</div>}
    </div>
  );
}

export function Failure({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const reason = error instanceof Error ? error.message : String(error);
  const id = error instanceof ApiError ? error.requestId : null;
  return (
    <div className={classes.state} role="alert">
      <p className={`${classes.title} ${classes.bad}`}>{what}</p>
      <div className={classes.body}>
        <p>{reason}</p>
        {id && (
          <p className="dim">
            Request <code>{id}</code>
          </p>
        )}
        {retry && (
          <Button variant="default" leftSection={<Icon name="retry" />} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** Whether something has lasted long enough (300 ms) to show that it is going on. */
export function useSlow(pending: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!pending) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), 300);
    return () => clearTimeout(timer);
  }, [pending]);
  return slow;
}

/** Grey bars in the rows' own geometry. */
export function Skeleton({ rows = 12, label }: { rows?: number; label: string }) {
  const slow = useSlow(true);
  return (
    <div role="status" aria-label={label}>
      {slow &&
        Array.from({ length: rows }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike
          <div key={index} className={classes.bone}>
            <span style={{ width: `${28 + ((index * 37) % 40)}%` }} />
          </div>
        ))}
    </div>
  );
}
