// The top bar: the palette, what is running now, the reader's account and settings.
import { Menu, useMantineColorScheme } from '@mantine/core';
import { useLocation } from 'wouter';
import { useLiveQueries, useMe, useSignOut } from '../api/use';
import { Icon } from '../parts/Icon';
import { Shape } from '../parts/Status';
import { remember, useSettings } from '../settings';
import { visible } from '../text/visible';
import classes from './Frame.module.css';

const SCHEMES = [
  ['auto', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;

const ZONES = [
  ['utc', 'UTC'],
  ['local', 'Local time'],
] as const;

function Running() {
  const [, go] = useLocation();
  const live = useLiveQueries();
  const running = live.data?.live_queries.filter((query) => query.status === 'running') ?? [];
  if (running.length === 0) return null;
  return (
    <Menu>
      <Menu.Target>
        <button type="button" className={classes.plain}>
          <Shape state="running" />
          {running.length} running
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {running.map((query) => (
          <Menu.Item key={query.id} onClick={() => go(`/queries/live/${query.id}`)}>
            <div className={classes.running}>{visible(query.query.replace(/\s+/g, ' '))}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Account({ onKeys }: { onKeys: () => void }) {
  const me = useMe();
  const out = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { zone } = useSettings();
  const email = me.data?.user.email ?? '';
  return (
    <Menu width={200}>
      <Menu.Target>
        <button type="button" className={`${classes.plain} ${classes.account}`} aria-label={`Account ${email}`}>
          <Icon name="person" />
          <span className={classes.email}>{email}</span>
          <Icon name="down" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Colours</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}>
          {SCHEMES.map(([option, name]) => (
            <Menu.RadioItem key={option} value={option}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>Times in</Menu.Label>
        <Menu.RadioGroup value={zone} onChange={(value) => remember({ zone: value as 'utc' | 'local' })}>
          {ZONES.map(([option, name]) => (
            <Menu.RadioItem key={option} value={option}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item rightSection={<kbd className={classes.kbd}>?</kbd>} onClick={onKeys}>
          Keys
        </Menu.Item>
        <Menu.Item onClick={() => out.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopBar({
  onMenu,
  onPalette,
  onKeys,
}: {
  onMenu: () => void;
  onPalette: () => void;
  onKeys: () => void;
}) {
  return (
    <header className={classes.bar}>
      <button
        type="button"
        className={`${classes.plain} ${classes.burger}`}
        aria-label="Open the menu"
        onClick={onMenu}
      >
        <Icon name="menu" />
      </button>
      <button
        type="button"
        className={classes.find}
        onClick={onPalette}
        aria-label="Find a page, host or table (Ctrl K)"
      >
        <Icon name="search" size={14} />
        <span>Find a page, host or table</span>
        <kbd className={classes.kbd}>Ctrl K</kbd>
      </button>
      <div className={classes.space} />
      <Running />
      <Account onKeys={onKeys} />
    </header>
  );
}
