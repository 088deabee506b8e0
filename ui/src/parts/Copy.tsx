// A button that copies text and says that it did.
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Icon } from './Icon';

export function Copy({ text, children }: { text: string | (() => string); children: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = (): void => {
    navigator.clipboard.writeText(typeof text === 'function' ? text() : text).then(
      () => setState('done'),
      () => setState('failed'),
    );
  };
  const word = { idle: children, done: 'Copied', failed: 'Copying is not allowed here' }[state];
  return (
    <Button
      variant="default"
      leftSection={<Icon name={state === 'done' ? 'check' : 'copy'} size={14} />}
      onClick={copy}
    >
      <span aria-live="polite">{word}</span>
    </Button>
  );
}
