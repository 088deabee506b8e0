// The document's title says which page this is.
import { useEffect } from 'react';
import { visible } from '../text/visible';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${visible(title)} · Leadline`;
  }, [title]);
}
