// The pages that exist, and nothing else.
import { Link, useLocation } from 'wouter';
import { useServer } from '../api/use';
import { Icon, type IconName } from '../parts/Icon';
import { remember } from '../settings';
import classes from './Frame.module.css';
import { Mark } from './Mark';

const PAGES: { to: string; name: string; icon: IconName; also: string }[] = [
  { to: '/hosts', name: 'Hosts', icon: 'hosts', also: '/hosts/' },
  { to: '/query', name: 'Query', icon: 'query', also: '/queries/' },
];

export function Rail({ collapsed, inDrawer = false }: { collapsed: boolean; inDrawer?: boolean }) {
  const [location] = useLocation();
  const server = useServer();
  const label = collapsed ? 'Widen the menu' : 'Fold the menu';
  return (
    <nav className={classes.nav} aria-label="Pages">
      <Link to="/hosts" className={classes.brand ?? ''} aria-label="Leadline, to the hosts">
        <Mark />
        {!collapsed && <span>Leadline</span>}
      </Link>
      <ul className={classes.links}>
        {PAGES.map(({ to, name, icon, also }) => (
          <li key={to}>
            <Link
              to={to}
              className={classes.link ?? ''}
              aria-current={location === to || location.startsWith(also) ? 'page' : undefined}
              aria-label={name}
              title={collapsed ? name : undefined}
            >
              <Icon name={icon} />
              {!collapsed && name}
            </Link>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        {!collapsed && <span>{server.data ? `Version ${server.data.version}` : ''}</span>}
        {!inDrawer && (
          <button
            type="button"
            className={classes.fold}
            aria-label={label}
            title={label}
            onClick={() => remember({ rail: collapsed ? 'open' : 'closed' })}
          >
            <Icon name={collapsed ? 'unfold' : 'fold'} />
          </button>
        )}
      </div>
    </nav>
  );
}
