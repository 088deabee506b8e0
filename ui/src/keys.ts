// Keys for the whole page: single ones ("/") and sequences ("g h"). The help dialog lists what is registered now.
import { useEffect, useRef } from 'react';

export interface Binding {
  keys: string;
  does: string;
  /** Without it the key is only listed: the part of the page that has the focus handles it. */
  run?: () => void;
}

const active = new Set<Binding>();
const PAUSE = 1_000;

export const bindings = (): Binding[] => [...active];

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
    target.closest('[role=grid]') !== null);

/** Registers the bindings while the component is mounted. They rest while somebody types or a dialog is open. */
export function useKeys(list: Binding[]): void {
  const latest = useRef(list);
  latest.current = list;
  const names = list.map((binding) => binding.keys).join(' · ');
  useEffect(() => {
    const mine =
      names === ''
        ? []
        : latest.current.map((binding, index) => ({
            keys: binding.keys,
            does: binding.does,
            ...(binding.run ? { run: () => latest.current[index]?.run?.() } : {}),
          }));
    for (const binding of mine) active.add(binding);
    return () => {
      for (const binding of mine) active.delete(binding);
    };
  }, [names]);
}

let typed = '';
let last = 0;

export function listen(event: KeyboardEvent): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
    [...active].find((binding) => binding.keys === 'Ctrl Enter')?.run?.();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.key.length > 6) return;
  if (writes(event.target) || document.querySelector('[role=dialog]')) return;
  const now = Date.now();
  typed = now - last < PAUSE && typed ? `${typed} ${event.key}` : event.key;
  last = now;
  const wanted = (keys: string): Binding | undefined =>
    [...active].find((binding) => binding.keys === keys && binding.run);
  const binding = wanted(typed) ?? wanted(event.key);
  if (!binding) return;
  // Enter and Space belong to the control that has the focus.
  if (binding.keys === 'Enter' && event.target instanceof HTMLElement && event.target.closest('a, button')) return;
  event.preventDefault();
  typed = '';
  binding.run?.();
}
