// What this browser remembers about its reader. Nothing of it is a secret, and all of it may be missing.
import { useSyncExternalStore } from 'react';

export interface Settings {
  zone: 'utc' | 'local';
  rail: 'open' | 'closed';
  schema: 'open' | 'closed';
}

const DEFAULTS: Settings = { zone: 'utc', rail: 'open', schema: 'open' };
const KEY = 'leadline-settings';
const listeners = new Set<() => void>();

function load(): Settings {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return DEFAULTS; // storage is switched off or was written by something else
  }
}

let current = load();

export function remember(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // The setting then lasts until the page is closed.
  }
  for (const tell of listeners) tell();
}

const subscribe = (tell: () => void): (() => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};

export const useSettings = (): Settings => useSyncExternalStore(subscribe, () => current);
