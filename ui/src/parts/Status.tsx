// The state of a host or of an answer: a word, a colour, and a shape for those who do not see the colour.
import classes from './Status.module.css';

type Kind = 'ok' | 'warn' | 'bad' | 'off' | 'wait';

const KINDS: Record<string, [Kind, string]> = {
  online: ['ok', 'Online'],
  offline: ['off', 'Offline'],
  mia: ['warn', 'Missing'],
  missing: ['warn', 'Missing'],
  new: ['ok', 'New'],
  answered: ['ok', 'Answered'],
  empty: ['ok', 'No rows'],
  failed: ['bad', 'Failed'],
  timed_out: ['warn', 'Timed out'],
  truncated: ['warn', 'Cut short'],
  queued: ['wait', 'Waiting'],
  sent: ['wait', 'Asked'],
  running: ['wait', 'Running'],
  finished: ['ok', 'Finished'],
  cancelled: ['off', 'Cancelled'],
  expired: ['off', 'Expired'],
};

const SHAPES: Record<Kind, React.ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  off: <circle cx="5" cy="5" r="3.300" fill="none" stroke="currentColor" strokeWidth="1.400" />,
  warn: <path d="M5 .8 9.500 9H.5z" fill="currentColor" />,
  bad: <path d="M5 .3 9.700 5 5 9.700.3 5z" fill="currentColor" />,
  wait: (
    <>
      <circle cx="5" cy="5" r="3.300" fill="none" stroke="currentColor" strokeWidth="1.400" />
      <path d="M5 1.700a3.300 3.300 0 0 1 0 6.600z" fill="currentColor" />
    </>
  ),
};

export function Shape({ state }: { state: string }) {
  const [kind] = KINDS[state] ?? ['off', ''];
  return (
    <svg className={classes[kind]} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {SHAPES[kind]}
    </svg>
  );
}

export const stateWord = (state: string): string => KINDS[state]?.[1] ?? state;

export function Status({ state }: { state: string }) {
  return (
    <span className={classes.status}>
      <Shape state={state} />
      {stateWord(state)}
    </span>
  );
}
