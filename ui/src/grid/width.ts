// The width of one character of the table's monospace face, measured once.
import { useState } from 'react';

let known: number | undefined;

function measure(): number {
  const probe = document.createElement('span');
  probe.className = 'num';
  probe.style.position = 'absolute';
  probe.style.visibility = 'hidden';
  probe.textContent = '0'.repeat(100);
  document.body.append(probe);
  const width = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return width || 8;
}

export function useCharWidth(): number {
  const [width] = useState(() => {
    known ??= measure();
    return known;
  });
  return width;
}
