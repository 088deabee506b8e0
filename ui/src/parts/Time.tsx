// A time: relative, with the exact one on hover, in the zone that the reader chose.
import { useSyncExternalStore } from 'react';
import { useSettings } from '../settings';
import { exact, moment, relative } from '../text/format';

// One clock for the whole page, so that all relative times turn over together.
let now = new Date();
const listeners = new Set<() => void>();
setInterval(() => {
  now = new Date();
  for (const tell of listeners) tell();
}, 5_000);

const subscribe = (tell: () => void): (() => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};

export const useNow = (): Date => useSyncExternalStore(subscribe, () => now);

export function Time({ at, never = 'never' }: { at: string | null | undefined; never?: string }) {
  const clock = useNow();
  const { zone } = useSettings();
  const time = moment(at);
  if (!time) return <span className="dim">{never}</span>;
  const then = time > clock && time.getTime() - clock.getTime() < 10_000 ? clock : time; // clocks differ a little
  return (
    <time dateTime={time.toISOString()} title={exact(time, zone)}>
      {relative(then, clock)}
    </time>
  );
}
