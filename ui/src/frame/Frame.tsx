// The frame around every page: rail, top bar, command palette, key help.
import { type ReactNode, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { listen, useKeys } from '../keys';
import { Side } from '../parts/Dialog';
import { useSettings } from '../settings';
import classes from './Frame.module.css';
import { KeysHelp } from './KeysHelp';
import { Palette } from './Palette';
import { Rail } from './Rail';
import { TopBar } from './TopBar';

export function Frame({ children }: { children: ReactNode }) {
  const [location, go] = useLocation();
  const { rail } = useSettings();
  const [drawer, setDrawer] = useState(false);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);

  useKeys([
    { keys: 'g h', does: 'Go to hosts', run: () => go('/hosts') },
    { keys: 'g q', does: 'Go to query', run: () => go('/query') },
    { keys: '?', does: 'Show these keys', run: () => setHelp(true) },
  ]);

  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette(true);
      } else listen(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes whenever the address changes
  useEffect(() => setDrawer(false), [location]);

  return (
    <div className={classes.frame} data-rail={rail}>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <div className={classes.rail}>
        <Rail collapsed={rail === 'closed'} />
      </div>
      <Side opened={drawer} onClose={() => setDrawer(false)} title="Menu" position="left" size={220}>
        <Rail collapsed={false} inDrawer />
      </Side>
      <TopBar onMenu={() => setDrawer(true)} onPalette={() => setPalette(true)} onKeys={() => setHelp(true)} />
      <main id="main" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      <Palette opened={palette} onClose={() => setPalette(false)} />
      <KeysHelp opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}
